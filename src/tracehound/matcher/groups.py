"""What sliding and closing windows share: the groups of an event, what is measured of it, the hit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import islice, product
from typing import Any

from tracehound.matcher.hits import Entity, Event, EventRef, Hit, reference
from tracehound.matcher.measures import OPERATORS, SHIFT, Label, exact, measure_of, read
from tracehound.matcher.values import fold, text_of, values_at
from tracehound.plain import integer, text
from tracehound.rules.model import Correlation, Rule

MAX_GROUPS_OF_ONE_EVENT = 64
MAX_VALUES_OF_ONE_EVENT = 1000
"""So many values of an event are counted or added (of several fields: combinations)."""
MAX_PASSED = 20
"""So many events behind a hit are handed to a correlation over it."""
MAX_SHOWN = 10
Key = bytes
Mask = Callable[[str], str]
_COMPARED = {
    "value_sum": "sum",
    "value_avg": "average",
    "value_median": "median",
    "value_percentile": "percentile",
}


@dataclass(frozen=True, slots=True)
class Input:
    """An event that meets base rule number ``base`` of a correlation, or a hit of one that is its base."""

    base: int
    matched: int
    """The leaf of the tree whose condition the event meets."""
    refs: tuple[EventRef, ...]
    """The event; after it, those behind a hit."""
    entity: Entity = ()
    """The group of the hit."""


def key_of(texts: Iterable[str]) -> Key:
    """A group in 16 bytes."""
    raw = "\0".join(texts).encode("utf-8", "surrogatepass")
    return blake2b(raw, digest_size=16).digest()


_PATHS: dict[str, tuple[str, ...]] = {}


def found_at(event: Event, name: str) -> list[Any]:
    """``values_at``, with a short way to a single text or number."""
    path = _PATHS.get(name)
    if path is None:
        path = _PATHS[name] = tuple(name.split("."))
    node: Any = event
    for step in path:
        if node.__class__ is not dict:
            break
        node = node.get(step)
    else:
        if node.__class__ in (str, int, float):
            return [node]
    return values_at(event, name)


class Shared:
    """What several rules want of the same event, made once: its reference, its groups by the same fields."""

    __slots__ = ("_event", "keys", "ref")

    def __init__(self) -> None:
        self._event: Event | None = None
        self.ref: EventRef | None = None
        self.keys: dict[Any, list[tuple[Key, Entity]]] = {}

    def forget(self) -> None:
        """The next event is another one, even if it is the same object."""
        self._event = None

    def of(self, event: Event) -> EventRef:
        """Turn to an event; gives its reference."""
        if self._event is not event or self.ref is None:
            self._event, self.ref, self.keys = event, reference(event), {}
        return self.ref


class Reader:
    """Reads of events what one correlation wants: groups, what is measured, whether it is enough."""

    def __init__(self, rule: Rule, leaves: Sequence[Rule], shared: Shared) -> None:
        if rule.correlation is None:
            raise ValueError(f"rule {rule.id} is no correlation")
        self.rule = rule
        self.link: Correlation = rule.correlation
        self.span = self.link.seconds * 1000
        self.measure = measure_of(self.link)
        self._leaves = leaves
        self._shared = shared
        self._holds = OPERATORS[self.link.op]
        self._fields = self.link.fields or ((self.link.field,) if self.link.field else ())
        self._numbers = self.link.kind in _COMPARED

    def groups(
        self, event: Event, inputs: Sequence[Input]
    ) -> Iterator[tuple[Key, Entity, Label, list[Input]]]:
        """Each group that the event is in, with its label there; none where it shows nothing to measure."""
        label = self._values(event) if self._fields else ()
        if self._fields and not label:
            return
        if len(inputs) == 1:  # nearly always
            for key, entity in self._keys(event, inputs[0]):
                yield key, entity, label or (inputs[0].base,), [*inputs]
            return
        found: dict[Key, tuple[Entity, list[Input]]] = {}
        for given in inputs:
            for key, entity in self._keys(event, given):
                found.setdefault(key, (entity, []))[1].append(given)
        for key, (entity, given_here) in found.items():
            bases = tuple(dict.fromkeys(given.base for given in given_here))
            yield key, entity, label if self._fields else bases, given_here

    def _keys(self, event: Event, given: Input) -> list[tuple[Key, Entity]]:
        """The groups of an event, made once for all correlations with the same fields."""
        wanted = (self.link.group_by, self.link.keys[given.base])
        if given.entity:
            return list(self._made(event, dict(given.entity), *wanted))
        self._shared.of(event)
        found = self._shared.keys.get(wanted)
        if found is None:
            found = self._shared.keys[wanted] = list(self._made(event, {}, *wanted))
        return found

    @staticmethod
    def _made(
        event: Event, own: dict[str, str], names: Sequence[str], paths: Sequence[str]
    ) -> Iterator[tuple[Key, Entity]]:
        """One group for each combination of the values of the key fields; ``own`` are those of a hit's group."""
        options = []
        for name, path in zip(names, paths, strict=True):
            values = [own[path]] if path in own else found_at(event, path)
            texts = {fold(t): t for v in values if (t := text_of(v)) is not None}
            if not texts:
                return
            options.append([(folded, (name, value)) for folded, value in texts.items()])
        for combination in islice(product(*options), MAX_GROUPS_OF_ONE_EVENT):
            yield key_of(folded for folded, _ in combination), tuple(entity for _, entity in combination)

    def _values(self, event: Event) -> Label:
        """The numbers of the field, or the values (of several fields: their combinations)."""
        if self._numbers:
            found = (exact(value) for value in found_at(event, self._fields[0]))
            numbers = (value for value in found if value is not None)
            return tuple(islice(numbers, MAX_VALUES_OF_ONE_EVENT))
        options = []
        for name in self._fields:
            texts = (fold(t) for v in found_at(event, name) if (t := text_of(v)) is not None)
            options.append(list(dict.fromkeys(texts)))
        if len(options) == 1:
            return tuple(options[0][:MAX_VALUES_OF_ONE_EVENT])
        return tuple(" | ".join(texts) for texts in islice(product(*options), MAX_VALUES_OF_ONE_EVENT))

    def leaf(self, plain: Any) -> int:
        """The number of a base rule, read back; ``ValueError`` for one that is not there."""
        if not 0 <= integer(plain) < len(self._leaves):
            raise ValueError("another base rule")
        return integer(plain)

    def label(self, plain: Any) -> Label:
        """A label, read back; ``ValueError`` for one of another kind of correlation."""
        label = tuple(read(value) for value in plain)
        wanted = str if self._fields and not self._numbers else int
        if any(not isinstance(value, wanted) for value in label) or (self._numbers and not label):
            raise ValueError("of another kind of correlation")
        return label

    def enough(self, state: Any, entries: int, after: int) -> float | None:
        """What is measured in a window, where the condition holds."""
        top, bottom = self.measure.value(state, entries, after)
        if not self._holds(top, self.link.count * bottom):
            return None
        return top if bottom == 1 else _rounded(top, bottom)

    def hit(self, event: Event, matched: int, entity: Entity, measured: float, start: int, state: Any) -> Hit:
        """A hit whose events are still to be gathered."""
        return Hit(
            self.rule, event, self._leaves[matched], entity, [], frozenset(), 0, measure=measured, window=start,
            describe=lambda: self._notes(entity, measured, state),
        )  # fmt: skip

    def _notes(self, entity: Entity, measured: float, state: Any) -> dict[str, list[str]]:
        """The group, the measure, and some of the values that were counted."""
        notes: dict[str, list[str]] = {name: [value] for name, value in entity}
        notes[_COMPARED.get(self.link.kind, self.link.kind)] = [f"{measured:.10g}"]
        if self.link.kind == "value_count":
            notes["values"] = sorted(state)[:MAX_SHOWN]
        return notes


def _rounded(top: int, bottom: int) -> float:
    """A fraction as a number to show; what no double can hold is shown as the largest."""
    try:
        return top / bottom
    except OverflowError:
        return float(top >> SHIFT) if top.bit_length() < SHIFT + 1000 else 1.7e308


def distinct(entries: Iterable[Sequence[Any]]) -> list[EventRef]:
    """The events of entries (the last item of each is its events), each id once, in their order."""
    found: dict[str, EventRef] = {}
    for entry in entries:
        for ref in entry[-1]:
            found.setdefault(ref.uid, ref)
    return list(found.values())


def open_to_all(mask: Mask, entity: Entity, state: Any) -> bool:
    """Whether a group's values may be written down: a group that is named by a secret, or counts some, may not."""
    texts = [value for _, value in entity]
    if isinstance(state, dict):
        texts += [value for value in state if isinstance(value, str)]
    return all(mask(value) == value for value in texts)


def pairs(plain: Any) -> Entity:
    """A group's fields and values, read back."""
    return tuple((text(name), text(value)) for name, value in plain)
