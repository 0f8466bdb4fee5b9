"""Sequences of EQL, run by Elastic's library, against the embedded engine.

The library reads time by the second and joins events that lack the key; times are given to it a thousand times as
large, and only events that have the key, which is what Elasticsearch takes. Keys are put in lower case, as the
``caseless`` twin of the mapping does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from window_shapes import SHAPES, SPAN, WHO, Shape, documents
from window_streams import Event, Firing, Stream, event, firings, own_streams, rule_of, streams_of

from tracehound.compiler import eql_sequences
from tracehound.compiler.model import NotInLanguageError
from tracehound.matcher.groups import found_at
from tracehound.matcher.hits import event_time
from tracehound.rules import Rule

Matches = Callable[[str, list[Event]], list[list[int]]]


def in_lower_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_lower_case(item) for name, item in value.items()}
    if isinstance(value, list):
        return [in_lower_case(item) for item in value]
    return value.lower() if isinstance(value, str) else value


def query_of(rule: Rule) -> str | None:
    try:
        return eql_sequences.correlation(rule).query
    except NotInLanguageError:
        return None


SAID = [
    shape for shape in SHAPES if not shape.cell.startswith("first_seen") and query_of(rule_of(shape.rule))
]


def found_by_eql(matches: Matches, query: str, stream: Stream) -> frozenset[Firing]:
    """The groups that fire, and when each sequence is complete; every event once."""
    link = stream.loaded.correlation
    assert link is not None
    once = {e["metadata"]["uid"]: e for e in sorted(stream.events, key=event_time, reverse=True)}
    events = sorted(map(in_lower_case, once.values()), key=event_time)
    if len(set(link.keys)) == 1:
        events = [e for e in events if all(found_at(e, name) for name in link.keys[0])]
    plain = re.sub(r"maxspan=(\d+)ms", r"maxspan=\1s", query.replace(".caseless", ""))
    found = matches(plain, [e | {"time": e["time"] * 1000} for e in events])
    last = [(events[places[-1]], link.keys[-1]) for places in found]
    return frozenset(
        (tuple(str(found_at(e, name)[0]) for name in names), e["time"])
        for e, names in last
        if all(found_at(e, name) for name in names)
    )


def check(matches: Matches, stream: Stream) -> int:
    """Every sequence is a hit, and every hit has a sequence less than the timespan before it, or is one."""
    rule = stream.loaded
    query = query_of(rule)
    assert query is not None
    assert rule.correlation is not None
    wanted, found = firings(rule, stream.events), found_by_eql(matches, query, stream)
    span = rule.correlation.seconds * 1000
    missing = {
        (group, time)
        for group, time in wanted
        if not any(other == group and time - span < then <= time for other, then in found)
    }
    only = f"only EQL: {sorted(found - wanted)}\nmissing: {sorted(missing)}"
    problem = f"{stream.name}\n{stream.rule}\n{query}\n{only}"
    assert found <= wanted, problem
    assert not missing, problem
    if rule.correlation.kind == "event_count" and "ties" not in stream.name:
        assert found == wanted, problem
    return len(wanted)


def test_our_rules_on_their_recorded_events(eql_matches: Matches) -> None:
    streams = [s for s in own_streams() if s.loaded.correlation and query_of(s.loaded)]
    assert len({stream.path for stream in streams}) >= 6
    assert sum(check(eql_matches, stream) for stream in streams) >= 6


@pytest.mark.parametrize("shape", SAID, ids=lambda shape: shape.name)
def test_the_verdict_is_the_embedded_engines(eql_matches: Matches, shape: Shape) -> None:
    assert sum(check(eql_matches, stream) for stream in streams_of(shape)) > 0


def test_events_in_a_row_and_rules_in_their_order_are_said() -> None:
    kinds = {shape.cell.partition(" ")[0] for shape in SAID}
    assert kinds == {"event_count", "temporal_ordered"}
    assert len(SAID) >= 10


def test_windows_are_half_open(eql_matches: Matches) -> None:
    rule = rule_of(documents("event_count", {"gte": 2}, ("one",), WHO))
    query = query_of(rule)
    assert query is not None
    for gap, wanted in ((SPAN - 1, 1), (SPAN, 0)):
        events = (event("a", 0, ["one"], who="al"), event("b", gap, ["one"], who="al"))
        stream = Stream("", "", documents("event_count", {"gte": 2}, ("one",), WHO), events)
        assert len(found_by_eql(eql_matches, query, stream)) == wanted
