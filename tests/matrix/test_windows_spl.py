"""Correlations and baselines in SPL against the embedded engine: every hit, its time, its group and its events.

Each rule's one search is run by the evaluator of ``tests/engines/spl`` over streams that are shuffled, late,
doubled and full of exact distances. What a search cannot say would be a gap; there is none.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from spl.engine import Compiled, Lookup, Options, Row, parse
from spl.engine import Event as Stored
from window_streams import (
    T0,
    Event,
    Firing,
    Stream,
    cells,
    event,
    firings,
    hits,
    own_streams,
    rule_of,
    streams_of,
)
from window_streams_more import BASELINES, MORE, SHAPES, more_streams

from tracehound.compiler import schedule, spl_sliding, spl_windows
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.compiler.schedule import look_back
from tracehound.rules import Rule

MACROS = {"tracehound_index": "index=*"}
OPTIONS = Options(json_null="absent", kv_maxchars=None)
LATER = 4_000_000_000.0
GAPS: dict[str, str] = {}
"""Cells (``type operator``) that SPL has no words for, with the reason: at most one in ten."""
CORRELATIONS = [shape for shape in (*SHAPES, *MORE) if not shape.cell.startswith("first_seen")]
FIRST_SEEN = [shape for shape in (*SHAPES, *BASELINES) if shape.cell.startswith("first_seen")]
OWN = list(own_streams())


def said(rule: Rule) -> Said:
    return spl_windows.baseline(rule) if rule.baseline else spl_windows.correlation(rule)


@cache
def compiled(query: str) -> Compiled:
    return parse(query, macros=MACROS, options=OPTIONS)


def stored(events: Iterable[Event]) -> list[Stored]:
    """Events as they lie in an index, in the order of arrival."""
    return [Stored(one, one["time"] / 1000) for one in events]


def milliseconds(row: Row, name: str = "_time") -> int:
    return round(float(row[name][0]) * 1000)


def found(rule: Rule, rows: Iterable[Row]) -> frozenset[Firing]:
    """What the rows of a search say: group and time."""
    names = rule.correlation.group_by if rule.correlation else rule.baseline.by if rule.baseline else ()
    listed = [(group_of(row, names), milliseconds(row), row["metadata.uid"][0]) for row in rows]
    assert len(set(listed)) == len(listed), "a hit is there twice"
    return frozenset((group, time) for group, time, _ in listed)


def group_of(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(value_of(row, name) for name in names)


def value_of(row: Row, name: str) -> str:
    (value,) = row.get(name) or row[f"{name}{{}}"]
    return value


def run(query: str, events: Sequence[Event], **options: Any) -> list[Row]:
    return compiled(query).run(stored(events), **({"now": LATER} | options))


def differs(stream: Stream, query: str, want: frozenset[Firing], got: frozenset[Firing]) -> str:
    """Rule, stream, query and both answers, for whoever has to find out why."""
    events = "\n".join(map(str, stream.events))
    return (
        f"{stream.name}\n{stream.rule or stream.path}\n{query}\n{events}\n"
        f"only the embedded engine: {sorted(want - got)}\nonly SPL: {sorted(got - want)}"
    )


def lookups(rule: Rule, query: Said) -> dict[str, Lookup]:
    by = [f"by{place}" for place in range(1, len(rule.baseline.by if rule.baseline else ()) + 1)]
    return {name: Lookup(fields=[*by, "value", "first", "last"]) for name in query.lookups}


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


def all_streams(shape: Any) -> Iterator[Stream]:
    if shape in SHAPES:
        yield from streams_of(shape)
    yield from more_streams(shape)


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


INTERVAL, LATENESS = 7, 4


def scheduled(rule: Rule, query: str, events: Sequence[Event]) -> frozenset[Firing]:
    """What runs every 7 seconds say together, each over the time that it has to look back on."""
    back = look_back(rule, LATENESS) - schedule.INTERVAL + INTERVAL
    got: set[Firing] = set()
    times = [one["time"] // 1000 for one in events]
    for run_at in range(min(times), max(times) + 3 * back, INTERVAL):
        seen = [one for one in events if run_at - back <= one["time"] / 1000 < run_at]
        got |= found(rule, run(query, seen, now=float(run_at), earliest=float(run_at - back)))
    return frozenset(got)


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


RANGES = {
    "value_avg gt": r" *\| where th_t - \(info_min_time \* 1000\)>=10000",
    "value_median gt": r" *\| where th_t - \(info_min_time \* 1000\)>=10000",
    "event_count lt": " AND th_paused>0",
}


@pytest.mark.parametrize("name", RANGES)
def test_a_search_that_does_not_mind_its_range_says_too_much(name: str) -> None:
    (shape,) = (shape for shape in CORRELATIONS if shape.name == name)
    rule = rule_of(shape.rule)
    query = said(rule).query
    careless = re.sub(RANGES[name], "", query)
    assert careless != query
    streams = list(all_streams(shape))
    assert any(scheduled(rule, careless, s.events) - firings(rule, s.events) for s in streams)


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


@dataclass(frozen=True)
class Plan:
    """How the two searches of a baseline are run: every so many hours, in which order, over how much more."""

    hours: int
    keep_first: bool
    late: int

    def run(self, rule: Rule, events: Sequence[Event], change: Callable[[str], str] = str) -> set[Firing]:
        query = said(rule)
        tables, (kept,) = lookups(rule, query), query.companions
        search, keep = change(query.query), change(kept.query)
        step, late = self.hours * 3600, self.late * 3600
        got: set[Firing] = set()
        last = max(one["time"] for one in events) // 1000
        for run_at in range(T0 // 1000, last + 2 * step, step):
            seen = [one for one in events if run_at - step - late <= one["time"] / 1000 < run_at]
            options: dict[str, Any] = {"lookups": tables, "now": float(run_at)}
            if self.keep_first:
                run(keep, seen, **options)
            got |= found(rule, run(search, seen, **options))
            run(keep, seen, **options)
        return got


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


# Teeth


MUTANTS: dict[str, tuple[str, str]] = {
    "an end that is inside": (r"<10000\b", "<=10000"),
    "a longer window": (r"\b10000\b", "10001"),
    "a shorter window": (r"\b10000\b", "9999"),
    "no window": (r" AND th_t - th_first<10000", ""),
    "doubles count": (r"^\| dedup metadata\.uid.*\n", ""),
    "case counts": (r"lower\(('ai\.(?:principal|destinations\{\})')\)", r"\1"),
    "values with case": (r"(th_value\d?)=lower\(([^)]*)\)", r"\1=\2"),
    "seconds only": (r"round\(_time \* 1000\)", "round(_time) * 1000"),
    "one window for all groups": (r" global=f", ""),
    "no groups": (r" BY th_key1$", ""),
    "one more": (r"(window|th_measure|th_sum)(>?=)(\d+)", lambda m: f"{m[1]}{m[2]}{int(m[3]) + 1}"),
    "more for at least": (r"(th_measure|th_sum|th_hundredfold)>=", r"\1>"),
    "less for at most": (r"(th_measure|th_sum|th_hundredfold)<=", r"\1<"),
    "at most for less": (r"(th_measure|th_sum|th_hundredfold)<(?=\d)", r"\1<="),
    "the same event twice in order": (r"streamstats current=f max\(th_a", "streamstats max(th_a"),
    "out goes after in": (r"sort 0 th_t th_s th_n", "sort 0 th_t -th_s th_n"),
    "nothing goes": (r'mvappend\("1", "-1"\)', '"1"'),
    "every value is new": (r"th_s=1 AND th_active=1, 1", "th_s=1, 1"),
    "arrays whole": (r"^\| mvexpand th_key1.*\n", ""),
    "unsorted": (r"^\| sort 0 th_t\n", ""),
    "or for and": (r"(?<=th_last0, 10000\)<10000) AND ", " OR "),
    "windows never close": (r' reset_after="[^\n]*"\)" ', " "),
    "windows close with each event": (r"OR th_next - th_start>=10000", "OR true()"),
    "the other rule": (r"th_m0=if\(", "th_m0=if(NOT "),
    "other percentile": (r"\b75 \*", "70 *"),
    "nearest rank": (r"ceiling\(", "floor("),
    "no order": (r"case\(th_c1_2>0, 2, ", "case("),
    "pauses do not matter": (r" AND th_paused>0", ""),
}  # fmt: skip
SAME = {"pauses do not matter": "over all events at once every group has paused; see the schedules"}
"""Mutants that say the same here, with the reason."""


def test_the_streams_catch_wrong_searches() -> None:
    """Every mutant of a search gives another answer, or none, on some stream of some rule."""
    left = dict(MUTANTS)
    tried: set[str] = set()
    for shape in CORRELATIONS:
        if not left or "chain" in shape.name:
            continue
        query = said(rule_of(shape.rule)).query
        mutants = {name: _mutated(query, *left[name]) for name in left}
        mutants = {name: mutant for name, mutant in mutants.items() if mutant != query}
        tried |= mutants.keys()
        for stream in all_streams(shape):
            rule = stream.loaded
            want = firings(rule, stream.events)
            for name, mutant in list(mutants.items()):
                if _answer(rule, mutant, stream) != want:
                    left.pop(name, None)
                    del mutants[name]
    assert tried == MUTANTS.keys()
    assert left.keys() == SAME.keys()


def _mutated(query: str, pattern: str, by: Any) -> str:
    return re.sub(pattern, by, query, flags=re.MULTILINE)


def _answer(rule: Rule, query: str, stream: Stream) -> frozenset[Firing] | None:
    """None where the evaluator refuses it."""
    from spl.errors import SplError

    try:
        return found(rule, run(query, stream.events))
    except (SplError, AssertionError, KeyError, ValueError):
        return None


BASELINE_MUTANTS: dict[str, tuple[str, str]] = {
    "what is known is new": (r"th_known=0 AND ", ""),
    "known at the event itself": (r"th_first<th_t", "th_first<=th_t"),
    "seen before in the same search": (r" AND \(isnull\(th_before\).*?\)", ""),
    "never learned": (r" AND th_t - th_start>=\d+", ""),
    "learned a moment longer": (r"(th_t - th_start>=)(\d+)", r"\g<1>1\2"),
    "a longer memory": (r"172800000\b", "172800001"),
    "a shorter memory": (r"172800000\b", "172799999"),
    "case of entities": (r"lower\('ai\.agent\.name'\)", "'ai.agent.name'"),
    "case of values": (r"lower\('ai\.tool\.name'\)", "'ai.tool.name'"),
    "the entity is not kept": (r'mvappend\("\*", (mvmap\(.*?\))\)', r"\1"),
    "first is the latest": (r"min\(first, th_first\)", "th_first"),
    "first is the earliest ever": (r"OR th_first - last>=\d+", ""),
    "last does not move": (r"\| eval last=.*", "| eval last=coalesce(last, th_last)"),
    "an absence is forgotten": (r"isnull\(th_seen\) OR th_t - th_seen>=\d+", "isnull(th_seen)"),
}
BASELINE_SAME = {
    "seen before in the same search": "the first of the runs that see an event has the others in its own range",
    "an absence is forgotten": "a run looks back for less than the memory, so that it sees no absence",
}


def test_the_streams_catch_wrong_baselines() -> None:
    left = dict(BASELINE_MUTANTS)
    plan = Plan(12, keep_first=True, late=6)
    for shape in (*BASELINES[:2], FIRST_SEEN[0]):
        for stream in all_streams(shape):
            rule = stream.loaded
            want = firings(rule, stream.events)
            for name, mutant in list(left.items()):
                if plan.run(rule, stream.events, lambda query, m=mutant: _mutated(query, *m)) != want:
                    del left[name]
    assert left.keys() == BASELINE_SAME.keys()
