"""What a board in Splunk shows is what the embedded store says: over events as they are sent to Splunk, some twice.

By the project's SPL evaluator with Splunk's own limit of 10,240 characters for fields, and as search jobs of the
stand-in's management port.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import studio_board
from boards_day import SPAN, Day, Rows, again, by_sql, epoch, equal, overview, plain
from boards_made import board
from spl.engine import Event, Options
from splunk_ask import OWN, Ask
from splunk_index import Indexed
from splunk_stub import SplunkStub

from tracehound.boards import Panel
from tracehound.boards.interval import automatic
from tracehound.compiler.leaves import type_of

STUDIO: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_studio")
WORDS: Any = importlib.import_module("tracehound.connectors.splunk.dashboard_words")
EVENTS: Any = importlib.import_module("tracehound.connectors.splunk.events")
SPLUNK: Any = importlib.import_module("tracehound.connectors.splunk.settings")
HOUR = 3_600_000
SPANS = {
    "the day": SPAN,
    "from the middle of an hour": (SPAN[0] + 9 * HOUR + 1_234_567, SPAN[0] + 15 * HOUR + 7_654),
}
PANELS = overview().panels
panels = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.spec.id)
DEFINITION: dict[str, Any] = STUDIO.definition(overview())


@pytest.fixture(scope="module")
def sent(demo_day: Day) -> list[Indexed]:
    """The day as it lies in Splunk."""
    encoder = EVENTS.Encoder(SPLUNK.SplunkSettings())
    return [
        Indexed(encoder.body(event).decode(), event["time"] / 1000, "tracehound")
        for event in [*demo_day.events, *again(demo_day.events)]
    ]


def within(events: Sequence[Event], span: tuple[int, int]) -> list[Event]:
    return [event for event in events if span[0] / 1000 <= event.time < span[1] / 1000]


def stepped(span: tuple[int, int], definition: dict[str, Any] = DEFINITION) -> dict[str, Any]:
    """The definition with the steps of this range, as the store has them: Splunk's own steps are fewer."""
    sources = {
        name: {**one, "options": {**one["options"], "query": one["options"]["query"].replace(
            "bins=75", f"span={automatic(*span)}s"
        )}}
        for name, one in definition["dataSources"].items()
    }  # fmt: skip
    return {**definition, "dataSources": sources}


def shown(panel: Panel, found: Sequence[dict[str, Any]], time: Callable[[str], int]) -> Rows:
    """Rows of the panel's search as the store has them; ``found`` has a text for each field."""
    spec = panel.spec
    names, total = WORDS.columns(spec)
    made: Rows = []
    for row in found:
        if spec.kind == "metric":
            made.append((_number(row.get(spec.id)),))
        elif spec.interval:
            series = [name for name in row if not name.startswith("_")]
            points = [(time(row["_time"]), name, _number(row[name])) for name in series]
            points = [one for one in points if one[2] or not spec.measure.adds_up]
            made += points if spec.by else [(when, number) for when, _, number in points]
        elif spec.kind == "bar" and len(spec.by) == 2:
            made += [(row[names[0]], name, _number(value)) for name, value in row.items() if name != names[0]]
        else:
            keys = [
                int(row[name]) if type_of(by.field) == "long" else row[name]
                for name, by in zip(names, spec.by, strict=True)
            ]
            made.append((*keys, _number(row.get(total))))
    return sorted(made) if spec.interval or (spec.kind == "bar" and len(spec.by) == 2) else made


def _number(text: str | None) -> Any:
    return None if text is None else plain(float(text))


def texts(rows: studio_board.Rows) -> list[dict[str, str]]:
    return [{name: values[0] for name, values in row.items()} for row in rows]


def seconds(text: str) -> int:
    return round(float(text) * 1000)


@panels
def test_numbers_equal_the_store(panel: Panel, demo_day: Day, sent: list[Indexed]) -> None:
    for span in SPANS.values():
        made = stepped(span)
        source = STUDIO.source_of(panel, made["dataSources"])
        rows = studio_board.rows(made, source, within(sent, span), span, options=Options())
        equal(panel, shown(panel, texts(rows), seconds), by_sql(demo_day, panel, span, ranked=True))


