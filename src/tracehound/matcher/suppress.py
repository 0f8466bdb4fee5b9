"""Repeats of a finding: raised once, counted while the window is open, closed with one update."""

from __future__ import annotations

import heapq
import zlib
from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from xxhash import xxh3_64_intdigest

from tracehound.findings import updated
from tracehound.matcher.groups import found_at, key_of
from tracehound.matcher.hits import MAX_RELATED, Entity, Event, EventRef, Hit
from tracehound.matcher.refs import Refs
from tracehound.matcher.values import fold, text_of
from tracehound.plain import integer, masked, pack, text, unpack
from tracehound.rules.model import Rule

MAX_UIDS = 10_000
"""So many events of a window are told apart; beyond, each further one counts."""

MAX_BYTES = 16 * 1024 * 1024
"""About so much memory open windows may take; beyond, the longest idle is closed."""
EACH_WINDOW, EACH_UID = 1024, 8
REMEMBERED = 1024
"""So many entities are remembered with their key."""

Key = tuple[str, bytes]


@dataclass(slots=True)
class _Window:
    key: Key
    start: int
    finding: bytes
    """What was raised, packed and compressed."""
    uids: array[int]
    """The hashes of the events' ids, sorted."""
    related: Refs
    last: EventRef
    repeats: int = 0
    beyond: int = 0
    taken_over: bool = False
    """Of a window that opened early: whether one of the settled order has taken its finding over."""


class Suppressor:
    """The windows of all rules; at most ``max_windows``, beyond which the longest idle is closed.

    ``create`` makes a finding of a hit.
    """

    def __init__(self, max_windows: int, create: Callable[[Hit], Event]) -> None:
        self.evicted = 0
        self.suppressed = 0
        self._create = create
        self._max_windows = max_windows
        self._open: OrderedDict[int, _Window] = OrderedDict()
        """By serial number, the longest idle first."""
        self._starts: dict[Key, list[tuple[int, int]]] = {}
        """(start, serial) of the windows of a key, sorted; they do not overlap."""
        self._ends: list[tuple[int, int]] = []
        self._serial = 0
        self._size = 0
        """Of what is open, about, in bytes."""
        self._keys: dict[Entity, bytes] = {}

    def repeats(self, rule: Rule, event: Event, ref: EventRef) -> bool:
        """Whether a single event only repeats what an open window has; it is then counted there.

        Most hits are repeats: this saves making a hit of them.
        """
        span = window_seconds(rule)
        if span is None:
            return False
        key = (rule.id, self._key(entity_in(rule, event)))
        serial = self._covering(key, ref.time, span * 1000) if key in self._starts else None
        if serial is None:
            return False
        self._note(self._open[serial], (ref,))
        self._open.move_to_end(serial)
        return True

    def take(self, hit: Hit, early: Suppressor | None = None) -> tuple[Event | None, list[Event]]:
        """A new hit: the finding to raise (None: it is a repeat), and updates of windows given up for it.

        Where ``early`` has raised a finding near enough to be the same, that one is gone on with.
        """
        span = window_seconds(hit.rule)
        if span is None:
            hit.gather()
            return self._create(hit), []
        if hit.rule.correlation is not None:
            hit.entity = entity_of(hit)
        key = (hit.rule.id, self._key(hit.entity))
        serial = self._covering(key, hit.time, span * 1000)
        if serial is not None:
            self._count(self._open[serial], hit)
            self._open.move_to_end(serial)
            return None, []
        closed: list[Event] = []
        while len(self._open) >= self._max_windows or (self._size > MAX_BYTES and self._open):
            closed += self._close(next(iter(self._open)))
            self.evicted += 1
        hit.window = hit.time
        hit.gather()
        packed = early.taken_over(key, hit.time, span * 1000) if early else None
        finding = None
        if packed is None:
            finding = self._create(hit)
            packed = zlib.compress(pack(finding), 1)
        self._serial += 1
        last = hit.related[-1] if hit.behind is None else hit.behind(False, 1)[0]
        self._add(
            self._serial, span,
            _Window(key, hit.time, packed, _sorted(map(number_of, hit.uids)), Refs(hit.related), last),
        )  # fmt: skip
        return finding, closed

    def _key(self, entity: Entity) -> bytes:
        """Who a finding is about in 16 bytes; the same few come again and again."""
        key = self._keys.get(entity)
        if key is None:
            if len(self._keys) >= REMEMBERED:
                self._keys.clear()
            key = self._keys[entity] = key_of(part for name, value in entity for part in (name, fold(value)))
        return key

    def taken_over(self, key: Key, time: int, span: int) -> bytes | None:
        """The finding of the window that a hit would belong to, once; packed."""
        serial = self._covering(key, time, span)
        window = self._open[serial] if serial is not None else None
        if window is None or window.taken_over:
            return None
        window.taken_over = True
        return window.finding

    def _add(self, serial: int, span: int, window: _Window) -> None:
        self._open[serial] = window
        self._size += _size(window)
        insort(self._starts.setdefault(window.key, []), (window.start, serial))
        heapq.heappush(self._ends, (window.start + span * 1000, serial))

    def _covering(self, key: Key, time: int, span: int) -> int | None:
        """The window that a hit belongs to: it lies inside, or not long enough before to have its own."""
        starts = self._starts.get(key, [])
        after = bisect_right(starts, time, key=_start)
        if after and time < starts[after - 1][0] + span:
            return starts[after - 1][1]
        if after < len(starts) and starts[after][0] < time + span:
            return starts[after][1]
        return None

    def passed(self, horizon: int) -> list[Event]:
        """Updates of the windows that end at or before ``horizon`` (epoch milliseconds)."""
        closed: list[Event] = []
        while self._ends and self._ends[0][0] <= horizon:
            closed += self._close(heapq.heappop(self._ends)[1])
        return closed

    def flush(self) -> list[Event]:
        """Updates of all windows that are open."""
        return [finding for serial in sorted(self._open) for finding in self._close(serial)]

    def _count(self, window: _Window, hit: Hit) -> None:
        self._note(window, hit.since(window.start if _within_group(hit.rule) else hit.time + 1))

    def _note(self, window: _Window, refs: Iterable[EventRef]) -> None:
        """Count a repeat, with the events behind it."""
        self.suppressed += 1
        window.repeats += 1
        for ref in refs:
            number = number_of(ref.uid)
            at = bisect_left(window.uids, number)
            if at < len(window.uids) and window.uids[at] == number:
                continue
            if len(window.uids) < MAX_UIDS:
                window.uids.insert(at, number)
                self._size += EACH_UID
            else:
                window.beyond += 1
            if len(window.related) < MAX_RELATED:
                before = window.related.size
                window.related.append(ref)
                self._size += window.related.size - before
            if ref > window.last:
                window.last = ref

    def _close(self, serial: int) -> list[Event]:
        window = self._open.pop(serial, None)
        if window is None:
            return []
        self._size -= _size(window)
        starts = self._starts[window.key]
        starts.remove((window.start, serial))
        if not starts:
            del self._starts[window.key]
        if not window.repeats:
            return []
        related = sorted(window.related)
        if window.last.time > related[-1].time:
            related = [*related[: MAX_RELATED - 1], window.last]
        finding = unpack(zlib.decompress(window.finding))
        return [updated(finding, related, len(window.uids) + window.beyond)]

    def dump(self, mask: Callable[[str], str]) -> list[Any]:
        """All windows as plain values with masked texts, the longest idle first."""
        return [
            [w.key[0], w.key[1].hex(), serial, w.start, _masked(w.finding, mask), list(w.uids),
             [ref.plain() for ref in w.related], w.last.plain(), w.repeats, w.beyond, w.taken_over]
            for serial, w in self._open.items()
        ]  # fmt: skip

    def load(self, windows: Iterable[Sequence[Any]], spans: dict[str, int]) -> None:
        """What ``dump`` gave, read back from JSON; ``spans`` are the seconds of each rule that may go on."""
        for rule, key, serial, start, finding, uids, related, last, repeats, beyond, taken_over in windows:
            if not spans.get(rule):
                continue
            refs = [EventRef.of(ref) for ref in related]
            updated(unpack(text(finding)), refs, 1)  # raises where it is no finding
            window = _Window(
                (rule, bytes.fromhex(key)), integer(start), zlib.compress(finding.encode(), 1),
                _sorted(integer(uid) for uid in uids), Refs(refs), EventRef.of(last), integer(repeats),
                integer(beyond), bool(taken_over),
            )  # fmt: skip
            if not refs:
                raise ValueError("a window without events")
            self._add(integer(serial), spans[rule], window)
            self._serial = max(self._serial, serial)


