"""What the matcher hands to findings: a rule, the events behind it, the entity and the window."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from math import isfinite
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from tracehound.plain import integer, text

if TYPE_CHECKING:
    from tracehound.rules.model import Rule

Event = dict[str, Any]
Entity = tuple[tuple[str, str], ...]
"""Fields and their values that say whom a finding is about; absent fields are left out."""

MAX_RELATED = 100


class EventRef(NamedTuple):
    """As much of an event as a finding keeps of it."""

    uid: str
    time: int
    type_uid: int
    type_name: str
    source: str

    def plain(self) -> list[Any]:
        """The values in order."""
        return [self.uid, self.time, self.type_uid, self.type_name, self.source]

    @classmethod
    def of(cls, values: Sequence[Any]) -> EventRef:
        """What ``plain`` gave, read back."""
        uid, time, type_uid, type_name, source = values
        names = intern(text(type_name)), intern(text(source))
        return cls(text(uid), integer(time), integer(type_uid), *names)

    def __lt__(self, other: EventRef) -> bool:  # type: ignore[override]
        return (self.time, self.uid) < (other.time, other.uid)

    def __gt__(self, other: EventRef) -> bool:  # type: ignore[override]
        return (self.time, self.uid) > (other.time, other.uid)


@dataclass(slots=True)
class Hit:
    """A rule that holds. ``related`` are the first events behind it, ``uids`` and ``count`` all of them."""

    rule: Rule
    event: Event
    """The event that completed it."""
    matched: Rule
    """The rule whose condition holds for ``event``: the same, or the base rule of a correlation."""
    entity: Entity
    related: list[EventRef]
    uids: frozenset[str]
    count: int
    measure: float = 0
    """What a correlation found when it held: a number of events, values or rules, a sum, an average..."""
    window: int | None = None
    """Start of the window in epoch milliseconds; None: the finding is about one event."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """Further evidence by name."""
    at: int | None = None
    """When it was completed; None: at the event's time."""
    behind: Callable[[bool, int], list[EventRef]] | None = field(default=None, repr=False)
    """A correlation's events, gathered when asked for: since its group's last hit (True) or all (False), and of
    those the newest so many entries (0: all)."""
    describe: Callable[[], dict[str, list[str]]] | None = field(default=None, repr=False)
    """What goes into ``notes``, made when asked for."""
    previous: int | None = None
    """The time of the group's last hit before this one."""

    @property
    def time(self) -> int:
        """The time of the event that completed it, epoch milliseconds."""
        return event_time(self.event) if self.at is None else self.at

    def gather(self) -> None:
        """Fill in the events behind a correlation's hit, before a finding is made of it."""
        if self.describe is not None:
            self.notes = self.describe()
        if self.behind is not None:
            events = self.behind(False, 0)
            self.related, self.count = events[:MAX_RELATED], len(events)
            self.uids = frozenset(ref.uid for ref in events)

    def since(self, start: int) -> list[EventRef]:
        """The events that no earlier hit at or after ``start`` has told of already."""
        if self.behind is None:
            return self.related
        return self.behind(self.previous is not None and self.previous >= start, 0)


def event_time(event: Event) -> int:
    """``time`` in epoch milliseconds; an event without one is at 0 (the pipeline fills it)."""
    time = event.get("time")
    if isinstance(time, float) and isfinite(time):
        return int(time)
    return time if isinstance(time, int) and not isinstance(time, bool) else 0


def event_uid(event: Event) -> str:
    """``metadata.uid``, else a hash of the event."""
    metadata = event.get("metadata")
    uid = metadata.get("uid") if isinstance(metadata, dict) else None
    if uid:
        return str(uid)
    raw = json.dumps(event, default=repr).encode("utf-8", "surrogatepass")
    return blake2b(raw, digest_size=16).hexdigest()


def reference(event: Event) -> EventRef:
    """What a finding keeps of an event."""
    ai = event.get("ai")
    source = ai.get("source") if isinstance(ai, dict) else None
    type_uid = event.get("type_uid")
    return EventRef(
        event_uid(event),
        event_time(event),
        type_uid if isinstance(type_uid, int) else 0,
        intern(str(event.get("type_name") or "")),
        intern(str(source or "")),
    )
