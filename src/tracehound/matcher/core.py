"""The matcher: events in, the rules that they meet out.

Every distinct test gets a number. An event becomes the set of the numbers that hold; a rule is a boolean
function of that set, and is looked at only when its rarest necessary test holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from tracehound.matcher.condition import And, Keyword, Leaf, Node, Not, Or, Related, walk
from tracehound.matcher.index import FieldIndex
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, Number, Text
from tracehound.matcher.values import has_value

Event = dict[str, Any]
R = TypeVar("R")
Check = Callable[[set[int], Event], bool]

COMMON_FIELDS = frozenset(
    {
        "ai.activity",
        "ai.model.status",
        "ai.service",
        "ai.source",
        "ai.tool.phase",
        "activity_id",
        "category_uid",
        "class_uid",
        "cloud.provider",
        "metadata.product.name",
        "metadata.version",
        "severity_id",
        "status_id",
        "type_uid",
    }
)
"""Fields with few values or one usual value: a test on them tells little about an event."""


@dataclass(slots=True)
class Plan(Generic[R]):
    """One rule, ready to be evaluated: most conditions are three set operations."""

    rule: R
    all_of: frozenset[int] = frozenset()
    none_of: frozenset[int] = frozenset()
    any_of: list[frozenset[int]] = field(default_factory=list)
    rest: list[Check] = field(default_factory=list)

    def holds(self, true: set[int], event: Event) -> bool:
        """Whether the rule's condition holds for the tests that are true."""
        if not (self.all_of <= true and self.none_of.isdisjoint(true)):
            return False
        for group in self.any_of:
            if group.isdisjoint(true):
                return False
        return all(check(true, event) for check in self.rest) if self.rest else True


class _Branch:
    """One step of the fields' paths: the keys below, and the index of the field that ends here."""

    __slots__ = ("below", "index")

    def __init__(self) -> None:
        self.below: dict[str, _Branch] = {}
        self.index: FieldIndex | None = None


class Matcher(Generic[R]):
    """Matches events against many rules; ``rules`` are pairs of any object and its condition."""

    def __init__(self, rules: Iterable[tuple[R, Node]]) -> None:
        self._ids: dict[tuple[str, Any], int] = {}
        self._leaves: list[Leaf] = []
        self._plans: list[Plan[R]] = []
        self._triggers: dict[int, list[int]] = {}
        self._always: list[int] = []
        for rule, condition in rules:
            self._add(rule, condition)
        self._trigger_ids = frozenset(self._triggers)
        self._root = _Branch()
        self._flat: list[tuple[str, tuple[str, ...], FieldIndex]] = []
        self._build_indexes()

    def match(self, event: Event) -> list[R]:
        """The rules that the event meets, in the order in which they were given."""
        true = self._true(event)
        candidates = set(self._always)
        for number in self._trigger_ids & true:
            candidates.update(self._triggers[number])
        if not candidates:
            return []
        plans = self._plans
        return [plans[i].rule for i in sorted(candidates) if plans[i].holds(true, event)]

    # how an event becomes the set of true tests

    def _true(self, event: Event) -> set[int]:
        true: set[int] = set()
        _collect(self._root, event, true)
        for key in event:
            if "." in key:
                self._flat_keys(event, true)
                break
        return true

    def _flat_keys(self, event: Event, true: set[int]) -> None:
        """Fields written as one dotted key count where the nested path gives nothing."""
        for name, path, index in self._flat:
            if name in event:
                nested: set[int] = set()
                if not _present(event, path, 0):
                    _leaf(index, event[name], nested)
                    true |= nested

    # how rules become plans

    def _add(self, rule: R, condition: Node) -> None:
        number = len(self._plans)
        plan: Plan[R] = Plan(rule)
        self._plans.append(plan)
        all_of, none_of = set(), set()
        for item in condition.items if isinstance(condition, And) else (condition,):
            if isinstance(item, Leaf):
                all_of.add(self._id(item))
            elif isinstance(item, Not) and (leafs := self._only_leaves(item.item)) is not None:
                none_of |= leafs
            elif (leafs := self._only_leaves(item)) is not None:
                plan.any_of.append(frozenset(leafs))
            else:
                plan.rest.append(self._check(item))
        plan.all_of, plan.none_of = frozenset(all_of), frozenset(none_of)
        needed = self._necessary(condition)
        if needed is None:
            self._always.append(number)
        else:
            for test in needed[1]:
                self._triggers.setdefault(test, []).append(number)

    def _id(self, leaf: Leaf) -> int:
        key = (leaf.field, leaf.test)
        if key not in self._ids:
            self._ids[key] = len(self._leaves)
            self._leaves.append(leaf)
        return self._ids[key]

    def _only_leaves(self, node: Node) -> set[int] | None:
        """The ids of a leaf or of an Or of leaves; None for anything else."""
        if isinstance(node, Leaf):
            return {self._id(node)}
        if isinstance(node, Or) and all(isinstance(i, Leaf) for i in node.items):
            return {self._id(i) for i in node.items if isinstance(i, Leaf)}
        return None

    def _check(self, node: Node) -> Check:
        if isinstance(node, Leaf):
            number = self._id(node)
            return lambda true, event: number in true
        if isinstance(node, Not):
            inner = self._check(node.item)
            return lambda true, event: not inner(true, event)
        if isinstance(node, And | Or):
            checks = [self._check(item) for item in node.items]
            if isinstance(node, And):
                return lambda true, event: all(c(true, event) for c in checks)
            return lambda true, event: any(c(true, event) for c in checks)
        related = node
        return lambda true, event: related.holds(event)

    def _necessary(self, node: Node) -> tuple[float, frozenset[int]] | None:
        """Its cost and the cheapest set of tests of which one must hold for the node to hold."""
        if isinstance(node, Leaf):
            return _cost(node), frozenset({self._id(node)})
        if isinstance(node, Related):
            leaf = Leaf(node.field, Exists())
            return _cost(leaf), frozenset({self._id(leaf)})
        if isinstance(node, And):
            found = [n for item in node.items if (n := self._necessary(item)) is not None]
            return min(found, key=lambda n: n[0], default=None)
        if isinstance(node, Or):
            parts: Sequence[Any] = [self._necessary(item) for item in node.items]
            if any(p is None for p in parts):
                return None
            return sum(p[0] for p in parts), frozenset().union(*(p[1] for p in parts))
        return None

    def _build_indexes(self) -> None:
        by_field: dict[str, dict[int, Any]] = {}
        for number, leaf in enumerate(self._leaves):
            by_field.setdefault(leaf.field, {})[number] = leaf.test
        for name, tests in by_field.items():
            path = tuple(name.split("."))
            branch = self._root
            for step in path:
                branch = branch.below.setdefault(step, _Branch())
            branch.index = FieldIndex(tests)
            if len(path) > 1:
                self._flat.append((name, path, branch.index))


