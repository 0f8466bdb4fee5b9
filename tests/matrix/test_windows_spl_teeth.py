"""Wrong searches of correlations and baselines are found out by the streams of the matrix."""

from __future__ import annotations

import re
from typing import Any

import pytest
from spl.errors import SplError
from window_streams import T0, Firing, Stream, event, firings, rule_of
from window_streams_more import BASELINES
from windows_spl import CORRELATIONS, FIRST_SEEN, Plan, all_streams, found, run, said, scheduled

from tracehound.rules import Rule

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
    made = [event("a", T0, ["one"], who="al", cost=-9), event("b", T0 + 9000, ["one"], who="al", cost=4)]
    streams = [made, *(list(stream.events) for stream in all_streams(shape))]
    assert any(scheduled(rule, careless, events) - firings(rule, events) for events in streams)
    assert scheduled(rule, query, made) == firings(rule, made)
