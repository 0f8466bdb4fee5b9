"""Boards drawn by Splunk's own dashboard packages, with the demo day's rows, in both themes.

Pictures lie in pytest's folder for temporary files; nothing here compares them.
"""

from __future__ import annotations

import importlib
import json
import os
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import engines_studio
import pytest
import studio_board
from boards_day import SPAN, Day, by_sql, overview, spl_events
from boards_made import board
from engines_build import EngineMissing
from engines_plugin import not_here
from jsonschema import Draft7Validator

STUDIO: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_studio")
THEMES = ("dark", "light")
CLICKS = [
    {"panel": "viz_findings_by_rule", "cell": "Credential In A Prompt"},
    {"panel": "viz_agents", "point": 1},
    {"panel": "viz_calls_over_time", "point": 30},
    {"panel": "viz_findings_over_time", "point": 3},
    {"panel": "viz_findings_by_area", "point": 0},
]
Seen = dict[str, Any]


@pytest.fixture(scope="session")
def studio() -> ModuleType:
    """Splunk's packages and a browser."""
    try:
        engines_studio.prepare()
    except EngineMissing as missing:
        not_here("dashboard_studio", missing)
    return engines_studio


@pytest.fixture(scope="session")
def schema(studio: ModuleType) -> Draft7Validator:
    return Draft7Validator(studio.schema())


@pytest.fixture(scope="session")
def definition() -> dict[str, Any]:
    found: dict[str, Any] = STUDIO.definition(overview())
    return found


@pytest.fixture(scope="session")
def seen(
    studio: ModuleType, definition: dict[str, Any], demo_day: Day, tmp_path_factory: pytest.TempPathFactory
) -> Seen:
    """The overview in both themes."""
    events = [event for _, event in spl_events(demo_day)]
    rows = {name: studio_board.rows(definition, name, events, SPAN) for name in definition["dataSources"]}
    folder = Path(os.environ.get("TRACEHOUND_BOARD_PICTURES") or tmp_path_factory.mktemp("pictures"))
    found: Seen = studio.drawn(
        studio_board.drawn(definition, rows),
        "overview",
        picture=str(folder / "overview-THEME.png"),
        tab="About the panels",
        clicks=CLICKS,
    )
    return found


def test_the_schema_takes_the_board(schema: Draft7Validator, definition: dict[str, Any]) -> None:
    assert [error.message for error in schema.iter_errors(definition)] == []


WRONG: dict[str, tuple[list[str], Any]] = {
    "an unknown kind of search": (["dataSources", "ds_agents", "type"], "ds.sql"),
    "a number as a colour": (["visualizations", "viz_agents", "options", "backgroundColor"], 1),
    "a position of another kind": (["visualizations", "viz_agents", "options", "legendDisplay"], "middle"),
    "no tabs": (["layout", "tabs"], None),
}


@pytest.mark.parametrize(("place", "value"), WRONG.values(), ids=WRONG)
def test_the_schema_would_tell(
    place: list[str], value: Any, schema: Draft7Validator, definition: dict[str, Any]
) -> None:
    broken = deepcopy(definition)
    at: Any = broken
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert not schema.is_valid(broken)


@pytest.mark.parametrize("theme", THEMES)
def test_every_panel_is_drawn(theme: str, seen: Seen) -> None:
    found = seen[theme]
    assert found["errors"] == []
    assert list(found["panels"]) == [f"viz_{panel.id}" for panel in overview().spec.panels]
    for panel in overview().spec.panels:
        drawn = found["panels"][f"viz_{panel.id}"]
        assert drawn["title"] == panel.title
        assert not {"error", "message", "error-message"} & set(drawn["tests"]), drawn["text"]
        assert "No search results" not in drawn["text"]
        if panel.kind in ("bar", "area", "pie"):
            assert drawn["points"] > 1, panel.id
        if panel.kind == "table":
            assert "cell" in drawn["tests"], panel.id
    assert Path(found["picture"]).stat().st_size > 50_000


@pytest.mark.parametrize("theme", THEMES)
def test_numbers_are_read_as_text(theme: str, seen: Seen, demo_day: Day) -> None:
    for panel in overview().panels:
        if panel.spec.kind != "metric":
            continue
        ((number,),) = by_sql(demo_day, panel)
        text = seen[theme]["panels"][f"viz_{panel.spec.id}"]["text"].split("\n", 1)[1]
        shown = {"tokens": f"{number / 1e6:.1f}M", "cost": f"{number:,.2f}"}.get(panel.spec.id, f"{number:,}")
        assert text.replace("\xa0", " ").split()[0] == shown


@pytest.mark.parametrize("theme", THEMES)
def test_tables_show_the_first_rows(theme: str, seen: Seen, demo_day: Day) -> None:
    for panel in overview().panels:
        if panel.spec.kind == "table":
            text = seen[theme]["panels"][f"viz_{panel.spec.id}"]["text"]
            for row in by_sql(demo_day, panel)[:5]:
                assert all(str(value) in text for value in row), panel.spec.id


