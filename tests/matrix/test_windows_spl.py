"""Correlations and baselines in SPL against the embedded engine: every hit, its time, its group and its events.

Each rule's one search is run by the evaluator of ``tests/engines/spl`` over streams that are shuffled, late,
doubled and full of exact distances. What a search cannot say would be a gap; there is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest
from spl.engine import Row
from window_streams import T0, Stream, cells, event, firings, hits, own_streams, rule_of, streams_of
from window_streams_more import BASELINES, MORE, SHAPES, more_streams
from windows_spl import (
    CORRELATIONS,
    FIRST_SEEN,
    LATER,
    Plan,
    all_streams,
    differs,
    found,
    group_of,
    lookups,
    milliseconds,
    run,
    said,
    scheduled,
)

from tracehound.compiler import spl_sliding
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.rules import Rule

OWN = list(own_streams())
GAPS: dict[str, str] = {}
"""Cells (``type operator``) that SPL has no words for, with the reason: at most one in ten."""


@pytest.mark.parametrize("shape", CORRELATIONS, ids=lambda shape: shape.name)
def test_every_hit(shape: Any) -> None:
    fired = 0
    for stream in all_streams(shape):
        rule = stream.loaded
        query = said(rule).query
        want, got = firings(rule, stream.events), found(rule, run(query, stream.events))
        assert got == want, differs(stream, query, want, got)
        fired += len(want)
    assert fired or shape in SHAPES


@pytest.mark.parametrize("stream", OWN, ids=lambda stream: stream.name)
def test_our_rules_on_their_recorded_events(stream: Stream) -> None:
    rule = stream.loaded
    query = said(rule)
    want = firings(rule, stream.events)
    got = found(rule, run(query.query, stream.events, lookups=lookups(rule, query)))
    assert got == want, differs(stream, query.query, want, got)
    assert bool(got) == ("match_" in stream.name)


def test_at_most_one_cell_in_ten_is_a_gap() -> None:
    gaps = {}
    for shape in (*SHAPES, *MORE, *BASELINES):
        try:
            said(rule_of(shape.rule))
        except NotInLanguageError as gap:
            gaps[shape.cell] = str(gap)
    assert gaps == GAPS
    assert len(GAPS) * 10 <= len(cells())
    assert len(OWN) > 30
    assert all(said(stream.loaded) for stream in OWN)


@pytest.mark.parametrize(
    "shape", [s for s in CORRELATIONS if "chain" not in s.name], ids=lambda shape: shape.name
)
def test_a_row_says_what_a_finding_says(shape: Any) -> None:
    """The measure, the events of the window and the first of their times."""
    for stream in all_streams(shape):
        rule = stream.loaded
        rows = {
            (group_of(row, rule.correlation.group_by), milliseconds(row), row["metadata.uid"][0]): row
            for row in run(said(rule).query, stream.events)
            if rule.correlation
        }
        for hit in hits(rule, stream.events):
            group = tuple(value.lower() for _, value in hit.entity)
            _same(rule, rows[group, hit.time, hit.event["metadata"]["uid"]], hit)


def _same(rule: Rule, row: Row, hit: Any) -> None:
    link = rule.correlation
    assert link is not None
    assert set(row["related_uids"]) == hit.uids
    assert row["count"] == [str(len(hit.uids))]
    assert milliseconds(row, "first_time") == hit.window
    if link.kind == "event_count" and not link.at_close:
        assert float(row["measure"][0]) == link.count  # so many are enough
    elif link.kind == "temporal_ordered" and not link.at_close:
        assert float(row["measure"][0]) <= hit.measure
    elif link.expression is None:
        assert math.isclose(float(row["measure"][0]), hit.measure, rel_tol=1e-9, abs_tol=1e-9)


SCHEDULED = [s for s in CORRELATIONS if " gt" in s.cell or s.cell in ("temporal and, or", "chain")]


@pytest.mark.parametrize("shape", SCHEDULED, ids=lambda shape: shape.name)
def test_run_on_a_schedule(shape: Any) -> None:
    """Runs every 7 seconds, which look back as they have to, say together what the whole says; none says more."""
    for stream in [*more_streams(shape)][-4:]:
        rule = stream.loaded
        query, want = said(rule).query, firings(rule, stream.events)
        got = scheduled(rule, query, stream.events)
        assert got <= want, differs(stream, query, want, got)
        assert _closes(rule) or got == want, differs(stream, query, want, got)


def _closes(rule: Rule) -> bool:
    link = rule.correlation
    return link is not None and (link.at_close or any(_closes(base) for base in link.base))


CLOSING = [s for s in CORRELATIONS if s.name in {f"event_count {op}" for op in ("lt", "lte", "eq", "neq")}]


@pytest.mark.parametrize("shape", CLOSING, ids=lambda shape: shape.name)
def test_windows_that_close_on_a_schedule(shape: Any) -> None:
    """None that the whole does not have; and of groups that pause for the timespan, all."""
    rule = rule_of(shape.rule)
    query = said(rule).query
    for stream in streams_of(shape):
        want, got = firings(rule, stream.events), scheduled(rule, query, stream.events)
        assert got <= want, differs(stream, query, want, got)
    for gap in (10_000, 10_001, 25_000):
        events = [event(f"p{n}", T0 + n * gap, ["one"], who="al") for n in range(6)]
        assert scheduled(rule, query, events) == firings(rule, events)


def test_a_window_that_has_not_passed_is_not_judged() -> None:
    (shape,) = (shape for shape in CLOSING if shape.name == "event_count lt")
    query, events = said(rule_of(shape.rule)).query, [event("a", T0, ["one"], who="al")]
    assert run(query, events, now=T0 / 1000 + 9.999) == []
    assert run(query, events, now=T0 / 1000 + 60, latest=T0 / 1000 + 9.999) == []
    assert len(run(query, events, now=T0 / 1000 + 10)) == 1


@pytest.mark.parametrize("shape", CORRELATIONS[:8], ids=lambda shape: shape.name)
def test_counts_beyond_the_longest_window(shape: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too long for ``window=`` is counted as it comes and goes."""
    monkeypatch.setattr(spl_sliding, "MAX_WINDOW", 1)
    for stream in all_streams(shape):
        rule = stream.loaded
        want, got = firings(rule, stream.events), found(rule, run(said(rule).query, stream.events))
        assert got == want


