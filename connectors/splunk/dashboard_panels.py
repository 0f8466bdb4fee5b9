"""A panel as a visualization of Dashboard Studio, and what a click in it opens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from tracehound.boards import Panel, PanelSpec, spl
from tracehound.boards.words import whole
from tracehound.compiler.spl import evaluated, searched
from tracehound.schema import fields

from .dashboard_filters import Filter, filter_of
from .dashboard_words import columns, plain

LEVELS = {
    "Fatal": "#8c1a4b", "Critical": "#c4314b", "High": "#e8743b", "Medium": "#f2b544", "Low": "#6cb36c",
    "Informational": "#5a9bd5", "Other": "#9aa0a6", "Unknown": "#9aa0a6",
}  # fmt: skip
"""OCSF's levels of severity; colours that can be told apart on white and on black."""
TIMES = "earliest=$global_time.earliest|u$&latest=$global_time.latest|u$"
FORM = "form.global_time.earliest=$global_time.earliest|u$&form.global_time.latest=$global_time.latest|u$"


def picture(panel: Panel, known: Sequence[Filter], app: str) -> dict[str, Any]:
    """Type, options and event handlers."""
    spec = panel.spec
    kind, options = _drawn(spec)
    made: dict[str, Any] = {"type": kind, "options": options}
    handlers = _handlers(panel, known, app)
    return made | ({"eventHandlers": handlers} if handlers else {})


def _drawn(spec: PanelSpec) -> tuple[str, dict[str, Any]]:
    if spec.kind == "metric":
        return "splunk.singlevalue", _number(spec)
    if spec.kind == "table":
        return "splunk.table", _table(spec)
    colours = {"seriesColorsByField": LEVELS} if _levels(spec) else {}
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
    }
    if spec.unit:
        options |= {"unit": plain(spec.unit), "unitPosition": "after"}
    return options


def _table(spec: PanelSpec) -> dict[str, Any]:
    formats = {columns(spec)[1]: {"align": "right", "headerAlign": "right"}}
    return {"count": 10, "showInternalFields": False, "columnFormat": formats}


def _levels(spec: PanelSpec) -> bool:
    return any(by.field == "severity" for by in spec.by)


def _handlers(panel: Panel, known: Sequence[Filter], app: str) -> list[dict[str, Any]]:
    link = panel.spec.drilldown
    if link is None:
        return []
    if link.panel:
        return _chosen(panel, known)
    if link.board:
        url = f"/app/{quote(app)}/{quote(link.board)}?{FORM}"
    else:
        url = f"/app/{quote(app)}/search?q={_events(panel)}&{TIMES}"
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


def _events(panel: Panel) -> str:
    """The search for the events behind a click, for an address: ``|s`` quotes a value, ``|u`` encodes it."""
    said = quote(spl.base(panel), safe="")
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
