"""A rule set as JSON and back: checked rules with their condition trees, without pySigma's objects.

Each dataclass is a list that starts with its name; only the classes named here are ever made. A rule that others
refer to (the base of a correlation) is written once, so that it is one object again when it is read.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import fields
from math import isfinite
from pathlib import Path
from typing import Any

import orjson

from tracehound.errors import RuleError
from tracehound.matcher import condition, leaves
from tracehound.rules import model
from tracehound.rules.model import Rule, RuleSet

CLASSES: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        condition.And, condition.Keyword, condition.Leaf, condition.Not, condition.Or, condition.Related,
        leaves.Address, leaves.Bool, leaves.Cidr, leaves.Compare, leaves.Exists, leaves.Number, leaves.Regex,
        leaves.Text, leaves.TimePart,
        model.Baseline, model.Correlation, model.Rule, model.Suppress,
    )
}  # fmt: skip
_SLOTS: dict[type[Any], tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind)) for kind in CLASSES.values()
}
_JSON_INT = 1 << 53
WRONG = (KeyError, IndexError, TypeError, ValueError, AttributeError)
"""What reading a stored form of the wrong shape raises."""


class UnstorableError(ValueError):
    """A value that JSON would change."""


def dump(rules: RuleSet) -> bytes:
    """The stored form. Raises ``UnstorableError``, or ``TypeError`` for text that is no Unicode."""
    table = _Table()
    body = {
        "rules": [table.write(rule) for rule in rules.rules],
        "errors": [table.write(error) for error in rules.errors],
        "warnings": [table.write(error) for error in rules.warnings],
        "lists": {name: list(values) for name, values in rules.lists.items()},
    }
    return orjson.dumps({**body, "table": table.rows})


def load(raw: bytes) -> RuleSet:
    """The rule set of a stored form. Raises one of ``WRONG``."""
    collecting = gc.isenabled()
    gc.disable()  # none of a hundred thousand new objects is garbage, and looking for it takes half the time
    try:
        return _load(orjson.loads(raw))
    finally:
        if collecting:
            gc.enable()


def _load(body: Any) -> RuleSet:
    read = _Reader()
    for row in body["table"]:
        read.rules.append(read.value(row))
    return RuleSet(
        tuple(read.value(item) for item in body["rules"]),
        tuple(read.value(item) for item in body["errors"]),
        tuple(read.value(item) for item in body["warnings"]),
        {name: tuple(values) for name, values in body["lists"].items()},
    )


class _Table:
    """Values as JSON; rules in a table."""

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self._numbers: dict[int, int] = {}

    def write(self, value: Any) -> Any:
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int):
            return value if -_JSON_INT < value < _JSON_INT else ["int", hex(value)]
        if isinstance(value, float):
            if not isfinite(value):
                raise UnstorableError(str(value))
            return value
        if isinstance(value, tuple):
            return ["tuple", *map(self.write, value)]
        if isinstance(value, frozenset):
            return ["set", *sorted(value)]
        if isinstance(value, Path):
            return ["path", str(value)]
        if isinstance(value, RuleError):
            return ["error", value.message, value.file, value.line]
        if isinstance(value, Rule):
            return ["rule", self._rule(value)]
        return self._fields(value)

    def _rule(self, rule: Rule) -> int:
        number = self._numbers.get(id(rule))
        if number is None:
            row = self._fields(rule)
            number = self._numbers[id(rule)] = len(self.rows)
            self.rows.append(row)
        return number

    def _fields(self, value: Any) -> list[Any]:
        kind = type(value)
        if kind not in _SLOTS:
            raise UnstorableError(kind.__name__)
        values = ((name, getattr(value, name)) for name in _SLOTS[kind])
        return [kind.__name__, *(None if name == "sigma" else self.write(item) for name, item in values)]


class _Reader:
    """Values from JSON; ``rules`` are those of the table that were read so far."""

    def __init__(self) -> None:
        self.rules: list[Any] = []
        self._made: dict[str, Callable[[list[Any]], Any]] = {
            "tuple": tuple,
            "set": frozenset,
            "int": lambda items: int(items[0], 16),
            "path": lambda items: Path(items[0]),
            "error": lambda items: RuleError(items[0], file=items[1], line=items[2]),
            "rule": lambda items: self.rules[items[0]],
        }

    def value(self, item: Any) -> Any:
        if item.__class__ is not list:
            return item
        name, *parts = item
        values = [part if part.__class__ is not list else self.value(part) for part in parts]
        kind = CLASSES.get(name)
        return self._made[name](values) if kind is None else kind(*values)
