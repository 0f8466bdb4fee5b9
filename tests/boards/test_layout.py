"""No panel lies on another one or outside its board, in Kibana and in Splunk."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from boards_day import overview
from boards_made import board
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.boards import Board, BoardSpec
from tracehound.boards.words import places

KIBANA: Any = importlib.import_module("tracehound.connectors.elastic.boards")
API: Any = importlib.import_module("tracehound.connectors.elastic.dashboards_api")
STUDIO: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_studio")
Box = tuple[int, int, int, int]


def saved_object(board: Board) -> list[Box]:
    panels = json.loads(KIBANA.saved_object(board)["attributes"]["panelsJSON"])
    return [tuple(panel["gridData"][key] for key in "xywh") for panel in panels]


def request(board: Board) -> list[Box]:
    return [tuple(panel["grid"][key] for key in "xywh") for panel in API.body(board, "view")["panels"]]


def studio(board: Board) -> list[Box]:
    layout = STUDIO.definition(board)["layout"]["layoutDefinitions"][STUDIO.LAYOUT]
    return [tuple(item["position"][key] for key in "xywh") for item in layout["structure"]]


TARGETS: dict[str, tuple[Callable[[Board], list[Box]], int]] = {
    "saved objects of Kibana": (saved_object, 48),
    "Dashboards API of Kibana": (request, 48),
    "Dashboard Studio": (studio, 1200),
}
targets = pytest.mark.parametrize(("boxes", "width"), TARGETS.values(), ids=TARGETS)


def apart(boxes: list[Box], width: int) -> None:
    for x, y, w, h in boxes:
        assert min(x, y) >= 0
        assert min(w, h) > 0
        assert x + w <= width
    for (x, y, w, h), (left, top, wide, high) in combinations(boxes, 2):
        assert x + w <= left or left + wide <= x or y + h <= top or top + high <= y


@targets
def test_the_overview(boxes: Callable[[Board], list[Box]], width: int) -> None:
    found = boxes(overview())
    assert len(found) == len(overview().panels)
    apart(found, width)


@targets
def test_panels_of_all_sizes(boxes: Callable[[Board], list[Box]], width: int, tmp_path: Path) -> None:
    sizes = [(2, 3), (3, 20), (12, 5), (5, 12), (4, 7), (4, 9), (7, 40), (2, 4), (11, 3), (2, 6), (2, 6)]
    panels = [{"kind": "metric", "width": w, "height": h} for w, h in sizes]
    apart(boxes(board(tmp_path, *panels)), width)


def test_a_line_of_dashboard_studio_is_as_wide_as_the_board(tmp_path: Path) -> None:
    """A grid there has no holes: what is left over is shared out, and a line is as high as its highest panel."""
    panels = [{"kind": "metric", "width": w, "height": h} for w, h in [(5, 6), (5, 9), (12, 3), (7, 4)]]
    lines: dict[int, list[Box]] = {}
    for box in studio(board(tmp_path, *panels)):
        lines.setdefault(box[1], []).append(box)
    assert [sum(box[2] for box in line) for line in lines.values()] == [1200, 1200, 1200]
    assert all(len({box[3] for box in line}) == 1 for line in lines.values())
    below = 0
    for top, line in sorted(lines.items()):
        assert top == below
        below = top + line[0][3]


SIZES = st.lists(st.tuples(st.integers(2, 12), st.integers(3, 40)), min_size=1, max_size=30)


@settings(max_examples=60)
@given(SIZES)
def test_any_sizes(sizes: list[tuple[int, int]]) -> None:
    panels = [
        {"id": f"p{n}", "title": "T", "kind": "metric", "empty": "E", "width": w, "height": h}
        for n, (w, h) in enumerate(sizes)
    ]
    spec = BoardSpec.model_validate({"title": "T", "description": "D", "panels": panels})
    apart(places(spec), 12)
