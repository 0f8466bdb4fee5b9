"""From an event to the rules whose trigger holds: one walk over the fields that rules name.

The walk is the hottest loop of all, and a loop over a table of fields spends half its time on the table. So the
walk over the fields of a rule set is written out as a function, from constants only (keys as literals).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tracehound.matcher.index import MEMO_CHARS, Answer, FieldIndex
from tracehound.matcher.triggers import EVERYWHERE, Key
from tracehound.matcher.values import has_value, strings_in

Event = dict[str, Any]
Walk = Callable[[Event, list[Answer]], None]


class Lookup:
    """Triggers and guards by field."""

    __slots__ = ("_dotted", "_everywhere", "_flat", "_walk")

    def __init__(self, keys: Mapping[Key, Answer]) -> None:
        by_field: dict[str, dict[Key, Answer]] = {}
        for key, answer in keys.items():
            by_field.setdefault(key.field, {})[key] = answer
        everywhere = by_field.pop(EVERYWHERE, None)
        self._everywhere = FieldIndex(everywhere) if everywhere else None
        indexes = {name: FieldIndex(questions) for name, questions in by_field.items()}
        self._flat = {name: index for name, index in indexes.items() if "." in name}
        self._dotted = frozenset(self._flat)
        self._walk = _written_out({tuple(name.split(".")): index for name, index in indexes.items()})

    def find(self, event: Event) -> list[Answer]:
        """What the fields' indexes answer."""
        found: list[Answer] = []
        self._walk(event, found)
        if not self._dotted.isdisjoint(event):
            for name, index in self._flat.items():
                if name in event:
                    _take(index, event[name], found)
        if self._everywhere is not None:
            found += self._everywhere.find("\n".join(strings_in(event)))
        return found


def _take(index: FieldIndex, value: Any, found: list[Answer]) -> None:
    """Ask an index of whatever lies at its field."""
    if value.__class__ is list:
        for item in value:
            _take(index, item, found)
    elif value is not None and (value.__class__ is not dict or has_value(value)):
        found += index.find(value)


def _each(walk: Walk, items: list[Any], found: list[Answer]) -> None:
    """Walk through the objects of an array."""
    for item in items:
        if item.__class__ is dict:
            walk(item, found)
        elif item.__class__ is list:
            _each(walk, item, found)


def _written_out(indexes: Mapping[tuple[str, ...], FieldIndex]) -> Walk:
    """The walk over these fields as a function."""
    names: dict[str, Any] = {"take": _take, "each": _each}
    lines = ["def walk(node, found):", "    get = node.get"]
    below: dict[str, dict[tuple[str, ...], FieldIndex]] = {}
    for path, index in indexes.items():
        below.setdefault(path[0], {})[path[1:]] = index
    for number, (key, rest) in enumerate(below.items()):
        lines += [f"    value = get({key!r})", "    if value is not None:"]
        own = rest.pop((), None)
        if own is not None:
            names |= {f"index{number}": own, f"memo{number}": own.memo.get}
            names |= {f"learn{number}": own.learn, f"long{number}": own.long}
            lines += [line.replace("#", str(number)) for line in _ASK]
        if rest:
            names[f"walk{number}"] = _written_out(rest)
            lines += [line.replace("#", str(number)) for line in _GO]
    exec("\n".join(lines), names)  # keys are written by repr, everything else is ours
    walk: Walk = names["walk"]
    return walk


_ASK = (
    "        if value.__class__ is str:",
    f"            if len(value) <= {MEMO_CHARS}:",
    "                answers = memo#(value)",
    "                if answers is None:",
    "                    answers = learn#(value)",
    "            else:",
    "                answers = long#(value)",
    "            if answers:",
    "                found += answers",
    "        else:",
    "            take(index#, value, found)",
)
_GO = (
    "        if value.__class__ is dict:",
    "            walk#(value, found)",
    "        elif value.__class__ is list:",
    "            each(walk#, value, found)",
)
