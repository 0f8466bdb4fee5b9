"""All events of the matrix: the rules' own test records, flips and near-misses, always the same."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
from matrix_fields import Event, with_field
from matrix_near import Near, near
from matrix_rules import Case, cases
from matrix_solve import Flip, flips, matching

from tracehound.config import Settings
from tracehound.matcher.condition import holds
from tracehound.ruletest import RuleTester, files_of

SEED = 20_261_124
NEAR_OURS, NEAR_PROBE = 24, 12
SKELETON: Event = {
    "class_uid": 6003,
    "time": 1_764_000_000_000,
    "metadata": {"uid": "x"},
    "ai": {"service": "gateway"},
}


@dataclass
class Matrix:
    """Rules and events; an event's id is its ``metadata.uid``."""

    cases: tuple[Case, ...]
    events: list[Event] = field(default_factory=list)
    recorded: int = 0
    """How many events come from test records of rules."""
    near: list[Near] = field(default_factory=list)
    flips: list[Flip] = field(default_factory=list)
    made_for: dict[str, list[str]] = field(default_factory=dict)
    """By rule the ids of the events that were made for it."""
    _ids: dict[bytes, str] = field(default_factory=dict)

    def add(self, event: Event, case: str = "") -> str:
        """The id of an event, which is kept once."""
        plain = {**event, "metadata": {**event.get("metadata", {}), "uid": "", "original_event_uid": ""}}
        key = orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)
        if key not in self._ids:
            self._ids[key] = f"e{len(self.events)}"
            copied: Event = orjson.loads(key)
            copied["metadata"] = {**event.get("metadata", {}), "uid": self._ids[key]}
            self.events.append(copied)
        if case:
            mine = self.made_for.setdefault(case, [])
            if self._ids[key] not in mine:
                mine.append(self._ids[key])
        return self._ids[key]


def recorded(rules: Iterable[Case]) -> dict[str, list[Event]]:
    """The events of the rules' own test records, through the real pipeline."""
    tester = RuleTester(Settings())
    found: dict[str, list[Event]] = {}
    folders: dict[Any, list[Event]] = {}
    for case in rules:
        folder = case.rule.folder
        if folder not in folders:
            folders[folder] = []
            for path in files_of(case.rule):
                events, problem = tester.events_of(path)
                assert not problem, f"{path}: {problem}"
                folders[folder] += events
        found[case.name] = folders[folder]
    return found


@cache
def matrix() -> Matrix:
    """The whole matrix."""
    made = Matrix(cases())
    from_records = recorded(case for case in made.cases if case.kind != "probe")
    for events in from_records.values():
        for event in events:
            made.add(event)
    made.recorded = len(made.events)
    for case in made.cases:
        rng = random.Random(f"{SEED}/{case.name}")
        own = from_records.get(case.name, [])
        matches = [e for e in own if holds(case.condition, e)]
        bases = matches[:3] or own[:3] or [SKELETON]
        _add_case(made, case, matches[:3], bases, rng)
    return made


def _add_case(made: Matrix, case: Case, matches: list[Event], bases: list[Event], rng: random.Random) -> None:
    for given in case.events:
        event = SKELETON
        for name, value in given.items():
            event = with_field(event, name, value if isinstance(value, list) else [value])
        made.add(event, case.name)
    for flip in flips(case, bases, 1 if case.kind == "probe" else 2, rng):
        made.flips.append(flip)
        made.add(flip.true, case.name)
        made.add(flip.false, case.name)
    matches = matches + matching(case, bases, 3 if matches else 6, rng)
    for item in near(case, matches, NEAR_OURS if case.kind != "probe" else NEAR_PROBE, rng):
        made.near.append(item)
        made.add(item.event, case.name)
