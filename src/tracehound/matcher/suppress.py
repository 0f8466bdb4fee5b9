"""Repeats of a finding: raised once, counted while the window is open, closed with one update."""

from __future__ import annotations

import heapq
from bisect import bisect_right, insort
from collections import OrderedDict
from dataclasses import dataclass, replace

from tracehound.matcher.hits import MAX_RELATED, Entity, EventRef, Hit
from tracehound.matcher.values import fold, text_of, values_at
from tracehound.rules.model import Rule

MAX_UIDS = 10_000
"""So many events of a window are told apart; beyond, each further hit counts as one."""

Key = tuple[str, Entity]


@dataclass(slots=True)
class _Window:
    hit: Hit
    key: Key
    uids: set[str]
    related: list[EventRef]
    last: EventRef
    repeats: int = 0
    beyond: int = 0


class Suppressor:
    """The windows of all rules; at most ``max_windows``, beyond which the longest idle is closed."""

    def __init__(self, max_windows: int) -> None:
        self.evicted = 0
        self.suppressed = 0
        self._max_windows = max_windows
        self._open: OrderedDict[int, _Window] = OrderedDict()
        """By serial number, the longest idle first."""
        self._starts: dict[Key, list[tuple[int, int]]] = {}
        """(start, serial) of the windows of a key, sorted; they do not overlap."""
        self._ends: list[tuple[int, int]] = []
        self._serial = 0

    def take(self, hit: Hit) -> tuple[Hit | None, list[Hit]]:
        """A new hit: what to raise (None: it is a repeat), and updates of windows given up for it."""
        span = window_seconds(hit.rule)
        if span is None:
            return hit, []
        hit = replace(hit, entity=entity_of(hit))
        key = (hit.rule.id, tuple((name, fold(value)) for name, value in hit.entity))
        serial = self._covering(key, hit.time, span * 1000)
        if serial is not None:
            self._count(self._open[serial], hit)
            self._open.move_to_end(serial)
            return None, []
        closed: list[Hit] = []
        if len(self._open) >= self._max_windows:
            closed = self._close(next(iter(self._open)))
            self.evicted += 1
        hit = replace(hit, window=hit.time)
        self._serial += 1
        end = hit.time + span * 1000
        self._open[self._serial] = _Window(hit, key, set(hit.uids), list(hit.related), hit.related[-1])
        insort(self._starts.setdefault(key, []), (hit.time, self._serial))
        heapq.heappush(self._ends, (end, self._serial))
        return hit, closed

    def _covering(self, key: Key, time: int, span: int) -> int | None:
        """The window that a hit belongs to: it lies inside, or not long enough before to have its own."""
        starts = self._starts.get(key, [])
        after = bisect_right(starts, time, key=_start)
        if after and time < starts[after - 1][0] + span:
            return starts[after - 1][1]
        if after < len(starts) and starts[after][0] < time + span:
            return starts[after][1]
        return None

    def passed(self, horizon: int) -> list[Hit]:
        """Updates of the windows that end at or before ``horizon`` (epoch milliseconds)."""
        closed: list[Hit] = []
        while self._ends and self._ends[0][0] <= horizon:
            closed += self._close(heapq.heappop(self._ends)[1])
        return closed

    def flush(self) -> list[Hit]:
        """Updates of all windows that are open."""
        return [hit for serial in sorted(self._open) for hit in self._close(serial)]

    def _count(self, window: _Window, hit: Hit) -> None:
        self.suppressed += 1
        window.repeats += 1
        if len(window.uids) < MAX_UIDS:
            window.uids |= hit.uids
        elif hit.related[-1].uid not in window.uids:
            window.beyond += 1
        known = {ref.uid for ref in window.related}
        new = [ref for ref in hit.related if ref.uid not in known]
        window.related += new[: MAX_RELATED - len(window.related)]
        window.last = max(window.last, hit.related[-1])

    def _close(self, serial: int) -> list[Hit]:
        window = self._open.pop(serial, None)
        if window is None:
            return []
        starts = self._starts[window.key]
        starts.remove((window.hit.time, serial))
        if not starts:
            del self._starts[window.key]
        if not window.repeats:
            return []
        related = sorted(window.related)
        if window.last.time > related[-1].time:
            related = [*related[: MAX_RELATED - 1], window.last]
        count = len(window.uids) + window.beyond
        notes = dict(window.hit.notes)
        if "event_count" in notes:
            notes["event_count"] = [str(count)]
        return [replace(window.hit, related=related, count=count, notes=notes)]


def _start(item: tuple[int, int]) -> int:
    return item[0]


def window_seconds(rule: Rule) -> int | None:
    """How long repeats are held back; a correlation's own timespan unless it says otherwise."""
    if rule.suppress is not None:
        return rule.suppress.seconds
    return rule.correlation.seconds if rule.correlation is not None else None


def entity_of(hit: Hit) -> Entity:
    """The values of ``suppress.by``, from the group of a correlation where it has them, else from the event."""
    if hit.rule.suppress is None or not hit.rule.suppress.by:
        return hit.entity
    grouped = dict(hit.entity)
    entity: list[tuple[str, str]] = []
    for name in hit.rule.suppress.by:
        texts = [grouped[name]] if name in grouped else _texts(hit, name)
        entity.extend((name, text) for text in texts)
    return tuple(entity)


def _texts(hit: Hit, name: str) -> list[str]:
    """All values of a field, sorted: an array as a whole is one entity."""
    return sorted({t for v in values_at(hit.event, name) if (t := text_of(v)) is not None})
