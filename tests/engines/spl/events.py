"""Events, and the fields that search-time extraction (KV_MODE=json) finds in them.

Source: Splunk Search Reference, spath: an object's key follows a dot, an array is ``{}``, so
``a.b``, ``tags{}``, ``list{}.name``. A field is a list of texts; an absent field has no entry.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from spl.errors import SplError
from spl.options import Options

Row = dict[str, list[str]]


class RawNumber(str):
    """A JSON number as it was written."""

    __slots__ = ()


@dataclass
class Event:
    """One stored event: ``raw`` is a JSON object (or its text), ``time`` epoch seconds."""

    raw: dict[str, Any] | str
    time: float
    index: str = "main"
    sourcetype: str = "_json"
    host: str = "localhost"
    source: str = "test"
    _rows: dict[Options, Row] = field(default_factory=dict, repr=False, compare=False)

    def row(self, options: Options) -> Row:
        """The event's fields; computed once for each set of options, never to be changed in place."""
        if options not in self._rows:
            self._rows[options] = self._extract(options)
        return self._rows[options]

    def _extract(self, options: Options) -> Row:
        text = self.raw if isinstance(self.raw, str) else json.dumps(self.raw, ensure_ascii=False)
        limit = options.kv_maxchars
        if limit is not None and len(text) > limit:
            raise SplError(f"an event of {len(text)} characters: extraction stops at {limit} (limits.conf)")
        row = flatten(text, options)
        row.update(
            _time=[number_text(self.time)],
            _raw=[text],
            index=[self.index],
            sourcetype=[self.sourcetype],
            host=[self.host],
            source=[self.source],
        )
        return row


def flatten(text: str, options: Options) -> Row:
    """The fields of a JSON text; a text that is no JSON object or array has none."""
    try:
        value = json.loads(text, parse_int=RawNumber, parse_float=RawNumber, parse_constant=RawNumber)
    except (ValueError, RecursionError):
        return {}
    row: Row = {}
    if isinstance(value, dict | list):
        _walk("", value, row, options)
    return row


def _walk(path: str, value: Any, row: Row, options: Options) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _walk(f"{path}.{key}" if path else key, item, row, options)
    elif isinstance(value, list):
        for item in value:
            _walk(path + "{}", item, row, options)
    else:
        text = _scalar(value, options)
        if text is not None:
            row.setdefault(path, []).append(text)


def _scalar(value: Any, options: Options) -> str | None:
    if value is None:
        return "null" if options.json_null == "text" else None
    if value is True or value is False:
        return "true" if value else "false"
    return None if value == "" and options.empty_text == "absent" else str(value)


def number_text(number: float) -> str:
    """A number as a field's text: no fraction when it is whole."""
    if isinstance(number, float) and number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return repr(number)
