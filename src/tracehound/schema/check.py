"""Checks events against the schema: for ``--validate`` and for tests, not for the hot path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tracehound.errors import nearest
from tracehound.schema.constants import (
    CLASSES,
    EXTENSION,
    FINDING_CLASSES,
    OCSF_VERSION,
    OPEN_CLASSES,
    PROFILES,
    type_uid,
)
from tracehound.schema.ocsf.classes import MODELS
from tracehound.schema.ocsf.event import Event

# What an event of another OCSF version may do differently; types are held, since columns and indices need them.
_OF_ANOTHER_VERSION = frozenset({"missing", "literal_error", "at_least_one", "just_one", "extra_forbidden"})
_SHOWN = 12
_RAW_HASH_SINCE = (1, 6)
_EXTENSIONS_SINCE = (1, 1)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (``actor.user.email_addr``, ``resources[0].uid``), what, and on which value.

    Strings are cut after a few characters, since a prompt or a secret may stand where it should not.
    """

    path: str
    problem: str
    value: str

    def __str__(self) -> str:
        return f"{self.path}: {self.problem} ({self.value})" if self.value else f"{self.path}: {self.problem}"


def validate(event: Any) -> list[Problem]:
    """All problems of one event, in the order of its attributes; an empty list when there is none."""
    if not isinstance(event, dict):
        return [Problem("", "an event is an object", _shown(event))]
    class_uid = event.get("class_uid")
    model = MODELS.get(class_uid) if type(class_uid) is int else None
    if model is None:
        known = ", ".join(str(uid) for uid in MODELS)
        return [Problem("class_uid", f"is none of {known}", _shown(class_uid))]
    problems = list(_of_models(event, model))
    # Attributes are looked at together once each of them is right.
    return problems or list(_of_attributes_together(event, model))


def _of_models(event: dict[str, Any], model: type[Event]) -> Iterator[Problem]:
    try:
        model.model_validate(event)
    except ValidationError as errors:
        allowed = _tolerated(event)
        for error in errors.errors(include_url=False, include_context=False):
            if error["type"] not in allowed or _always_held(error):
                yield _problem(error, model)


def _always_held(error: ErrorDetails) -> bool:
    """What every version of OCSF asks for, and what is ours."""
    place = error["loc"]
    if error["type"] == "missing":
        return len(place) == 1 or place[0] in ("ai", "metadata")
    return bool(place) and place[0] == "ai"


def _tolerated(event: dict[str, Any]) -> frozenset[str]:
    """Kinds of errors that are none in an event that came as OCSF already."""
    if event["class_uid"] not in OPEN_CLASSES:
        return frozenset()
    metadata = event.get("metadata")
    version = metadata.get("version") if isinstance(metadata, dict) else None
    other = isinstance(version, str) and version != OCSF_VERSION
    return _OF_ANOTHER_VERSION if other else frozenset({"extra_forbidden"})


def _problem(error: ErrorDetails, model: type[Event]) -> Problem:
    path = ""
    for step in error["loc"]:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else str(step)
    if error["type"] == "missing":
        return Problem(path, "is required", "")
    if error["type"] == "extra_forbidden":
        hint = nearest(str(error["loc"][-1]), _siblings(error["loc"][:-1], model))
        return Problem(path, f"is no attribute of the schema{hint}", type(error["input"]).__name__)
    said = error["msg"].removeprefix("Value error, ").replace("Input should be", "should be")
    return Problem(path or "event", said, _shown(error["input"]))


def _siblings(above: tuple[int | str, ...], model: type[Event]) -> list[str]:
    """The names that the schema knows where an unknown one was found."""
    from tracehound.schema.catalog import fields

    prefix = "".join(f"{step}." for step in above if isinstance(step, str))
    return sorted({path.removeprefix(prefix).split(".")[0] for path in fields() if path.startswith(prefix)})


def _of_attributes_together(event: dict[str, Any], model: type[Event]) -> Iterator[Problem]:
    """What no single attribute can tell."""
    class_uid, activity_id, metadata = event["class_uid"], event["activity_id"], event["metadata"]
    if event["type_uid"] != type_uid(class_uid, activity_id):
        wanted = type_uid(class_uid, activity_id)
        yield Problem(
            "type_uid", f"should be {wanted}, class_uid * 100 + activity_id", _shown(event["type_uid"])
        )
    if event.get("category_uid") != CLASSES[class_uid].category_uid:
        should = CLASSES[class_uid].category_uid
        yield Problem("category_uid", f"should be {should}", _shown(event.get("category_uid")))
    if class_uid not in OPEN_CLASSES and metadata["version"] != OCSF_VERSION:
        yield Problem("metadata.version", f"should be {OCSF_VERSION}", _shown(metadata["version"]))
    yield from _provenance(event, _version(metadata["version"]))
    yield from _profiles(event, model)


def _version(text: str) -> tuple[int, ...]:
    parts = text.split("-")[0].split(".")
    return (
        tuple(int(part) for part in parts)
        if all(part.isdecimal() and len(part) < 5 for part in parts)
        else ()
    )


def _provenance(event: dict[str, Any], version: tuple[int, ...]) -> Iterator[Problem]:
    """What the pipeline adds to every event, as far as the event's OCSF version has a place for it."""
    metadata = event["metadata"]
    ours = {key: EXTENSION[key] for key in ("name", "uid")}
    entries = (
        metadata.get("extensions", []) if version >= _EXTENSIONS_SINCE else [metadata.get("extension") or {}]
    )
    if not any(ours.items() <= entry.items() for entry in entries if isinstance(entry, dict)):
        yield Problem("metadata.extensions", f"lacks {EXTENSION['name']}, uid {EXTENSION['uid']}", "")
    if event["class_uid"] in FINDING_CLASSES:
        return
    if "log_provider" not in metadata:
        yield Problem("metadata.log_provider", "is required", "")
    if version >= _RAW_HASH_SINCE and "raw_data_hash" not in event:
        yield Problem("raw_data_hash", "is required", "")


def _profiles(event: dict[str, Any], model: type[Event]) -> Iterator[Problem]:
    """Attributes come with their profiles; the cloud profile wants its attribute."""
    named = event["metadata"].get("profiles", [])
    for name, profile in model.profile_of.items():
        if name in event and profile not in named:
            yield Problem(name, f"comes with profile {profile}, which metadata.profiles lacks", "")
    if "cloud" in named and "cloud" not in event:
        yield Problem("cloud", "is required with profile cloud", "")
    if event["metadata"]["version"] == OCSF_VERSION:
        known = PROFILES[event["class_uid"]]
        for name in named:
            if name not in known:
                hint = nearest(name, known)
                yield Problem(
                    "metadata.profiles", f"holds what is no profile of this class{hint}", _shown(name)
                )
    parts = [("databucket", event.get("databucket"))]
    parts += [(f"resources[{number}]", part) for number, part in enumerate(event.get("resources", []))]
    for path, part in parts:
        for name in ("region", "zone", "provider", "cloud_partition"):
            if isinstance(part, dict) and name in part and "cloud" not in named:
                yield Problem(f"{path}.{name}", "comes with profile cloud, which metadata.profiles lacks", "")


def _shown(value: Any) -> str:
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"{value[:_SHOWN]!r}... of {len(value)} characters"
    if value is None or isinstance(value, (str, int, float, bool)):
        return repr(value) if len(repr(value)) <= 40 else type(value).__name__
    return type(value).__name__
