"""The official OCSF schemas as an oracle: what they say about one event, and what ours says.

    from ocsf import ocsf_problems
    assert ocsf_problems(event) == []

``ai`` is taken off before the official schema sees the event, so any other attribute of our own is a problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema, get_packaged_versions

from tracehound.schema import validate


@cache
def official(version: str) -> OcsfJsonSchemaEmbedded:
    """The official schema of one OCSF version."""
    return OcsfJsonSchemaEmbedded(get_ocsf_schema(version))


@cache
def _compiled(version: str, class_uid: int, profiles: tuple[str, ...]) -> Draft202012Validator:
    name = official(version).lookup_class_name_from_uid(class_uid)
    return Draft202012Validator(official(version).get_class_schema(name, list(profiles)))


def ocsf_problems(event: Any) -> list[str]:
    """What is wrong with an event, by the official schema of its version, class and profiles, and by ours."""
    if not isinstance(event, dict):
        return ["an event is an object"]
    return [f"OCSF: {said}" for said in _official_problems(event)] + [
        f"ours: {said}" for said in validate(event)
    ]


def _official_problems(event: dict[str, Any]) -> Iterator[str]:
    metadata = event.get("metadata")
    if not isinstance(metadata, dict):
        yield "metadata: absent"
        return
    version, class_uid, profiles = (
        metadata.get("version"),
        event.get("class_uid"),
        metadata.get("profiles", []),
    )
    if not isinstance(version, str) or version not in get_packaged_versions():
        yield f"metadata.version: {version!r} is no version of OCSF"
        return
    known = {entry["uid"]: entry for entry in official(version).schema.schema["classes"].values()}
    if not isinstance(class_uid, int) or class_uid not in known:
        yield f"class_uid: {class_uid!r} is no class of OCSF {version}"
        return
    if not isinstance(profiles, list) or not all(isinstance(profile, str) for profile in profiles):
        yield "metadata.profiles: is no list of names"
        return
    for profile in profiles:
        if profile not in known[class_uid].get("profiles", []):
            yield f"metadata.profiles: {profile} is no profile of class {class_uid}"
    plain = {name: value for name, value in event.items() if name != "ai"}
    for error in _compiled(version, class_uid, tuple(sorted(profiles))).iter_errors(plain):
        yield f"{error.json_path.removeprefix('$.')}: {error.message[:300]}"
    yield from (f"{path}: null" for path in _nulls(plain))


def _nulls(value: Any, path: str = "") -> Iterator[str]:
    """Paths of nulls, which no attribute may be; what a source's own objects hold is its own affair."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("unmapped", "data", "xattributes"):
                yield from _nulls(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _nulls(inner, f"{path}[{number}]")
