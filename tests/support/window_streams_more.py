"""More rules and streams for engines that keep the order in which events of one millisecond came.

Chains of every kind, groups of several arrays, base rules that a base search alone cannot say, sums over arrays of
numbers, baselines over arrays and with short memories; and for every shape streams with ties.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import yaml
from window_shapes import (
    DAY,
    HOUR,
    ONE,
    SHAPES,
    SPAN,
    THREE,
    TWO,
    WHO,
    Shape,
    base,
    below,
    documents,
    first_seen,
)
from window_streams import T0, Event, Stream, event, streams_of

PLACES, TOOL, COST, NUMBERS = (
    "ai.destinations",
    "ai.tool.name",
    "ai.cost_usd",
    "http_request.url.category_ids",
)
RANDOM_STREAMS = 4


def _with(rule: str, **detections: dict[str, Any]) -> str:
    """A rule with other tests in its base rules."""
    made = list(yaml.safe_load_all(rule))
    for document in made:
        if document.get("name") in detections:
            document["detection"] = {"sel": detections[document["name"]], "condition": "sel"}
    return str(yaml.safe_dump_all(made, sort_keys=False))


def _chains() -> dict[str, str]:
    many = below("many", "event_count", {"gte": 2}, ONE)
    exact = below("exact", "event_count", {"neq": 2}, ONE)
    few = below("few", "event_count", {"lt": 2}, ["two"])
    both = below("both", "temporal", {"gte": 2}, ["many", "two"])
    numbers = {"gte": 4, "field": COST}
    return {
        "by more": documents("event_count", {"gte": 2}, ["all"], [TOOL],
                             [below("all", "event_count", {"gte": 2}, ONE, ())]),
        "by two and by one": documents("temporal", {"gte": 2}, ["pairs", "two"], WHO,
                                       [below("pairs", "event_count", {"gte": 2}, ONE, [*WHO, TOOL])]),
        "of the same rule": documents("temporal", {"gte": 2}, ["many", "one"], WHO, [many]),
        "in order, of the same rule": documents("temporal_ordered", {"gte": 2}, ["one", "many"], WHO, [many]),
        "on a close": documents("temporal_ordered", {"gte": 2}, ["exact", "two"], WHO, [exact]),
        "on a close, of the same rule": documents("event_count", {"gte": 2}, ["exact", "one"], WHO, [exact]),
        "that closes": documents("event_count", {"lt": 3}, ["many"], WHO, [many]),
        "that closes on a close": documents("event_count", {"eq": 1}, ["exact"], WHO, [exact]),
        "of two": documents("temporal", {"gte": 2}, ["many", "few"], WHO, [many, few]),
        "of three": documents("event_count", {"gte": 2}, ["both"], WHO, [both, many]),
        "twice on one": documents("temporal", {"gte": 2}, ["both", "many"], WHO, [both, many]),
        "in a group by an array": documents("temporal", {"gte": 2}, ["spots", "two"], [PLACES],
                                            [below("spots", "event_count", {"gte": 2}, ONE, [PLACES])]),
        "that adds": documents("value_sum", numbers, ["many", "two"], WHO, [many]),
        "that counts values": documents("value_count", {"gte": 2, "field": PLACES}, ["many"], WHO, [many]),
        "of averages": documents("event_count", {"gte": 2}, ["cost"], WHO,
                                 [below("cost", "value_avg", {"gt": 0, "field": COST}, ONE)]),
        "of percentiles": documents(
            "event_count", {"gte": 2}, ["cost"], (),
            [below("cost", "value_percentile", {"gte": 1, "field": COST, "percentile": 60}, TWO, [PLACES])]),
        "with an expression": documents("temporal", "many and not two", ["many", "two"], WHO, [many]),
    }  # fmt: skip


def _others() -> dict[str, tuple[str, str]]:
    ordered = "temporal_ordered"
    return {
        "event_count by two arrays": (
            "event_count gte", documents("event_count", {"gte": 3}, TWO, [PLACES, "ai.signals"])),
        "event_count by an alias of an array": (
            "event_count gte",
            documents("event_count", {"gte": 3}, TWO, ["place"],
                      aliases={"place": {"one": PLACES, "two": "ai.principal"}})),
        "event_count eq by an alias": (
            "event_count eq",
            documents("event_count", {"eq": 2}, TWO, ["person"],
                      aliases={"person": {"one": "ai.principal", "two": "ai.agent.name"}})),
        "event_count where": (
            "event_count gte", _with(documents("event_count", {"gte": 2}, ONE, WHO), one={f"{TOOL}|re": "^[ab]$"})),
        "event_count where of two": (
            "event_count gte",
            _with(documents("event_count", {"gte": 2}, TWO, WHO), one={f"{TOOL}|re": "^[ab]$"},
                  two={"ai.principal|fieldref": "ai.agent.name"})),
        "temporal where": (
            "temporal gte",
            _with(documents("temporal", {"gte": 2}, TWO, WHO), one={f"{TOOL}|cased": "A"},
                  two={f"{COST}|gt": 0})),
        "value_sum of arrays": (
            "value_sum gte", documents("value_sum", {"gte": 5, "field": NUMBERS}, TWO, WHO)),
        "value_sum lt of arrays": (
            "value_sum lt", documents("value_sum", {"lt": 5, "field": NUMBERS}, TWO, WHO)),
        "value_avg of arrays": (
            "value_avg gte", documents("value_avg", {"gte": 2, "field": NUMBERS}, TWO, WHO)),
        "value_avg eq of arrays": (
            "value_avg eq", documents("value_avg", {"eq": 2, "field": NUMBERS}, TWO, WHO)),
        "value_count of three fields": (
            "value_count gte",
            documents("value_count", {"gte": 4, "field": [TOOL, PLACES, "ai.agent.name"]}, TWO, [PLACES])),
        "value_count neq of two fields": (
            "value_count neq", documents("value_count", {"neq": 2, "field": [TOOL, PLACES]}, TWO, WHO)),
        "value_percentile of the lowest": (
            "value_percentile gte",
            documents("value_percentile", {"gte": 0, "field": COST, "percentile": 0}, TWO, WHO)),
        "value_percentile of all": (
            "value_percentile lte",
            documents("value_percentile", {"lte": 1, "field": "ai.tokens.total", "percentile": 30}, TWO, ())),
        "temporal_ordered of one": (f"{ordered} gte", documents(ordered, {"gte": 1}, TWO, WHO)),
        "temporal_ordered eq of three": (f"{ordered} eq", documents(ordered, {"eq": 2}, THREE, WHO)),
        "temporal_ordered neq of three": (f"{ordered} neq", documents(ordered, {"neq": 2}, THREE, [PLACES])),
        "temporal not, by an array": ("temporal not", documents("temporal", "two and not one", TWO, [PLACES])),
    }  # fmt: skip


BASELINES = (
    Shape("first_seen, short memory", "first_seen", first_seen("2d", "1d")),
    Shape("first_seen, learning all the time", "first_seen", first_seen("3d", "3d")),
    Shape("first_seen of an array", "first_seen", first_seen("30d", "2d", of=PLACES)),
    Shape("first_seen by an array", "first_seen", first_seen("30d", "2d", by=PLACES)),
    Shape("first_seen by two", "first_seen", first_seen("30d", "1d", by=["ai.agent.name", PLACES])),
)
MORE: tuple[Shape, ...] = (
    *(Shape(f"further chain {name}", "chain", rule, ties=True) for name, rule in _chains().items()),
    *(Shape(name, cell, rule, ties=True) for name, (cell, rule) in _others().items()),
)


def more_streams(shape: Shape) -> Iterator[Stream]:
    """A shape of ``MORE``, or one of the others, on streams with ties, doubles, arrays of numbers, long gaps."""
    if shape in BASELINES:
        yield from _of_baselines(shape)
        return
    if shape in MORE:
        yield from streams_of(shape)
    for number in range(RANDOM_STREAMS):
        random = Random(f"more {shape.name} {number}")
        found = tied(random)
        late = sorted(found, key=lambda one: one["time"] + random.randrange(0, 4) * 1000)
        if number % 2:
            late += random.sample(found, 8)
        yield Stream(f"{shape.name}: tied, late, number {number}", shape.cell, shape.rule, tuple(late))


def tied(random: Random, size: int = 48) -> list[Event]:
    """Events in pairs of one millisecond, at whole parts of the timespan, so that edges meet all the time."""
    time, found = T0, []
    for number in range(size):
        time += random.choice(
            (0, 0, 1, SPAN // 4, SPAN // 4, SPAN // 2, SPAN // 2 - 1, SPAN, SPAN - 1, 2 * SPAN)
        )
        made = event(
            f"m{number:03}", time,
            random.choice((["one"], ["one"], ["Two"], ["one", "two"], ["three"], ["two", "three", "one"])),
            who=random.choice(("al", "Al", "bo", None)), agent=random.choice(("al", "bo", "x")),
            tool=random.choice(("a", "A", "b", "c", None)), cost=random.choice((0, 1, 2, 2.0, 1.0, 0.75, -1.5, 3)),
            tokens=random.choice((0, 1, 2, 7, None)),
            places=random.choice((["al"], ["AL", "al", "z"], ["bo", "z"], None)),
        )  # fmt: skip
        numbers = random.choice(([1, 1], [4], [], [0, 2, 2], None))
        found.append(
            made | ({"http_request": {"url": {"category_ids": numbers}}} if numbers is not None else {})
        )
    return found


def _of_baselines(shape: Shape) -> Iterator[Stream]:
    for number in range(RANDOM_STREAMS):
        random = Random(f"more {shape.name} {number}")
        time, found = T0, []
        for place in range(60):
            time += random.choice((0, HOUR, 7 * HOUR, DAY - 1, DAY, 2 * DAY - 1, 2 * DAY, 2 * DAY + 1))
            found.append(
                event(
                    f"b{place:03}", time, random.choice((["one"], ["one"], ["two"])),
                    agent=random.choice(("al", "AL", "bo", "bo", None)), tool=random.choice(("a", "A", "b", "c")),
                    places=random.choice((["x"], ["X", "y"], ["y", "x"], ["z", "z"], None)),
                )
            )  # fmt: skip
        if number % 2:
            found = sorted(found, key=lambda one: one["time"] + random.randrange(0, 3) * HOUR)
            found += random.sample(found, 10)
        yield Stream(f"{shape.name}: number {number}", shape.cell, shape.rule, tuple(found))


__all__ = ["BASELINES", "MORE", "SHAPES", "base", "more_streams"]