@pytest.mark.parametrize("theme", THEMES)
def test_panels_lie_apart_and_inside(theme: str, seen: Seen) -> None:
    boxes = [panel["box"] for panel in seen[theme]["panels"].values()]
    for number, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert x + w <= 1440
        assert min(w, h) > 100
        for left, top, wide, high in boxes[number + 1 :]:
            assert x + w <= left or left + wide <= x or y + h <= top or top + high <= y


@pytest.mark.parametrize("theme", THEMES)
def test_menus_and_the_page_about_the_panels(theme: str, seen: Seen) -> None:
    titles = [text.split("\n")[0] for text in seen[theme]["inputs"]]
    assert titles == ["Time", "Source", "Principal", "Model", "Agent", "Level", "Area", "Family"]
    assert "24 hours" in seen[theme]["inputs"][0]
    assert all("All" in text for text in seen[theme]["inputs"][1:])
    text = " ".join(seen[theme]["tab"]["viz_about"]["text"].split())
    for panel in overview().spec.panels:
        assert f"When empty: {panel.empty}" in text


@pytest.mark.parametrize("theme", THEMES)
def test_clicks(theme: str, seen: Seen) -> None:
    rule, agent, model, level, area = seen[theme]["clicks"]
    for click, wanted in [
        (rule, '| search finding_info.title="Credential In A Prompt" | search severity="Medium"'),
        (agent, '| search ai.agent.name="invoice-agent"'),
        (model, '| search ai.model.name="'),
    ]:
        (url,) = click["opened"]
        assert urlsplit(url).path == "/app/tracehound/search"
        asked = parse_qs(urlsplit(url).query)
        assert asked["earliest"] == ["-24h@h"]
        assert asked["latest"] == ["now"]
        assert asked["q"][0].startswith("`tracehound_index` ai.service=*")
        assert wanted in asked["q"][0]
    assert level["opened"] == area["opened"] == []
    assert "Level\nHigh\n(1)" in level["inputs"]
    assert "Area\nmodels\n(1)" in area["inputs"]


HOSTILE = [
    "<img src=x onerror=alert(1)>", "$row.x.value$ $$ $", "> primary | frame()", "]]>\"'\\",
    "**b** [a](javascript:b)", "`tracehound_index`", "{{x}} ${y}", "ß🦊 \u202eabc",
]  # fmt: skip


def test_hostile_names(studio: ModuleType, schema: Draft7Validator, tmp_path: Path) -> None:
    """Texts of a board and names in events are seen as they are, and do nothing."""
    kinds: list[dict[str, Any]] = [
        {"kind": "table", "by": {"field": "ai.model.name"}, "drilldown": "discover"},
        {"kind": "bar", "by": {"field": "ai.model.name"}},
        {"kind": "pie", "by": {"field": "ai.model.name"}},
        {"kind": "bar", "by": ["ai.model.name", "ai.agent.name"]},
        {"kind": "line", "by": {"field": "ai.model.name"}, "interval": "1h", "measure": {"avg": "duration"}},
        {"kind": "area", "interval": "auto"},
        {"kind": "metric", "unit": "> $x$"},
    ]
    made = board(
        tmp_path,
        *(
            {**kind, "title": text, "description": text, "empty": text}
            for kind, text in zip(kinds, HOSTILE, strict=False)
        ),
        title=HOSTILE[0],
        description=HOSTILE[1],
        controls=["ai.model.name"],
    )
    definition = STUDIO.definition(made)
    assert [error.message for error in schema.iter_errors(definition)] == []
    events = [hostile_event(number, name) for number, name in enumerate(HOSTILE * 3)]
    rows = {name: studio_board.rows(definition, name, events, SPAN) for name in definition["dataSources"]}
    found = studio.drawn(
        studio_board.drawn(definition, rows),
        "hostile",
        themes=["dark"],
        picture=str(tmp_path / "hostile-THEME.png"),
        tab="About the panels",
    )["dark"]
    assert found["errors"] == []
    panels = list(found["panels"].values())
    for panel, text in zip(panels, HOSTILE, strict=False):
        assert panel["title"].split() == text.split()
    for name in HOSTILE:
        assert " ".join(name.split()) in " ".join(panels[0]["text"].split())
    bars = panels[3]["text"]
    assert "null" not in bars
    assert all(name in bars for name in ("`tracehound_index`", "{{x}} ${y}"))
    about = " ".join(found["tab"]["viz_about"]["text"].split())
    assert all(" ".join(text.split()) in about for text in HOSTILE[: len(kinds)])


def hostile_event(number: int, name: str) -> Any:
    from spl.engine import Event

    time = SPAN[0] + number * 3_600_000
    event = {
        "class_uid": 6003,
        "time": time,
        "duration": 100 + number,
        "metadata": {"uid": f"uid-{number}"},
        "ai": {
            "service": "gateway",
            "source": "litellm",
            "activity": "inference",
            "model": {"name": name},
            "agent": {"name": name[::-1]},
        },
    }
    return Event(json.loads(json.dumps(event)), time / 1000)
