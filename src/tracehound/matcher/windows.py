"""Correlations: several events within a time, per group of values.

Windows run on event time and are half-open: two events exactly ``timespan`` apart are not in one. What is
counted is distinct labels: event uids for ``event_count``, folded values for ``value_count``, base rules for
``temporal``. State is bounded: so many groups (the longest idle goes), so many entries in each.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tracehound.matcher.hits import MAX_RELATED, Entity, Event, EventRef, Hit, reference
from tracehound.matcher.values import fold, text_of, values_at
from tracehound.rules.model import Correlation, Rule

MAX_GROUPS_OF_ONE_EVENT = 64
MAX_WINDOW = 1000
"""So many entries of a window are looked at (or twice the count that is asked for)."""
MAX_ENTRIES = 10_000
"""So many entries are kept of a group, the newest."""
MAX_TOTAL = 1_000_000
"""So many entries are kept of a rule."""
Key = tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """The entries of one group: (time, label, event), sorted by time."""

    entity: Entity
    entries: list[tuple[int, str, EventRef]] = field(default_factory=list)
    seen: set[tuple[str, str]] = field(default_factory=set)


class Correlator:
    """The state of one correlation rule."""

    def __init__(self, rule: Rule, max_keys: int) -> None:
        if rule.correlation is None:
            raise ValueError(f"rule {rule.id} is no correlation")
        self.rule = rule
        self.evicted = 0
        self._link: Correlation = rule.correlation
        self._span = rule.correlation.seconds * 1000
        self._max_keys = max_keys
        self._max_window = max(MAX_WINDOW, 2 * rule.correlation.count)
        self._max_entries = max(MAX_ENTRIES, self._max_window)
        self._total = 0
        self._groups: OrderedDict[Key, _Group] = OrderedDict()

    def see(self, event: Event, base: int, horizon: int) -> list[Hit]:
        """Take an event that meets base rule number ``base``; gives a hit for each group that it completes.

        What is older than ``horizon`` by more than the timespan is forgotten.
        """
        ref = reference(event)
        hits = []
        for key, entity in self._keys(event, base):
            group = self._group(key, entity)
            for label in self._labels(event, base, ref):
                self._insert(group, ref.time, label, ref)
            self._forget(group, horizon - self._span)
            hit = self._complete(group, ref, event, base)
            if hit is not None:
                hits.append(hit)
        return hits

    def _keys(self, event: Event, base: int) -> list[tuple[Key, Entity]]:
        """The groups of an event: one for each combination of the values of its key fields."""
        options = []
        for name, path in zip(self._link.group_by, self._link.keys[base], strict=True):
            texts = {fold(t): t for v in values_at(event, path) if (t := text_of(v)) is not None}
            if not texts:
                return []
            options.append([(folded, (name, text)) for folded, text in texts.items()])
        groups = []
        for combination in product(*options):
            groups.append((tuple(f for f, _ in combination), tuple(e for _, e in combination)))
            if len(groups) == MAX_GROUPS_OF_ONE_EVENT:
                break
        return groups

    def _labels(self, event: Event, base: int, ref: EventRef) -> list[str]:
        if self._link.kind == "event_count":
            return [ref.uid]
        if self._link.kind == "temporal":
            return [str(base)]
        values = values_at(event, self._link.field)
        return list(dict.fromkeys(fold(t) for v in values if (t := text_of(v)) is not None))

    def _group(self, key: Key, entity: Entity) -> _Group:
        group = self._groups.get(key)
        if group is None:
            while self._groups and (len(self._groups) >= self._max_keys or self._total >= MAX_TOTAL):
                self._total -= len(self._groups.popitem(last=False)[1].entries)
                self.evicted += 1
            group = self._groups[key] = _Group(entity)
        else:
            self._groups.move_to_end(key)
        return group

    def _insert(self, group: _Group, time: int, label: str, ref: EventRef) -> None:
        if (ref.uid, label) in group.seen:
            return
        group.seen.add((ref.uid, label))
        insort(group.entries, (time, label, ref))
        self._total += 1
        if len(group.entries) > self._max_entries:
            self._drop(group, 1)

    def _forget(self, group: _Group, before: int) -> None:
        self._drop(group, bisect_right(group.entries, before, key=_time))

    def _drop(self, group: _Group, old: int) -> None:
        """Forget the oldest entries of a group."""
        self._total -= old
        for _, label, ref in group.entries[:old]:
            group.seen.discard((ref.uid, label))
        del group.entries[:old]

    def _complete(self, group: _Group, ref: EventRef, event: Event, base: int) -> Hit | None:
        """The first window that holds the new event and enough labels, ending at it or later."""
        entries, time = group.entries, ref.time
        first = bisect_left(entries, time, key=_time)
        last = bisect_left(entries, time + self._span, first, key=_time)
        for end in sorted({entries[i][0] for i in range(first, min(last, first + self._max_window))}):
            stop = bisect_right(entries, end, key=_time)
            start = bisect_right(entries, end - self._span, key=_time)
            window = entries[max(start, stop - self._max_window) : stop]
            labels = {label for _, label, _ in window}
            if len(labels) >= self._link.count:
                return self._hit(group, window, len(labels), event, base)
        return None

    def _hit(
        self, group: _Group, window: list[tuple[int, str, EventRef]], measure: int, event: Event, base: int
    ) -> Hit:
        events = list(dict.fromkeys(ref for _, _, ref in window))
        notes: dict[str, Any] = {name: [value] for name, value in group.entity}
        notes[self._link.kind] = [str(measure)]
        if self._link.kind == "value_count":
            notes["values"] = sorted({label for _, label, _ in window})[:10]
        return Hit(
            self.rule,
            event,
            self._link.base[base],
            group.entity,
            events[:MAX_RELATED],
            frozenset(ref.uid for ref in events),
            len(events),
            measure,
            window[0][0],
            notes,
        )


def _time(entry: tuple[int, str, EventRef]) -> int:
    return entry[0]
