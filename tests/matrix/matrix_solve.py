"""Pairs of events that differ in one test only, and with it in the verdict: each leaf flipped both ways."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from matrix_fields import ALWAYS, OTHERS, Event, fitting, info, many, usable, with_field
from matrix_rules import Case

from tracehound.matcher.condition import And, Leaf, Node, Not, Or, Related, holds
from tracehound.matcher.leaves import LeafTest

Truths = dict[Leaf, bool]
Values = tuple[Any, ...]
TRIES = 60


@dataclass(frozen=True)
class Flip:
    """Two events; ``leaf`` is true on the first and false on the second, and the verdicts differ."""

    case: str
    leaf: Leaf
    true: Event
    false: Event
    alone: bool
    """Whether all other tests have the same truth on both."""


class Choices:
    """The values that a rule's fields can be given, and the truths of the field's tests for each."""

    def __init__(self, case: Case) -> None:
        self.tests: dict[str, list[LeafTest]] = {}
        for leaf in case.leaves():
            self.tests.setdefault(leaf.field, []).append(leaf.test)
        self.of = {field: self._choices(field, case) for field in self.tests}

    def _choices(self, field: str, case: Case) -> list[tuple[Values, tuple[bool, ...]]]:
        kind = info(field).type
        tests = self.tests[field]
        found: dict[Any, None] = {}
        for test in tests:
            for value in fitting(test, kind):
                if usable(value, kind):
                    found[value if kind != "boolean" else bool(value)] = None
        texts = [v for v in found if isinstance(v, str)]
        if kind == "keyword" and len(tests) > 1:
            plain: list[str] = []
            for test in tests[:6]:
                plain += [v for v in texts if test.holds(v) and v not in plain][:2]
            found.update({a + b: None for a, b in itertools.permutations(plain, 2)})
            if len(tests) == 3:
                found.update({"".join(three): None for three in itertools.permutations(plain[:6], 3)})
        found.update({v: None for v in case.values if usable(v, kind)})
        enum = getattr(info(field), "enum", None)
        others: tuple[Any, ...] = OTHERS[kind]
        if enum and field.startswith("ai."):
            others = tuple(str(key) for key in enum)
        found.update(dict.fromkeys(others))
        singles: list[Values] = [(v,) for v in found]
        if field not in ALWAYS:
            singles.insert(0, ())
        if many(field):
            passing: list[Any] = []
            for test in tests:
                passing += [v for v in found if test.holds(v) and v not in passing][:2]
            rest = [v for v in found if not any(test.holds(v) for test in tests)][:2]
            singles += itertools.permutations([*passing, *rest], 2)
            singles += [(a, *rest) for a in passing] if len(rest) == 2 else []
        return [(v, tuple(any(t.holds(x) for x in v) for t in tests)) for v in singles]

    def fit(self, truths: Truths, rng: random.Random) -> dict[str, Values] | None:
        """Values of the fields that give the tests these truths."""
        chosen: dict[str, Values] = {}
        for field in dict.fromkeys(leaf.field for leaf in truths):
            wanted = self._wanted(field, truths)
            able = [v for v, row in self.of[field] if all(row[at] == truth for at, truth in wanted)]
            if not able:
                return None
            chosen[field] = rng.choice(able)
        return chosen

    def _wanted(self, field: str, truths: Truths) -> list[tuple[int, bool]]:
        tests = self.tests[field]
        return [(tests.index(leaf.test), truth) for leaf, truth in truths.items() if leaf.field == field]

    def pair(self, leaf: Leaf, truths: Truths, rng: random.Random) -> tuple[Values, Values, bool] | None:
        """Two choices for a leaf's field that differ in this leaf's truth, if possible in nothing else."""
        at = self.tests[leaf.field].index(leaf.test)
        wanted = self._wanted(leaf.field, truths)
        able = [(v, row) for v, row in self.of[leaf.field] if all(row[a] == t for a, t in wanted)]
        by_rest: dict[tuple[bool, ...], Values] = {}
        passing = [(v, row) for v, row in able if row[at]]
        failing = [(v, row) for v, row in able if not row[at]]
        rng.shuffle(passing)
        rng.shuffle(failing)
        for v, row in failing:
            by_rest.setdefault(row[:at] + row[at + 1 :], v)
        for v, row in passing:
            other = by_rest.get(row[:at] + row[at + 1 :])
            if other is not None:
                return v, other, True
        return (passing[0][0], failing[0][0], False) if passing and failing else None


def require(node: Node, truth: bool, found: Truths, rng: random.Random) -> bool:
    """Add to ``found`` truths of leaves that make a condition true or false; False: they contradict each other."""
    if isinstance(node, Not):
        return require(node.item, not truth, found, rng)
    if isinstance(node, And | Or):
        if isinstance(node, And) is truth:
            return all(require(item, truth, found, rng) for item in node.items)
        return require(rng.choice(node.items), truth, found, rng)
    if isinstance(node, Leaf):
        return found.setdefault(node, truth) is truth
    return not isinstance(node, Related) or not truth


def around(node: Node, leaf: Leaf, found: Truths, rng: random.Random) -> bool:
    """Truths of the other leaves under which this one decides; it may stand in several places: one is taken."""
    if node == leaf:
        return True
    if isinstance(node, Not):
        return around(node.item, leaf, found, rng)
    if not isinstance(node, And | Or):
        return False
    inside = [item for item in node.items if _has(item, leaf)]
    if not inside:
        return False
    taken = rng.choice(inside)
    for item in node.items:
        if item is not taken and not require(item, isinstance(node, And), found, rng):
            return False
    return around(taken, leaf, found, rng)


def _has(node: Node, leaf: Leaf) -> bool:
    if isinstance(node, And | Or):
        return any(_has(item, leaf) for item in node.items)
    return _has(node.item, leaf) if isinstance(node, Not) else node == leaf


def filled(base: Event, values: dict[str, Values]) -> Event:
    """A copy of an event with these values in its fields."""
    for field, value in values.items():
        base = with_field(base, field, value)
    return base


def flips(case: Case, bases: list[Event], wanted: int, rng: random.Random) -> Iterator[Flip]:
    """For each leaf up to ``wanted`` pairs, those that differ in nothing else first."""
    choices = Choices(case)
    for leaf in case.leaves():
        found: list[Flip] = []
        for _ in range(TRIES):
            flip = _flip(case, leaf, choices, rng.choice(bases), rng)
            if flip is not None and flip not in found:
                found.append(flip)
            if sum(flip.alone for flip in found) == wanted:
                break
        found.sort(key=lambda flip: not flip.alone)
        yield from found[:wanted]


def _flip(case: Case, leaf: Leaf, choices: Choices, base: Event, rng: random.Random) -> Flip | None:
    truths: Truths = {}
    if not around(case.condition, leaf, truths, rng) or leaf in truths:
        return None
    values = choices.fit({k: v for k, v in truths.items() if k.field != leaf.field}, rng)
    pair = choices.pair(leaf, truths, rng)
    if values is None or pair is None:
        return None
    free = [k for k in choices.tests if k not in values and k != leaf.field and rng.random() < 0.3]
    values |= {field: rng.choice(choices.of[field])[0] for field in free}
    first, second = (filled(base, values | {leaf.field: value}) for value in pair[:2])
    if holds(case.condition, first) is holds(case.condition, second):
        return None
    return Flip(case.name, leaf, first, second, pair[2])


def matching(case: Case, bases: list[Event], wanted: int, rng: random.Random) -> list[Event]:
    """Events made to match."""
    choices = Choices(case)
    found: list[Event] = []
    for _ in range(wanted * 8):
        truths: Truths = {}
        if require(case.condition, True, truths, rng):
            values = choices.fit(truths, rng)
            if values is not None:
                event = filled(rng.choice(bases), values)
                if holds(case.condition, event) and event not in found:
                    found.append(event)
        if len(found) == wanted:
            break
    return found
