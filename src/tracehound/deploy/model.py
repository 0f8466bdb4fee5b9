"""What deploying speaks of: wanted and found objects, and what is to be done about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from tracehound.deploy.mark import Mark
from tracehound.errors import TargetError

Action = Literal["create", "update", "unchanged", "conflict", "orphaned", "remove", "foreign", "left out"]
"""``conflict``: all that we would change was edited by an analyst; ``orphaned``: ours, and no longer wanted;
``foreign``: an object with this key that is not ours; ``left out``: the target lacks something."""
WRITES: frozenset[Action] = frozenset({"create", "update", "orphaned", "remove"})


class TakenError(TargetError):
    """An object of this key came to be in the meantime, or was changed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as it should be."""

    kind: str
    key: str
    title: str
    body: Mapping[str, Any]
    """The fields that we keep as they should be; each is merged by itself."""
    version: int = 1
    initial: Mapping[str, Any] = field(default_factory=dict)
    """Fields that only a new object gets; from then on they are the analysts'."""
    notes: tuple[str, ...] = ()
    """What the target's version or licence leaves out of it, or where it differs."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object as it is there."""

    kind: str
    key: str
    title: str
    body: Mapping[str, Any]
    """The fields that we might want, in the same form as ``Wanted.body``."""
    mark: Mark | None
    """None: it is not ours."""
    revision: str = ""
    raw: Any = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An object that this target cannot have, and why."""

    kind: str
    key: str
    title: str
    reason: str


class Objects(Protocol):
    """The objects of one kind in a target. Errors are ``TargetError`` (this object) or ``ConfigError`` (all)."""

    @property
    def kind(self) -> str: ...

    def find(self, keys: Sequence[str]) -> list[Found]:
        """Every object with our mark, and those of these keys whoever made them."""
        ...

    def get(self, key: str) -> Found | None:
        """One object as it is now."""
        ...

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """Raises ``TakenError`` where there is one already."""
        ...

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """Write ``fields``, take ``dropped`` away, leave all else; the mark is written with them."""
        ...

    def remove(self, found: Found) -> str:
        """Take it out (gone already is good too); why it stays, where it does."""
        ...


class Absent:
    """The objects of a kind that a target lacks, or keeps to itself."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def find(self, keys: Sequence[str]) -> list[Found]:
        """None."""
        return []

    def get(self, key: str) -> Found | None:
        """None."""
        return None

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """Never asked."""

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """Never asked."""

    def remove(self, found: Found) -> str:
        """Never asked."""
        return ""


@dataclass(frozen=True, slots=True)
class Part:
    """The objects of one kind: how they are reached, and which are wanted."""

    objects: Objects
    wanted: Sequence[Wanted] = ()
    left_out: Sequence[LeftOut] = ()
    complete: bool = True
    """Whether ``wanted`` is all there should be, so that others of ours are orphans."""
    ordered: bool = False
    """Whether they are written one after the other, since one needs the other."""
    shared: bool = False
    """Whether others than those chosen need them too: they are put, and not removed."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """All parts of a target, in the order in which they are applied; ``notes``: what to know about it."""

    parts: Sequence[Part]
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done about one object."""

    action: Action
    kind: str
    key: str
    title: str
    part: Part | None = field(default=None, repr=False)
    wanted: Wanted | None = field(default=None, repr=False)
    found: Found | None = field(default=None, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    dropped: tuple[str, ...] = ()
    """Fields that we gave before and do not want any more."""
    kept: tuple[str, ...] = ()
    """Fields that an analyst edited and we did not change."""
    conflicts: tuple[str, ...] = ()
    """Fields that both changed; the analyst's value stays."""
    mark: Mark | None = None
    reason: str = ""

    @property
    def writes(self) -> bool:
        return self.action in WRITES

    def item(self) -> dict[str, Any]:
        """As one plain JSON item."""
        made: dict[str, Any] = {
            "kind": self.kind,
            "key": self.key,
            "title": self.title,
            "action": self.action,
            "version": self.wanted.version if self.wanted else None,
            "found_version": self.found.mark.version if self.found and self.found.mark else None,
            "changes": [*self.fields, *self.dropped] if self.action == "update" else [],
            "kept": list(self.kept),
            "conflicts": list(self.conflicts),
            "notes": list(self.wanted.notes) if self.wanted else [],
        }
        return made | ({"reason": self.reason} if self.reason else {})
