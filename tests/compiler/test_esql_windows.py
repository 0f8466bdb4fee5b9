"""What windows in ES|QL look like: columns, what is approximate, names from a rule that are not plain."""

from __future__ import annotations

import pytest
from window_shapes import ONE, SHAPES, THREE, TWO, WHO, below, documents, first_seen
from window_streams import rule_of

from tracehound.compiler import conditions, esql_windows
from tracehound.compiler.esql_taken import quoted
from tracehound.compiler.model import NotInLanguageError, Said

COLUMNS = "`@timestamp`, event.start, event.end, th_events, th_measure, metadata.uid, th_times, th_window"


def said(rule: str) -> Said:
    loaded = rule_of(rule)
    return esql_windows.correlation(loaded) if loaded.correlation else esql_windows.baseline(loaded)


def test_events_are_told_apart_before_anything_is_counted() -> None:
    rule = documents("event_count", {"gte": 3}, ONE, WHO)
    link = rule_of(rule).correlation
    assert link is not None
    lines = said(rule).query.split("\n")
    assert lines[:5] == [
        "FROM logs-tracehound.*",
        f"| WHERE {conditions.condition(link.base[0], 'esql')}",
        "| WHERE ai.principal.caseless IS NOT NULL",
        "| STATS th_time = MIN(TO_LONG(time))",
        "  BY th_uid = metadata.uid, th_key_1 = ai.principal.caseless",
    ]
    assert lines[-2] == f"| KEEP ai.principal, {COLUMNS}"


def test_full_text_functions_stand_before_the_first_stats_only() -> None:
    for shape in SHAPES:
        try:
            query = said(shape.rule).query
        except NotInLanguageError:
            continue
        commands = query.split("\n| ")
        first = next(n for n, command in enumerate(commands) if command.startswith("STATS"))
        assert all("KQL(" not in command for command in commands[first + 1 :]), shape.name
        assert "COUNT_DISTINCT" not in query, shape.name


@pytest.mark.parametrize(
    ("rule", "texts"),
    [
        (documents("event_count", {"gte": 3}, ONE, WHO), []),
        (documents("value_count", {"gte": 3, "field": "ai.tool.name"}, ONE, WHO), []),
        (documents("temporal", {"gte": 2}, TWO, WHO), []),
        (documents("temporal_ordered", {"gte": 2}, TWO, WHO), ["same millisecond"]),
        (documents("value_sum", {"gte": 3, "field": "ai.cost_usd"}, ONE, WHO), ["rounded"]),
        (documents("event_count", {"lt": 3}, ONE, WHO), ["opens with its first event", "first 12 windows"]),
        (first_seen("30d", "7d"), ["3197400 s"]),
    ],
)
def test_what_differs_is_said(rule: str, texts: list[str]) -> None:
    found = said(rule).approximate
    assert len(found) == len(texts)
    assert all(text in one for text, one in zip(texts, found, strict=True))


def test_chains_say_what_differs_below_them() -> None:
    inner = below("few", "event_count", {"lt": 3}, ONE)
    found = said(documents("event_count", {"gte": 2}, ["few"], WHO, [inner])).approximate
    assert any("opens with its first event" in text for text in found)


def test_windows_of_suppress_are_by_the_clock() -> None:
    rule = documents("event_count", {"gte": 3}, ONE, WHO)
    assert "th_window = th_end / 10000 * 10000" in said(rule).query
    kept = rule.replace("level: low", "level: low\ntracehound: {suppress: {by: [ai.principal], for: 6h}}", 1)
    assert "th_window = th_end / 21600000 * 21600000" in said(kept).query


def test_a_baseline_looks_for_what_came_of_late() -> None:
    rule = rule_of(first_seen("30d", "7d"))
    assert "th_end >= TO_LONG(NOW()) - 600000\n" in esql_windows.baseline(rule).query
    assert "th_end >= TO_LONG(NOW()) - 60000\n" in esql_windows.baseline(rule, look_back=60).query
    assert "NOW()" not in esql_windows.baseline(rule, look_back=None).query
    assert "RENAME th_values AS ai.tool.name" in esql_windows.baseline(rule).query


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ai.principal", "ai.principal"),
        ("person", "person"),
        ("the person", "`the person`"),
        ("a`| DROP x", "`a``| DROP x`"),
        ("1st", "`1st`"),
        ("a..b", "`a..b`"),
        ("", "``"),
    ],
)
def test_names_of_columns_are_quoted(name: str, written: str) -> None:
    assert quoted(name) == written


GAPS = {
    "values over a chain": (next(s.rule for s in SHAPES if s.name == "chain of sums"), "one of values"),
    "two chains": (
        documents(
            "temporal",
            {"gte": 2},
            ["a", "b"],
            WHO,
            [below("a", "event_count", {"gte": 2}, ONE), below("b", "event_count", {"gte": 3}, ONE)],
        ),
        "over several others",
    ),
    "other groups": (
        documents("event_count", {"gte": 2}, ["a"], WHO, [below("a", "event_count", {"gte": 2}, ONE, ())]),
        "groups by other fields",
    ),
    "beside others, at a close": (
        documents("temporal", {"gte": 2}, ["a", "two"], WHO, [below("a", "event_count", {"lt": 2}, ONE)]),
        "beside other rules",
    ),
    "beside others, of numbers": (
        documents(
            "temporal",
            {"gte": 2},
            ["a", "two"],
            WHO,
            [below("a", "value_sum", {"gte": 2, "field": "ai.cost_usd"}, ONE)],
        ),
        "beside other rules",
    ),
    "names of the query's own": (
        documents(
            "event_count", {"gte": 2}, ONE, ["th_key_2"], aliases={"th_key_2": {"one": "ai.principal"}}
        ),
        "begins with th_key_",
    ),
    "some, but not all, in order": (documents("temporal_ordered", {"eq": 2}, THREE, WHO), "exactly so many"),
}


@pytest.mark.parametrize(("rule", "reason"), GAPS.values(), ids=GAPS)
def test_gaps_have_a_reason(rule: str, reason: str) -> None:
    with pytest.raises(NotInLanguageError, match=reason):
        said(rule)


def test_many_choices_of_rules_are_a_gap() -> None:
    words = [f"word{n}" for n in range(9)]
    with pytest.raises(NotInLanguageError, match="too many choices"):
        said(documents("temporal_ordered", {"gte": 4}, words, WHO))
