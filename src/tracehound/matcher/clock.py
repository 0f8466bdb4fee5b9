"""How far event time has come, from events that arrive out of order and from several sources."""

from __future__ import annotations

import time
from collections.abc import Callable

FUTURE_MS = 86_400_000
"""An event may name a time this far ahead of the clock before it is no longer believed."""
IDLE_EVENTS = 20_000
"""A source that was silent for so many events no longer holds windows open."""

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
        self._limit = 0
        self._seen = 0
        self._newest: dict[str, int] = {}
        self._last_seen: dict[str, int] = {}

    def see(self, source: str, event_time: int) -> bool:
        """Note an event's time; tells whether it is later than the allowed lateness."""
        if self._late_ms is None:
            return False
        if self._seen % 1000 == 0:
            self._limit = self._now_ms() + FUTURE_MS
        self._seen += 1
        self._last_seen[source] = self._seen
        newest = self._newest.get(source)
        if newest is None or event_time > newest:
            if event_time <= self._limit:
                self._newest[source] = event_time
            return False
        return event_time < newest - self._late_ms

    def horizon(self) -> int:
        """No event in time is older than this: the slowest source's newest time, less the lateness."""
        if self._late_ms is None:
            return NEVER
        active = [t for s, t in self._newest.items() if self._seen - self._last_seen[s] < IDLE_EVENTS]
        return min(active, default=0) - self._late_ms
