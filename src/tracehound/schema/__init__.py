"""The schema of events: OCSF 1.8.0 and our ``ai`` object, defined once in pydantic, and what is made from it.

``tracehound.schema.constants`` is light and may be imported on the hot path; the names below import pydantic
when they are first used.

    fields()                  dotted path -> FieldInfo: type, array, closed set, classes, documentation
    validate(event)           what is wrong with an event: path, problem, value shown shortened
    json_schema()             JSON Schema of all events, told apart by class_uid
    elasticsearch_mapping()   body of a component template
    splunk_props()            props.conf, a sourcetype per class
    field_docs()              Markdown
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracehound.schema.catalog import FieldInfo, fields
    from tracehound.schema.check import Problem, validate
    from tracehound.schema.generate.elastic import elasticsearch_mapping
    from tracehound.schema.generate.jsonschema import json_schema
    from tracehound.schema.generate.markdown import field_docs
    from tracehound.schema.generate.splunk import splunk_props

__all__ = [
    "FieldInfo",
    "Problem",
    "elasticsearch_mapping",
    "field_docs",
    "fields",
    "json_schema",
    "splunk_props",
    "validate",
]

_WHERE = {
    "FieldInfo": "catalog",
    "fields": "catalog",
    "Problem": "check",
    "validate": "check",
    "elasticsearch_mapping": "generate.elastic",
    "json_schema": "generate.jsonschema",
    "field_docs": "generate.markdown",
    "splunk_props": "generate.splunk",
}


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
