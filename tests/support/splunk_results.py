"""Results of searches in the forms that Splunk gives: json, json_rows, json_cols, csv, xml, and the lines of
export.

Pages: REST API Reference, "Search endpoint descriptions" (search/v2/jobs/{search_id}/results,
search/v2/jobs/export). A field with several values is a list in JSON; ``_time`` is shown as ISO 8601 with
milliseconds.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from spl.engine import Row
from splunk_errors import RefusedError
from splunk_http import Answer

EPOCH = re.compile(r"-?\d+(?:\.\d+)?")


def shown(row: Row) -> dict[str, Any]:
    """A row as JSON has it."""
    found: dict[str, Any] = {}
    for name, values in row.items():
        texts = [iso(one) for one in values] if name == "_time" else values
        if texts:
            found[name] = texts[0] if len(texts) == 1 else list(texts)
    return found


def iso(text: str) -> str:
    """Epoch seconds as Splunk shows ``_time`` to a user whose time zone is UTC."""
    if not EPOCH.fullmatch(text):
        return text
    when = datetime.fromtimestamp(round(float(text), 3), UTC)
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}+00:00"


def columns(rows: Sequence[Row]) -> list[str]:
    """The names of all fields, in the order in which they come."""
    return list(dict.fromkeys(name for row in rows for name in row))


def render(
    rows: Sequence[Row],
    names: Sequence[str],
    mode: str,
    offset: int = 0,
    messages: Sequence[Mapping[str, str]] = (),
) -> Answer:
    """One page of results."""
    if mode == "csv":
        return Answer(200, _csv(rows, names), "text/csv; charset=utf-8")
    if mode == "xml":
        return Answer(200, _xml(rows, names, offset), "text/xml; charset=utf-8")
    head = {"preview": False, "init_offset": offset, "messages": list(messages)}
    found = [shown(row) for row in rows]
    if mode == "json":
        fields = [{"name": name} for name in names]
        return Answer(200, {**head, "fields": fields, "results": found, "highlighted": {}})
    if mode == "json_rows":
        return Answer(200, {**head, "fields": names, "rows": [[one.get(n) for n in names] for one in found]})
    if mode == "json_cols":
        return Answer(
            200, {**head, "fields": names, "columns": [[one.get(n) for one in found] for n in names]}
        )
    raise RefusedError(400, f"Invalid output_mode: {mode}")


def export(rows: Sequence[Row], names: Sequence[str], mode: str) -> Answer:
    """The stream of ``search/jobs/export``: in JSON an object for each row."""
    if mode != "json":
        return render(rows, names, mode)
    lines = [
        json.dumps({"preview": False, "offset": at, "result": shown(row)}, ensure_ascii=False)
        for at, row in enumerate(rows)
    ]
    last = json.dumps({"preview": False, "lastrow": True})
    lines[-1:] = [lines[-1].replace('"result"', '"lastrow": true, "result"', 1)] if lines else [last]
    return Answer(200, "\n".join([*lines, ""]).encode())


def _csv(rows: Sequence[Row], names: Sequence[str]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        found = shown(row)
        values = (found.get(name, "") for name in names)
        writer.writerow(["\n".join(one) if isinstance(one, list) else one for one in values])
    return text.getvalue().encode()


def _xml(rows: Sequence[Row], names: Sequence[str], offset: int) -> bytes:
    order = "".join(f"<field>{escape(name)}</field>" for name in names)
    parts = [f"<results preview='0'><meta><fieldOrder>{order}</fieldOrder></meta>"]
    for at, row in enumerate(rows, offset):
        fields = "".join(_field(name, value) for name, value in shown(row).items())
        parts.append(f"<result offset='{at}'>{fields}</result>")
    return ("<?xml version='1.0' encoding='UTF-8'?>\n" + "".join(parts) + "</results>").encode()


def _field(name: str, value: Any) -> str:
    if name == "_raw":
        return f"<field k='_raw'><v xml:space='preserve' trunc='0'>{escape(str(value))}</v></field>"
    texts = value if isinstance(value, list) else [value]
    inner = "".join(f"<value><text>{escape(str(text))}</text></value>" for text in texts)
    return f"<field k={quoteattr(name)}>{inner}</field>"
