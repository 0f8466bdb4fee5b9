"""Baselines: what was not seen before, for whom.

``first_seen``: a value of one field that the entity did not show within the time before. An entity is learned
first: nothing is raised of it until it has been known for the learning period, since before that everything it
does is new. Values are remembered as hashes with the time at which each was last seen, for as long as the rule
looks back; of the latest few the text is kept too, for the finding. Events come in the order of their times.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from tracehound.matcher.groups import Key, found_at, key_of
from tracehound.matcher.hits import Entity, Event, Hit, reference
from tracehound.matcher.values import fold, text_of
from tracehound.plain import integer, text
from tracehound.rules.model import Rule

MAX_VALUES = 1000
"""So many values are remembered of an entity."""
MAX_TOTAL = 500_000
"""So many values are remembered of a rule."""
MAX_SHOWN = 5
BEFORE_ALL = -(2**62)
DAY = 86_400


@dataclass(slots=True)
class _Known:
    """One entity: since when it is known, when it was last seen, its values and the latest texts."""

    since: int
    last: int
    values: OrderedDict[int, int] = field(default_factory=OrderedDict)
    """The hash of a value -> when it was last seen, epoch milliseconds; the longest unseen first."""
    texts: list[str] = field(default_factory=list)
    """The latest values that were new, as they may be shown; the newest last."""


class FirstSeen:
    """The state of one ``first_seen`` rule; texts pass through ``mask`` before they are kept."""

    def __init__(self, rule: Rule, max_keys: int, mask: Callable[[str], str] = str) -> None:
        if rule.baseline is None:
            raise ValueError(f"rule {rule.id} has no baseline")
        self.source = rule
        self.rule = replace(rule, level=rule.finding_level)
        self.evicted = 0
        """Entities, or values of one, that were given up because there were too many."""
        self.frontier = BEFORE_ALL
        self._baseline = rule.baseline
        self._span = rule.baseline.seconds * 1000
        self._learn = (rule.baseline.learn or rule.baseline.seconds) * 1000
        self._max_keys = max_keys
        self._mask = mask
        self._total = 0
        self._entities: OrderedDict[Key, _Known] = OrderedDict()
        """The longest unseen first."""
        self._waiting: dict[tuple[Key, int], tuple[int, int]] = {}
        """Values that waiting events show: when first, and when last by events that they stand for."""

    def see(self, time: int, event: Event, leaves: Sequence[int] = ()) -> Iterator[Hit]:
        """Take an event that the rule selects; gives a hit if it shows something new."""
        self.frontier = max(self.frontier, time)
        yield from self._look(time, event, learning=False)

    def learn(self, time: int, event: Event) -> None:
        """Take an event of the past: nothing is raised of it, and nothing comes too late for it."""
        for _ in self._look(time, event, learning=True):
            pass

    def absorbs(self, time: int, event: Event) -> bool:
        """Take an event at once, out of order, if that makes no difference: its values are known and stay known.

        A value that was seen in the span before is not new, whatever else comes in between; and an older event
        with it, that is still to come, is not new either. An event that waits stands for those after it that
        show the same: what they add is kept until it is judged. False: the event is to wait.
        """
        texts = [fold(t) for v in found_at(event, self._baseline.of) if (t := text_of(v)) is not None]
        entity = self._entity(event)
        if entity is None or not texts:
            return True
        key = key_of(fold(text) for _, text in entity)
        known = self._entities.get(key)
        shown = [(key, _hash(text)) for text in texts]
        if all(self._is_known(known, time, place) for place in shown):
            for place in shown:
                self._note(known, time, place)
            return True
        for place in shown:
            first, last = self._waiting.get(place, (time, BEFORE_ALL))
            self._waiting[place] = (min(first, time), last)
        return False

    def _is_known(self, known: _Known | None, time: int, place: tuple[Key, int]) -> bool:
        before = time - self._span
        if known is not None and known.values.get(place[1], before) > before:
            return True
        return before < self._waiting.get(place, (before, 0))[0] <= time

    def _note(self, known: _Known | None, time: int, place: tuple[Key, int]) -> None:
        """Remember that a known value was seen again."""
        if known is not None and known.values.get(place[1], time - self._span) > time - self._span:
            known.values[place[1]] = max(known.values[place[1]], time)
            known.values.move_to_end(place[1])
            known.last = max(known.last, time)
            self._entities.move_to_end(place[0])
        else:
            first, last = self._waiting[place]
            self._waiting[place] = (first, max(last, time))

    def advance(self, time: int | None) -> Iterator[Hit]:
        """Nothing closes in a baseline."""
        return iter(())

    def _look(self, time: int, event: Event, *, learning: bool) -> Iterator[Hit]:
        texts = {fold(t): t for v in found_at(event, self._baseline.of) if (t := text_of(v)) is not None}
        entity = self._entity(event)
        if entity is None or not texts:
            return
        key = key_of(fold(text) for _, text in entity)
        known = self._known(key, time)
        before = known.texts[::-1]
        new = [text for folded, text in texts.items() if self._is_new(known, folded, text, time)]
        known.last = max(known.last, time)
        if self._waiting:
            self._catch_up(key, known, texts)
        while self._total > MAX_TOTAL and len(self._entities) > 1:
            self._evict()
        if not new or learning or time - known.since < self._learn:
            return
        ref = reference(event)
        notes = {"first_seen": new, "explanation": [self._explanation(before)]}
        if before:
            notes["seen_before"] = before
        yield Hit(self.rule, event, self.rule, entity, [ref], frozenset({ref.uid}), 1, notes=notes, at=time)

    def _catch_up(self, key: Key, known: _Known, texts: Iterable[str]) -> None:
        """Add what the events showed that a judged one stood for."""
        for hashed in map(_hash, texts):
            _, last = self._waiting.pop((key, hashed), (0, BEFORE_ALL))
            known.values[hashed] = max(known.values.get(hashed, last), last)
            known.last = max(known.last, last)

    def _entity(self, event: Event) -> Entity | None:
        """Whose values they are; an array as a whole is one entity. None where a field is absent."""
        entity = []
        for name in self._baseline.by:
            found = sorted(t for v in found_at(event, name) if (t := text_of(v)) is not None)
            if not found:
                return None
            entity.append((name, ", ".join(found)))
        return tuple(entity)

    def _known(self, key: Key, time: int) -> _Known:
        known = self._entities.get(key)
        if known is not None and known.last <= time - self._span:  # it was away: as if never seen
            self._total -= len(self._entities.pop(key).values)
            known = None
        if known is None:
            self._retire(time - self._span)
            if len(self._entities) >= self._max_keys:
                self._evict()
            known = self._entities[key] = _Known(time, time)
        else:
            self._entities.move_to_end(key)
            known.since = min(known.since, time)
        return known

    def _evict(self) -> None:
        """Give the longest unseen entity up."""
        self._total -= len(self._entities.popitem(last=False)[1].values)
        self.evicted += 1

    def _retire(self, before: int) -> None:
        """Forget the entities that showed nothing for as long as the rule looks back."""
        while self._entities:
            key, known = next(iter(self._entities.items()))
            if known.last > before:
                return
            self._total -= len(known.values)
            del self._entities[key]

    def _is_new(self, known: _Known, folded: str, value: str, time: int) -> bool:
        values = known.values
        hashed = _hash(folded)
        last = values.get(hashed)
        values[hashed] = time if last is None else max(last, time)
        values.move_to_end(hashed)
        if last is None:
            self._total += 1
            self._forget(values, time - self._span)
        if last is not None and time - last < self._span:
            return False
        shown = self._mask(value)
        known.texts = [*(t for t in known.texts if t != shown), shown][-MAX_SHOWN:]
        return True

    def _forget(self, values: OrderedDict[int, int], before: int) -> None:
        """Forget values that were not seen for so long, and the longest unseen where there are too many."""
        while len(values) > 1:
            hashed, last = next(iter(values.items()))
            if last > before and len(values) <= MAX_VALUES:
                return
            self.evicted += last > before
            del values[hashed]
            self._total -= 1

    def _explanation(self, before: list[str]) -> str:
        span = self._baseline.seconds
        time = (
            f"{span // DAY} days"
            if span >= 2 * DAY
            else f"{span // 3600} hours"
            if span >= 7200
            else f"{span} s"
        )
        said = f"first time in {time}"
        return f"{said}; seen before: {', '.join(before)}" if before else said

    def dump(self, mask: Callable[[str], str]) -> dict[str, Any]:
        """The state as plain values; its texts are masked already."""
        entities = [
            [key.hex(), k.since, k.last, [*k.values.items()], k.texts] for key, k in self._entities.items()
        ]
        waiting = [[key.hex(), hashed, *times] for (key, hashed), times in self._waiting.items()]
        return {"frontier": self.frontier, "entities": entities, "waiting": waiting}

    def load(self, state: dict[str, Any]) -> None:
        """What ``dump`` gave, read back from JSON."""
        self.frontier = integer(state["frontier"])
        for key, since, last, values, texts in state["entities"]:
            times = OrderedDict((integer(value), integer(time)) for value, time in values)
            known = _Known(integer(since), integer(last), times, [text(shown) for shown in texts])
            self._entities[bytes.fromhex(key)] = known
            self._total += len(times)
        for key, hashed, first, last in state["waiting"]:
            self._waiting[bytes.fromhex(key), integer(hashed)] = (integer(first), integer(last))


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest())
