"""What a Dashboard Studio definition shows: its searches run by the SPL evaluator, as data for its pictures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from spl.engine import Event, Options, parse

TOKEN = re.compile(r"\$\$|\$([^$|:]+?)((?:\|\w+)*)\$")
MACROS = {"tracehound_index": "index=*"}
UNLIMITED = Options(kv_maxchars=None)
Rows = list[dict[str, list[str]]]


def chosen(definition: dict[str, Any]) -> dict[str, Sequence[str]]:
    """What is chosen when a board is opened."""
    return {name: [one["value"]] for name, one in definition["defaults"]["tokens"]["default"].items()}


def replaced(text: str, tokens: Mapping[str, Sequence[str]]) -> str:
    """A text with its tokens in place, as Dashboard Studio does it: ``|s`` quotes values, ``$$`` is one ``$``."""

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        assert found[2] == "|s", f"token without quotes: {found[0]}"
        return ",".join(json.dumps(one, ensure_ascii=False) for one in tokens[found[1]])

    return TOKEN.sub(value, text)


def query(definition: dict[str, Any], source: str, tokens: Mapping[str, Sequence[str]] | None = None) -> str:
    """The search behind a data source; a chain's with that of its base before it."""
    found = definition["dataSources"][source]
    text = replaced(found["options"]["query"], chosen(definition) if tokens is None else tokens)
    if found["type"] == "ds.chain":
        return query(definition, found["options"]["extend"], tokens) + "\n" + text
    return text


def rows(
    definition: dict[str, Any],
    source: str,
    events: Sequence[Event],
    span: tuple[int, int],
    tokens: Mapping[str, Sequence[str]] | None = None,
    options: Options = UNLIMITED,
) -> Rows:
    """The rows of a data source for a range of epoch milliseconds, its end not included; ``events`` lie in it."""
    start, end = span[0] / 1000, span[1] / 1000
    search = parse(query(definition, source, tokens), macros=MACROS, options=options)
    return search.run(events, now=end, earliest=start, latest=end)


def fields_of(definition: dict[str, Any], source: str, found: Rows) -> list[str]:
    """The columns in the order in which Splunk returns them."""
    last = re.findall(r"\n\| table (.*)\Z", query(definition, source))
    named = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^\s*]+)', last[0])] if last else []
    return list(dict.fromkeys([*named, *(name for row in found for name in row)]))


def drawn(definition: dict[str, Any], found: Mapping[str, Rows]) -> dict[str, Any]:
    """The definition with rows in place of searches."""
    made = deepcopy(definition)
    made.get("defaults", {}).pop("dataSources", None)
    for name, source in made["dataSources"].items():
        columns = fields_of(definition, name, found[name])
        data = {
            "fields": [{"name": column.replace("$", "$$")} for column in columns],
            "columns": [[_cell(column, row.get(column)) for row in found[name]] for column in columns],
        }
        if "timechart" in source["options"]["query"]:
            data["fields"].append({"name": "_span"})
            data["columns"].append(["1800" for _ in found[name]])
        made["dataSources"][name] = {"type": "ds.test", "options": {"data": data}}
    return made


def _cell(column: str, values: list[str] | None) -> Any:
    if not values:
        return None
    if column == "_time":
        return datetime.fromtimestamp(float(values[0]), UTC).isoformat(timespec="milliseconds")
    literal = [value.replace("$", "$$") for value in values]  # else these options would hold tokens
    return literal[0] if len(literal) == 1 else literal
