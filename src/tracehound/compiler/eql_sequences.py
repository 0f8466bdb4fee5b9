"""Correlations as sequences of EQL: so many events in a row, and rules in their order.

Elasticsearch takes two events exactly ``maxspan`` apart as one sequence, windows here are half-open, so ``maxspan``
is one millisecond short of the timespan. Each event goes on from the latest sequence before it, so a sequence is
found for each event that completes one, and one event is never two steps.
https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-sequences
"""

from __future__ import annotations

from tracehound.compiler import conditions
from tracehound.compiler.lucene import caseless
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.rules import Rule
from tracehound.rules.model import Correlation
from tracehound.schema import fields

MOST_RUNS = 100
"""What Elasticsearch takes behind ``with runs``."""
TWICE = "an event that is stored twice counts twice: EQL counts documents, not metadata.uid"
TIES = "of events of the same millisecond any may be taken as the first"
REPEATS = (
    "after a chain is complete, only what completes another one is found: repeats of the finding are not"
)
MANY = {
    "value_count": "EQL cannot count different values",
    "value_sum": "EQL cannot add numbers",
    "value_avg": "EQL cannot average numbers",
    "value_median": "EQL has no percentiles over time",
    "value_percentile": "EQL has no percentiles over time",
}


def correlation(rule: Rule) -> Said:
    """A correlation as one search. Raises ``NotInLanguageError``."""
    link = rule.correlation
    if link is None:
        raise ValueError(f"rule {rule.id} is no correlation")
    _check(link)
    said = [conditions.condition(base, "eql") for base in link.base]
    if link.kind == "temporal_ordered":
        steps = [f"[any where {one}]" for one in said]
        return Said(_sequence(link, steps), (TWICE, TIES, REPEATS))
    either = said[0] if len(said) == 1 else " or ".join(f"({one})" for one in said)
    if link.count == 1:
        there = [f"?{field} != null" for field in link.keys[0]]
        return Said("any where " + " and ".join([f"({either})" if there else either, *there]))
    return Said(_sequence(link, [f"[any where {either}] with runs={link.count}"]), (TWICE,))


def _check(link: Correlation) -> None:
    """Refuse what is no sequence."""
    if link.kind in MANY:
        raise NotInLanguageError(MANY[link.kind])
    if any(base.correlation is not None for base in link.base):
        raise NotInLanguageError("EQL cannot nest sequences")
    if link.at_close:
        raise NotInLanguageError("EQL finds sequences that are there; it cannot wait for a window to close")
    if link.kind == "temporal":
        raise NotInLanguageError(
            "EQL's sequences have an order; it has none for rules in any order within a time"
        )
    if link.kind == "temporal_ordered" and (link.count < len(link.base) or link.count < 2):
        raise NotInLanguageError("EQL wants all steps of a sequence, not some of them")
    if link.kind == "event_count" and (link.count > MOST_RUNS or len(set(link.keys)) > 1):
        raise NotInLanguageError(f"EQL repeats one search with one key, at most {MOST_RUNS} times")
    known = fields()
    for field in dict.fromkeys(name for keys in link.keys for name in keys):
        if known[field].array or known[field].within:
            raise NotInLanguageError(f"EQL joins events by fields of one value, and {field} is an array")


def _sequence(link: Correlation, steps: list[str]) -> str:
    """``sequence by ... with maxspan=...`` and its steps, with keys of their own where they have other fields."""
    within = f"with maxspan={link.seconds * 1000 - 1}ms"
    keys = [", ".join(caseless(field) for field in names) for names in link.keys]
    if len(set(keys)) > 1:
        steps = [f"{step} by {own}" for step, own in zip(steps, keys, strict=True)]
        return "\n  ".join([f"sequence {within}", *steps])
    by = f"by {keys[0]} " if keys[0] else ""
    return "\n  ".join([f"sequence {by}{within}", *steps])


def baseline(rule: Rule) -> Said:
    """EQL remembers nothing. Raises ``NotInLanguageError``."""
    raise NotInLanguageError("EQL cannot tell what was not seen before; Kibana's new_terms rules can")
