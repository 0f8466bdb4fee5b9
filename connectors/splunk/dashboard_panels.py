"""A panel as a visualization of Dashboard Studio, and what a click in it opens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tracehound.boards import Board, Panel, PanelSpec, spl
from tracehound.boards.words import whole
from tracehound.compiler.spl import evaluated, searched
from tracehound.schema import fields

from .dashboard_filters import Filter, filter_of, where
from .dashboard_words import columns, literal, plain

LEVELS = {
    "Fatal": "#b0307a", "Critical": "#d13a5a", "High": "#d9622b", "Medium": "#b97a00", "Low": "#3f9142",
    "Informational": "#3b82c4", "Other": "#868c94", "Unknown": "#868c94",
}  # fmt: skip
"""OCSF's levels of severity in colours that can be read on white and on black."""
MARKUP = re.compile(r"[!-/:-@\[-`{-~]")
TIMES = "earliest=$global_time.earliest|u$&latest=$global_time.latest|u$"
FORM = "form.global_time.earliest=$global_time.earliest|u$&form.global_time.latest=$global_time.latest|u$"


def picture(panel: Panel, known: Sequence[Filter], app: str) -> dict[str, Any]:
    """Type, options and event handlers."""
    spec = panel.spec
    kind, options = _drawn(spec)
    made: dict[str, Any] = {"type": kind, "options": options}
    if kind == "splunk.table" and _level_columns(spec):
        made["context"] = {"levels": [{"match": name, "value": colour} for name, colour in LEVELS.items()]}
    handlers = _handlers(panel, known, app)
    return made | ({"eventHandlers": handlers} if handlers else {})


def described(spec: PanelSpec) -> dict[str, str]:
    """The line below a panel's title, which Dashboard Studio cuts: numbers are too narrow for one."""
    return {"description": literal(spec.description)} if spec.description and spec.kind != "metric" else {}


def explained(board: Board) -> dict[str, Any]:
    """All that is said about the board and its panels, and what it means when one is empty: a page of its own."""
    lines = [_escaped(board.spec.description), ""]
    for panel in board.panels:
        said = [f"**{_escaped(panel.spec.title)}**:", _escaped(panel.spec.description or "")]
        said.append(f"When empty: {_escaped(panel.spec.empty)}")
        lines.append("- " + " ".join(filter(None, said)))
    return {"type": "splunk.markdown", "options": {"markdown": "\n".join(lines)}}


def _escaped(text: str) -> str:
    """Text in which nothing is markup or a token."""
    return literal(MARKUP.sub(r"\\\g<0>", " ".join(text.split())))


def _drawn(spec: PanelSpec) -> tuple[str, dict[str, Any]]:
    if spec.kind == "metric":
        return "splunk.singlevalue", _number(spec)
    if spec.kind == "table":
        return "splunk.table", _table(spec)
    colours = {"seriesColorsByField": LEVELS} if _level_columns(spec) else {}
    if spec.kind == "pie":
        return "splunk.pie", {"showDonutHole": True, "labelDisplay": "valuesAndPercentage", **colours}
    split = len(spec.by) + bool(spec.interval) > 1
    options: dict[str, Any] = {
        "legendDisplay": "right" if split else "off",
        "legendTruncation": "ellipsisMiddle",
        "xAxisTitleVisibility": "hide",
        "yAxisTitleText": plain(columns(spec)[1]),
        **colours,
    }
    if spec.kind != "line":
        options["stackMode"] = "stacked" if split else "auto"
    if spec.kind != "bar":
        options["nullValueDisplay"] = "zero" if spec.measure.adds_up else "connect"
        return f"splunk.{spec.kind}", options
    return ("splunk.column" if spec.interval else "splunk.bar"), options


def _number(spec: PanelSpec) -> dict[str, Any]:
    options: dict[str, Any] = {
        "majorValue": f'> primary | seriesByName("{spec.id}") | lastPoint()',
        "sparklineDisplay": "off",
        "trendDisplay": "off",
        "numberPrecision": 0 if whole(spec) else 2,
        "shouldUseThousandSeparators": True,
        "shouldAbbreviateMajorValue": whole(spec) and spec.measure.how == "sum",
    }
    if spec.unit:
        options |= {"unit": f"\u00a0{plain(spec.unit)}", "unitPosition": "after"}
    return options


def _table(spec: PanelSpec) -> dict[str, Any]:
    """Wide columns for names; that of the number has no width, else the table would not fill its panel."""
    names, total = columns(spec)
    levels = _level_columns(spec)
    wide = (100 * spec.width - 200 - 110 * len(levels)) // max(len(names) - len(levels), 1)
    formats: dict[str, Any] = {name: {"width": 110 if name in levels else max(wide, 90)} for name in names}
    for name in levels:
        formats[name]["rowColors"] = f'> table | seriesByName("{name}") | matchValue(levels)'
    formats[total] = {"align": "right", "headerAlign": "right"}
    return {"count": 10, "fontSize": "small", "showInternalFields": False, "columnFormat": formats}


def _level_columns(spec: PanelSpec) -> list[str]:
    return [name for name, by in zip(columns(spec)[0], spec.by, strict=True) if by.field == "severity"]


def _handlers(panel: Panel, known: Sequence[Filter], app: str) -> list[dict[str, Any]]:
    link = panel.spec.drilldown
    if link is None:
        return []
    if link.panel:
        return _chosen(panel, known)
    if link.board:
        url = f"/app/{quote(app)}/{quote(link.board)}?{FORM}"
    else:
        url = f"/app/{quote(app)}/search?q={_events(panel, known)}&{TIMES}"
    return [{"type": "drilldown.customUrl", "options": {"url": url, "newTab": True}}]


def _chosen(panel: Panel, known: Sequence[Filter]) -> list[dict[str, Any]]:
    """A click chooses the value for the other panels; the menus above the board show it, and take it back."""
    tokens = []
    for by, key in zip(panel.spec.by, _clicked(panel.spec), strict=True):
        found = filter_of(known, panel, by)
        if found is not None:
            tokens.append({"token": found.token, "key": key})
    return [{"type": "drilldown.setToken", "options": {"tokens": tokens}}] if tokens else []


def _clicked(spec: PanelSpec) -> list[str]:
    """What a click tells of each group: the series' name over time and of split bars, else the row's columns."""
    if spec.interval:
        return ["name"] * len(spec.by)
    rows = [f"row.{name}.value" for name in columns(spec)[0]]
    return [rows[0], "name"] if spec.kind == "bar" and len(rows) == 2 else rows


def _events(panel: Panel, known: Sequence[Filter]) -> str:
    """The search for the events behind a click, for an address: ``|s`` quotes a value, ``|u`` encodes it."""
    said = quote(spl.base(panel), safe="") + quote("\n" if where(known, panel) else "")
    for number, text in enumerate(where(known, panel).split("$")):
        said += quote(text, safe="") if number % 2 == 0 else f"${text}|u$"
    tests = []
    for by, key in zip(panel.spec.by, _clicked(panel.spec), strict=True):
        value = f"${key}|s|u$"
        if by.part:
            name = evaluated(by.field)
            test = f'mvindex(split({name}, "."), {by.part - 1})='
            info = fields()[by.field]
            head, tail = ("mvcount(mvfilter(", "))>0") if info.array or info.within else ("", "")
            tests.append(f"{quote(f'| where {head}{test}', safe='')}{value}{quote(tail, safe='')}")
        else:
            tests.append(f"{quote(f'| search {searched(by.field)}=', safe='')}{value}")
    return "%20".join([said, *tests])
