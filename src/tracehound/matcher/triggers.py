"""Which tests must hold for a rule to hold, and how often they do: a rule is looked at only when one does.

A ``Key`` is a question that an index answers for all rules at once. It may say yes too often (the rule's
condition is evaluated after it) and never no where the test holds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tracehound.matcher.condition import And, Keyword, Leaf, Node, Not, Or, Related
from tracehound.matcher.factors import coarse, of_regex
from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, Number, Regex, Text, TimePart
from tracehound.matcher.substrings import searchable
from tracehound.matcher.values import number_text

Kind = Literal["exists", "scalar", "exact", "number", "holds", "least", "most", "network", "test"]

EVERYWHERE = ""
"""The field of keywords: all texts of an event."""

COMMON_FIELDS = frozenset(
    {
        "ai.activity",
        "ai.model.provider",
        "ai.model.status",
        "ai.service",
        "ai.source",
        "ai.tool.phase",
        "ai.tool.status",
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

MAX_LITERAL = 64
"""So much of a literal is looked for: the rest tells little more, and automata refuse very long ones."""
RATE_OF_LENGTH = (1.0, 0.5, 0.2, 0.08, 0.04, 0.02, 0.015)
"""How often a text holds a literal of this length, roughly; longer ones less than the last."""
RATE_OF_KIND = {
    "exists": 0.7, "scalar": 0.7, "exact": 0.02, "number": 0.05, "least": 0.3, "most": 0.3, "network": 0.1,
    "test": 0.1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """One question about a field's values."""

    field: str
    kind: Kind
    value: Any = None


Trigger = frozenset[Key]
"""One of the keys holds whenever the rule does."""
Rate = Callable[[Key], float]


def estimate(uses: Mapping[Key, int], rules: int) -> Rate:
    """Expected rates before anything was seen. What many rules ask for is taken as usual in events."""
    usual = max(3.0, rules / 100)

    def rate(key: Key) -> float:
        if key.kind == "holds":
            length = len(key.value)
            rate = RATE_OF_LENGTH[length] if length < len(RATE_OF_LENGTH) else 0.01
        else:
            rate = RATE_OF_KIND[key.kind]
        if key.field in COMMON_FIELDS:
            rate = max(rate, 0.25)
        return rate * max(1.0, uses.get(key, 0) / usual)

    return rate


def keys_of(node: Node) -> Iterable[Key]:
    """All keys that could become the trigger of a condition."""
    if isinstance(node, And | Or):
        for item in node.items:
            yield from keys_of(item)
    elif not isinstance(node, Not):
        for keys in ways(node):
            yield from keys


def count_uses(conditions: Iterable[Node]) -> Counter[Key]:
    """How many conditions ask each question."""
    return Counter(key for condition in conditions for key in set(keys_of(condition)))


def choose(node: Node, rate: Rate) -> tuple[float, Trigger] | None:
    """The expected rate and the keys of the rarest necessary test; None: nothing need be there."""
    if isinstance(node, And):
        found = [choice for item in node.items if (choice := choose(item, rate)) is not None]
        return min(found, key=lambda choice: choice[0], default=None)
    if isinstance(node, Or):
        keys: set[Key] = set()
        for item in node.items:
            choice = choose(item, rate)
            if choice is None:
                return None
            keys |= choice[1]
        return sum(map(rate, keys)), frozenset(keys)
    if isinstance(node, Not):
        return None
    return min(((sum(map(rate, keys)), frozenset(keys)) for keys in ways(node)), key=lambda choice: choice[0])


def options(condition: Node, rate: Rate) -> list[tuple[float, Trigger]]:
    """Everything that must be there for a rule to hold, the rarest first."""
    found: list[tuple[float, Trigger]] = []
    for node in condition.items if isinstance(condition, And) else (condition,):
        if isinstance(node, Leaf | Related | Keyword):
            found += [(sum(map(rate, keys)), frozenset(keys)) for keys in ways(node)]
        elif (choice := choose(node, rate)) is not None:
            found.append(choice)
    return sorted(found, key=lambda choice: choice[0])


def ways(leaf: Leaf | Related | Keyword) -> list[list[Key]]:
    """Sets of keys; of each set one key holds whenever the test does."""
    if isinstance(leaf, Related):
        return [[Key(leaf.field, "exists")], [Key(leaf.other, "exists")]]
    if isinstance(leaf.test, Regex):
        field = EVERYWHERE if isinstance(leaf, Keyword) else leaf.field
        found = [_holds(field, literals) for literals in of_regex(leaf.test.pattern)]
        return found or [[Key(field, "scalar")]]
    return [_way(leaf)]


def _way(leaf: Leaf | Keyword) -> list[Key]:
    field = EVERYWHERE if isinstance(leaf, Keyword) else leaf.field
    test: Any = leaf.test
    if isinstance(test, Text):
        return _text(field, test)
    if isinstance(test, Number):
        return [Key(field, "number", test.number), Key(field, "exact", coarse(number_text(test.number)))]
    if isinstance(test, Bool):
        return [Key(field, "exact", "true" if test.truth else "false")]
    if isinstance(test, Address):
        return [Key(field, "network", (test.number, (1 << 128) - 1))]
    if isinstance(test, Cidr):
        return [Key(field, "network", (test.first, test.mask))]
    if isinstance(test, Compare) and test.op in ("<", "<=", ">", ">="):
        return [Key(field, "least" if test.op[0] == ">" else "most", test.number)]
    if isinstance(test, Exists):
        return [Key(field, "exists")]
    if isinstance(test, TimePart | Compare):
        return [Key(field, "test", test)]
    return [Key(field, "scalar")]


def _text(field: str, test: Text) -> list[Key]:
    if field != EVERYWHERE and test.form == "equals":
        keys = [Key(field, "exact", coarse(test.literal))]
        if test.number is not None:
            keys.append(Key(field, "number", test.number))
        elif _writes_a_number(test.literal):  # such as 1e-07, the text of a value that is no text
            keys.append(Key(field, "test", test))
        return keys
    pieces = "".join("\0" if part == ANY or not isinstance(part, str) else part for part in test.parts)
    return _holds(field, {max((coarse(piece) for piece in pieces.split("\0")), key=len)})


def _holds(field: str, literals: Iterable[str]) -> list[Key]:
    found = sorted(literals)
    if not found or not all(map(searchable, found)):
        return [Key(field, "scalar")]
    return [Key(field, "holds", literal[:MAX_LITERAL]) for literal in found]


def _writes_a_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
