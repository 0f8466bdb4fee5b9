"""Rules of every type and operator, over base rules that look for a word in ``ai.signals``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

SPAN = 10_000
"""The timespan of all of them, in milliseconds."""
HOUR, DAY = 3_600_000, 86_400_000
OPERATORS = ("gt", "gte", "lt", "lte", "eq", "neq")
WHO = ("ai.principal",)
ONE, TWO, THREE = ("one",), ("one", "two"), ("one", "two", "three")


@dataclass(frozen=True, slots=True)
class Shape:
    """A rule to be tried on many streams; ``cell`` is its place in the matrix, ``type operator``."""

    name: str
    cell: str
    rule: str
    ties: bool = False
    """Whether the order of events of one millisecond makes no difference to it."""


def documents(
    kind: str,
    condition: Any,
    rules: Sequence[str],
    by: Sequence[str],
    below: Sequence[Any] = (),
    **section: Any,
) -> str:
    """A correlation with the rules it rests on, as Sigma documents; it comes first."""
    top = {"title": "top", "id": "6f1f3c0e-90a7-4a73-8a0e-000000000001", "level": "low"}
    top |= {"correlation": _section(kind, condition, rules, by) | section}
    named = [*rules, *(name for document in below for name in document["correlation"]["rules"])]
    chained = {document["name"] for document in below}
    bases = [base(name) for name in dict.fromkeys(named) if name not in chained]
    return str(yaml.safe_dump_all([top, *below, *bases], sort_keys=False))


def _section(kind: str, condition: Any, rules: Sequence[str], by: Sequence[str]) -> dict[str, Any]:
    section = {"type": kind, "rules": list(rules), "timespan": f"{SPAN // 1000}s", "condition": condition}
    return section | ({"group-by": list(by)} if by else {})


def base(word: str) -> dict[str, Any]:
    """A base rule."""
    detection = {"sel": {"ai.signals": word}, "condition": "sel"}
    return {
        "title": word,
        "name": word,
        "level": "low",
        "logsource": {"product": "ai"},
        "detection": detection,
    }


def below(
    name: str, kind: str, condition: Any, rules: Sequence[str], by: Sequence[str] = WHO
) -> dict[str, Any]:
    """A correlation that another one rests on."""
    return {"title": name, "name": name, "level": "low", "correlation": _section(kind, condition, rules, by)}


def _every_operator() -> list[Shape]:
    found = []
    counts = {"event_count": 2, "value_count": 2, "temporal": 2, "temporal_ordered": 2}
    numbers = {"value_sum": 3, "value_avg": 1, "value_median": 1, "value_percentile": 2}
    for op in OPERATORS:
        for kind, count in {**counts, **numbers}.items():
            condition: dict[str, Any] = {op: count - (op == "gt")}
            condition |= {"field": "ai.tool.name"} if kind == "value_count" else {}
            condition |= {"field": "ai.cost_usd"} if kind in numbers else {}
            condition |= {"percentile": 75} if kind == "value_percentile" else {}
            rules = TWO if kind.startswith("temporal") else ONE
            ties = kind in ("event_count", "value_count", "temporal")
            shape = documents(kind, condition, rules, WHO)
            found.append(Shape(f"{kind} {op}", f"{kind} {op}", shape, ties))
    return found


def _aliases() -> str:
    aliases = {"person": {"one": "ai.principal", "two": "ai.agent.name"}}
    return documents("temporal", {"gte": 2}, TWO, ["person"], aliases=aliases)


def _further() -> list[Shape]:
    tool, places = "ai.tool.name", "ai.destinations"
    cost = "ai.cost_usd"
    made: dict[str, tuple[str, str]] = {
        "event_count of four": ("event_count gte", documents("event_count", {"gte": 4}, TWO, WHO)),
        "event_count of one": ("event_count gte", documents("event_count", {"gte": 1}, ONE, WHO)),
        "event_count of all": ("event_count gte", documents("event_count", {"gte": 4}, TWO, ())),
        "event_count by two": ("event_count gte", documents("event_count", {"gte": 2}, ONE, [*WHO, tool])),
        "event_count by an array": ("event_count gte", documents("event_count", {"gte": 3}, TWO, [places])),
        "event_count by a number": (
            "event_count gte", documents("event_count", {"gte": 2}, TWO, ["ai.tokens.total"])),
        "event_count by an alias": (
            "event_count gte",
            documents("event_count", {"gte": 3}, TWO, ["person"],
                      aliases={"person": {"one": "ai.principal", "two": "ai.agent.name"}})),
        "event_count lte of two": ("event_count lte", documents("event_count", {"lte": 2}, TWO, [places])),
        "value_count of two fields": (
            "value_count gte", documents("value_count", {"gte": 3, "field": [tool, places]}, TWO, WHO)),
        "value_count of an array": (
            "value_count gte", documents("value_count", {"gte": 3, "field": places}, TWO, WHO)),
        "value_count of numbers": (
            "value_count gte", documents("value_count", {"gte": 3, "field": "ai.tokens.total"}, TWO, WHO)),
        "value_count by an array": (
            "value_count gte", documents("value_count", {"gte": 2, "field": tool}, TWO, [places])),
        "value_sum of whole numbers": (
            "value_sum gte", documents("value_sum", {"gte": 10, "field": "ai.tokens.total"}, TWO, WHO)),
        "value_sum by an array": (
            "value_sum gte", documents("value_sum", {"gte": 4, "field": cost}, TWO, [places])),
        "value_percentile of the top": (
            "value_percentile gt",
            documents("value_percentile", {"gt": 2, "field": cost, "percentile": 95}, TWO, WHO)),
        "temporal of three": ("temporal gte", documents("temporal", {"gte": 3}, THREE, WHO)),
        "temporal two of three": ("temporal gte", documents("temporal", {"gte": 2}, THREE, WHO)),
        "temporal by an array": ("temporal gte", documents("temporal", {"gte": 2}, TWO, [places])),
        "temporal by an alias": ("temporal gte", _aliases()),
        "temporal of all": ("temporal gte", documents("temporal", {"gte": 3}, THREE, ())),
        "temporal one and (two or three)": (
            "temporal and, or", documents("temporal", "one and (two or three)", THREE, WHO)),
        "temporal one and not two": ("temporal not", documents("temporal", "one and not two", TWO, WHO)),
        "temporal one, two, not three": (
            "temporal not", documents("temporal", "one and two and not three", THREE, WHO)),
        "temporal_ordered of three": (
            "temporal_ordered gte", documents("temporal_ordered", {"gte": 3}, ["three", "one", "two"], WHO)),
        "temporal_ordered two of three": (
            "temporal_ordered gte", documents("temporal_ordered", {"gte": 2}, ["two", "one", "three"], WHO)),
        "temporal_ordered by an array": (
            "temporal_ordered gte", documents("temporal_ordered", {"gte": 2}, ["two", "one"], [places])),
        "temporal_ordered by an alias": (
            "temporal_ordered gte",
            documents("temporal_ordered", {"gte": 2}, TWO, ["person"],
                      aliases={"person": {"one": "ai.principal", "two": "ai.agent.name"}})),
        "temporal_ordered of all": ("temporal_ordered gte", documents("temporal_ordered", {"gte": 3}, THREE, ())),
        "chain of counts": (
            "chain", documents("event_count", {"gte": 2}, ["many"], WHO,
                               [below("many", "event_count", {"gte": 2}, ONE)])),
        "chain by less": (
            "chain", documents("event_count", {"gte": 2}, ["many"], (),
                               [below("many", "event_count", {"gte": 2}, ONE)])),
        "chain in order": (
            "chain", documents("temporal_ordered", {"gte": 2}, ["many", "two"], WHO,
                               [below("many", "event_count", {"gte": 2}, ONE)])),
        "chain of values in order": (
            "chain",
            documents(
                "temporal_ordered",
                {"gte": 2},
                ["tools", "two"],
                WHO,
                [below("tools", "value_count", {"gte": 2, "field": tool}, ONE)],
            ),
        ),
        "chain of rules": (
            "chain",
            documents(
                "event_count", {"gte": 2}, ["both"], WHO, [below("both", "temporal", {"gte": 2}, TWO)]
            ),
        ),
        "chain beside others": (
            "chain",
            documents(
                "temporal",
                {"gte": 3},
                ["many", "two", "three"],
                (),
                [below("many", "event_count", {"gte": 2}, ONE)],
            ),
        ),
        "chain on a close": (
            "chain",
            documents(
                "event_count", {"gte": 2}, ["few"], (), [below("few", "event_count", {"eq": 1}, ONE)]
            ),
        ),
        "chain that closes": (
            "chain",
            documents(
                "event_count", {"lt": 3}, ["many"], WHO, [below("many", "event_count", {"gte": 2}, ONE)]
            ),
        ),
        "chain of three": (
            "chain",
            documents(
                "event_count",
                {"gte": 2},
                ["both"],
                WHO,
                [
                    below("both", "temporal", {"gte": 2}, ["many", "two"]),
                    below("many", "event_count", {"gte": 2}, ONE),
                ],
            ),
        ),
        "chain of sums": (
            "chain", documents("value_sum", {"gte": 4, "field": cost}, ["many"], WHO,
                               [below("many", "event_count", {"gte": 2}, ONE)])),
    }  # fmt: skip
    return [Shape(name, cell, rule, ties="of sums" not in name and "ordered" not in cell and cell != "chain"
                  and "value_sum" not in cell and "percentile" not in cell)
            for name, (cell, rule) in made.items()]  # fmt: skip


def first_seen(over: str, learn: str, of: str = "ai.tool.name", by: Any = "ai.agent.name") -> str:
    """A baseline."""
    detection = {"sel": {"ai.signals": "one"}, "condition": "sel"}
    kept = {
        "baseline": {"type": "first_seen", "of": of, "by": by, "over": over, "learn": learn, "level": "low"}
    }
    top = {"title": "top", "id": "6f1f3c0e-90a7-4a73-8a0e-000000000002", "level": "informational"}
    top |= {"logsource": {"product": "ai"}, "detection": detection, "tracehound": kept}
    return str(yaml.safe_dump(top, sort_keys=False))


SHAPES: tuple[Shape, ...] = (
    *_every_operator(),
    *_further(),
    Shape("first_seen", "first_seen", first_seen("90d", "7d")),
    Shape("first_seen at once", "first_seen", first_seen("90d", "1d", by=["ai.agent.name"])),
    Shape("first_seen and forgotten", "first_seen", first_seen("10d", "1d")),
    Shape("first_seen of who is away", "first_seen", first_seen("5d", "1d")),
    Shape("first_seen of an array", "first_seen", first_seen("20d", "2d", of="ai.destinations")),
    Shape("first_seen by two", "first_seen", first_seen("60d", "1d", by=["ai.agent.name", "ai.activity"])),
)