SHAPES: dict[str, dict[str, Any]] = {
    "bars by two fields": {"kind": "bar", "by": ["ai.model.name", "ai.source"], "top": 12},
    "a mean over time": {"kind": "line", "by": "ai.model.name", "interval": "1h", "measure": {"avg": "duration"}},
    "a percentile over time": {
        "kind": "line", "by": "ai.source", "interval": "15m", "measure": {"p90": "duration"}, "top": 3,
    },
    "different values over time": {"kind": "line", "interval": "1h", "measure": {"distinct": "ai.principal"}},
    "a sum over days": {"kind": "area", "interval": "1d", "by": "ai.source", "measure": {"sum": "ai.tokens.total"}},
    "a percentile": {"kind": "metric", "measure": {"p95": "duration"}},
    "a mean": {"kind": "metric", "measure": {"avg": "ai.cost_usd"}},
    "whole numbers": {"kind": "table", "by": {"field": "severity_id", "label": "> $x$"}, "top": 100},
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_other_shapes(
    shape: dict[str, Any], demo_day: Day, sent: list[Indexed], splcheck: Any, tmp_path: Path
) -> None:
    made = board(tmp_path, shape)
    (panel,) = made.panels
    definition = stepped(SPAN, STUDIO.definition(made))
    query = studio_board.query(definition, "ds_panel_0")
    known = re.sub(r" where max in top\d+", "", query)  # the grammar has no such clause of timechart
    assert splcheck([known.replace("`tracehound_index`", "index=tracehound")]) == [None]
    found = shown(panel, texts(studio_board.rows(definition, "ds_panel_0", sent, SPAN)), seconds)
    wanted = by_sql(demo_day, panel, ranked=True)
    equal(panel, sorted(found, key=str), sorted(wanted, key=str))


def test_steps_without_events_are_there(sent: list[Indexed]) -> None:
    span = (SPAN[0], SPAN[0] + 24 * HOUR)
    rows = studio_board.rows(DEFINITION, "ds_findings_over_time", within(sent, span), span)
    times = [float(row["_time"][0]) for row in rows]
    assert times == [SPAN[0] / 1000 + 1800 * step for step in range(48)]
    assert any(row["High"] == ["0"] for row in rows)


def has(field: str, *wanted: str) -> Callable[[dict[str, Any]], bool]:
    """Whether an event of ours has one of these values."""

    def test(event: dict[str, Any]) -> bool:
        value: Any = event
        for step in field.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        return any(one in wanted for one in (value if isinstance(value, list) else [value]))

    return test


def family(event: dict[str, Any]) -> bool:
    return any(one.split(".")[1] == "injection" for one in event.get("ai", {}).get("signals", []))


CHOICES: dict[str, tuple[dict[str, list[str]], Callable[[dict[str, Any]], bool], list[str]]] = {
    "one": (
        {"ai_principal": ["invoice-agent"]},
        has("ai.principal", "invoice-agent"),
        ["ds_numbers_events", "ds_findings_by_rule", "ds_events_over_time", "ds_tools"],
    ),
    "several": (
        {"ai_model_name": ["gpt-4o", "gpt-4o-mini"]},
        has("ai.model.name", "gpt-4o", "gpt-4o-mini"),
        ["ds_model_calls", "ds_calls_over_time", "ds_cost_by_principal"],
    ),
    "a list": (
        {"finding_info_types": ["models"]},
        has("finding_info.types", "models"),
        ["ds_findings_by_rule", "ds_high_findings"],
    ),
    "part of a value": (
        {"ai_signals": ["injection"]},
        family,
        ["ds_signals", "ds_numbers_events", "ds_tools"],
    ),
    "two": (
        {"ai_source": ["litellm"], "ai_model_name": ["gpt-4o"]},
        lambda event: has("ai.source", "litellm")(event) and has("ai.model.name", "gpt-4o")(event),
        ["ds_numbers_events", "ds_tokens_by_model"],
    ),
}


@pytest.mark.parametrize(("chosen", "keeps", "sources"), CHOICES.values(), ids=CHOICES)
def test_choices(
    chosen: dict[str, list[str]],
    keeps: Callable[[dict[str, Any]], bool],
    sources: list[str],
    demo_day: Day,
    sent: list[Indexed],
) -> None:
    both = [*demo_day.events, *again(demo_day.events)]
    kept = [line for event, line in zip(both, sent, strict=True) if keeps(event)]
    assert 0 < len(kept) < len(sent)
    tokens = studio_board.chosen(DEFINITION) | chosen
    for source in sources:
        found = studio_board.rows(DEFINITION, source, sent, SPAN, tokens)
        assert found == studio_board.rows(DEFINITION, source, kept, SPAN), source


def test_menus_offer_what_there_is(demo_day: Day, sent: list[Indexed]) -> None:
    def offered(token: str) -> list[str]:
        found = studio_board.rows(DEFINITION, f"ds_choices_{token}", sent, SPAN)
        return [row["value"][0] for row in found]

    findings = [event for event in demo_day.events if event["class_uid"] == 2004]
    others = [event for event in demo_day.events if event["ai"]["source"] != "tracehound"]
    assert offered("ai_source") == sorted({event["ai"]["source"] for event in others})
    assert offered("severity") == sorted({event["severity"] for event in findings})
    assert offered("ai_signals") == sorted(
        {one.split(".")[1] for event in others for one in event["ai"].get("signals", [])}
    )


def test_search_jobs_give_the_same(demo_day: Day, sent: list[Indexed]) -> None:
    made = stepped(SPAN)
    with SplunkStub() as splunk:
        splunk.put(sent)
        ask = Ask(splunk)
        ask.post("/services/apps/local", name="tracehound")
        status, said = ask.post(
            f"{OWN}/configs/conf-macros", name="tracehound_index", definition="index=tracehound"
        )
        assert status == 201, said
        span = {"earliest_time": f"{SPAN[0] / 1000:.3f}", "latest_time": f"{SPAN[1] / 1000:.3f}"}
        for panel in PANELS:
            query = studio_board.query(made, STUDIO.source_of(panel, made["dataSources"]))
            status, answer = ask.post(
                f"{OWN}/search/v2/jobs", search=query, exec_mode="oneshot", count="0", **span
            )
            assert status == 200, (panel.spec.id, answer)
            found = shown(panel, answer["results"], epoch)
            equal(panel, found, by_sql(demo_day, panel, SPAN, ranked=True))


def test_searches_have_steps_to_replace() -> None:
    """Else the test above would compare nothing over time."""
    timed = [panel for panel in PANELS if panel.spec.interval]
    assert len(timed) == 5
    for panel in timed:
        query = DEFINITION["dataSources"][f"ds_{panel.spec.id}"]["options"]["query"]
        assert re.search(r"\| timechart limit=10 bins=75 count BY ", query)
