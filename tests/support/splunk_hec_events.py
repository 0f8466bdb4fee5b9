"""Bodies of the HTTP Event Collector -> events, or the code and number of the event that is refused.

Pages: Splunk "Format events for HTTP Event Collector" (envelope keys, fields), "Troubleshoot HTTP Event Collector"
(codes 6, 7, 12, 13, 15). What these leave open is done as people measured it on Splunk Enterprise 10.4 and Splunk
Cloud 10.5: a body is read event by event, all before the refused one are indexed and none from it on; ``time`` in
scientific notation is code 15; an unknown key of the envelope ends the body without an error; an envelope with
``fields`` and no ``event`` is passed over; code 7 counts one further than the others.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from splunk_index import Indexed

KEYS = {"time", "host", "source", "sourcetype", "index", "event", "fields"}
TIME = re.compile(r"-?\d+(?:\.\d*)?")
SPACE = re.compile(r"[\s,]*")
DECODE = json.JSONDecoder()


@dataclass(frozen=True)
class Token:
    """A HEC token; ``indexes`` are those that it may write to, None is any."""

    value: str
    enabled: bool = True
    ack: bool = False
    index: str = "main"
    indexes: tuple[str, ...] | None = None
    sourcetype: str = "httpevent"
    source: str = "http:test"
    host: str = "127.0.0.1"


@dataclass
class Parsed:
    """The events in front of ``number``, which was refused with ``code``; code 0 is all of them."""

    events: list[Indexed] = field(default_factory=list)
    code: int = 0
    number: int | None = None
    count: int = 0


class _RefusedError(Exception):
    def __init__(self, code: int) -> None:
        self.code = code


class _EndsError(Exception):
    """The rest of the body is passed over without a word."""


def parse(body: str, token: Token, reject: tuple[str, ...] = (), index_offset: int = 1) -> Parsed:
    """Envelopes one behind the other, with or without space between them, or in an array."""
    found, at = Parsed(), _skip(body, 0)
    array = body[at : at + 1] == "["
    at = _skip(body, at + array)
    while at < len(body) and not (array and body[at] == "]"):
        try:
            envelope, spans, end = _envelope(body, at)
            if any(text in body[at:end] for text in reject):
                raise _RefusedError(6)
            event = _event(envelope, spans, body, token)
        except _EndsError:
            break
        except _RefusedError as refused:
            found.code = refused.code
            found.number = found.count + (index_offset if refused.code == 7 else 0)
            return found
        if event is not None:
            found.events.append(event)
        found.count += 1
        at = _skip(body, end)
    if not found.count:
        found.code = 5
    return found


def _skip(body: str, at: int) -> int:
    return SPACE.match(body, at).end()  # type: ignore[union-attr]


def _envelope(body: str, at: int) -> tuple[dict[str, Any], dict[str, tuple[int, int]], int]:
    """The envelope at an offset, where the text of each of its values stands, and the offset behind it."""
    values: dict[str, Any] = {}
    spans: dict[str, tuple[int, int]] = {}
    try:
        if body[at] != "{":
            raise _RefusedError(6)
        at = _skip(body, at + 1)
        while body[at] != "}":
            if body[at] != '"':
                raise _RefusedError(6)
            key, at = scanstring(body, at + 1)
            at = _skip(body, at)
            if body[at] != ":":
                raise _RefusedError(6)
            start = _skip(body, at + 1)
            values[key], at = DECODE.raw_decode(body, start)
            spans[key] = (start, at)
            at = _skip(body, at)
        return values, spans, at + 1
    except (ValueError, IndexError, RecursionError):
        raise _RefusedError(6) from None


def _event(
    envelope: dict[str, Any], spans: dict[str, tuple[int, int]], body: str, token: Token
) -> Indexed | None:
    if not KEYS.issuperset(envelope):
        raise _EndsError
    fields = _fields(envelope.get("fields", {}))
    if envelope.get("event") is None:
        if "fields" in envelope:
            return None
        raise _RefusedError(12)
    if envelope["event"] == "":
        raise _RefusedError(13)
    index = str(envelope.get("index") or token.index)
    if token.indexes is not None and index not in token.indexes:
        raise _RefusedError(7)
    raw = envelope["event"]
    return Indexed(
        raw if isinstance(raw, str) else body[slice(*spans["event"])],
        _time(envelope, spans, body),
        index,
        str(envelope.get("sourcetype") or token.sourcetype),
        str(envelope.get("host") or token.host),
        str(envelope.get("source") or token.source),
        fields=fields,
    )


def _time(envelope: dict[str, Any], spans: dict[str, tuple[int, int]], body: str) -> float:
    value = envelope.get("time")
    if value is None:
        return round(time.time(), 3)
    text = value if isinstance(value, str) else body[slice(*spans["time"])]
    if not TIME.fullmatch(text):
        raise _RefusedError(15)
    return float(text)


def _fields(value: Any) -> dict[str, list[str]]:
    """Indexed fields: flat, texts, numbers or lists of them."""
    if not isinstance(value, dict):
        raise _RefusedError(15)
    found = {}
    for name, item in value.items():
        items = item if isinstance(item, list) else [item]
        if any(isinstance(one, dict | list) or one is None for one in items):
            raise _RefusedError(15)
        found[name] = [one if isinstance(one, str) else json.dumps(one) for one in items]
    return found
