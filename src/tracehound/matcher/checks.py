"""A rule's condition as a function of an event, for the rules whose trigger holds.

It says what ``condition.holds`` says. Each field is read once for an event, however many rules ask; the parts
of a conjunction are asked in the order in which they are expected to fail.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tracehound.matcher.condition import RELATIONS, And, Keyword, Leaf, Node, Not, Or, Related
from tracehound.matcher.factors import of_regex
from tracehound.matcher.leaves import Exists, Regex, Text
from tracehound.matcher.values import fold, number_text, split, strings_in, text_of, values_at

Event = dict[str, Any]


class Paths(dict[str, tuple[str, ...]]):
    """Each field's steps; none for the empty name."""

    def __init__(self) -> None:
        self[""] = ()

    def __missing__(self, field: str) -> tuple[str, ...]:
        found = self[field] = split(field)
        return found


class Facts(dict[str, list[str]]):
    """One event as conditions ask of it: a field's values as folded texts, read when first asked for.

    The empty name stands for every text of the event.
    """

    __slots__ = ("_known", "_paths", "_values", "event")

    def __init__(self, event: Event, paths: Paths) -> None:
        self.event = event
        self._paths = paths
        self._values: dict[str, list[Any]] | None = None
        self._known: dict[Related, bool] | None = None

    def __missing__(self, field: str) -> list[str]:
        value: Any = self.event
        for step in self._paths[field]:  # the usual case: objects down to a text
            if value.__class__ is not dict:
                break
            value = value.get(step)
        else:
            if value.__class__ is str:
                found = self[field] = [value.lower() if value.isascii() else fold(value)]
                return found
        found = self[field] = []
        for item in self.read(field) if field else strings_in(self.event):
            text = item if item.__class__ is str else text_of(item)
            if text is not None:
                found.append(fold(text))
        return found

    def read(self, field: str) -> list[Any]:
        """All values of a field as they are."""
        if self._values is None:
            self._values = {}
        found = self._values.get(field)
        if found is None:
            found = self._values[field] = values_at(self.event, field)
        return found

    def related(self, node: Related) -> bool:
        """Whether two fields are related as asked; many rules ask the same."""
        if self._known is None:
            self._known = {}
        found = self._known.get(node)
        if found is None:
            relation, others = RELATIONS[node.how], self[node.other]
            found = bool(others) and any(relation(a, b) for a in self[node.field] for b in others)
            self._known[node] = found
        return found


Check = Callable[[Facts], bool]
Cost = Callable[[Node], float]


def compile_check(node: Node, cost: Cost) -> Check:
    """The condition as a function; ``cost`` says which part of a conjunction to ask first."""
    if isinstance(node, And):
        return _all([compile_check(item, cost) for item in sorted(node.items, key=cost)])
    if isinstance(node, Or):
        return _any([*_grouped(node), *(compile_check(i, cost) for i in node.items if not _simple(i))])
    if isinstance(node, Not):
        inner = compile_check(node.item, cost)
        return lambda facts: not inner(facts)
    if isinstance(node, Related):
        return lambda facts: facts.related(node)
    if _simple(node):
        return _any(list(_grouped(Or((node,)))))
    if isinstance(node, Keyword):
        return lambda facts: node.holds(facts.event)
    return _leaf(node)


def _leaf(leaf: Leaf) -> Check:
    field, holds = leaf.field, leaf.test.holds
    if isinstance(leaf.test, Exists):
        return lambda facts: bool(facts[field]) or bool(facts.read(field))

    needed = of_regex(leaf.test.pattern) if isinstance(leaf.test, Regex) else []

    def check(facts: Facts) -> bool:
        values = facts.read(field)
        if len(values) != 1:
            return any(map(holds, values))
        if needed:  # looking for literals is cheaper than the expression
            for text in facts[field]:
                if text.isascii() and not all(any(word in text for word in words) for words in needed):
                    return False
        return holds(values[0])

    return check


def _all(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    if len(checks) == 2:
        one, two = checks
        return lambda facts: one(facts) and two(facts)
    if len(checks) == 3:
        one, two, three = checks
        return lambda facts: one(facts) and two(facts) and three(facts)
    parts = tuple(checks)

    def check(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110  (a generator costs more than the parts)
            if not part(facts):
                return False
        return True

    return check


def _any(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]
    parts = tuple(checks)

    def check(facts: Facts) -> bool:
        for part in parts:  # noqa: SIM110
            if part(facts):
                return True
        return False

    return check


def _simple(node: Node) -> bool:
    """Whether a test only asks the folded texts of a field."""
    if not isinstance(node, Leaf | Keyword) or not isinstance(node.test, Text):
        return False
    test = node.test
    if test.cased or test.form == "pattern":
        return False
    return test.form != "equals" or test.number is None or number_text(test.number) == test.literal


def _grouped(node: Or) -> Iterable[Check]:
    """One check for all simple tests of one form on one field."""
    groups: dict[tuple[str, str], list[str]] = {}
    for item in node.items:
        if isinstance(item, Leaf | Keyword) and isinstance(item.test, Text) and _simple(item):
            field = item.field if isinstance(item, Leaf) else ""
            groups.setdefault((field, item.test.form), []).append(item.test.literal)
    for (field, form), literals in groups.items():
        yield _FORMS[form](field, tuple(literals))


def _equals(field: str, literals: tuple[str, ...]) -> Check:
    wanted = frozenset(literals)
    return lambda facts: not wanted.isdisjoint(facts[field])


def _startswith(field: str, literals: tuple[str, ...]) -> Check:
    def check(facts: Facts) -> bool:
        for text in facts[field]:  # noqa: SIM110
            if text.startswith(literals):
                return True
        return False

    return check


def _endswith(field: str, literals: tuple[str, ...]) -> Check:
    def check(facts: Facts) -> bool:
        for text in facts[field]:  # noqa: SIM110
            if text.endswith(literals):
                return True
        return False

    return check


def _contains(field: str, literals: tuple[str, ...]) -> Check:
    def check(facts: Facts) -> bool:
        for text in facts[field]:
            for literal in literals:
                if literal in text:
                    return True
        return False

    return check


_FORMS: dict[str, Callable[[str, tuple[str, ...]], Check]] = {
    "equals": _equals,
    "startswith": _startswith,
    "endswith": _endswith,
    "contains": _contains,
}
