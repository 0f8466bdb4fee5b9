"""All questions about one field, answered together: which rules may hold, for this value?

The answers name the rules whose trigger holds, and those whose guard does. They may name a rule too many, since
the matcher evaluates the rule's condition afterwards, and never one too few.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any

from tracehound.matcher.factors import coarse
from tracehound.matcher.substrings import Substrings
from tracehound.matcher.triggers import Key
from tracehound.matcher.values import address, decimal, number_text

Answer = tuple[tuple[int, ...], frozenset[int]]
"""What stands behind a key: rules that it triggers, and rules that it guards."""
Answers = Sequence[Answer]
MEMO_SIZE = 2048
MEMO_CHARS = 128
"""Texts up to this length are remembered with their answer; longer ones seldom come twice."""


class FieldIndex:
    """The questions about one field: hash maps, sorted thresholds, an automaton, and a bounded memo of texts."""

    __slots__ = (
        "_asks",
        "_exact",
        "_highest",
        "_least",
        "_longest",
        "_lowest",
        "_most",
        "_networks",
        "_numbers",
        "_present",
        "_scalar",
        "_substrings",
        "_tests",
        "long",
        "memo",
    )

    def __init__(self, keys: Mapping[Key, Answer]) -> None:
        kinds: dict[str, dict[Any, Answer]] = {}
        for key, answer in keys.items():
            kinds.setdefault(key.kind, {})[key.value] = answer
        self._present = tuple(kinds.get("exists", {}).values())
        self._scalar = self._present + tuple(kinds.get("scalar", {}).values())
        self._exact = kinds.get("exact", {})
        self._longest = max(map(len, self._exact), default=-1)
        self._numbers = kinds.get("number", {})
        self._least = _Thresholds(kinds.get("least", {}))
        self._most = _Thresholds(kinds.get("most", {}))
        self._tests = list(kinds.get("test", {}).items())
        self._networks: dict[int, dict[int, Answer]] = {}
        for (first, mask), answer in kinds.get("network", {}).items():
            self._networks.setdefault(mask, {})[first] = answer
        self._lowest = min(self._least, default=inf)
        self._highest = max(self._most, default=-inf)
        literals = kinds.get("holds", {})
        self._substrings = Substrings(literals) if literals else None
        self._asks = bool(literals or self._tests)
        self.memo: dict[str, Answers] = {}
        only = self._substrings if keys and len(literals) == len(keys) else None
        self.long: Callable[[str], Answers] = self._of_text if only is None else only.find
        """The answers for a text that is not remembered."""

    def find(self, value: Any) -> Answers:
        """The answers for one value that is not null; an object must hold something."""
        kind = value.__class__
        if kind is str:
            if len(value) > MEMO_CHARS:
                return self.long(value)
            found = self.memo.get(value)
            return self.learn(value) if found is None else found
        if kind is int or kind is float:
            return self._of_number(value)
        if kind is bool:
            return self._of_other(value, "true" if value else "false")
        return self._present

    def learn(self, text: str) -> Answers:
        """The answer for a short text, put together and remembered."""
        if len(self.memo) >= MEMO_SIZE:
            self.memo.clear()
        found = self.long(text)
        if len(found) > 1:
            triggered = tuple(number for numbers, _ in found for number in numbers)
            found = ((triggered, frozenset().union(*(guarded for _, guarded in found))),)
        self.memo[text] = found
        return found

    def _of_text(self, text: str) -> Answers:
        found = list(self._scalar)
        if len(text) <= self._longest:
            self._equal(coarse(text), found)
        if self._substrings is not None:
            found += self._substrings.find(text)
        if self._networks and (number := address(text)) is not None:
            for mask, networks in self._networks.items():
                if number & mask in networks:
                    found.append(networks[number & mask])
        if (self._least or self._most) and (size := decimal(text)) is not None:
            found += self._least.up_to(size)
            found += self._most.down_to(size)
        for test, answer in self._tests:
            if test.holds(text):
                found.append(answer)
        return found

    def _equal(self, folded: str, found: list[Answer]) -> None:
        answer = self._exact.get(folded)
        if answer is not None:
            found.append(answer)

    def _of_number(self, value: int | float) -> Answers:
        found = list(self._scalar) if self._scalar else []
        if value in self._numbers:
            found.append(self._numbers[value])
        if value >= self._lowest:
            found += self._least.up_to(value)
        if value <= self._highest:
            found += self._most.down_to(value)
        if self._asks:
            self._asked(value, number_text(value), found)
        return found

    def _of_other(self, value: Any, text: str) -> Answers:
        found = list(self._scalar)
        self._equal(text, found)
        self._asked(value, text, found)
        return found

    def _asked(self, value: Any, text: str, found: list[Answer]) -> None:
        """What string tests see of a number or boolean, and the tests that are asked one by one."""
        if self._substrings is not None:
            found += self._substrings.find(text)
        for test, answer in self._tests:
            if test.holds(value):
                found.append(answer)


class _Thresholds(list[int | float]):
    """Sorted numbers, and the answer at each; found by bisection."""

    def __init__(self, thresholds: Mapping[Any, Answer]) -> None:
        super().__init__(sorted(thresholds))
        self._answers = [thresholds[number] for number in self]

    def up_to(self, value: int | float) -> list[Answer]:
        """The answers of all thresholds at or below a value."""
        return self._answers[: bisect_right(self, value)]

    def down_to(self, value: int | float) -> list[Answer]:
        """The answers of all thresholds at or above a value."""
        return self._answers[bisect_left(self, value) :]
