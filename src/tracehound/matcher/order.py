"""Events for correlations and baselines, held back until no older one can come, then given in order of time.

An event waits as its packed fields, not whole. At most ``MAX_WAITING`` wait; beyond, the oldest goes on early,
so that an order that is wrong by more than so many events is not mended.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tracehound.matcher.hits import Event
from tracehound.plain import integer, masked_event, pack, packed, unpack

MAX_WAITING = 50_000


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """An event that one rule is to see."""

    time: int
    serial: int
    """Equal times go in the order in which they came."""
    target: int
    """The rule's number in the engine."""
    leaves: tuple[int, ...]
    """Its base rules that the event meets."""
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

    def add(self, time: int, target: int, leaves: Sequence[int], event: Event) -> None:
        """Let an event (already cut to what is needed) wait."""
        self._push(Waiting(time, self._serial, target, tuple(leaves), pack(event)))

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
            [w.time, w.serial, names[w.target], w.leaves, pack(masked_event(w.event, mask)).decode()]
            for _, _, w in sorted(self._heap, key=_first)
        ]

    def load(self, waiting: Iterable[Sequence[Any]], rules: dict[str, tuple[int, int]]) -> None:
        """What ``dump`` gave, read back from JSON; ``rules`` are the number of each rule that may go on, and how
        many base rules it has."""
        for time, serial, name, leaves, event in waiting:
            if name not in rules:
                continue
            target, most = rules[name]
            if not leaves or any(not 0 <= integer(leaf) < most for leaf in leaves):
                raise ValueError("another base rule")
            self._push(Waiting(integer(time), integer(serial), target, tuple(leaves), packed(event)))


def _first(item: tuple[int, int, Waiting]) -> tuple[int, int]:
    return item[:2]
