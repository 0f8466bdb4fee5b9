"""Correlations that are judged at each event: how many, which values, which rules within a time, per group.

Windows run on event time and are half-open: two events exactly ``timespan`` apart are not in one. Events come
in the order of their times (``tracehound.matcher.order`` sees to that). State is bounded: so many groups (the
longest idle goes), so many entries in each, so many in all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tracehound.matcher.groups import Input, Key, Mask, Reader, distinct, open_to_all, pairs
from tracehound.matcher.hits import Entity, Event, EventRef, Hit
from tracehound.matcher.measures import Label, written
from tracehound.plain import integer

MAX_ENTRIES = 10_000
"""So many entries are kept of a group (or twice the count that is asked for), the newest."""
MAX_TOTAL = 300_000
"""So many entries are kept of a rule."""
FEW = 16
"""So many entries are looked through for an event's id; beyond, a set of ids is kept."""
Entry = tuple[int, Label, tuple[EventRef, ...]]
"""Time, label, and the event with those behind it."""


class Group:
    """The entries of one group in the order of time, and the state of what is measured of them."""

    __slots__ = ("entity", "entries", "ids", "previous", "state", "told")

    def __init__(self, entity: Entity, state: Any) -> None:
        self.entity = entity
        self.entries: list[Entry] = []
        self.state = state
        self.ids: set[str] | None = None
        self.told = 0
        """So many of the entries were in the window of an earlier hit."""
        self.previous: int | None = None
        """The time of the last hit."""

    def knows(self, uid: str) -> bool:
        if self.ids is not None:
            return uid in self.ids
        return any(refs[0].uid == uid for _, _, refs in self.entries)

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)
        if self.ids is not None:
            self.ids.add(entry[2][0].uid)
        elif len(self.entries) > FEW:
            self.ids = {refs[0].uid for _, _, refs in self.entries}


class Sliding:
    """The state of one correlation with ``gt`` or ``gte``."""

    def __init__(self, reader: Reader, max_keys: int) -> None:
        self.reader = reader
        self.evicted = 0
        """Groups, or entries of one, that were given up because there were too many."""
        self._max_keys = max_keys
        self._max_entries = max(MAX_ENTRIES, 2 * reader.link.count)
        self._total = 0
        self._groups: OrderedDict[Key, Group] = OrderedDict()
        """The longest idle first."""

    def see(self, time: int, event: Event, inputs: Sequence[Input]) -> Iterator[Hit]:
        """Take an event; gives a hit for each group in which it completes a window.

        A hit's events are to be gathered before the next is taken.
        """
        self._retire(time - self.reader.span)
        for key, entity, label, given in self.reader.groups(event, inputs):
            group = self._group(key, entity)
            self._drop(group, bisect_right(group.entries, time - self.reader.span, key=_time))
            if group.knows(given[0].refs[0].uid):
                continue
            refs = given[0].refs if len(given) == 1 else tuple(distinct((g.refs,) for g in given))
            self._append(group, (time, label, refs))
            measured = self.reader.enough(group.state, len(group.entries), time - self.reader.span)
            if measured is not None:
                yield self._hit(group, time, event, given[-1].matched, measured)

    def _hit(self, group: Group, time: int, event: Event, matched: int, measured: float) -> Hit:
        entries = group.entries
        hit = self.reader.hit(event, matched, group.entity, measured, entries[0][0], group.state)
        hit.at = time
        hit.behind, hit.previous = _gathering(entries, group.told), group.previous
        group.told, group.previous = len(entries), time
        return hit

    def _group(self, key: Key, entity: Entity) -> Group:
        group = self._groups.get(key)
        if group is None:
            if len(self._groups) >= self._max_keys:
                self._evict()
            group = self._groups[key] = Group(entity, self.reader.measure.start())
        else:
            self._groups.move_to_end(key)
        return group

    def _evict(self) -> None:
        """Give the longest idle group up."""
        self._total -= len(self._groups.popitem(last=False)[1].entries)
        self.evicted += 1

    def _append(self, group: Group, entry: Entry) -> None:
        group.append(entry)
        self.reader.measure.add(group.state, entry[1], entry[0])
        self._total += 1
        if len(group.entries) > self._max_entries:
            self._drop(group, len(group.entries) - self._max_entries)
            self.evicted += 1
        while self._total > MAX_TOTAL and len(self._groups) > 1:
            self._evict()

    def _drop(self, group: Group, old: int) -> None:
        """Forget the oldest entries of a group."""
        if not old:
            return
        for _, label, refs in group.entries[:old]:
            self.reader.measure.drop(group.state, label)
            if group.ids is not None:
                group.ids.discard(refs[0].uid)
        del group.entries[:old]
        group.told = max(0, group.told - old)
        self._total -= old

    def _retire(self, before: int) -> None:
        """Forget the groups in which nothing is left: the longest idle come first."""
        while self._groups:
            key, group = next(iter(self._groups.items()))
            if group.entries and group.entries[-1][0] > before:
                return
            self._total -= len(group.entries)
            del self._groups[key]

    def dump(self, mask: Mask) -> list[Any]:
        """All groups as plain values, the longest idle first; without those that are named by a secret."""
        return [
            [key.hex(), g.entity, [_written(e) for e in g.entries], g.told, g.previous, self._kept(g)]
            for key, g in self._groups.items()
            if open_to_all(mask, g.entity, g.state)
        ]

    def _kept(self, group: Group) -> Any:
        """State that cannot be made again of the entries: chains that began with entries given up since."""
        return group.state if self.reader.link.kind == "temporal_ordered" else None

    def load(self, groups: Sequence[Any]) -> None:
        """What ``dump`` gave, read back from JSON."""
        for key, entity, entries, told, previous, kept in groups:
            group = Group(pairs(entity), self.reader.measure.start())
            for time, label, refs in entries:
                entry = (integer(time), self.reader.label(label), tuple(EventRef.of(ref) for ref in refs))
                if not entry[2] or (group.entries and entry[0] < group.entries[-1][0]):
                    raise ValueError("an entry out of order or without its event")
                group.append(entry)
                if kept is None:
                    self.reader.measure.add(group.state, entry[1], entry[0])
            if kept is not None:
                group.state = self.reader.measure.load(kept)
            group.told, group.previous = integer(told), None if previous is None else integer(previous)
            self._groups[bytes.fromhex(key)] = group
            self._total += len(group.entries)


def _gathering(entries: list[Entry], told: int) -> Callable[[bool, int], list[EventRef]]:
    def gather(fresh: bool, newest: int = 0) -> list[EventRef]:
        return distinct(entries[told:] if fresh else entries[-newest:])

    return gather


def _written(entry: Entry) -> list[Any]:
    time, label, refs = entry
    return [time, [written(value) for value in label], [ref.plain() for ref in refs]]


def _time(entry: Entry) -> int:
    return entry[0]