def number_of(uid: str) -> int:
    """An event's id in eight bytes, of which JSON keeps all."""
    return xxh3_64_intdigest(uid.encode("utf-8", "surrogatepass")) >> 1


def _sorted(numbers: Iterable[int]) -> array[int]:
    return array("q", sorted(set(numbers)))


def _size(window: _Window) -> int:
    return EACH_WINDOW + len(window.finding) + EACH_UID * len(window.uids) + window.related.size


def _masked(finding: bytes, mask: Callable[[str], str]) -> str:
    """A packed finding as text; its values are masked already, but who and what it is about are not."""
    whole = unpack(zlib.decompress(finding))
    return pack(whole | {key: masked(whole[key], mask) for key in ("ai", "actor") if key in whole}).decode()


def _within_group(rule: Rule) -> bool:
    """Whether all hits of a correlation's group fall into the same windows."""
    return not rule.suppress or not rule.correlation or {*rule.suppress.by} <= {*rule.correlation.group_by}


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
    if hit.rule.correlation is None:
        return entity_in(hit.rule, hit.event)
    grouped = dict(hit.entity)
    entity: list[tuple[str, str]] = []
    for name in hit.rule.suppress.by:
        texts = [grouped[name]] if name in grouped else _texts(hit.event, name)
        entity.extend((name, text) for text in texts)
    return tuple(entity)


def entity_in(rule: Rule, event: Event) -> Entity:
    """The values of ``suppress.by`` in an event."""
    if rule.suppress is None:
        return ()
    return tuple((name, text) for name in rule.suppress.by for text in _texts(event, name))


def _texts(event: Event, name: str) -> list[str]:
    """All values of a field, sorted: an array as a whole is one entity."""
    values = found_at(event, name)
    if len(values) == 1 and values[0].__class__ is str:
        return values
    return sorted({t for v in values if (t := text_of(v)) is not None})
