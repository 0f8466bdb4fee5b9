"""What a board's file may say, and what is said about one that is wrong: file, line, the nearest valid name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from boards_made import CONTENT, board, load
from jsonschema import Draft202012Validator

from tracehound.boards import load_boards
from tracehound.boards.model import schema

GOOD = """\
title: A board
description: For a test.
panels:
  - id: calls
    title: Calls
    filter:
      ai.activity: inference
    by: ai.model.name
    measure: count
    kind: table
    empty: Nothing.
"""
WRONG = {
    "an unknown key": ("kind: table", "knid: table", 10, "panel calls.knid: unknown key (did you mean 'kind'?)"),
    "an unknown key above": ("title: A board", "titel: A board", 1, "titel: unknown key (did you mean 'title'?)"),
    "an unknown picture": ("kind: table", "kind: tabel", 10, "'tabel' is none of metric, line, area, bar"),
    "an unknown measure": ("measure: count", "measure: counts", 9, "'counts' is no measure; write count"),
    "a measure misspelt": ("measure: count", "measure: {avrg: duration}", 9, "unknown key (did you mean 'avg'?)"),
    "two measures": ("measure: count", "measure: {avg: duration, sum: duration}", 9, "one measure a panel"),
    "a measure of nothing": ("measure: count", "measure: {avg: }", 9, "avg wants a field"),
    "a field that is none": ("by: ai.model.name", "by: ai.model.nmae", 8, "(did you mean 'ai.model.name'?)"),
    "an object as a field": ("by: ai.model.name", "by: ai.model", 8, "is an object; name one of its fields"),
    "a long text as a group": ("by: ai.model.name", "by: ai.prompt_text", 8, "boards show short fields only"),
    "a time as a group": ("by: ai.model.name", "by: time", 8, "time has type date, which makes no groups"),
    "a sum of words": ("measure: count", "measure: {sum: ai.source}", 9, "sum, avg and percentiles want single"),
    "a filter's field": ("ai.activity: inf", "ai.activty: inf", 7, "(did you mean 'ai.activity'?)"),
    "a filter's value": ("inference", "inferenc", 7, "is never 'inferenc' (did you mean 'inference'?)"),
    "a filter's modifier": ("ai.activity:", "ai.activity|contians:", 7, "unknown modifier 'contians'"),
    "a filter on a long text": ("ai.activity: inference", "ai.prompt_text|contains: x", 6, "long text"),
    "a network of IPv6": ("ai.activity: inference", "src_endpoint.ip|cidr: 2001:db8::/32", 6, "IPv4 addresses"),
    "two fields": ("ai.activity: inference", "ai.principal|fieldref: ai.agent.name", 6, "cannot compare two"),
    "a metric with groups": ("kind: table", "kind: metric", 4, "a metric is one number"),
    "a line without time": ("kind: table", "kind: line", 4, "a line wants an interval"),
    "an interval": ("kind: table", "kind: line\n    interval: 1y", 11, "should match pattern"),
    "a missing key": ("    empty: Nothing.\n", "", 4, "panel calls.empty: is missing"),
    "a bad id": ("id: calls", "id: Calls", 4, "panel Calls.id"),
    "a link to no panel": ("kind: table", "kind: table\n    drilldown: {panel: cals}", 11, "mean 'calls'?"),
    "a link to no board": ("kind: table", "kind: table\n    drilldown: {board: x}", 11, "; there are made"),
    "a link to nowhere": ("kind: table", "kind: table\n    drilldown: here", 11, "'here' leads nowhere"),
    "a group twice": ("by: ai.model.name", "by: [ai.source, ai.source]", 4, "ai.source is named twice"),
    "no mapping": (GOOD, "- a\n", 1, "a document must be a mapping"),
    "nothing": (GOOD, "", None, "one file, one board"),
    "no YAML": ("title: A board", "title: [A", 2, "is not YAML"),
    "an alias": ("title: Calls", "title: &a Calls\n    description: *a", 6, "YAML aliases are refused"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_said_with_its_line(case: str, tmp_path: Path) -> None:
    before, after, line, said = WRONG[case]
    assert before in GOOD
    found = load(tmp_path, GOOD.replace(before, after))
    assert not found.boards
    assert any(said in error.message and error.line == line for error in found.errors), [
        str(error) for error in found.errors
    ]
    assert all(error.file == str(tmp_path / "dashboards" / "made.yml") for error in found.errors)


def test_a_good_board_loads(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)
    assert not found.errors
    (made,) = found.boards
    assert made.name == "made"
    assert made.panel("calls").spec.top == 10
    again = load(tmp_path, GOOD).boards[0]
    assert (again.uid, again.panels[0].uid, again.version) == (made.uid, made.panels[0].uid, made.version)
    assert len({made.uid, made.panels[0].uid}) == 2


def test_a_pack_replaces_a_board_by_name(tmp_path: Path) -> None:
    load(tmp_path, GOOD, "overview")
    found = load_boards([tmp_path])
    assert [board.spec.title for board in found.boards if board.name == "overview"] == ["A board"]


def test_a_broken_board_of_a_pack_takes_nothing_else_with_it(tmp_path: Path) -> None:
    load(tmp_path, GOOD.replace("kind: table", "kind: x"), "broken")
    found = load_boards([tmp_path])
    assert "overview" in [board.name for board in found.boards]
    assert [error.line for error in found.errors] == [10]


def test_a_field_that_nothing_fills_is_a_warning_in_a_pack_and_an_error_in_ours(tmp_path: Path) -> None:
    text = GOOD.replace("by: ai.model.name", "by: device.hostname_of_nothing")
    assert load(tmp_path, text).errors
    text = GOOD.replace("by: ai.model.name", "by: finding_info.src_url")
    pack = load(tmp_path, text)
    assert not pack.errors
    assert [warning.line for warning in pack.warnings] == [8]
    assert [error.line for error in load(tmp_path, text, own=True).errors] == [8]


def test_lists_and_named_selections(tmp_path: Path) -> None:
    made = board(
        tmp_path,
        {"by": "ai.source", "filter": [{"ai.activity": "inference"}, {"ai.activity": "login"}]},
        {
            "by": "ai.source",
            "filter": {
                "a": {"ai.activity": "inference"},
                "b": {"ai.source": "mcp"},
                "condition": "a and not b",
            },
        },
        {"by": "ai.source", "filter": {"a": {"ai.activity": "login"}, "condition": "1 of them"}},
    )
    assert [panel.rule.fields for panel in made.panels] == [
        ("ai.activity", "ai.service", "ai.source", "class_uid")
    ] * 3


def test_the_published_schema_is_current() -> None:
    published = json.loads((CONTENT / "src/tracehound/boards/board.schema.json").read_text("utf-8"))
    assert published == schema()
    Draft202012Validator.check_schema(published)


@pytest.mark.parametrize("path", sorted((CONTENT / "dashboards").glob("*.yml")), ids=lambda path: path.stem)
def test_our_boards_fit_the_published_schema(path: Path) -> None:
    data: Any = yaml.safe_load(path.read_text("utf-8"))
    assert not [error.message for error in Draft202012Validator(schema()).iter_errors(data)]


def test_the_schema_refuses_what_loading_refuses() -> None:
    data = yaml.safe_load(GOOD)
    data["panels"][0]["kind"] = "pi"
    assert [e.json_path for e in Draft202012Validator(schema()).iter_errors(data)] == ["$.panels[0].kind"]
