"""What correlations measure in a window: counts, distinct values, sums, percentiles, rules in order.

A measure keeps what it needs in a state that grows and shrinks with the window's entries, so that an event
costs the same in a window of ten and of ten thousand. Numbers are exact: a value is a whole number of
``2**-SHIFT``, so that sums neither drift nor depend on the order of events.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import isfinite
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from tracehound.matcher.values import decimal
from tracehound.plain import integer, text
from tracehound.rules.model import Correlation, Expression

SHIFT = 1074
"""The smallest double is ``2**-1074``: every double is a whole number of it."""
MAX_DIGITS = 40
NEVER = -(2**62)
Label = tuple[Any, ...]

OPERATORS: dict[str, Callable[[int, int], bool]] = {
    "gt": gt, "gte": ge, "lt": lt, "lte": le, "eq": eq, "neq": ne,
}  # fmt: skip


def exact(value: Any) -> int | None:
    """A number, or its decimal text, as a whole number of ``2**-SHIFT``; None for anything else."""
    if isinstance(value, str):
        value = decimal(value) if len(value) <= MAX_DIGITS else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value << SHIFT if value.bit_length() <= SHIFT else None
    if not isinstance(value, float) or not isfinite(value):
        return None
    top, bottom = value.as_integer_ratio()
    return top << (SHIFT - bottom.bit_length() + 1)


def written(value: Any) -> Any:
    """A value of a label or state as JSON takes it: a number beyond 53 bits as hexadecimal text in a list."""
    if isinstance(value, int) and value.bit_length() > 53:
        return [hex(value)]
    return value


def read(value: Any) -> str | int:
    """What ``written`` wrote; anything else raises ``ValueError``."""
    if isinstance(value, list) and len(value) == 1 and len(text(value[0])) <= SHIFT:
        return int(value[0], 16)
    return value if isinstance(value, str) else integer(value)


class Measure:
    """One kind of measure. ``add`` and ``drop`` change the state in place, ``value`` is a fraction."""

    def start(self) -> Any:
        """The state of an empty window."""

    def add(self, state: Any, label: Label, time: int) -> None:
        """An entry comes into the window."""

    def drop(self, state: Any, label: Label) -> None:
        """The oldest entry leaves it."""

    def value(self, state: Any, entries: int, after: int) -> tuple[int, int]:
        """Numerator and denominator for a window of so many entries, all later than ``after``."""
        return entries, 1

    def dump(self, state: Any) -> Any:
        """A state as JSON takes it."""
        return state

    def load(self, plain: Any) -> Any:
        """What ``dump`` gave, read back; what is not its shape raises ``ValueError`` or ``TypeError``."""
        return None


class Distinct(Measure):
    """Different values (``value_count``) or base rules (``temporal``): how often each is there."""

    def start(self) -> dict[Any, int]:
        return {}

    def add(self, state: dict[Any, int], label: Label, time: int) -> None:
        for value in label:
            state[value] = state.get(value, 0) + 1

    def drop(self, state: dict[Any, int], label: Label) -> None:
        for value in label:
            if state[value] == 1:
                del state[value]
            else:
                state[value] -= 1

    def value(self, state: dict[Any, int], entries: int, after: int) -> tuple[int, int]:
        return len(state), 1

    def dump(self, state: dict[Any, int]) -> Any:
        return list(state.items())

    def load(self, plain: Any) -> dict[Any, int]:
        return {read(value): integer(count) for value, count in plain}


@dataclass(frozen=True, slots=True)
class Combination(Distinct):
    """An ``and``, ``or``, ``not`` expression over the base rules that are there: 1 where it holds."""

    expression: Expression

    def value(self, state: dict[Any, int], entries: int, after: int) -> tuple[int, int]:
        return int(holds(self.expression, state)), 1


@dataclass(frozen=True, slots=True)
class Sum(Measure):
    """The sum of numbers, or their average."""

    average: bool = False

    def start(self) -> list[int]:
        return [0, 0]

    def add(self, state: list[int], label: Label, time: int) -> None:
        state[0] += sum(label)
        state[1] += len(label)

    def drop(self, state: list[int], label: Label) -> None:
        state[0] -= sum(label)
        state[1] -= len(label)

    def value(self, state: list[int], entries: int, after: int) -> tuple[int, int]:
        return state[0], (state[1] if self.average else 1) << SHIFT

    def dump(self, state: list[int]) -> Any:
        return [written(number) for number in state]

    def load(self, plain: Any) -> list[int]:
        total, count = _numbers(plain)
        if count < 1:
            raise ValueError("an average of nothing")
        return [total, count]


@dataclass(frozen=True, slots=True)
class Percentile(Measure):
    """The value below which so many per cent lie, interpolated between neighbours; 50 is the median."""

    percent: int

    def start(self) -> list[int]:
        return []

    def add(self, state: list[int], label: Label, time: int) -> None:
        for number in label:
            insort(state, number)

    def drop(self, state: list[int], label: Label) -> None:
        for number in label:
            del state[bisect_left(state, number)]

    def value(self, state: list[int], entries: int, after: int) -> tuple[int, int]:
        place, rest = divmod(self.percent * (len(state) - 1), 100)
        low = state[place]
        high = state[place + 1] if rest else low
        return low * (100 - rest) + high * rest, 100 << SHIFT

    def dump(self, state: list[int]) -> Any:
        return [written(number) for number in state]

    def load(self, plain: Any) -> list[int]:
        if not plain:
            raise ValueError("a percentile of nothing")
        return sorted(_numbers(plain))


@dataclass(frozen=True, slots=True)
class Ordered(Measure):
    """How many base rules were met by different events in the order in which they are named.

    For each rule and length, the latest time at which a chain of that length that ends with that rule starts:
    it is the last to leave the window, so the others need not be known.
    """

    rules: int

    def start(self) -> list[list[int]]:
        return [[NEVER] * (rule + 1) for rule in range(self.rules)]

    def add(self, state: list[list[int]], label: Label, time: int) -> None:
        for rule in sorted(label, reverse=True):  # so that one event is not two links of a chain
            own = state[rule]
            for length in range(rule, 0, -1):
                before = (state[r][length - 1] for r in range(length - 1, rule))
                own[length] = max(own[length], *before)
            own[0] = max(own[0], time)

    def value(self, state: list[list[int]], entries: int, after: int) -> tuple[int, int]:
        return max((n + 1 for own in state for n, t in enumerate(own) if t > after), default=0), 1

    def load(self, plain: Any) -> list[list[int]]:
        state = [[integer(start) for start in own] for own in plain]
        if [len(own) for own in state] != [len(own) for own in self.start()]:
            raise ValueError("chains of other rules")
        return state


def _numbers(plain: Any) -> list[int]:
    found = [read(value) for value in plain]
    return [value if isinstance(value, int) else integer(value) for value in found]


def holds(expression: Expression, present: Iterable[Any]) -> bool:
    """Whether an expression holds for the base rules (by number) that are there."""
    if isinstance(expression, int):
        return expression in present
    word, *items = expression
    if word == "not":
        return not holds(items[0], present)
    return (all if word == "and" else any)(holds(item, present) for item in items)


def measure_of(link: Correlation) -> Measure:
    """The measure that a correlation needs."""
    if link.expression is not None:
        return Combination(link.expression)
    if link.kind == "event_count":
        return Measure()
    if link.kind in ("value_sum", "value_avg"):
        return Sum(average=link.kind == "value_avg")
    if link.kind in ("value_percentile", "value_median"):
        return Percentile(link.percentile)
    return Ordered(len(link.base)) if link.kind == "temporal_ordered" else Distinct()
