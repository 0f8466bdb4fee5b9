"""Events for correlations and baselines, held back until no older one can come, then given in order of time.

An event waits as its packed fields, not whole, and compressed by what the first one had: events are much
alike. At most ``MAX_WAITING`` wait, and ``MAX_BYTES`` of them; beyond, the oldest goes on early, so that an order
that is wrong by more than so many events is not mended.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tracehound.matcher.hits import Event
from tracehound.plain import Squeezer, integer, masked_event, pack, packed

MAX_WAITING = 50_000
MAX_BYTES = 6 * 1024 * 1024
EACH = 180
"""About so many bytes it takes to wait, besides those of the event."""
MAX_SHAPES = 1000

Parts = Mapping[int, Sequence[int]]
"""The numbers of the rules that are to see an event, and which of their base rules it meets."""


class Waiting(NamedTuple):
    """An event that rules with a memory are to see; the oldest is the smallest, since no two serials are equal."""

    time: int
    serial: int
    """Equal times go in the order in which they came."""
    parts: Parts
    packed: bytes
    """Packed and compressed."""


class Order:
    """The events that wait, the oldest first."""

    def __init__(self) -> None:
        self._heap: list[Waiting] = []
        self._serial = 0
        self._size = 0
        self._shapes: dict[tuple[Any, ...], Parts] = {}
        self._squeezer = Squeezer()

    def add(self, time: int, parts: Parts, event: Event) -> None:
        """Let an event (already cut to what is needed) wait."""
        self._push(time, self._serial, parts, pack(event))

    def event(self, waiting: Waiting) -> Event:
        """The event that waited."""
        event: Event = self._squeezer.value(waiting.packed)
        return event

    def _push(self, time: int, serial: int, parts: Parts, raw: bytes) -> None:
        waiting = Waiting(time, serial, self._shared(parts), self._squeezer.small(raw))
        heapq.heappush(self._heap, waiting)
        self._serial = max(self._serial, serial) + 1
        self._size += EACH + len(waiting.packed)

    def _shared(self, parts: Parts) -> Parts:
        """The same few rules see most events: one object for all of them."""
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()
        key = tuple((number, *leaves) for number, leaves in parts.items())
        return self._shapes.setdefault(key, parts)

    def ready(self, horizon: int | None) -> Iterator[Waiting]:
        """Those at or before ``horizon`` (None: all), and those beyond the bound, in order."""
        heap = self._heap
        while heap and (
            horizon is None or heap[0][0] <= horizon or len(heap) > MAX_WAITING or self._size > MAX_BYTES
        ):
            waiting = heapq.heappop(heap)
            self._size -= EACH + len(waiting.packed)
            yield waiting

    def has_ready(self, horizon: int) -> bool:
        """Whether any is to go on now."""
        heap = self._heap
        return bool(heap) and (heap[0][0] <= horizon or len(heap) > MAX_WAITING or self._size > MAX_BYTES)

    def dump(self, mask: Callable[[str], str], names: Sequence[str]) -> list[Any]:
        """Who waits for what, as plain values with masked texts; ``names`` are the rules' ids by number."""
        return [
            [w.time, w.serial, _named(w.parts, names), pack(masked_event(self.event(w), mask)).decode()]
            for w in sorted(self._heap, key=_first)
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
                self._push(integer(time), integer(serial), parts, packed(event))


def _named(parts: Parts, names: Sequence[str]) -> list[Any]:
    return [[names[target], list(leaves)] for target, leaves in parts.items()]


def _first(item: Waiting) -> tuple[int, int]:
    return item[:2]
