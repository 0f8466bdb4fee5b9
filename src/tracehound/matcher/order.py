"""Events for correlations and baselines, held back until no older one can come, then given in order of time.

An event waits as its packed fields, not whole. At most ``MAX_WAITING`` wait; beyond, the oldest goes on early,
so that an order that is wrong by more than so many events is not mended.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracehound.matcher.hits import Event
from tracehound.plain import integer, masked_event, pack, packed, unpack

MAX_WAITING = 50_000


Parts = Mapping[int, Sequence[int]]
"""The numbers of the rules that are to see an event, and which of their base rules it meets."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event that rules with a memory are to see."""

    time: int
    serial: int
    """Equal times go in the order in which they came."""
    parts: Parts
    packed: bytes

    @property
    def event(self) -> Event:
        event: Event = unpack(self.packed)
        return event


class Order:
    """The events that wait, the oldest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Waiting]] = []
        self._serial = 0

    def add(self, time: int, parts: Parts, event: Event) -> None:
        """Let an event (already cut to what is needed) wait."""
        self._push(Waiting(time, self._serial, parts, pack(event)))

    def _push(self, waiting: Waiting) -> None:
        heapq.heappush(self._heap, (waiting.time, waiting.serial, waiting))
        self._serial = max(self._serial, waiting.serial) + 1

    def ready(self, horizon: int | None) -> Iterator[Waiting]:
        """Those at or before ``horizon`` (None: all), and those beyond the bound, in order."""
        heap = self._heap
        while heap and (horizon is None or heap[0][0] <= horizon or len(heap) > MAX_WAITING):
            yield heapq.heappop(heap)[2]

    def dump(self, mask: Callable[[str], str], names: Sequence[str]) -> list[Any]:
        """Who waits for what, as plain values with masked texts; ``names`` are the rules' ids by number."""
        return [
            [w.time, w.serial, _named(w.parts, names), pack(masked_event(w.event, mask)).decode()]
            for _, _, w in sorted(self._heap, key=_first)
        ]

    def load(self, waiting: Iterable[Sequence[Any]], rules: dict[str, tuple[int, int]]) -> None:
        """What ``dump`` gave, read back from JSON; ``rules`` are the number of each rule that may go on, and how
        many base rules it has."""
        for time, serial, named, event in waiting:
            parts: dict[int, tuple[int, ...]] = {}
            for name, leaves in named:
                target, most = rules.get(name, (0, 0))
                if name in rules and any(not 0 <= integer(leaf) < most for leaf in leaves):
                    raise ValueError("another base rule")
                if name in rules:
                    parts[target] = tuple(leaves)
            if parts:
                self._push(Waiting(integer(time), integer(serial), parts, packed(event)))


def _named(parts: Parts, names: Sequence[str]) -> list[Any]:
    return [[names[target], list(leaves)] for target, leaves in parts.items()]


def _first(item: tuple[int, int, Waiting]) -> tuple[int, int]:
    return item[:2]
