"""A board as a definition of Dashboard Studio: inputs, searches, pictures and their places.

Searches are shared where that is simple: single numbers over the same events are one search with a column each;
panels of findings with the same filter chain from one that has a row for each finding. Events are too many for
that: a base search hands on no more than its first 500,000 rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tracehound.boards import Board, Panel, spl
from tracehound.boards.words import places
from tracehound.compiler import conditions

from . import dashboard_filters, dashboard_panels
from .dashboard_filters import Filter
from .dashboard_words import columns, literal

TIME = "global_time"
WIDTH, ROW = 1200, 28
"""The grid's width, and the height of a row of a board, in the grid's pixels."""
LAYOUT, ABOUT = "layout_1", "layout_about"
MARK = "\0"
"""Where the choices stand in a query; no board holds it."""


def definition(board: Board, app: str = "tracehound") -> dict[str, Any]:
    """The definition; ``app`` is where links into the search page lead."""
    spec = board.spec
    known = dashboard_filters.filters(board)
    sources = dict(_sources(board, known))
    drawn = {
        f"viz_{panel.spec.id}": {
            **dashboard_panels.picture(panel, known, app),
            "title": literal(panel.spec.title),
            **dashboard_panels.described(panel.spec),
            "dataSources": {"primary": source_of(panel, sources)},
        }
        for panel in board.panels
    }
    drawn["viz_about"] = dashboard_panels.explained(board)
    time = {
        "type": "input.timerange",
        "title": "Time",
        "options": {"token": TIME, "defaultValue": f"-{spec.range}@{spec.range[-1]},now"},
    }
    menus = dashboard_filters.inputs(known)
    queried = {"earliest": f"${TIME}.earliest$", "latest": f"${TIME}.latest$"}
    return {
        "title": spec.title,
        "description": spec.description,
        "inputs": {"input_time": time, **menus},
        "defaults": {
            "dataSources": {"ds.search": {"options": {"queryParameters": queried}}},
            "tokens": {"default": {one.token: {"value": dashboard_filters.ALL} for one in known}},
        },
        "dataSources": {**sources, **dashboard_filters.choices(board, known)},
        "visualizations": drawn,
        "layout": {
            "globalInputs": ["input_time", *menus],
            "tabs": {
                "items": [
                    {"layoutId": LAYOUT, "label": literal(spec.title)},
                    {"layoutId": ABOUT, "label": "About the panels"},
                ],
            },
            "layoutDefinitions": {
                LAYOUT: {"type": "grid", "options": {"width": WIDTH}, "structure": _structure(board)},
                ABOUT: {
                    "type": "grid",
                    "options": {"width": WIDTH},
                    "structure": [_block("viz_about", 0, 0, WIDTH, 900)],
                },
            },
        },
    }


def source_of(panel: Panel, sources: dict[str, Any]) -> str:
    """The id of the panel's search: its own, or the one that has all numbers over the same events."""
    own = f"ds_{panel.spec.id}"
    if own in sources:
        return own
    return next(
        name for name, source in sources.items() if panel.spec.id in source.get("meta", {}).get("panels", ())
    )


def _sources(board: Board, known: Sequence[Filter]) -> Iterator[tuple[str, Any]]:
    for panels in _alike(board):
        spec = panels[0].spec
        chosen = dashboard_filters.where(known, panels[0])
        if spec.kind == "metric":
            names = [one.spec.id for one in panels]
            name = f"ds_{names[0]}" if len(names) == 1 else f"ds_numbers_{names[0]}"
            made = _search(
                ", ".join(one.spec.title for one in panels), spl.numbers(panels, names, [MARK]), chosen
            )
            yield name, made | {"meta": {"panels": names}}
        elif len(panels) == 1:
            query = "\n".join([spl.base(panels[0], [MARK]), _charted(panels[0])])
            yield f"ds_{spec.id}", _search(spec.title, query, chosen)
        else:
            base = f"ds_base_{spec.id}"
            yield base, _search("Findings", spl.shared(panels, [MARK]), chosen)
            for one in panels:
                options = {"extend": base, "query": literal(_charted(one))}
                yield (
                    f"ds_{one.spec.id}",
                    {"type": "ds.chain", "name": literal(one.spec.title), "options": options},
                )


def _alike(board: Board) -> list[list[Panel]]:
    """Panels that one search can serve, in the order of the board."""
    made: dict[tuple[str, ...], list[Panel]] = {}
    for panel in board.panels:
        spec = panel.spec
        alike = spec.kind == "metric" or spec.of == "findings"
        condition = conditions.condition(panel.rule, "splunk")
        key = (spec.of, "number" if spec.kind == "metric" else "", condition, "" if alike else spec.id)
        made.setdefault(key, []).append(panel)
    return list(made.values())


def _charted(panel: Panel) -> str:
    return spl.charted(panel, *columns(panel.spec))


def _search(name: str, query: str, chosen: str) -> dict[str, Any]:
    """``chosen`` has tokens, the rest of the query has none."""
    said = literal(query).replace(f"{MARK}\n", f"{chosen}\n" if chosen else "")
    return {"type": "ds.search", "name": literal(name), "options": {"query": said}}


def _structure(board: Board) -> list[dict[str, Any]]:
    """Lines of panels, each line as wide as the board and its panels equally high: a grid has no holes."""
    lines: dict[int, list[tuple[Panel, tuple[int, int, int, int]]]] = {}
    for panel, place in zip(board.panels, places(board.spec), strict=True):
        lines.setdefault(place[1], []).append((panel, place))
    made, y = [], 0
    for line in lines.values():
        height = max(place[3] for _, place in line) * ROW
        whole = sum(place[2] for _, place in line)
        x = 0
        for number, (panel, place) in enumerate(line, 1):
            width = WIDTH - x if number == len(line) else round(WIDTH * place[2] / whole)
            made.append(_block(f"viz_{panel.spec.id}", x, y, width, height))
            x += width
        y += height
    return made


def _block(name: str, x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return {"item": name, "type": "block", "position": {"x": x, "y": y, "w": width, "h": height}}
