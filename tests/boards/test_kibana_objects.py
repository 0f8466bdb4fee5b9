"""The shipped board, and one of every picture, as Kibana takes them."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kibana_boards
import pytest
from boards_day import overview
from boards_made import board as made

from tracehound.boards import Board

BOARDS: Any = importlib.import_module("tracehound.connectors.elastic.boards")
API: Any = importlib.import_module("tracehound.connectors.elastic.dashboards_api")
REFERENCE = Path(__file__).parents[3] / "shared" / "engines" / "kibana" / "esql.ndjson"
PICTURES: list[dict[str, Any]] = [
    {"kind": "metric", "measure": {"avg": "duration"}, "unit": "ms"},
    {"kind": "line", "interval": "1h", "drilldown": "discover"},
    {"kind": "line", "interval": "auto", "by": "ai.source", "drilldown": {"board": "overview"}},
    {"kind": "area", "interval": "auto", "by": {"field": "ai.signals", "part": 2, "label": "Family"}},
    {"kind": "bar", "interval": "1d", "by": "ai.source"},
    {"kind": "bar", "by": "ai.source", "drilldown": {"panel": "panel_0"}},
    {"kind": "bar", "by": ["ai.source", "src_endpoint.ip"], "top": 20},
    {"kind": "table", "by": ["ai.source", "severity_id", "ai.text_truncated"]},
    {"kind": "pie", "by": "ai.source", "measure": {"p95": "duration"}},
]


@pytest.fixture
def pictures(tmp_path: Path) -> Board:
    from tracehound.boards import load_boards

    made(tmp_path, *PICTURES[:2])  # so that the folder is there
    body = [
        {"id": f"panel_{n}", "title": f"Panel {n}", "empty": "Nothing.", **one}
        for n, one in enumerate(PICTURES)
    ]
    text = {"title": "Made", "description": "All.", "controls": ["ai.source"], "panels": body}
    (tmp_path / "dashboards" / "made.yml").write_text(json.dumps(text))
    found = load_boards([tmp_path])
    assert not found.errors, [str(e) for e in found.errors]
    return next(board for board in found.boards if board.name == "made")


def opened(saved: dict[str, Any]) -> dict[str, Any]:
    """A saved object with the JSON texts inside it read."""
    attributes = dict(saved["attributes"])
    for name in ("panelsJSON", "optionsJSON"):
        attributes[name] = json.loads(attributes[name])
    return saved | {"attributes": attributes}


def panels(saved: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from opened(saved)["attributes"]["panelsJSON"]


def lens(panel: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = panel["embeddableConfig"]["attributes"]
    return found


def layer(panel: dict[str, Any]) -> dict[str, Any]:
    (found,) = lens(panel)["state"]["datasourceStates"]["textBased"]["layers"].values()
    return dict(found)


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("which", ["overview", "pictures"])
def test_saved_objects_hang_together(which: str, pictures: Board) -> None:
    board = overview() if which == "overview" else pictures
    saved = BOARDS.saved_object(board)
    assert kibana_boards.saved_problems("dashboard", saved) == []
    for panel in panels(saved):
        state = lens(panel)["state"]
        (name,) = state["datasourceStates"]["textBased"]["layers"]
        columns = {column["columnId"] for column in layer(panel)["columns"]}
        shown = {text for text in strings(state["visualization"]) if text in columns}
        assert shown == columns, panel["panelIndex"]
        assert name in set(strings(state["visualization"]))
        assert [one["name"] for one in state["internalReferences"]] == [
            f"textBasedLanguages-datasource-layer-{name}"
        ]
        assert {one["id"] for one in state["internalReferences"]} == set(state["adHocDataViews"])
        assert layer(panel)["query"] == state["query"]
        fields = [column["fieldName"] for column in layer(panel)["columns"]]
        assert fields[-1] == "value"
        assert all(
            f"`{field}`" in state["query"]["esql"] or field in state["query"]["esql"] for field in fields
        )
    ids = {reference["id"] for reference in saved["references"]}
    assert ids <= {BOARDS.VIEW, BOARDS.uid_of("overview")}
    links = [one for one in saved["references"] if one["type"] == "dashboard"]
    events = [
        (panel["panelIndex"], event["eventId"])
        for panel in panels(saved)
        for event in panel["embeddableConfig"]["enhancements"]["dynamicActions"]["events"]
        if event["action"]["factoryId"].startswith("DASHBOARD")
    ]
    assert [one["name"] for one in links] == [
        f"{panel}:drilldown:DASHBOARD_TO_DASHBOARD_DRILLDOWN:{event}:dashboardId" for panel, event in events
    ]


def test_nothing_overlaps_and_all_lies_inside() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(BOARDS.saved_object(overview())):
        grid = panel["gridData"]
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        assert all(x < 48 for x, _ in cells)
        taken |= cells


def test_two_builds_give_the_same_bytes() -> None:
    first, second = BOARDS.ndjson([overview()]), BOARDS.ndjson([overview()])
    assert first == second
    view, board = map(json.loads, first.splitlines())
    assert (view["type"], board["type"]) == ("index-pattern", "dashboard")
    assert view["id"] in {reference["id"] for reference in board["references"]}
    assert board["id"] == "d23acb42-376d-5b96-af0c-2e003ee47dbf"  # links of users rest on it


def test_the_form_is_the_oldest_that_is_supported() -> None:
    saved = BOARDS.saved_object(overview())
    assert (saved["coreMigrationVersion"], saved["typeMigrationVersion"]) == ("8.8.0", "10.2.0")
    assert saved["managed"] is False  # a managed board cannot be edited


@pytest.mark.parametrize("which", ["overview", "pictures"])
def test_the_api_takes_the_body(which: str, pictures: Board) -> None:
    if not kibana_boards.DASHBOARDS.is_file():
        pytest.skip("the published document of the Dashboards API is not at hand")
    body = API.body(overview() if which == "overview" else pictures, BOARDS.VIEW)
    assert kibana_boards.board_problems(body) == []


def test_the_checker_finds_what_is_wrong(pictures: Board) -> None:
    if not kibana_boards.DASHBOARDS.is_file():
        pytest.skip("the published document of the Dashboards API is not at hand")
    body = API.body(pictures, BOARDS.VIEW)
    body["panels"][0]["config"]["metrics"][0].pop("column")
    body["panels"][7]["config"]["rows"][0]["colour"] = "red"
    said = kibana_boards.board_problems(body)
    assert sorted({problem.split(".")[1] for problem in said}) == ["0", "7"]


def test_both_forms_say_the_same(pictures: Board) -> None:
    body = API.body(pictures, BOARDS.VIEW)
    for one, other in zip(panels(BOARDS.saved_object(pictures)), body["panels"], strict=True):
        assert one["panelIndex"] == other["id"]
        assert {k: one["gridData"][k] for k in "xywh"} == other["grid"]
        source = other["config"].get("data_source") or other["config"]["layers"][0]["data_source"]
        assert source["query"] == layer(one)["query"]["esql"]
        assert other["config"]["title"] == lens(one)["title"]
        assert {text for text in strings(other["config"]) if text == "value"} == {"value"}


# What the other library (PyPI kb-dashboard-core 0.4.1, MIT) leaves out or writes and we do not, with the reason.
MORE = {
    "object": set(),
    "attributes": set(),
    "panel": set(),
    "lens": {"description"},  # ours carry what an empty panel means
    "state": set(),
    "layer": {"index"},  # the panel's own data view, as Kibana itself saves ES|QL panels
    "visualization": {"axisTitlesVisibilitySettings", "paging"},  # taste
}
LESS = {
    "object": {"created_at", "created_by", "updated_at", "updated_by", "version"},  # the server's
    "attributes": set(),
    "panel": set(),
    "lens": set(),
    "state": set(),
    "layer": set(),
    "visualization": {"applyColorTo", "density"},  # taste
}  # fmt: skip


def shapes(saved: dict[str, Any]) -> dict[tuple[str, str], set[str]]:
    """The keys of each kind of object in a board."""
    found: dict[tuple[str, str], set[str]] = {
        ("object", ""): set(saved),
        ("attributes", ""): set(saved["attributes"]),
    }
    for panel in panels(saved):
        kind = lens(panel)["visualizationType"]
        for name, value in {
            "panel": panel,
            "lens": lens(panel),
            "state": lens(panel)["state"],
            "layer": layer(panel),
            "visualization": lens(panel)["state"]["visualization"],
        }.items():
            found.setdefault((name, kind), set()).update(value)
    return found


def test_the_structure_is_that_of_another_library(pictures: Board) -> None:
    if not REFERENCE.is_file():
        pytest.skip("the reference board is not at hand")
    theirs = shapes(json.loads(REFERENCE.read_text("utf-8").splitlines()[0]))
    ours = shapes(BOARDS.saved_object(pictures))
    for where in theirs:
        name = where[0]
        assert theirs[where] - ours[where] <= LESS[name], where
        assert ours[where] - theirs[where] <= MORE[name], where
    theirs_at, ours_at = (
        {
            k: json.loads(REFERENCE.read_text("utf-8"))[k]
            for k in ("coreMigrationVersion", "typeMigrationVersion")
        },
        {k: BOARDS.saved_object(pictures)[k] for k in ("coreMigrationVersion", "typeMigrationVersion")},
    )
    assert theirs_at == ours_at
