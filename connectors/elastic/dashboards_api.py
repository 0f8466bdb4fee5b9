"""A board as the body of Kibana's Dashboards API (``PUT /api/dashboards/{id}``), generally available in 9.5."""

from __future__ import annotations

from typing import Any

from tracehound.boards import Board, PanelSpec, esql
from tracehound.boards.panel import Panel, uid_of
from tracehound.boards.words import about, measure_label, places, whole

from .lens import series

GRID = 4
"""Kibana's boards are 48 columns wide, four for each of ours."""


def body(board: Board, view: str) -> dict[str, Any]:
    """The request's body; ``view`` is the id of the data view that controls read."""
    spec = board.spec
    made: dict[str, Any] = {
        "title": spec.title,
        "description": spec.description,
        "time_range": {"from": f"now-{spec.range}", "to": "now"},
        "panels": [_panel(panel, place) for panel, place in zip(board.panels, places(spec), strict=True)],
    }
    if spec.controls:
        made["pinned_panels"] = [
            {
                "type": "options_list_control",
                "id": f"control-{number}",
                "config": {"data_view_id": view, "field_name": name, "title": name},
            }
            for number, name in enumerate(spec.controls)
        ]
    return made


def _panel(panel: Panel, place: tuple[int, int, int, int]) -> dict[str, Any]:
    x, y, width, height = place
    return {
        "type": "vis",
        "id": panel.uid,
        "grid": {"x": x * GRID, "y": y, "w": width * GRID, "h": height},
        "config": _config(panel),
    }


def _config(panel: Panel) -> dict[str, Any]:
    spec = panel.spec
    source = {"type": "esql", "query": esql.query(panel)}
    groups = [{"column": esql.column(by), "label": by.title} for by in spec.by]
    label = spec.title if spec.kind == "metric" else measure_label(spec)
    value = {"column": "value", "label": label, "format": _format(spec)}
    config: dict[str, Any] = {"title": spec.title, "description": about(spec)}
    drilldown = _drilldown(spec)
    if drilldown:
        config["drilldowns"] = [drilldown]
    if spec.kind == "metric":
        return config | {
            "type": "metric",
            "data_source": source,
            "hide_title": True,
            "metrics": [value | {"type": "primary"}],
        }
    if spec.kind == "table":
        rows = [group | {"click_filter": True} for group in groups]
        return config | {"type": "data_table", "data_source": source, "rows": rows, "metrics": [value]}
    if spec.kind == "pie":
        return config | {"type": "pie", "data_source": source, "group_by": groups, "metrics": [value]}
    over = [{"column": esql.TIME, "label": "Time"}] if spec.interval else []
    axis, *split = [*over, *groups]
    layer = {"type": series(spec), "data_source": source, "x": axis, "y": [value]}
    if split:
        layer["breakdown_by"] = split[0]
    return config | {"type": "xy", "layers": [layer]}


def _format(spec: PanelSpec) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "number", "decimals": 0 if whole(spec) else 2}
    if spec.kind == "metric":
        made["compact"] = True
    return made | ({"suffix": f" {spec.unit}"} if spec.unit else {})


def _drilldown(spec: PanelSpec) -> dict[str, Any] | None:
    """What a click opens; a link to another panel needs none, since a click filters the whole board."""
    link = spec.drilldown
    if link is None or link.panel:
        return None
    if link.board:
        kind = {"type": "dashboard_drilldown", "dashboard_id": uid_of(link.board), "label": "Open the board"}
    else:
        kind = {"type": "discover_drilldown", "label": "Open in Discover"}
    return kind | {"trigger": "on_apply_filter"}
