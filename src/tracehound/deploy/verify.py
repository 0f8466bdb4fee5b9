"""Whether deployed rules find their own test events: raw records -> the real pipeline -> the target -> the query.

The events of a file are moved in time as one: the hit, or else the last event, happens now. They go to a place of
their own, which no rule looks at, and each file's are asked alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from tracehound.config import Settings
from tracehound.errors import TargetError
from tracehound.matcher.setup import engine_for
from tracehound.rules import Rule
from tracehound.ruletest import RuleTester, files_of
from tracehound.schema import fields

Event = dict[str, Any]
Status = Literal["fired", "did not fire", "fired on others", "could not be checked"]
"""``did not fire``: on a file that must raise it; ``fired on others``: on one that must not."""
AGO = 60_000
"""Milliseconds before now at which the hit is: clocks differ a little."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The events of one test file. ``mark`` tells them from all others."""

    rule: Rule
    file: Path
    mark: str
    expected: bool
    events: tuple[Event, ...] = field(repr=False)
    problem: str = ""
    """Why the file says nothing here."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one rule."""

    rule: Rule
    status: Status
    source: str = ""
    """``deployed``: the query that is in the target; ``compiled``: it is not there, ours was asked."""
    files: tuple[tuple[str, bool, bool], ...] = ()
    """Name, whether it must raise the rule, whether it did."""
    reason: str = ""

    @property
    def good(self) -> bool:
        return self.status in ("fired", "could not be checked")

    def item(self) -> dict[str, Any]:
        """As one plain JSON item."""
        files = [{"file": name, "expected": must, "fired": did} for name, must, did in self.files]
        return {
            "rule_id": self.rule.id,
            "name": self.rule.folder.name,
            "title": self.rule.title,
            "status": self.status,
            "source": self.source,
            "files": files,
            **({"reason": self.reason} if self.reason else {}),
        }


class Verifier(Protocol):
    """A target's side of it. ``with`` makes the place for the events and takes it away again."""

    def __enter__(self) -> Verifier: ...

    def __exit__(self, *error: object) -> None: ...

    def send(self, samples: Sequence[Sample]) -> None:
        """Store the events, each sample's under its mark, for searches to see. Raises ``TargetError``."""
        ...

    def fired(self, rule: Rule, samples: Sequence[Sample]) -> tuple[str, set[str], str]:
        """Which query was asked, the marks of what it finds, and why it finds nothing or more, where known.

        Raises ``TargetError`` where it cannot be asked.
        """
        ...


def verify(
    verifier: Verifier,
    rules: Sequence[Rule],
    settings: Settings,
    now: int,
    said: Callable[[Verdict], object] = lambda _verdict: None,
) -> list[Verdict]:
    """All rules, one after the other. Raises ``ConfigError`` and ``TargetError`` where nothing can be sent."""
    tester = RuleTester(settings)
    found = {rule.id: list(samples_of(tester, rule, settings, now)) for rule in rules}
    verdicts = []
    with verifier:
        verifier.send([one for samples in found.values() for one in samples if not one.problem])
        for rule in rules:
            verdict = _judged(verifier, rule, found[rule.id])
            said(verdict)
            verdicts.append(verdict)
    return verdicts


def samples_of(tester: RuleTester, rule: Rule, settings: Settings, now: int) -> Iterator[Sample]:
    """The test files of a rule, as events that happen now."""
    for path in files_of(rule):
        events, problem = tester.events_of(path)
        expected = path.name.startswith("match_")
        moved = moved_to(rule, events, settings, now - AGO) if events else ()
        yield Sample(rule, path, f"{rule.id}/{path.name}", expected, moved, problem)


def moved_to(rule: Rule, events: Sequence[Event], settings: Settings, now: int) -> tuple[Event, ...]:
    """Copies of events, all times moved by as much: what the embedded engine raises last is raised at ``now``.

    A window that is judged when it closes has then ended so long ago that late events are not waited for any more.
    """
    engine = engine_for([rule], settings)
    found = [*engine.process(list(events)), *engine.flush()]
    last = max(event["time"] for event in events)
    link = rule.correlation
    if link is not None and link.at_close:
        last += link.seconds * 1000
        now -= settings.lateness * 1000
    hits = [f["time"] for f in found if isinstance(f.get("time"), int) and f["time"] <= last]
    by = now - max(hits, default=last)
    return tuple(_moved(event, by, "") for event in events)


def _moved(value: Any, by: int, path: str) -> Any:
    if isinstance(value, dict):
        return {k: _moved(item, by, f"{path}.{k}" if path else k) for k, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, by, path) for item in value]
    return value + by if path in _dates() and isinstance(value, int) else value


@cache
def _dates() -> frozenset[str]:
    return frozenset(name for name, info in fields().items() if info.type == "date")


def _judged(verifier: Verifier, rule: Rule, samples: Sequence[Sample]) -> Verdict:
    """One rule on its own files."""
    usable = [one for one in samples if not one.problem]
    if not any(one.expected for one in usable):
        why = next((f"{one.file.name}: {one.problem}" for one in samples if one.problem), "no events/match_*")
        return Verdict(rule, "could not be checked", reason=why)
    try:
        source, marks, differs = verifier.fired(rule, usable)
    except TargetError as error:
        return Verdict(rule, "could not be checked", reason=str(error))
    files = tuple((one.file.name, one.expected, one.mark in marks) for one in usable)
    missed = [name for name, must, did in files if must and not did]
    wrong = [name for name, must, did in files if did and not must]
    if missed:
        why = f": {differs}" if differs and not marks else ""
        return Verdict(rule, "did not fire", source, files, f"not on {', '.join(missed)}{why}")
    if wrong:
        on = f"on {', '.join(wrong)} too"
        if differs:
            return Verdict(rule, "fired", source, files, f"{on}: {differs}")
        return Verdict(rule, "fired on others", source, files, on)
    return Verdict(rule, "fired", source, files)
