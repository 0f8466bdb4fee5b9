"""A board as Splunk's Dashboard Studio takes it: the view, its searches, inputs, clicks; hostile names in all."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from xml.etree import ElementTree

import pytest
import studio_board
from boards_day import overview
from boards_made import board, load
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spl.engine import Options, parse

from tracehound.boards import Board
from tracehound.config import Settings

BOARDS: Any = importlib.import_module("tracehound.connectors.splunk.boards")
STUDIO: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_studio")
FILTERS: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_filters")
SPLUNK: Any = importlib.import_module("tracehound.connectors.splunk.settings")
TOKEN = re.compile(r"\$\$|\$[^$|:]+?(?:\|\w+)*\$")
HOSTILE = [
    ']]>', "<b>", "&amp;", '"', "\\", "$row.Rule.value$", "$$", "$", "> primary", "`x`", "**x**", "|", "{}", "ß🦊",
    "\u2028", "a\nb", "]]>]]>", "</definition>", "%", "x\x01y", "[a](javascript:b)", ":", "_time", "'", "a,b",
]  # fmt: skip


def definition(made: Board, **more: Any) -> dict[str, Any]:
    """What Splunk reads out of the view."""
    root = ElementTree.fromstring(BOARDS.view(made, **more).xml)
    found: dict[str, Any] = json.loads(root.findtext("definition") or "")
    return found


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from strings(one)


def test_the_view() -> None:
    (view,) = (one for one in BOARDS.views(SPLUNK.SplunkSettings(), Settings()) if one.name == "overview")
    root = ElementTree.fromstring(view.xml)
    assert root.attrib == {"version": "2", "theme": "dark"}
    assert (view.label, root.findtext("label")) == ("AI activity overview",) * 2
    assert root.findtext("description") == overview().spec.description
    assert json.loads(root.findtext("definition") or "") == STUDIO.definition(overview())
    light = BOARDS.view(overview(), theme="light").xml
    assert ElementTree.fromstring(light).attrib["theme"] == "light"


def test_each_build_gives_the_same() -> None:
    assert BOARDS.view(overview()) == BOARDS.view(overview())


def test_boards_that_cannot_be_built_are_told(tmp_path: Path) -> None:
    load(tmp_path, {"title": "T", "description": "D", "panels": []}, "broken")
    told: list[str] = []
    made = BOARDS.views(SPLUNK.SplunkSettings(), Settings(packs=[tmp_path]), told.append)
    assert [view.name for view in made] == ["overview"]
    assert len(told) == 1
    assert "broken.yml" in told[0]


def test_every_reference_resolves() -> None:
    made = definition(overview())
    sources, drawn = made["dataSources"], made["visualizations"]
    for one in [*drawn.values(), *made["inputs"].values()]:
        assert set(one.get("dataSources", {}).values()) <= set(sources)
    for source in sources.values():
        if source["type"] == "ds.chain":
            assert sources[source["options"]["extend"]]["type"] == "ds.search"
    layout = made["layout"]
    assert [tab["layoutId"] for tab in layout["tabs"]["items"]] == list(layout["layoutDefinitions"])
    placed = [item["item"] for one in layout["layoutDefinitions"].values() for item in one["structure"]]
    assert sorted(placed) == sorted(drawn)
    assert set(layout["globalInputs"]) == set(made["inputs"])
    used = {source for one in drawn.values() for source in one.get("dataSources", {}).values()}
    used |= {source for one in made["inputs"].values() for source in one.get("dataSources", {}).values()}
    used |= {source["options"]["extend"] for source in sources.values() if source["type"] == "ds.chain"}
    assert used == set(sources)


def test_every_token_is_set_by_an_input_or_by_a_click() -> None:
    made = definition(overview())
    tokens = {one["options"]["token"] for one in made["inputs"].values()} - {"global_time"}
    known = {f"{token}|s" for token in tokens} | {"global_time.earliest", "global_time.latest"}
    said = {token[1:-1] for text in strings(made["dataSources"]) for token in TOKEN.findall(text)} - {""}
    said |= {token[1:-1] for text in strings(made["defaults"]) for token in TOKEN.findall(text)}
    assert said <= known
    assert set(made["defaults"]["tokens"]["default"]) == tokens


def test_searches_are_few() -> None:
    """27 panels and 7 menus; numbers over the same events are one search, and panels of findings share one."""
    sources = definition(overview())["dataSources"]
    searches = [source for source in sources.values() if source["type"] == "ds.search"]
    assert len(searches) == 23
    assert sum("Choices" in source["name"] for source in searches) == 2


def test_searches_begin_with_the_index_macro_and_join_nothing() -> None:
    for name, source in definition(overview())["dataSources"].items():
        query = source["options"]["query"]
        if source["type"] == "ds.search":
            assert query.startswith("`tracehound_index` "), name
        assert not re.search(r"\| *(join|append|appendcols|transaction|map|multisearch|union)\b", query), name


def test_an_independent_grammar_reads_every_search(splcheck: Any) -> None:
    made = definition(overview())
    queries = {name: studio_board.query(made, name) for name in made["dataSources"]}
    plain = [query.replace("`tracehound_index`", "index=tracehound") for query in queries.values()]
    answers = dict(zip(queries, splcheck(plain), strict=True))
    assert {name: answer for name, answer in answers.items() if answer} == {}


def test_what_one_looks_at_first() -> None:
    made = definition(overview())
    assert made["inputs"]["input_time"]["options"] == {"token": "global_time", "defaultValue": "-24h@h,now"}
    assert [one["title"] for one in made["inputs"].values()] == [
        "Time", "Source", "Principal", "Model", "Agent", "Level", "Area", "Family",
    ]  # fmt: skip
    asked = made["defaults"]["dataSources"]["ds.search"]["options"]["queryParameters"]
    assert asked == {"earliest": "$global_time.earliest$", "latest": "$global_time.latest$"}


def test_the_page_about_the_panels_says_what_empty_means() -> None:
    text = definition(overview())["visualizations"]["viz_about"]["options"]["markdown"]
    shown = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", text)
    for panel in overview().spec.panels:
        assert f"**{panel.title}**: {panel.description or ''}".strip() in shown
        assert f"When empty: {panel.empty}" in shown


PICTURES = {
    "events": "splunk.singlevalue", "findings_over_time": "splunk.column", "findings_by_rule": "splunk.table",
    "findings_by_area": "splunk.pie", "agents": "splunk.bar", "events_over_time": "splunk.area",
}  # fmt: skip


@pytest.mark.parametrize(("panel", "kind"), PICTURES.items())
def test_pictures(panel: str, kind: str) -> None:
    assert definition(overview())["visualizations"][f"viz_{panel}"]["type"] == kind


def clicked(made: dict[str, Any], panel: str, **told: str) -> Any:
    """The address that a click with these tokens opens, as Dashboard Studio makes it."""
    (handler,) = made["visualizations"][f"viz_{panel}"]["eventHandlers"]
    assert handler["type"] == "drilldown.customUrl"
    chosen = {name: list(values) for name, values in studio_board.chosen(made).items()}
    chosen |= {"global_time.earliest": ["-24h@h"], "global_time.latest": ["now"]}
    chosen |= {name: [value] for name, value in told.items()}

    def value(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name, *filters = found[0][1:-1].split("|")
        values = (
            [json.dumps(one, ensure_ascii=False) for one in chosen[name]] if "s" in filters else chosen[name]
        )
        assert filters[-1] == "u"
        return ",".join(quote(one, safe="") for one in values)

    url = urlsplit(TOKEN.sub(value, handler["options"]["url"]))
    return url.path, {name: one for name, (one,) in parse_qs(url.query).items()}


NAMES = [
    "gpt-4o",
    'a"b',
    "a\\",
    'x\\" | delete',
    "a | b",
    "$x$",
    "`tracehound_index`",
    "a&q=b",
    "100%",
    "ß 🦊",
    "a#b",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_click_opens_the_events_behind_it(name: str) -> None:
    made = definition(overview())
    for panel, told in {
        "agents": {"row.Agent.value": name},
        "findings_by_rule": {"row.Rule.value": name, "row.Level.value": "High"},
        "calls_over_time": {"name": name},
    }.items():
        path, asked = clicked(made, panel, **told)
        assert path == "/app/tracehound/search"
        assert (asked["earliest"], asked["latest"]) == ("-24h@h", "now")
        search = parse(asked["q"], macros=studio_board.MACROS, options=Options(kv_maxchars=None))
        assert search.expanded.startswith("index=* ai.service=*")
        commands = [
            line.split()[0] for line in re.split(r"\n?\| ", re.sub(r'"(?:[^"\\]|\\.)*"', "T", asked["q"]))[1:]
        ]
        assert set(commands) <= {"where", "search"}


def test_a_click_leads_to_another_board(tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    load(folder, {"title": "B", "description": "D", "panels": [{**PANEL, "id": "x"}]}, "other")
    found = load(
        folder,
        {"title": "A", "description": "D", "panels": [{**PANEL, "id": "y", "drilldown": {"board": "other"}}]},
    )
    made = next(one for one in found.boards if one.name == "made")
    path, asked = clicked(definition(made, app="mine"), "y", **{"row.ai.agent.name.value": "x"})
    assert path == "/app/mine/other"
    assert asked == {"form.global_time.earliest": "-24h@h", "form.global_time.latest": "now"}


PANEL: dict[str, Any] = {"title": "T", "kind": "table", "by": "ai.agent.name", "empty": "E"}


def test_a_click_chooses_for_the_other_panels() -> None:
    made = definition(overview())
    for panel, token, key in [
        ("findings_over_time", "severity", "name"),
        ("findings_by_area", "finding_info_types", "row.Area.value"),
        ("signals_over_time", "ai_signals", "name"),
    ]:
        (handler,) = made["visualizations"][f"viz_{panel}"]["eventHandlers"]
        assert handler == {
            "type": "drilldown.setToken",
            "options": {"tokens": [{"token": token, "key": key}]},
        }
        assert f"input_{token}" in made["inputs"]
    for name, source in made["dataSources"].items():
        query = source["options"]["query"]
        if source["type"] == "ds.search" and "Choices" not in source["name"]:
            of_findings = "(class_uid=2004" in query and "NOT (class_uid" not in query
            assert ("$severity|s$" in query) is of_findings, name
            assert ("$ai_source|s$" in query) is not of_findings, name
            assert "$ai_principal|s$" in query, name


TEXTS = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=TEXTS, other=TEXTS, unit=st.sampled_from(["> x", "$x$", "tokens", "\\"]))
def test_any_text(one: str, other: str, unit: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    made = board(
        tmp_path_factory.mktemp("any"),
        {"kind": "metric", "title": one, "description": other, "empty": one, "unit": unit},
        {
            "by": [{"field": "ai.model.name", "label": one}, {"field": "ai.agent.name", "label": other}],
            "filter": {"ai.model.name": one.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")},
        },
        {
            "kind": "bar",
            "by": {"field": "ai.model.name", "label": one},
            "interval": "auto",
            "drilldown": {"panel": "panel_1"},
        },
        title=one,
        description=other,
    )
    root = ElementTree.fromstring(BOARDS.view(made).xml)
    assert [child.tag for child in root] == ["label", "description", "definition"]
    found = json.loads(root.findtext("definition") or "")
    assert found["title"] == one
    metric, table, bars = (found["visualizations"][f"viz_panel_{n}"] for n in range(3))
    assert metric["title"].replace("$$", "$") == one
    assert not metric["options"]["unit"].strip().startswith(">")
    for name in ("ds_panel_1", "ds_panel_2"):
        search = parse(studio_board.query(found, name), macros=studio_board.MACROS)
        assert "\n| stats " in search.expanded
    columns = list(table["options"]["columnFormat"])
    assert len(columns) == len(set(columns)) == 3
    assert all(re.fullmatch(r"[\w .()/%+-]+", column) and not column.startswith("_") for column in columns)
    assert [
        token for text in (metric["title"], bars["title"]) for token in TOKEN.findall(text) if token != "$$"
    ] == []
