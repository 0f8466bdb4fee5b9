"""How many alerts rules would have raised over a range of days, and whose: before anybody switches them on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule

_AGO = re.compile(r"(\d{1,5})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}
NOISIEST = 5
MOST_DAYS = 400


@dataclass(frozen=True, slots=True)
class Range:
    """From (with) to (without), in UTC."""

    start: datetime
    end: datetime

    @property
    def days(self) -> list[datetime]:
        """The midnights of its days."""
        first = self.start.replace(hour=0, minute=0, second=0, microsecond=0)
        count = (self.end - first + timedelta(days=1) - timedelta(microseconds=1)) // timedelta(days=1)
        return [first + timedelta(days=n) for n in range(count)]

    @classmethod
    def parse(cls, start: str, end: str | None, now: datetime) -> Range:
        """``7d`` ago, or a date or time in ISO form (UTC unless it says otherwise). Raises ``ConfigError``."""
        made = cls(_time(start, now, "--from"), _time(end, now, "--to") if end else now)
        if made.start >= made.end:
            raise ConfigError(f"--from {start}: is not before --to")
        if made.end - made.start > timedelta(days=MOST_DAYS):
            raise ConfigError(f"--from {start}: more than {MOST_DAYS} days; take a shorter range")
        return made


def _time(text: str, now: datetime, option: str) -> datetime:
    if ago := _AGO.fullmatch(text):
        return now - timedelta(hours=int(ago[1]) * _HOURS[ago[2]])
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option} {text}: a date (2026-01-31), a time, or so long ago (7d, 12h)") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one rule would have raised; ``problem``: why that is not known."""

    rule: Rule
    days: tuple[tuple[str, int], ...] = ()
    """``2026-01-31`` -> alerts, days without any left out."""
    noisiest: tuple[tuple[str, int], ...] = ()
    """Values of ``entity`` with the most alerts."""
    entity: str = ""
    problem: str = ""
    notes: tuple[str, ...] = field(default=())
    grouped: int | None = None
    """Alerts once repeats within the rule's ``suppress`` are put together; None: the same, or not known."""

    @property
    def alerts(self) -> int:
        return sum(count for _, count in self.days)

    def item(self) -> dict[str, Any]:
        """As one plain JSON item."""
        return {
            "rule_id": self.rule.id,
            "name": self.rule.folder.name,
            "title": self.rule.title,
            "level": self.rule.finding_level,
            "alerts": None if self.problem else self.alerts,
            "grouped": self.grouped,
            "days": dict(self.days),
            "entity": self.entity,
            "noisiest": [{"value": value, "alerts": count} for value, count in self.noisiest],
            "notes": list(self.notes),
            **({"problem": self.problem} if self.problem else {}),
        }


def slices(rule: Rule, over: Range) -> Iterator[tuple[datetime, datetime]]:
    """From and to of each search: a day; of a baseline, whose history is longer than most ranges, all days."""
    if rule.baseline is not None:
        yield over.start, over.end
        return
    for day in over.days:
        yield max(day, over.start), min(day + timedelta(days=1), over.end)


def noisiest(entities: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The entities with the most alerts, the most first."""
    return tuple(sorted(entities.items(), key=lambda one: (-one[1], one[0]))[:NOISIEST])


class Backtester(Protocol):
    """A target's side of it."""

    def count(self, rule: Rule, over: Range) -> Counted:
        """Raises ``TargetError`` where this rule cannot be counted."""
        ...


def backtest(
    tester: Backtester,
    rules: Sequence[Rule],
    over: Range,
    said: Callable[[Counted], object] = lambda _counted: None,
) -> list[Counted]:
    """All rules, one after the other; the noisiest first in the end."""
    found = []
    for rule in rules:
        try:
            counted = tester.count(rule, over)
        except TargetError as error:
            counted = Counted(rule, problem=str(error))
        said(counted)
        found.append(counted)
    return sorted(found, key=lambda one: (-one.alerts, one.rule.title))
