"""How far event time has come, from events that arrive out of order and from several sources."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tracehound.plain import integer, text

FUTURE_MS = 86_400_000
"""An event may name a time this far ahead of the clock before it is no longer believed."""
IDLE_EVENTS = 20_000
"""A source that was silent for so many events no longer holds windows open."""
LOOK = 1000
"""The wall clock and idle sources are looked at once in so many events."""
MAX_SOURCES = 1000
"""So many sources are told apart; the events of further ones are taken as one source's."""

NEVER = -(2**62)


class EventClock:
    """The newest time per source, and how far all of them have come.

    Each source has its own notion of late, so that reading one log after another makes neither late. A time
    far in the future (a wrong clock, or a client that lies) moves nothing. With ``lateness`` None nothing is
    ever late: for logs that are read one whole file after another.
    """

    def __init__(self, lateness: int | None, now_ms: Callable[[], int] | None = None) -> None:
        self._late_ms = None if lateness is None else lateness * 1000
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self._limit = self._now_ms() + FUTURE_MS
        self._seen = 0
        self._newest: dict[str, int] = {}
        self._last_seen: dict[str, int] = {}
        self._horizon: int | None = NEVER

    def see(self, source: str, event_time: int) -> bool:
        """Note an event's time; tells whether it is later than the allowed lateness."""
        self._seen += 1
        if self._seen % LOOK == 0:
            self._limit = self._now_ms() + FUTURE_MS
            self._horizon = None
        if self._late_ms is None:
            return False
        if source not in self._newest and len(self._newest) >= MAX_SOURCES:
            source = ""
        newest = self._newest.get(source)
        if newest is not None:
            self._last_seen[source] = self._seen
        if newest is None or event_time > newest:
            if event_time <= self._limit:
                self._newest[source], self._last_seen[source] = event_time, self._seen
                self._horizon = None
            return False
        return event_time < newest - self._late_ms

    def believes(self, event_time: int) -> bool:
        """Whether a time is not far in the future; of whole files every time is taken as it is."""
        return self._late_ms is None or event_time <= self._limit

    def horizon(self) -> int:
        """No event in time is older than this: the slowest source's newest time, less the lateness."""
        if self._late_ms is None:
            return NEVER
        if self._horizon is None:
            active = [t for s, t in self._newest.items() if self._seen - self._last_seen[s] < IDLE_EVENTS]
            self._horizon = min(active, default=0) - self._late_ms
        return self._horizon

    def dump(self) -> dict[str, Any]:
        """The state as plain values."""
        return {"seen": self._seen, "sources": [[s, t, self._last_seen[s]] for s, t in self._newest.items()]}

    def load(self, state: dict[str, Any]) -> None:
        """What ``dump`` gave, read back from JSON."""
        self._seen = integer(state["seen"])
        for source, newest, last_seen in state["sources"]:
            self._newest[text(source)], self._last_seen[source] = integer(newest), integer(last_seen)
        self._horizon = None
