"""Conditions as a boolean tree over leaf tests (``tracehound.matcher.compile`` makes it of a rule).

The tree knows nothing of a matcher: the same tree is evaluated, explained and reduced to what is necessary.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tracehound.matcher import leaves
from tracehound.matcher.values import fold, strings_in, text_of, values_at


@dataclass(frozen=True, slots=True)
class Leaf:
    """Some value of the field passes the test."""

    field: str
    test: leaves.LeafTest

    def __str__(self) -> str:
        return f"{self.field} {self.test}"


@dataclass(frozen=True, slots=True)
class Related:
    """Some value of a field equals, starts with, ends with or contains some value of another one."""

    field: str
    other: str
    how: Literal["equals", "startswith", "endswith", "contains"]

    def holds(self, event: dict[str, Any]) -> bool:
        """Whether any pair of values passes, without case."""
        others = [fold(t) for v in values_at(event, self.other) if (t := text_of(v)) is not None]
        mine = [fold(t) for v in values_at(event, self.field) if (t := text_of(v)) is not None]
        return any(RELATIONS[self.how](a, b) for a in mine for b in others)

    def __str__(self) -> str:
        return f"{self.field} {self.how} the value of {self.other}"


@dataclass(frozen=True, slots=True)
class Keyword:
    """The test holds for some text anywhere in the event."""

    test: leaves.LeafTest

    def holds(self, event: dict[str, Any]) -> bool:
        """Whether any text in the event passes."""
        return any(self.test.holds(text) for text in strings_in(event))

    def __str__(self) -> str:
        return f"some text {self.test}"


@dataclass(frozen=True, slots=True)
class And:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    item: Node


Node = Leaf | Related | Keyword | And | Or | Not

RELATIONS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda a, b: a == b,
    "startswith": lambda a, b: a.startswith(b),
    "endswith": lambda a, b: a.endswith(b),
    "contains": lambda a, b: b in a,
}


def conjunction(items: list[Node]) -> Node:
    """All of them, nested ones taken in."""
    flat = [i for item in items for i in (item.items if isinstance(item, And) else (item,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat))


def disjunction(items: list[Node]) -> Node:
    """Any of them, nested ones taken in."""
    flat = [i for item in items for i in (item.items if isinstance(item, Or) else (item,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat))


def walk(node: Node) -> Iterator[Leaf | Related | Keyword]:
    """All leaves of a condition."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from walk(item)
    elif isinstance(node, Not):
        yield from walk(node.item)
    else:
        yield node


def fields_of(node: Node) -> set[str]:
    """The fields that a condition reads."""
    found: set[str] = set()
    for leaf in walk(node):
        if not isinstance(leaf, Keyword):
            found.add(leaf.field)
        if isinstance(leaf, Related):
            found.add(leaf.other)
    return found


def holds(node: Node, event: dict[str, Any]) -> bool:
    """The plain meaning of a condition, without index or memo; the matcher must say the same."""
    if isinstance(node, And):
        return all(holds(item, event) for item in node.items)
    if isinstance(node, Or):
        return any(holds(item, event) for item in node.items)
    if isinstance(node, Not):
        return not holds(node.item, event)
    if isinstance(node, Leaf):
        return any(node.test.holds(value) for value in values_at(event, node.field))
    return node.holds(event)
