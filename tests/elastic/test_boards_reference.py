"""The shipped board beside boards that another library (PyPI kb-dashboard-core 0.4.1, MIT) wrote, by structure.

The panels themselves are compared in tests/boards; here is what holds them: attributes, places, controls...
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from elastic_push import part

from tracehound.boards import load_boards

FOLDER = Path(__file__).parents[3] / "shared" / "engines" / "kibana"
NAMES = ("overview", "esql", "inventory")
THEIRS = {"sections"}
"""Kibana 9.1 and newer only."""
SERVERS = {"created_at", "created_by", "updated_at", "updated_by", "version"}


def opened(saved: dict[str, Any]) -> dict[str, Any]:
    """A saved object with the JSON texts inside it read."""
    attributes = dict(saved["attributes"])
    for name in ("panelsJSON", "optionsJSON"):
        attributes[name] = json.loads(attributes[name])
    search = attributes["kibanaSavedObjectMeta"]
    attributes["kibanaSavedObjectMeta"] = {k: json.loads(v) for k, v in search.items()}
    group = attributes.get("controlGroupInput")
    if group:
        attributes["controlGroupInput"] = {
            k: json.loads(v) if isinstance(v, str) and v.startswith(("{", "[")) else v
            for k, v in group.items()
        }
    return saved | {"attributes": attributes}


@pytest.fixture(scope="module")
def ours() -> dict[str, Any]:
    (board,) = [one for one in load_boards().boards if one.name == "overview"]
    return opened(part("boards").saved_object(board))


@pytest.fixture(params=NAMES)
def theirs(request: pytest.FixtureRequest) -> dict[str, Any]:
    file = FOLDER / f"{request.param}.ndjson"
    if not file.is_file():
        pytest.skip("the reference boards are not at hand")
    return opened(json.loads(file.read_text("utf-8").splitlines()[0]))


def test_the_object(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert set(theirs) - set(ours) <= SERVERS
    assert set(ours) <= set(theirs)
    versions = ("type", "managed", "coreMigrationVersion", "typeMigrationVersion")
    assert {name: ours.get(name, False) for name in versions} == {
        name: theirs.get(name, False) for name in versions
    }


def test_the_attributes(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    mine, other = ours["attributes"], theirs["attributes"]
    assert set(other) - set(mine) <= THEIRS
    assert set(mine) <= set(other)
    for name in other.keys() & mine.keys():
        assert type(mine[name]) is type(other[name]), name
    assert set(mine["optionsJSON"]) == set(other["optionsJSON"])
    assert set(mine["kibanaSavedObjectMeta"]["searchSourceJSON"]) == set(
        other["kibanaSavedObjectMeta"]["searchSourceJSON"]
    )


def test_the_places_of_panels(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    grids = [
        {frozenset(panel["gridData"]) for panel in one["attributes"]["panelsJSON"] if panel["type"] == "lens"}
        for one in (ours, theirs)
    ]
    assert grids[0] == grids[1] - {grid for grid in grids[1] if "sectionId" in grid}
    for panel in ours["attributes"]["panelsJSON"]:
        assert panel["panelIndex"] == panel["gridData"]["i"]


def test_the_controls(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    mine, other = (one["attributes"].get("controlGroupInput") for one in (ours, theirs))
    if not other or not other.get("panelsJSON"):
        pytest.skip("this board has no controls")
    assert set(mine) == set(other)
    kinds = {one["type"]: one for one in other["panelsJSON"].values()}
    for one in mine["panelsJSON"].values():
        like = kinds.get(one["type"])
        if like is not None:
            assert set(one) == set(like)
            assert set(one["explicitInput"]) - set(like["explicitInput"]) <= {"sort", "searchTechnique"}


def test_the_references(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    if not theirs["references"]:
        pytest.skip("this board has no references")
    assert {frozenset(one) for one in ours["references"]} == {frozenset(one) for one in theirs["references"]}
    names = [one["name"] for one in ours["references"]]
    assert len(set(names)) == len(names)
