"""Correlations that are judged when a window closes: fewer than, exactly, not; ``not`` in an expression.

More events may undo them, so nothing is said before the window has passed. A window opens with the first event
of a group and holds what comes within ``timespan`` of it; the next opens with the first event after. A group
that shows no event has no window: silence is not seen.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from tracehound.matcher.groups import Input, Key, Mask, Reader, distinct, open_to_all, pairs
from tracehound.matcher.hits import MAX_RELATED, Entity, Event, EventRef, Hit
from tracehound.plain import integer, masked_event, pack, packed, text, unpack

MAX_IDS = 10_000
"""So many events of a window are told apart; beyond, each counts."""


FEW = 16


class _Window:
    __slots__ = ("entity", "entries", "ids", "last", "matched", "refs", "start", "state")

    def __init__(self, start: int, entity: Entity, state: Any) -> None:
        self.start = start
        self.entity = entity
        self.state = state
        self.entries = 0
        self.ids: list[str] | set[str] = []
        """A list while there are few, which is smaller."""
        self.refs: list[EventRef] = []
        self.last = b"{}"
        """The last event, packed."""
        self.matched = 0


class Closing:
    """The state of one correlation that is judged at the close."""

    def __init__(self, reader: Reader, max_keys: int) -> None:
        self.reader = reader
        self.evicted = 0
        self._max_keys = max_keys
        self._windows: OrderedDict[Key, _Window] = OrderedDict()
        """The first opened, which closes first, first."""

    def see(self, time: int, event: Event, inputs: Sequence[Input]) -> None:
        """Take an event into the windows of its groups. Those that end before it must have been closed."""
        for key, entity, label, given in self.reader.groups(event, inputs):
            window = self._windows.get(key)
            if window is None:
                if len(self._windows) >= self._max_keys:
                    self._windows.popitem(last=False)
                    self.evicted += 1
                window = self._windows[key] = _Window(time, entity, self.reader.measure.start())
            uid = given[0].refs[0].uid
            if uid in window.ids:
                continue
            _add(window, uid)
            if len(window.refs) < MAX_RELATED:
                window.refs += [ref for g in given for ref in g.refs]
            window.entries += 1
            self.reader.measure.add(window.state, label, time)
            window.last, window.matched = pack(event), given[-1].matched

    def next_close(self) -> int | None:
        """When the next window closes, epoch milliseconds."""
        for window in self._windows.values():
            return window.start + self.reader.span
        return None

    def close(self) -> Hit | None:
        """Close the window that ends first; gives a hit if its condition holds."""
        _, window = self._windows.popitem(last=False)
        measured = self.reader.enough(window.state, window.entries, window.start - 1)
        if measured is None:
            return None
        event = unpack(window.last)
        hit = self.reader.hit(event, window.matched, window.entity, measured, window.start, window.state)
        hit.at = window.start + self.reader.span
        hit.related = distinct([(window.refs,)])[:MAX_RELATED]
        hit.uids = frozenset((*(ref.uid for ref in hit.related), *window.ids))
        hit.count = max(window.entries, len(hit.uids))
        return hit

    def dump(self, mask: Mask) -> list[Any]:
        """All windows as plain values, the first opened first; without those that are named by a secret."""
        return [
            [key.hex(), w.start, w.entity, self.reader.measure.dump(w.state), w.entries, sorted(w.ids),
             [ref.plain() for ref in w.refs], pack(masked_event(unpack(w.last), mask)).decode(), w.matched]
            for key, w in self._windows.items()
            if open_to_all(mask, w.entity, w.state)
        ]  # fmt: skip

    def load(self, windows: Sequence[Any]) -> None:
        """What ``dump`` gave, read back from JSON."""
        for key, start, entity, state, entries, ids, refs, last, matched in windows:
            window = _Window(integer(start), pairs(entity), self.reader.measure.load(state))
            window.entries, window.ids = integer(entries), {text(uid) for uid in ids}
            window.refs = [EventRef.of(ref) for ref in refs]
            window.last, window.matched = packed(last), self.reader.leaf(matched)
            self._windows[bytes.fromhex(key)] = window


def _add(window: _Window, uid: str) -> None:
    """Remember an event's id."""
    if isinstance(window.ids, set):
        if len(window.ids) < MAX_IDS:
            window.ids.add(uid)
    else:
        window.ids.append(uid)
        if len(window.ids) > FEW:
            window.ids = set(window.ids)
