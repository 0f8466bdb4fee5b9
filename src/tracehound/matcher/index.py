"""All tests on one field, answered together: which of them hold for this value?"""

from __future__ import annotations

from typing import Any

from tracehound.matcher.leaves import Bool, Exists, LeafTest, Number, Text
from tracehound.matcher.values import fold, number_text

Ids = frozenset[int]
NONE: Ids = frozenset()
MEMO_SIZE = 8192
MEMO_CHARS = 512
"""Texts up to this length are remembered with their answer; longer ones seldom come twice."""


class FieldIndex:
    """The tests on one field: exact values in a hash map, the rest in groups, a bounded memo."""

    __slots__ = (
        "_always",
        "_contains",
        "_ends",
        "_exact",
        "_exact_cased",
        "_memo",
        "_rest",
        "_slow",
        "_starts",
    )

    def __init__(self, tests: dict[int, LeafTest]) -> None:
        self._always: Ids = frozenset(i for i, t in tests.items() if isinstance(t, Exists))
        self._exact: dict[str, set[int]] = {}
        self._exact_cased: dict[str, set[int]] = {}
        self._starts: list[tuple[str, int]] = []
        self._ends: list[tuple[str, int]] = []
        self._contains: list[tuple[str, int]] = []
        self._rest: list[tuple[LeafTest, int]] = []
        self._slow = [(t, i) for i, t in tests.items() if not isinstance(t, Exists)]
        self._memo: dict[Any, Ids] = {}
        for number, test in tests.items():
            self._place(test, number)

    def _place(self, test: LeafTest, number: int) -> None:
        if isinstance(test, Text) and test.form != "pattern" and not test.cased:
            if test.form == "equals":
                self._exact.setdefault(test.literal, set()).add(number)
            else:
                group = {"startswith": self._starts, "endswith": self._ends, "contains": self._contains}
                group[test.form].append((test.literal, number))
        elif isinstance(test, Text) and test.form == "equals":
            self._exact_cased.setdefault(test.literal, set()).add(number)
        elif isinstance(test, Number):
            self._exact_cased.setdefault(number_text(test.number), set()).add(number)
        elif isinstance(test, Bool):
            self._exact.setdefault("true" if test.truth else "false", set()).add(number)
        elif not isinstance(test, Exists):
            self._rest.append((test, number))

    def hits(self, value: Any) -> Ids:
        """The ids of the tests that hold for one value that is not null."""
        key = value
        if value.__class__ is str:
            if len(value) > MEMO_CHARS:
                return self._hits_text(value)
        elif isinstance(value, dict):
            return self._always
        else:
            key = (value.__class__, value)  # 1, 1.0 and True are one key of a dict
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            found = self._hits_text(value) if value.__class__ is str else self._hits_other(value)
            self._memo[key] = found
        return found

    def _hits_text(self, text: str) -> Ids:
        low = fold(text)
        found: set[int] = set()
        if low in self._exact:
            found |= self._exact[low]
        if text in self._exact_cased:
            found |= self._exact_cased[text]
        found.update(i for literal, i in self._contains if literal in low)
        found.update(i for literal, i in self._starts if low.startswith(literal))
        found.update(i for literal, i in self._ends if low.endswith(literal))
        found.update(i for test, i in self._rest if test.holds(text))
        return self._always | found if found else self._always

    def _hits_other(self, value: Any) -> Ids:
        return self._always | {i for test, i in self._slow if test.holds(value)}
