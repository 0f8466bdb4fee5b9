"""``backtest`` on Splunk: one search job a rule, of a correlation one a day.

Events are counted by distinct ``metadata.uid``. A correlation is searched day by day, each day with the time before
it that its windows reach back, so that no search holds more and its windows are all seen whole. A baseline is
searched in one, without its lookup: from as long before the range as it remembers.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tracehound.compiler import cache
from tracehound.compiler.schedule import look_back
from tracehound.compiler.spl import evaluated
from tracehound.config import Settings
from tracehound.deploy.backtest import Counted, Range, noisiest, slices
from tracehound.errors import TargetError
from tracehound.rules import Rule

from .deploy import connect
from .queries import Jobs, Row, expanded, number_of, seconds_ago, values_of
from .searches import saved_searches
from .settings import SplunkSettings

PER_DAY = 100
"""So many entities of each day are looked at, those with the most alerts."""
HISTORY = (
    "its lookup is not asked: what its entities showed before is read from the events of {days} days before"
)
_LOOKUP = re.compile(r"\n\| lookup [^|\n]*")


def backtester(settings: SplunkSettings, app: Settings, rules: Sequence[Rule]) -> SplunkBacktester:
    """Connects. Raises ``ConfigError`` and ``TargetError``."""
    return SplunkBacktester(settings, app, rules)


class SplunkBacktester:
    """One run."""

    def __init__(self, settings: SplunkSettings, app: Settings, rules: Sequence[Rule]) -> None:
        self._there = connect(settings, app)
        found = cache.compiled(rules, "splunk", app.packs, app.lists)
        self._approximate = {query.rule.id: query.approximate for query in found.queries}
        made = saved_searches(settings, app, rules, self._there.settable)
        self._searches = {one.rule.id: one.settings for one in made if not one.companion}
        self._reasons = found.reasons
        self._macros = self._there.macro_definitions()
        self._jobs = Jobs(self._there.rest, self._there.search_app, patience=settings.patience or math.inf)

    def count(self, rule: Rule, over: Range) -> Counted:
        """Alerts by day, and the entities with the most of them."""
        settings = self._searches.get(rule.id)
        if settings is None:
            raise TargetError(self._reasons.get(rule.id, "no search"))
        if rule.correlation is not None or rule.baseline is not None:
            return self._windows(rule, settings, over)
        return self._events(rule, settings["search"], over)

    def _rows(self, search: str, start: datetime, end: datetime) -> list[Row]:
        text = expanded(search, self._macros.get)
        return self._jobs.rows(text, _seconds(start), _seconds(end))

    # Single events

    def _events(self, rule: Rule, search: str, over: Range) -> Counted:
        rows = self._rows(search + _by_day_and_entity(rule), over.start, over.end)
        days: dict[str, int] = {}
        entities: Counter[str] = Counter()
        for row in rows:
            days[_day(row)] = number_of(row, "th_total")
            name = "".join(values_of(row, "th_entity"))
            if name:
                entities[name] += number_of(row, "th_alerts")
        grouped = number_of(rows[0], "th_grouped") if rows and rule.suppress else None
        return Counted(
            rule, tuple(sorted(days.items())), noisiest(entities), rule.risk_entity, grouped=grouped
        )

    # Correlations and baselines

    def _windows(self, rule: Rule, settings: Mapping[str, str], over: Range) -> Counted:
        """Hits follow one another: those of a group in one time of its throttling are one alert."""
        by = rule.correlation.group_by if rule.correlation else rule.baseline.by if rule.baseline else ()
        period = seconds_ago(f"-{settings['alert.suppress.period']}") or 1
        text = _LOOKUP.sub("", settings["search"]) if rule.baseline else settings["search"]
        group = ", ".join(["th_day", *map(_named, by)])
        days: Counter[str] = Counter()
        entities: Counter[str] = Counter()
        late = self._there.app.lateness
        back = _memory(rule) if rule.baseline else timedelta(seconds=look_back(rule, late))
        for start, end in slices(rule, over):
            search = (
                f"{text}\n| where _time>={start.timestamp():.3f} AND _time<{end.timestamp():.3f}"
                f"\n| eval th_day=floor(_time / 86400), th_window=floor(_time / {period})"
                f"\n| stats count AS th_hits BY th_window, {group}"
                f"\n| stats count AS th_alerts BY {group}"
            )
            for row in self._rows(search, start - back, end):
                alerts = number_of(row, "th_alerts")
                days[_day(row)] += alerts
                if by:
                    entities[", ".join(value for name in by for value in values_of(row, name))] += alerts
        notes = list(self._approximate.get(rule.id, ()))
        if rule.baseline is not None:
            notes = [HISTORY.format(days=_memory(rule).days)]
        return Counted(
            rule, tuple(sorted(days.items())), noisiest(entities), ", ".join(by), notes=tuple(notes)
        )


def _by_day_and_entity(rule: Rule) -> str:
    """Rows of a day and an entity: its alerts, those of the day, those of all once repeats are together."""
    entity = f'mvjoin({evaluated(rule.risk_entity)}, ", ")'
    group = "0"
    if rule.suppress is not None:
        values = [f'coalesce(mvjoin(lower({evaluated(name)}), ","), "")' for name in rule.suppress.by]
        group = '."|".'.join([f"tostring(floor(_time / {rule.suppress.seconds}))", *values])
    return (
        "\n| dedup metadata.uid keepempty=t"
        f'\n| eval th_day=floor(_time / 86400), th_entity=coalesce(lower({entity}), ""), th_group={group}'
        "\n| stats count AS th_n BY th_day th_entity th_group"
        "\n| eventstats dc(th_group) AS th_grouped"
        "\n| stats sum(th_n) AS th_alerts max(th_grouped) AS th_grouped BY th_day th_entity"
        "\n| eventstats sum(th_alerts) AS th_total BY th_day"
        "\n| sort 0 th_day -th_alerts th_entity"
        "\n| streamstats count AS th_rank BY th_day"
        f"\n| where th_rank<={PER_DAY}"
    )


def _memory(rule: Rule) -> timedelta:
    kept = rule.baseline
    if kept is None:
        raise ValueError(f"rule {rule.id} is no baseline")
    return timedelta(seconds=kept.seconds + (kept.learn or kept.seconds))


def _named(name: str) -> str:
    return name if name.replace("_", "").replace(".", "").isalnum() else f'"{name}"'


def _day(row: Row) -> str:
    return f"{datetime.fromtimestamp(number_of(row, 'th_day') * 86_400, UTC):%Y-%m-%d}"


def _seconds(when: datetime) -> str:
    return f"{when.timestamp():.3f}"
