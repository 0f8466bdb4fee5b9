"""Taking records out of what they are delivered in.

An envelope is a JSON array, or an object around a list of records: CloudTrail's ``Records``, Azure's
``records``, an API page's ``data``, CloudWatch Logs' ``logEvents``, what the AWS command line prints of both
(``Events``, ``events``), a webhook's ``body``, OTLP's ``resourceSpans`` and ``resourceLogs``. Envelopes lie in
each other up to ``MAX_ENVELOPES`` deep.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from tracehound.decode import otlp

MAX_ENVELOPES = 4
PAGE_KEYS = {
    "data", "object", "has_more", "first_id", "last_id", "next_page", "next", "next_cursor", "total", "url",
}  # fmt: skip

PRINTED = {"Events": "CloudTrailEvent", "events": "message"}
"""Lists that ``aws cloudtrail lookup-events`` and ``aws logs filter-log-events`` print, and the key of a record."""


SIGNS = otlp.SIGNS.union(PRINTED, ("Records", "records", "data", "logEvents", "headers"))
"""Keys of which each envelope has one."""
SIGNS_IN_FLAT = SIGNS - {"attributes"}
"""The same where the record is a flat one of ``tracehound.decode.otlp``: these have attributes."""


def unwrap(data: Any, depth: int = 0) -> Iterable[Any]:
    """The records inside ``data``; itself where it is no envelope."""
    if type(data) is dict and (SIGNS_IN_FLAT if "otlp" in data else SIGNS).isdisjoint(data):
        return (data,)
    inner = _inside(data) if depth < MAX_ENVELOPES else None
    return (data,) if inner is None else _each(inner, depth + 1)


def _each(items: list[Any], depth: int) -> Iterator[Any]:
    for item in items:
        yield from unwrap(item, depth)


def _inside(data: Any) -> list[Any] | None:
    """What an envelope holds; None for anything that is no envelope."""
    if isinstance(data, list):
        return data
    if not isinstance(data, dict):
        return None
    for key in ("Records", "records"):
        if _is_records(data.get(key)):
            found: list[Any] = data[key]
            return found
    if _is_records(data.get("data")) and data.keys() <= PAGE_KEYS:
        page: list[Any] = data["data"]
        return page
    if isinstance(data.get("logEvents"), list) and "logGroup" in data:
        return [_carried(event, "message") for event in data["logEvents"]]
    for key, text in PRINTED.items():
        events = data.get(key)
        if _is_records(events) and events and all(isinstance(event.get(text), str) for event in events):
            return [_carried(event, text) for event in events]
    if "headers" in data and isinstance(data.get("body"), str):
        return _posted(data["body"])
    return otlp.unwrap(data)


def _is_records(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _posted(body: str) -> list[Any] | None:
    """The records of a webhook's request that was kept whole: a JSON array as its body."""
    if body.lstrip()[:1] != "[":
        return None
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if _is_records(found) else None


def _carried(event: Any, key: str) -> Any:
    """The JSON that an event carries as text under a key; the event itself where it carries none."""
    message = event.get(key) if isinstance(event, dict) else None
    if isinstance(message, str) and message.lstrip()[:1] == "{":
        try:
            return orjson.loads(message)
        except orjson.JSONDecodeError:
            return event
    return event
