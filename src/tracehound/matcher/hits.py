"""What the matcher hands to findings: a rule, the events behind it, the entity and the window."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracehound.rules.model import Rule

Event = dict[str, Any]
Entity = tuple[tuple[str, str], ...]
"""Fields and their values that say whom a finding is about; absent fields are left out."""

MAX_RELATED = 100


@dataclass(frozen=True, slots=True)
class EventRef:
    """As much of an event as a finding keeps of it."""

    uid: str
    time: int
    type_uid: int
    type_name: str
    source: str

    def __lt__(self, other: EventRef) -> bool:
        return (self.time, self.uid) < (other.time, other.uid)


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
    measure: int = 0
    """What a correlation counted when it held: events, values or rules."""
    window: int | None = None
    """Start of the window in epoch milliseconds; None: the finding is about one event."""
    notes: dict[str, list[str]] = field(default_factory=dict)
    """Further evidence by name."""

    @property
    def time(self) -> int:
        """The time of the event that completed it, epoch milliseconds."""
        return event_time(self.event)


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
        str(event.get("type_name") or ""),
        str(source or ""),
    )
