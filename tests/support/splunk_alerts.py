"""A scheduled run of a saved search in the Splunk stand-in: its condition, its alerts, and what throttling keeps
back.

Pages: Alerting Manual, "Configure alert trigger conditions", "Throttle alerts"; savedsearches.conf.spec
(counttype, relation, quantity, alert.suppress, alert.suppress.fields, alert.suppress.period,
alert.digest_mode).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from spl.engine import Row
from spl.times import span_seconds
from splunk_kinds import TRUE
from splunk_objects import Objects, Space, Stored
from splunk_people import User
from splunk_run import Runner

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "greater than": lambda n, wanted: n > wanted,
    "less than": lambda n, wanted: n < wanted,
    "equal to": lambda n, wanted: n == wanted,
    "not equal to": lambda n, wanted: n != wanted,
}


@dataclass
class Outcome:
    """``rows`` are the results; ``alerts`` those that were raised: one each, or all as one (digest)."""

    rows: list[Row]
    alerts: list[list[Row]] = field(default_factory=list)
    suppressed: int = 0


class Alerts:
    """Remembers until when what is suppressed, as Splunk does from run to run."""

    def __init__(self, objects: Objects, runner: Runner) -> None:
        self._objects, self._runner = objects, runner
        self._until: dict[tuple[str, ...], float] = {}

    def run(self, one: Stored, now: float) -> Outcome:
        """Run over the dispatch times, then decide what is raised. Raises as a search does."""
        content = one.content
        search = content["search"]
        text = search if search.lstrip().startswith("|") else f"search {search}"
        owner = self._objects.people.users.get(one.owner) or self._system()
        times = content.get("dispatch.earliest_time", ""), content.get("dispatch.latest_time", "")
        ran = self._runner.run(text, Space("nobody", one.app), owner, *times, now)
        outcome = Outcome(ran.rows)
        if triggers(content, len(ran.rows)):
            digest = content.get("alert.digest_mode", "1").lower() in TRUE
            for group in [ran.rows] if digest else [[row] for row in ran.rows]:
                self._raise(one, group, now, outcome)
        return outcome

    def _system(self) -> User:
        """Searches of nobody run as the system's user, who may search everything."""
        return User("splunk-system-user", "", ["admin"])

    def _raise(self, one: Stored, group: list[Row], now: float, outcome: Outcome) -> None:
        content = one.content
        if content.get("alert.suppress", "0").lower() not in TRUE:
            outcome.alerts.append(group)
            return
        names = [name.strip() for name in content.get("alert.suppress.fields", "").split(",") if name.strip()]
        values = ("\n".join(group[0].get(name, [])) for name in names)
        key = (one.app, one.name, *values)
        if self._until.get(key, 0.0) > now:
            outcome.suppressed += 1
            return
        self._until[key] = now + (span_seconds(content.get("alert.suppress.period", "")) or 0)
        outcome.alerts.append(group)


def due(cron: str, moment: float) -> bool:
    """Whether a schedule has a run in the minute that begins at a time, in UTC."""
    when = datetime.fromtimestamp(moment, UTC)
    values = (when.minute, when.hour, when.day, when.month, when.isoweekday() % 7)
    minute, hour, day, month, weekday = (
        _matches(field, value, low)
        for field, value, low in zip(cron.split(), values, (0, 0, 1, 1, 0), strict=True)
    )
    fields = cron.split()
    either = fields[2] != "*" and fields[4] != "*"
    return minute and hour and month and ((day or weekday) if either else (day and weekday))


def _matches(field: str, value: int, low: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        start = low if span == "*" else int(first)
        end = int(last or (99 if span == "*" or step else first))
        if start <= value <= end and (value - start) % int(step or 1) == 0:
            return True
    return False


def triggers(content: Mapping[str, str], count: int) -> bool:
    """Whether the number of results raises an alert."""
    if content.get("counttype", "always") == "always":
        return True
    relation = RELATIONS.get(content.get("relation", ""))
    quantity = content.get("quantity", "0")
    if content["counttype"] != "number of events" or relation is None or not re.fullmatch(r"\d+", quantity):
        raise NotImplementedError(
            f"the condition {content['counttype']} {content.get('relation')} {quantity}"
        )
    return relation(count, int(quantity))
