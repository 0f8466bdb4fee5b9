"""The values in OTLP/JSON: ``AnyValue``, attribute lists, ids, enumerations, times."""

from __future__ import annotations

import base64
import binascii
from typing import Any

MAX_DEPTH = 48
"""``AnyValue`` lists in each other; deeper ones stay as they are, and are refused where events are made."""

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
CODES = ("UNSET", "OK", "ERROR")

CAMEL: dict[str, str] = {
    snake: "".join([snake.split("_")[0], *(part.title() for part in snake.split("_")[1:])])
    for snake in (
        "trace_id", "span_id", "parent_span_id", "trace_state", "start_time_unix_nano", "end_time_unix_nano",
        "time_unix_nano", "observed_time_unix_nano", "severity_number", "severity_text", "event_name",
        "trace_flags", "dropped_attributes_count", "dropped_events_count", "dropped_links_count",
        "exponential_histogram",
    )
}  # fmt: skip
_VALUE_KINDS = {
    "stringValue": "string", "string_value": "string", "intValue": "int", "int_value": "int",
    "doubleValue": "double", "double_value": "double", "boolValue": "bool", "bool_value": "bool",
    "arrayValue": "array", "array_value": "array", "kvlistValue": "kvlist", "kvlist_value": "kvlist",
    "bytesValue": "bytes", "bytes_value": "bytes",
}  # fmt: skip


def camel(name: str) -> str:
    """OTLP's own name of a field that protobuf's JSON writes in snake_case; any other name as it is."""
    return CAMEL.get(name, name)


def plain(value: Any, depth: int = 0) -> Any:
    """An ``AnyValue`` as a plain value (bytes stay base64 text); what is none stays as it is."""
    if type(value) is not dict or len(value) != 1 or depth > MAX_DEPTH:
        return None if value == {} else value
    ((key, inner),) = value.items()
    shape = _VALUE_KINDS.get(key)
    if shape is None:
        return value
    if shape == "int":
        return _integer(inner) if type(inner) is str else inner
    if shape == "array":
        values = inner.get("values", []) if isinstance(inner, dict) else inner
        return [plain(item, depth + 1) for item in values] if isinstance(values, list) else inner
    if shape == "kvlist":
        return attributes(inner.get("values", []) if isinstance(inner, dict) else inner, depth + 1)
    return inner


def _integer(value: str) -> int | str:
    try:
        return int(value) if len(value) <= 20 else value
    except ValueError:
        return value


def attributes(value: Any, depth: int = 0) -> dict[str, Any]:
    """Attributes as a plain dict of our own: from a list of ``{"key", "value"}``, or from a dict.

    Of a key that is there twice the first value keeps the name, the others get ``#2``, ``#3``; what is no
    attribute is kept under ``#malformed``.
    """
    if isinstance(value, dict):
        raw = value.get("_rawAttributes", value.get("_attributes"))  # a resource of the JavaScript SDK
        if isinstance(raw, list):
            pairs = [p for p in raw if isinstance(p, list) and len(p) == 2 and isinstance(p[0], str)]
            return {key: item for key, item in pairs if item is not None}
        return {key: plain(item, depth + 1) for key, item in value.items()}
    made: dict[str, Any] = {}
    odd: list[Any] = []
    for item in value if isinstance(value, list) else ():
        try:
            key, inner = item["key"], item["value"]
        except (KeyError, TypeError):
            key, inner = item.get("key") if type(item) is dict else None, None
        if type(key) is not str:
            odd.append(item)
            continue
        if key in made:
            key = _numbered(key, made)
        if type(inner) is dict and len(inner) == 1 and "stringValue" in inner:  # as most are
            made[key] = inner["stringValue"]
        else:
            made[key] = plain(inner, depth + 1)
    if odd:
        made["#malformed"] = odd
    return made


def _numbered(key: str, made: dict[str, Any]) -> str:
    """The name for another value of a key that is there already."""
    number = 2
    while f"{key}#{number}" in made:
        number += 1
    return f"{key}#{number}"


def resource(value: Any) -> dict[str, Any]:
    """The attributes of a resource, from any of its forms."""
    if not isinstance(value, dict):
        return {}
    inner = value.get("attributes")
    if isinstance(inner, (dict, list)):
        made = attributes(inner)
        for key, item in value.items():  # entityRefs, schema_url and the like
            if key != "attributes" and item not in ("", 0, None, []):
                made.setdefault(key, item)
        return made
    return attributes(value)


def identifier(value: Any) -> Any:
    """A trace or span id in lower-case hex; None for one that is empty or all zero."""
    if not isinstance(value, str):
        return value
    text = value[2:] if value[:2] in ("0x", "0X") else value
    if len(text) in (12, 24) and text.endswith("="):  # protobuf's JSON: 8 or 16 bytes in base64
        try:
            text = base64.b64decode(text, validate=True).hex()
        except (binascii.Error, ValueError):
            return value
    text = text.lower()
    return text if text.strip("0") else None


def kind(value: Any) -> Any:
    """A span's kind as ``CLIENT``, ``SERVER``...; a label that is not known stays."""
    if isinstance(value, int) and not isinstance(value, bool):
        return KINDS[value] if 0 <= value < len(KINDS) else value
    if isinstance(value, str):
        return value.removeprefix("SpanKind.").upper().removeprefix("SPAN_KIND_")
    return value


def status(value: Any) -> Any:
    """A span's status with ``code`` as ``OK``, ``ERROR`` or ``UNSET`` and ``message``."""
    if isinstance(value, str):
        value = {"code": value}
    if not isinstance(value, dict):
        return value
    made = {key: item for key, item in value.items() if item != ""}
    for old, new in (("status_code", "code"), ("description", "message")):
        if old in made and new not in made:
            made[new] = made.pop(old)
    code = made.get("code")
    if isinstance(code, int) and not isinstance(code, bool) and 0 <= code < len(CODES):
        made["code"] = CODES[code]
    elif isinstance(code, str):
        made["code"] = code.removeprefix("StatusCode.").upper().removeprefix("STATUS_CODE_")
    return made


def nanos(value: Any) -> Any:
    """The JavaScript SDK's ``[seconds, nanoseconds]`` as nanoseconds in text; any other time as it is."""
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(part, int) and not isinstance(part, bool) for part in value)
        and 0 <= value[1] < 1_000_000_000
    ):
        return str(value[0] * 1_000_000_000 + value[1])
    return value
