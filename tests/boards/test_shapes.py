"""Each measure with each kind of group and step, equal in all languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boards_day import SPAN, Day, by_esql, by_spl, by_sql, equal
from boards_made import board
from engines_index import Index, QueryError

from tracehound.boards.interval import STEPS, automatic

HOUR = 3_600_000
TIMED: dict[str, Any] = {"kind": "line", "interval": "1h"}
SHAPES: dict[str, dict[str, Any]] = {
    "count over time": TIMED,
    "count in steps of 7 minutes": {"kind": "line", "interval": "7m"},
    "count in steps of 5 hours": {"kind": "line", "interval": "5h"},
    "count by day": {"kind": "bar", "interval": "1d"},
    "the three largest series": {**TIMED, "by": "ai.model.name", "top": 3},
    "series of an array": {**TIMED, "by": "ai.destinations", "top": 5},
    "distinct of an array": {"kind": "metric", "measure": {"distinct": "ai.signals"}},
    "distinct by": {"by": "ai.source", "measure": {"distinct": "ai.session_uid"}},
    "distinct over time": {**TIMED, "measure": {"distinct": "ai.principal"}},
    "distinct over time by a part": {
        **TIMED, "measure": {"distinct": "ai.principal"}, "by": {"field": "ai.signals", "part": 2},
    },
    "distinct by a part": {"measure": {"distinct": "ai.principal"}, "by": {"field": "ai.signals", "part": 1}},
    "sum by a part": {"measure": {"sum": "ai.tokens.total"}, "by": {"field": "ai.signals", "part": 2}},
    "a part that few have": {"by": {"field": "ai.source", "part": 2}},
    "mean by": {"by": "ai.model.name", "measure": {"avg": "ai.tokens.total"}},
    "mean over time by": {**TIMED, "by": "ai.model.name", "measure": {"avg": "ai.cost_usd"}, "top": 4},
    "sum over time": {**TIMED, "measure": {"sum": "ai.tokens.total"}},
    "sum over time by": {**TIMED, "by": "ai.principal", "measure": {"sum": "ai.cost_usd"}, "top": 4},
    "median": {"kind": "metric", "measure": {"p50": "duration"}},
    "the slowest of a hundred": {"by": "ai.source", "measure": {"p99": "duration"}},
    "by number": {"by": "severity_id"},
    "by address": {"by": "src_endpoint.ip", "top": 30},
    "by truth": {"by": "is_alert", "of": "findings"},
    "by three": {"by": ["ai.source", "ai.activity", "ai.signals"], "top": 200},
    "by objects in an array": {"of": "findings", "by": "finding_info.attacks.technique.uid", "top": 100},
    "objects, several": {"of": "findings", "by": ["finding_info.tags.name", "finding_info.types"], "top": 100},
    "distinct objects": {"of": "findings", "kind": "metric", "measure": {"distinct": "finding_info.tags.value"}},
    "a filter on objects": {
        "of": "findings", "by": "finding_info.title",
        "filter": {"finding_info.attacks.technique.uid|startswith": "AML.T005"},
    },
    "a filter in other case": {"by": "ai.source", "filter": {"ai.model.name|contains": "CLAUDE"}},
    "a filter on an array": {"by": "ai.source", "filter": {"ai.signals|endswith": "_OVERRIDE"}},
    "a filter with a star inside": {"by": "ai.signals", "filter": {"ai.signals": "prompt.*.private*"}},
    "a negation": {
        "by": "ai.source", "filter": {"a": {"ai.model.name|contains": "gpt"}, "condition": "not a"},
    },
    "a filter by number": {"by": "ai.model.name", "filter": {"ai.tokens.total|gt": 5000}},
    "a filter by address": {"by": "ai.source", "filter": {"src_endpoint.ip|cidr": "10.0.0.0/8"}},
    "one address": {"by": "ai.source", "filter": {"src_endpoint.ip": "198.51.100.211"}},
    "a regular expression": {"by": "ai.model.name", "filter": {"ai.model.name|re": "gpt-4o(-mini)?$"}},
    "one character": {"by": "ai.model.name", "filter": {"ai.model.name": "gpt-?o"}},
    "absent": {"by": "ai.source", "filter": {"ai.principal": None}},
    "nothing": {"kind": "metric", "filter": {"ai.source": "nobody"}},
    "no sum": {"kind": "metric", "filter": {"ai.source": "nobody"}, "measure": {"sum": "duration"}},
    "no rows": {"by": "ai.source", "filter": {"ai.source": "nobody"}},
    "no series": {**TIMED, "by": "ai.source", "filter": {"ai.source": "nobody"}},
}  # fmt: skip
shapes = pytest.mark.parametrize("shape", SHAPES)


@shapes
def test_esql(shape: str, tmp_path: Path, demo_day: Day, demo_index: Index) -> None:
    (panel,) = board(tmp_path, SHAPES[shape]).panels
    found = by_esql(demo_index, panel)
    assert not isinstance(found, QueryError), found
    wanted = by_sql(demo_day, panel)
    equal(panel, found, wanted)
    assert bool([row for row in wanted if row[-1]]) is (not shape.startswith(("no", "a part that")))


@shapes
def test_spl(shape: str, tmp_path: Path, demo_day: Day) -> None:
    (panel,) = board(tmp_path, SHAPES[shape]).panels
    equal(panel, by_spl(demo_day, panel), by_sql(demo_day, panel, ranked=True))


RANGES = {
    "a second": 1_000, "a minute": 60_000, "five minutes": 300_000, "an hour": HOUR, "four hours": 4 * HOUR,
    "a day": 24 * HOUR, "three days": 72 * HOUR, "a week": 168 * HOUR, "a month": 30 * 24 * HOUR,
    "75 days": 75 * 24 * HOUR, "a quarter": 92 * 24 * HOUR, "a year": 365 * 24 * HOUR,
    "two years": 730 * 24 * HOUR,
}  # fmt: skip


@pytest.mark.parametrize("length", RANGES)
def test_auto_is_what_elasticsearch_chooses(
    length: str, tmp_path: Path, demo_day: Day, demo_index: Index
) -> None:
    (panel,) = board(tmp_path, {"kind": "line", "interval": "auto", "measure": "count"}).panels
    for end in (SPAN[1], SPAN[0] + 10 * HOUR + 12_345):
        span = (end - RANGES[length], end)
        found = by_esql(demo_index, panel, span)
        assert not isinstance(found, QueryError), found
        assert found == by_sql(demo_day, panel, span), automatic(*span)
    assert automatic(*span) in STEPS
