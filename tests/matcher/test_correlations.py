"""The engine against the plain definition of correlations: in order, shuffled, late, doubled, interrupted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from correlate import findings as expected
from correlated import LATENESS, SHAPES, SPAN, T0, engine_of, said, whole
from hypothesis import given, settings
from hypothesis import strategies as st

steps = st.tuples(
    st.sampled_from([0, 0, 1000, 1000, 2000, 3000, 5000, 9999, 10_000]),
    st.sampled_from(["one", "two", "ONE", "two", ["one", "two"], "three", "other"]),
    st.sampled_from(["al", "al", "AL", "bo", ["al", "bo"], None]),
    st.sampled_from([0, 1, 2, 3, -1, 0.1, 0.2, "2", "0.5", "many", None, [1, 3], True]),
    st.sampled_from(["a", "A", "b", "c", ["a", "b"], None]),
    st.integers(0, 8),
)
streams = st.lists(steps, max_size=14)


def events_of(drawn: list[Any]) -> list[dict[str, Any]]:
    """Events in the order of time; now and then one that has the id of an earlier one."""
    events: list[dict[str, Any]] = []
    time = T0
    for place, (step, state, who, n, tool, double) in enumerate(drawn):
        time += step
        uid = f"u{place - 1:02}" if double == 0 and place else f"u{place:02}"
        events.append({"uid": uid, "time": time, "st": state, "who": who, "n": n, "tool": tool})
    return events


def sent_late(events: list[dict[str, Any]], delays: list[int]) -> list[dict[str, Any]]:
    """The events in an order of arrival in which none is later than the lateness."""
    keyed = [(e["time"] + d * 1000, n, e) for n, (e, d) in enumerate(zip(events, delays, strict=False))]
    return [event for _, _, event in sorted(keyed, key=lambda k: k[:2])]


def by_time(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(events, key=lambda event: event["time"])


shaped = pytest.mark.parametrize("name", SHAPES)
quick = settings(max_examples=25, deadline=None)
delays = st.lists(st.integers(0, LATENESS), min_size=14, max_size=14)


@shaped
@quick
@given(streams, st.sampled_from([LATENESS, 0, None]))
def test_in_order(name: str, drawn: list[Any], lateness: int | None) -> None:
    events = events_of(drawn)
    engine = engine_of(name, lateness=lateness)
    found = engine.process([whole(e) for e in events]) + engine.flush()
    assert said(found, name) == expected(SHAPES[name], events)


@shaped
@quick
@given(streams, delays)
def test_out_of_order(name: str, drawn: list[Any], late: list[int]) -> None:
    events = sent_late(events_of(drawn), late)
    engine = engine_of(name)
    found = [f for e in events for f in engine.process([whole(e)])] + engine.flush()
    assert said(found, name) == expected(SHAPES[name], by_time(events))
    assert engine.counts.late == 0


@shaped
@quick
@given(streams, st.randoms(use_true_random=False))
def test_later_than_allowed(name: str, drawn: list[Any], random: Any) -> None:
    events = events_of(drawn)
    random.shuffle(events)
    newest, kept, late = 0, [], 0
    for event in events:
        in_time = event["time"] >= newest - LATENESS * 1000
        kept += [event] if in_time else []
        late += not in_time
        newest = max(newest, event["time"])
    engine = engine_of(name)
    found = engine.process([whole(e) for e in events]) + engine.flush()
    assert said(found, name) == expected(SHAPES[name], by_time(kept))
    assert engine.counts.late == late


@shaped
@quick
@given(streams, delays, st.sets(st.integers(0, 14)), st.booleans())
def test_interrupted(name: str, drawn: list[Any], late: list[int], stops: set[int], early: bool) -> None:
    """Saved and resumed anywhere, the findings are those of one run, to the letter."""
    events = sent_late(events_of(drawn), late)
    one = engine_of(name, early=early)
    straight = [f for e in events for f in one.process([whole(e)])] + one.flush()
    engine, found = engine_of(name, early=early), []
    for place, event in enumerate(events):
        if place in stops:
            state = json.loads(json.dumps(engine.dump()))
            engine = engine_of(name, early=early)
            assert engine.load(state) == []
        found += engine.process([whole(event)])
    assert found + engine.flush() == straight


@shaped
@quick
@given(streams, delays)
def test_early_says_the_same_sooner(name: str, drawn: list[Any], late: list[int]) -> None:
    """In order, what is raised early is what is right; out of order, each right one has one that is near."""

    def run(events: list[dict[str, Any]], **options: Any) -> list[tuple[Any, ...]]:
        engine = engine_of(name, **options)
        return said(engine.process([whole(e) for e in events]) + engine.flush(), name)

    events = events_of(drawn)
    assert run(events, early=True) == run(events)
    late_ones = sent_late(events, late)
    raised = run(late_ones, early=True)
    for time, group, _, _ in run(late_ones):
        assert any(group == other[1] and abs(time - other[0]) < SPAN for other in raised)
