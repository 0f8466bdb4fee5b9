"""One JSON Schema for all events, told apart by ``class_uid``."""

from __future__ import annotations

from typing import Any, Literal

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from tracehound.schema import ai
from tracehound.schema.constants import CLASSES, EXTENSION, OCSF_VERSION, OPEN_CLASSES
from tracehound.schema.ocsf.classes import MODELS
from tracehound.schema.ocsf.event import Event

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REF = "#/$defs/"
_OPEN = "Open"
# Of an event that came as OCSF of another version, types are held and the rest is not.
_NOT_OPEN = ("additionalProperties", "required", "anyOf", "oneOf", "enum", "const")


class _Generator(GenerateJsonSchema):
    """pydantic's generator without what says nothing here: null defaults and titles made from names."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one event; classes of traffic take attributes that we do not name."""
    closed = _definitions([uid for uid in MODELS if uid not in OPEN_CLASSES])
    opened = {
        _opened_name(name): made if _is_ours(name) else _loosened(made)
        for name, made in _definitions(sorted(OPEN_CLASSES)).items()
    }
    for uid in OPEN_CLASSES:
        root = opened[_opened_name(MODELS[uid].__name__)]
        root["properties"]["class_uid"] = {"const": uid, "type": "integer"}
        root["required"] = ["ai", "class_uid", "metadata", "time"]
    return {
        "$schema": DIALECT,
        "$id": f"urn:tracehound:event:{EXTENSION['version']}",
        "title": f"Tracehound event: OCSF {OCSF_VERSION} with {EXTENSION['name']} {EXTENSION['version']}",
        "type": "object",
        "properties": {"class_uid": {"enum": sorted(MODELS)}},
        "required": ["class_uid"],
        "allOf": [_branch(uid) for uid in sorted(MODELS)],
        "$defs": dict(sorted((closed | opened).items())),
    }


def _branch(uid: int) -> dict[str, Any]:
    name = MODELS[uid].__name__
    return {
        "title": CLASSES[uid].name,
        "if": {"properties": {"class_uid": {"const": uid}}, "required": ["class_uid"]},
        "then": {"$ref": _REF + (_opened_name(name) if uid in OPEN_CLASSES else name)},
    }


def _definitions(uids: list[int]) -> dict[str, Any]:
    models: list[tuple[type[Event], Literal["validation"]]] = [(MODELS[uid], "validation") for uid in uids]
    _, made = models_json_schema(
        models, by_alias=True, ref_template=f"{_REF}{{model}}", schema_generator=_Generator
    )
    definitions: dict[str, Any] = _without_notes(made["$defs"])
    return definitions


def _without_notes(value: Any) -> Any:
    """Without what only we read."""
    if isinstance(value, dict):
        return {key: _without_notes(inner) for key, inner in value.items() if key != "x-listed"}
    return [_without_notes(inner) for inner in value] if isinstance(value, list) else value


def _is_ours(name: str) -> bool:
    """Whether a definition is a part of ``ai``, which is closed everywhere."""
    return hasattr(ai, name) and name.startswith("Ai")


def _opened_name(name: str) -> str:
    return name if _is_ours(name) else _OPEN + name


def _loosened(value: Any, *, names: bool = False) -> Any:
    """Without what another OCSF version may do differently; ``names``: the keys are names of attributes."""
    if isinstance(value, list):
        return [_loosened(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    made = {}
    for key, inner in value.items():
        if not names and key in _NOT_OPEN:
            continue
        if key == "$ref" and not names:
            inner = _REF + _opened_name(inner.removeprefix(_REF))
        made[key] = _loosened(inner, names=key == "properties" and not names)
    return made
