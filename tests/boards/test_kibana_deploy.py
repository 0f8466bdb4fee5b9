"""Boards installed in a Kibana: once, again without a change, after a change, after an analyst's edit, removed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kibana_boards
import pytest
from boards_made import board as made
from kibana_stub import KibanaStub

from tracehound.config import Settings
from tracehound.deploy import apply, plan, removal
from tracehound.targets import target

ELASTIC = "tracehound.connectors.elastic"
PANEL = {"by": "ai.source", "filter": {"ai.activity": "inference"}}


def module(name: str) -> Any:
    return importlib.import_module(f"{ELASTIC}.{name}")


@pytest.fixture(params=["8.19.5", "9.4.1", "9.5.0"])
def kibana(request: pytest.FixtureRequest) -> Iterator[KibanaStub]:
    with KibanaStub(version=request.param) as stub:
        yield stub


class Place:
    """The boards of a pack, and the Kibana they go to."""

    def __init__(self, stub: KibanaStub, pack: Path) -> None:
        settings = target("elastic").part("settings")(kibana_url=stub.url)
        self.stub, self.pack = stub, pack
        self.client = module("kibana").Kibana(settings, first_wait=0.01)
        self.app = Settings().model_copy(update={"packs": [pack]})

    def parts(self) -> Any:
        return module("boards_deploy").parts(self.client, self.app)

    def actions(self) -> dict[str, str]:
        return {change.title: change.action for change in plan(self.parts())}

    def apply(self, **options: Any) -> list[str]:
        done, stopped = apply(plan(self.parts(), **options), **options)
        assert stopped is None
        assert [one.reason for one in done if one.status == "failed"] == []
        assert self.stub.problems == []
        return sorted(one.change.title for one in done if one.status == "done")

    def edit(self, title: str) -> None:
        """An analyst gives the board another picture, and leaves title and description alone."""
        for (kind, key), one in self.stub.saved["default"].items():
            if kind == "dashboard" and one["attributes"]["title"] == title:
                kibana_boards.edit(self.stub.saved["default"], kind, key, panelsJSON="[]")
            elif kind == "api-dashboard" and one["data"]["title"] == title:
                one["data"]["panels"] = one["data"]["panels"][:-1]


@pytest.fixture
def place(kibana: KibanaStub, tmp_path: Path) -> Place:
    made(tmp_path, PANEL)
    return Place(kibana, tmp_path)


ALL = ["AI activity overview", "Made", "Tracehound events"]


def test_a_second_time_changes_nothing(place: Place) -> None:
    assert place.apply() == ALL
    writes = len(place.stub.writes())
    assert set(place.actions().values()) == {"unchanged"}
    assert place.apply() == []
    assert len(place.stub.writes()) == writes


def test_a_changed_board_is_installed_again(place: Place) -> None:
    place.apply()
    made(place.pack, PANEL | {"title": "Another"})
    assert place.actions() == {
        "AI activity overview": "unchanged", "Made": "update", "Tracehound events": "unchanged"
    }  # fmt: skip
    assert place.apply() == ["Made"]
    assert set(place.actions().values()) == {"unchanged"}


def test_what_an_analyst_edited_stays(place: Place) -> None:
    place.apply()
    place.edit("Made")
    assert place.actions()["Made"] == "unchanged"
    made(place.pack, PANEL | {"title": "Another"})
    assert place.actions()["Made"] == "conflict"
    before = repr(place.stub.saved)
    place.apply()
    assert repr(place.stub.saved) == before
    assert place.apply(overwrite=True) == ["Made"]
    assert set(place.actions().values()) == {"unchanged"}


def test_a_board_that_is_gone_from_the_pack_is_taken_out(place: Place) -> None:
    place.apply()
    (place.pack / "dashboards" / "made.yml").unlink()
    assert place.actions()["Made"] == "orphaned"
    place.apply()
    assert sorted(place.actions()) == ["AI activity overview", "Tracehound events"]


def test_a_board_that_is_not_ours_is_left_alone(place: Place) -> None:
    place.apply()
    theirs = {"attributes": {"title": "Theirs", "description": "(Tracehound is nice)"}}
    place.stub.saved["default"]["dashboard", "theirs"] = theirs
    place.stub.saved["default"]["api-dashboard", "theirs"] = {"data": theirs["attributes"]}
    changes = removal(place.parts())
    assert sorted(change.title for change in changes) == ALL
    assert [change.title for change in changes][-1] == "Tracehound events"
    _, stopped = apply(changes)
    assert stopped is None
    assert set(place.stub.saved["default"]) == {("dashboard", "theirs"), ("api-dashboard", "theirs")}


def test_a_refused_board_is_left_out_and_said(place: Place) -> None:
    (place.pack / "dashboards" / "broken.yml").write_text("title: x\n")
    assert place.actions()[str(place.pack / "dashboards" / "broken.yml")] == "left out"
    place.apply()
    (reason,) = [change.reason for change in plan(place.parts()) if change.action == "left out"]
    assert "panels: is missing" in reason
