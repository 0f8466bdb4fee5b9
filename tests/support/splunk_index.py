"""What the Splunk stand-in holds: indexes, and events as they were indexed. Nothing is deduplicated."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from spl.engine import Event, Options, Row
from splunk_partial import MAXCHARS, partial


@dataclass
class Indexed(Event):
    """An event with the fields that were given to it at index time; ``deleted`` hides it from every search."""

    fields: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False

    def _extract(self, options: Options) -> Row:
        row = self._cut(options) if len(self.raw) > MAXCHARS else super()._extract(options)
        row.update({name: list(values) for name, values in self.fields.items()})
        return row

    def _cut(self, options: Options) -> Row:
        """Fields are extracted of the first 10,240 characters."""
        whole = Indexed("", self.time, self.index, self.sourcetype, self.host, self.source)
        row = {**partial(str(self.raw)[:MAXCHARS]), **Event._extract(whole, options)}
        return {**row, "_raw": [str(self.raw)]}

    def told(self) -> dict[str, Any]:
        """For tests: the event's own attributes."""
        return {
            "_time": self.time,
            "index": self.index,
            "sourcetype": self.sourcetype,
            "source": self.source,
            "host": self.host,
            "_raw": self.raw,
            "fields": self.fields,
        }


class Indexes:
    """Indexes by name; ``lost`` are events for an index that does not exist: Splunk drops them with a message."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = dict.fromkeys((*names, "_internal", "_audit"))
        self.lost: list[Indexed] = []
        self._events: list[Indexed] = []
        self._lock = threading.Lock()
        self._sorted: list[Indexed] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.names

    def add(self, events: list[Indexed]) -> None:
        """Index events, all at once."""
        with self._lock:
            for event in events:
                (self._events if event.index in self.names else self.lost).append(event)
            self._sorted = None

    def events(self, index: str | None = None) -> list[Indexed]:
        """What can be searched, oldest arrival first."""
        with self._lock:
            return [e for e in self._events if not e.deleted and index in (None, e.index)]

    def newest_first(self) -> list[Indexed]:
        """As a search retrieves them: by time, of the same time the later arrival first."""
        with self._lock:
            if self._sorted is None:
                self._sorted = [event for event in reversed(self._events) if not event.deleted]
                self._sorted.sort(key=lambda event: event.time, reverse=True)
            return self._sorted

    def changed(self) -> None:
        """Events were deleted."""
        with self._lock:
            self._sorted = None

    def clear(self) -> None:
        """All indexes are emptied."""
        with self._lock:
            self._events.clear()
            self.lost.clear()
            self._sorted = None
