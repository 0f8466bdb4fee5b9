"""What sequences of EQL look like, and what EQL is said to lack."""

from __future__ import annotations

import pytest
from window_shapes import ONE, SHAPES, THREE, TWO, WHO, documents
from window_streams import rule_of

from tracehound.compiler import conditions, eql_sequences
from tracehound.compiler.model import NotInLanguageError

ALIASES = {"person": {"one": "ai.principal", "two": "ai.agent.name"}}
QUERIES = {
    "events in a row": (
        documents("event_count", {"gte": 3}, ONE, WHO),
        "sequence by ai.principal.caseless with maxspan=9999ms\n  [any where {one}] with runs=3",
    ),
    "rules in their order": (
        documents("temporal_ordered", {"gte": 2}, TWO, WHO),
        "sequence by ai.principal.caseless with maxspan=9999ms\n  [any where {one}]\n  [any where {two}]",
    ),
    "keys of other fields": (
        documents("temporal_ordered", {"gte": 2}, TWO, ["person"], aliases=ALIASES),
        """sequence with maxspan=9999ms
  [any where {one}] by ai.principal.caseless
  [any where {two}] by ai.agent.name.caseless""",
    ),
    "no key": (
        documents("event_count", {"gte": 2}, ONE, ()),
        "sequence with maxspan=9999ms\n  [any where {one}] with runs=2",
    ),
    "one event": (
        documents("event_count", {"gte": 1}, ONE, WHO),
        "any where ({one}) and ?ai.principal != null",
    ),
    "several rules": (
        documents("event_count", {"gte": 2}, TWO, ["ai.tokens.total"]),
        "sequence by ai.tokens.total with maxspan=9999ms\n  [any where ({one}) or ({two})] with runs=2",
    ),
}


@pytest.mark.parametrize(("rule", "query"), QUERIES.values(), ids=QUERIES)
def test_a_correlation_is_a_sequence(rule: str, query: str) -> None:
    loaded = rule_of(rule)
    assert loaded.correlation is not None
    words = {base.name: conditions.condition(base, "eql") for base in loaded.correlation.base}
    assert eql_sequences.correlation(loaded).query == query.format(**words)


LACKS = {
    "values": (documents("value_count", {"gte": 2, "field": "ai.tool.name"}, ONE, WHO), "different values"),
    "sums": (documents("value_sum", {"gte": 2, "field": "ai.cost_usd"}, ONE, WHO), "add numbers"),
    "closing": (documents("event_count", {"lt": 2}, ONE, WHO), "wait for a window"),
    "any order": (documents("temporal", {"gte": 2}, TWO, WHO), "any order"),
    "some steps": (documents("temporal_ordered", {"gte": 2}, THREE, WHO), "all steps"),
    "arrays": (documents("event_count", {"gte": 2}, ONE, ["ai.destinations"]), "is an array"),
    "many": (documents("event_count", {"gte": 101}, ONE, WHO), "at most 100"),
    "two keys": (documents("event_count", {"gte": 2}, TWO, ["person"], aliases=ALIASES), "one key"),
    "chains": (next(s.rule for s in SHAPES if s.name == "chain in order"), "nest"),
}


@pytest.mark.parametrize(("rule", "reason"), LACKS.values(), ids=LACKS)
def test_what_is_no_sequence_is_a_named_gap(rule: str, reason: str) -> None:
    with pytest.raises(NotInLanguageError, match=reason):
        eql_sequences.correlation(rule_of(rule))


def test_baselines_are_a_gap() -> None:
    with pytest.raises(NotInLanguageError, match="new_terms"):
        eql_sequences.baseline(rule_of(next(s.rule for s in SHAPES if s.cell == "first_seen")))


def test_what_differs_is_said() -> None:
    said = eql_sequences.correlation(rule_of(documents("temporal_ordered", {"gte": 2}, TWO, WHO)))
    assert any("stored twice" in text for text in said.approximate)
    assert any("millisecond" in text for text in said.approximate)
