"""Why a rule holds for an event or not: the condition as a tree, each leaf with the values it saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tracehound.matcher.condition import And, Keyword, Leaf, Node, Not, Or, Related, holds
from tracehound.matcher.values import text_of, values_at

if TYPE_CHECKING:
    from tracehound.rules.model import Rule

Event = dict[str, Any]
Mask = Callable[[str], str]

MAX_CHARS = 200
MAX_VALUES = 10


@dataclass(frozen=True, slots=True)
class Explanation:
    """One part of a condition, whether it held, and (for a test on a field) the values it was asked of."""

    text: str
    held: bool
    values: tuple[str, ...] = ()
    children: tuple[Explanation, ...] = ()
    leaf: bool = False

    def lines(self, depth: int = 0) -> Iterator[str]:
        """The tree as indented text."""
        mark = "+" if self.held else "-"
        saw = f"  [{', '.join(self.values) if self.values else 'no value'}]" if self.leaf else ""
        yield f"{'  ' * depth}{mark} {self.text}{saw}"
        for child in self.children:
            yield from child.lines(depth + 1)

    def failed(self) -> Iterator[Explanation]:
        """The tests that kept the whole from holding (for ``not``: those that held)."""
        if self.held:
            return
        if self.leaf:
            yield self
        for child in self.children:
            if self.text == "not":
                yield from child.succeeded()
            else:
                yield from child.failed()

    def succeeded(self) -> Iterator[Explanation]:
        """The tests because of which the whole holds."""
        if not self.held:
            return
        if self.leaf:
            yield self
        for child in self.children:
            if self.text == "not":
                yield from child.failed()
            else:
                yield from child.succeeded()


def explain(rule: Rule, event: Event, mask: Mask = str) -> Explanation:
    """Explain one rule on one event; a correlation is explained by its base rules, without counting."""
    if rule.condition is not None:
        return explain_node(rule.condition, event, mask)
    if rule.correlation is None:
        raise ValueError(f"rule {rule.id} has neither condition nor correlation")
    link = rule.correlation
    parts = [(base.title, explain(base, event, mask)) for base in link.base]
    children = tuple(Explanation(title, part.held, children=(part,)) for title, part in parts)
    compared = "combination" if link.expression is not None else f"{link.op} {link.count}"
    what = f"{link.kind} {compared} within {link.seconds} s by {', '.join(link.group_by) or 'all'}"
    return Explanation(f"counts for {what}", any(c.held for c in children), children=children)


def explain_node(node: Node, event: Event, mask: Mask = str) -> Explanation:
    """Explain a condition tree."""
    if isinstance(node, And | Or):
        children = tuple(explain_node(item, event, mask) for item in node.items)
        if isinstance(node, And):
            return Explanation("all of", all(c.held for c in children), children=children)
        return Explanation("any of", any(c.held for c in children), children=children)
    if isinstance(node, Not):
        child = explain_node(node.item, event, mask)
        return Explanation("not", not child.held, children=(child,))
    values: list[Any] = []
    if isinstance(node, Leaf):
        values = values_at(event, node.field)
    elif isinstance(node, Related):
        values = values_at(event, node.field) + values_at(event, node.other)
    return Explanation(str(node), holds(node, event), shown(values, mask), leaf=True)


def shown(values: list[Any], mask: Mask = str) -> tuple[str, ...]:
    """Values as they may be stored and shown: masked, then cut; only the first few."""
    cut = []
    for value in values[:MAX_VALUES]:
        text = text_of(value)
        cut.append(shorten(mask(text)) if text is not None else "{...}")
    if len(values) > MAX_VALUES:
        cut.append(f"({len(values) - MAX_VALUES} more)")
    return tuple(cut)


def shorten(text: str) -> str:
    """At most ``MAX_CHARS`` characters."""
    return text if len(text) <= MAX_CHARS else text[: MAX_CHARS - 1] + "\u2026"


def evidence(node: Node, event: Event, mask: Mask = str) -> dict[str, list[str]]:
    """The fields because of which a condition holds, with the values that passed a test (masked, cut).

    Tests under a ``not`` hold because something is absent, so they give nothing.
    """
    found: dict[str, list[str]] = {}
    _gather(node, event, mask, found)
    return found


def _gather(node: Node, event: Event, mask: Mask, found: dict[str, list[str]]) -> None:
    if isinstance(node, And | Or):
        for item in node.items:
            if isinstance(node, And) or holds(item, event):
                _gather(item, event, mask, found)
    elif isinstance(node, Leaf):
        passed = [v for v in values_at(event, node.field) if node.test.holds(v)]
        _add(found, node.field, shown(passed, mask))
    elif isinstance(node, Related):
        _add(found, node.field, shown(values_at(event, node.field), mask))
        _add(found, node.other, shown(values_at(event, node.other), mask))
    elif isinstance(node, Keyword):
        _add(found, "keywords", (str(node.test),))


def _add(found: dict[str, list[str]], field: str, values: tuple[str, ...]) -> None:
    kept = found.setdefault(field, [])
    kept.extend(v for v in values if v not in kept)