# Baselines


PLANS = {
    "kept after": Plan(6, keep_first=False, late=3),
    "kept before": Plan(6, keep_first=True, late=3),
    "every hour": Plan(1, keep_first=False, late=5),
    "every day": Plan(24, keep_first=True, late=0),
}


@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("shape", FIRST_SEEN, ids=lambda shape: shape.name)
def test_baselines_kept_in_a_lookup(shape: Any, plan: str) -> None:
    fired = 0
    wanted = [*all_streams(shape)]
    for stream in wanted[: 2 if plan == "every hour" else None]:
        rule = stream.loaded
        want, got = firings(rule, stream.events), frozenset(PLANS[plan].run(rule, stream.events))
        query = said(rule)
        assert got == want, differs(stream, f"{query.query}\n\n{query.companions[0].query}", want, got)
        fired += len(want)
    assert fired


@pytest.mark.parametrize("shape", FIRST_SEEN, ids=lambda shape: shape.name)
def test_baselines_over_all_events_at_once(shape: Any) -> None:
    """As a backtest does, with an empty lookup."""
    for stream in all_streams(shape):
        rule = stream.loaded
        query = said(rule)
        want = firings(rule, stream.events)
        got = found(rule, run(query.query, stream.events, lookups=lookups(rule, query)))
        assert got == want, differs(stream, query.query, want, got)


def test_the_lookup_is_filled_once_and_forgets() -> None:
    """The first run over as long as ``over`` makes what is known known; what is silent for longer is dropped."""
    rule = rule_of(FIRST_SEEN[0].rule)
    query = said(rule)
    tables, (keep,) = lookups(rule, query), query.companions
    day = 86_400_000
    past = [event(f"p{n}", T0 + n * day, ["one"], agent="Al", tool="a") for n in range(30)]
    run(keep.query, past, lookups=tables, now=T0 / 1000 + 30 * 86_400)
    new = [event("n", T0 + 31 * day, ["one"], agent="al", tool="B")]
    (row,) = run(query.query, new, lookups=tables, now=T0 / 1000 + 32 * 86_400)
    assert (row["ai.agent.name"], row["first_seen"], row["metadata.uid"]) == (["al"], ["b"], ["n"])
    assert row["known_since"] == [str(T0 // 1000)]
    assert run(query.query, past[-3:], lookups=tables, now=LATER) == []
    (table,) = tables.values()
    assert sorted(row["value"][0] for row in table.rows) == ["*", "v:a"]
    run(keep.query, [], lookups=tables, now=T0 / 1000 + 200 * 86_400)
    assert table.rows == []


# The grammar


def test_every_search_is_valid_spl(splcheck: Callable[[list[str]], list[str | None]]) -> None:
    """By a grammar that is not ours; what it refuses though Splunk takes it is taken out first, by name."""
    rules = [rule_of(shape.rule) for shape in (*SHAPES, *MORE, *BASELINES)]
    rules += {stream.path: stream.loaded for stream in OWN}.values()
    queries = [part for rule in rules for query in _searches(said(rule)) for part in _parts(query)]
    answers = splcheck(queries)
    wrong = [(query, answer) for query, answer in zip(queries, answers, strict=True) if answer]
    assert not wrong
    assert len(queries) > 100


def _searches(one: Said) -> list[str]:
    return [one.query, *(companion.query for companion in one.companions)]


LOOKUP = re.compile(r"^\| lookup .*\n", re.MULTILINE)


def _parts(query: str) -> list[str]:
    """Without the grammar's false errors: macros, ``mvmap`` (in Splunk since 8.0), whatever follows ``lookup``."""
    query = query.replace("`tracehound_index`", "index=ai").replace("mvmap(", "nullif(")
    return [LOOKUP.sub("", query), *(f"index=ai {line.strip()}" for line in LOOKUP.findall(query))]
