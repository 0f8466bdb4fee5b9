"""The contract of an enricher, and the registry that finds enrichers by name.

An enricher is one module in ``enrichers/`` with a constant ``ENRICHER``. It is built once from the settings
and then changes the events of a batch in place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracehound import plugins
from tracehound.config import Settings
from tracehound.content import content_dir
from tracehound.event import TEXTS

__path__ = [str(content_dir("enrichers"))]

__all__ = ["TEXTS", "Enrich", "Enricher", "Event", "build", "load"]

Event = dict[str, Any]
Enrich = Callable[[list[Event]], None]


@dataclass(frozen=True, slots=True)
class Enricher:
    """One enricher.

    ``order`` sorts them: 10 who, 20 what service, 30 content, 40 inventory, 90 privacy. ``fills`` names
    the fields it may set, so that a rule on them is known to be answerable.
    """

    name: str
    order: int
    build: Callable[[Settings], Enrich]
    fills: tuple[str, ...]


def load(packs: Sequence[Path] = ()) -> tuple[Enricher, ...]:
    """All enrichers of our content and these packs, in the order in which they run."""
    return tuple(sorted(plugins.load("enrichers", "ENRICHER", Enricher, packs), key=lambda e: e.order))


def build(settings: Settings, enrichers: Sequence[Enricher] | None = None) -> Enrich:
    """One function that runs all enrichers over a batch."""
    steps = [e.build(settings) for e in (load(settings.packs) if enrichers is None else enrichers)]

    def enrich(events: list[Event]) -> None:
        for step in steps:
            step(events)

    return enrich