def _cost(leaf: Leaf) -> float:
    """How often a test is expected to hold, roughly; the lowest becomes a rule's trigger."""
    test = leaf.test
    if isinstance(test, Exists):
        cost = 20.0
    elif isinstance(test, Compare):
        cost = 8.0
    elif isinstance(test, Text):
        cost = 1.0 if test.form == "equals" else 2.0
    else:
        cost = 1.0 if isinstance(test, Number | Address | Bool | Cidr) else 3.0
    return cost * (10.0 if leaf.field in COMMON_FIELDS else 1.0)


def _collect(branch: _Branch, node: Any, true: set[int]) -> None:
    for key, step in branch.below.items():
        value = node.get(key)
        if value is not None:
            _descend(step, value, true)


def _descend(step: _Branch, value: Any, true: set[int]) -> None:
    if step.index is not None:
        _leaf(step.index, value, true)
    if step.below:
        if value.__class__ is dict:
            _collect(step, value, true)
        elif value.__class__ is list:
            for item in value:
                if item.__class__ is dict:
                    _collect(step, item, true)
                elif item.__class__ is list:
                    _descend_list(step, item, true)


def _descend_list(step: _Branch, items: list[Any], true: set[int]) -> None:
    for item in items:
        if item.__class__ is dict:
            _collect(step, item, true)
        elif item.__class__ is list:
            _descend_list(step, item, true)


def _leaf(index: FieldIndex, value: Any, true: set[int]) -> None:
    if value.__class__ is list:
        for item in value:
            _leaf(index, item, true)
    elif value is not None and (value.__class__ is not dict or has_value(value)):
        true |= index.hits(value)


def _present(node: Any, path: tuple[str, ...], at: int) -> bool:
    """Whether the nested path gives any value."""
    if isinstance(node, list):
        return any(_present(item, path, at) for item in node)
    if at == len(path):
        return has_value(node)
    return isinstance(node, dict) and path[at] in node and _present(node[path[at]], path, at + 1)


def fields_of(node: Node) -> set[str]:
    """The fields that a condition reads."""
    found: set[str] = set()
    for leaf in walk(node):
        if not isinstance(leaf, Keyword):
            found.add(leaf.field)
        if isinstance(leaf, Related):
            found.add(leaf.other)
    return found
