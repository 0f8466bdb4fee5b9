"""``backtest`` in ES|QL; on OpenSearch, which has none, what Lucene can say.

Events are counted by distinct ``metadata.uid``, exactly: one ``STATS`` by uid, another over it. A correlation is
asked day by day, each day with the time before it that its windows reach back, so that no query holds more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tracehound.compiler import cache, kibana
from tracehound.compiler.esql import INDEX
from tracehound.compiler.esql_taken import quoted
from tracehound.compiler.lucene import caseless
from tracehound.compiler.model import Query
from tracehound.config import Settings
from tracehound.deploy.backtest import NOISIEST, Counted, Range, noisiest, slices
from tracehound.errors import TargetError
from tracehound.rules import Rule
from tracehound.rules.model import Suppress

from .client import request
from .deploy import connect
from .ecs import wider
from .settings import ElasticSettings

DAY = timedelta(days=1)
MOST_DAYS = 1000
_SORTED = re.compile(r"\n\| SORT [^|\n]*\Z")
_SINCE = re.compile(r"\n\| WHERE th_end >= TO_LONG\(NOW\(\)\) - \d+")
DOCUMENTS = "documents are counted: an event that is stored twice, after a rollover, counts twice"
LEARNING = "Kibana's new_terms knows no learning time, and would raise more"


def backtester(settings: ElasticSettings, app: Settings, rules: Sequence[Rule]) -> ElasticBacktester:
    """Connects. Raises ``ConfigError`` and ``TargetError``."""
    return ElasticBacktester(settings, app, rules)


class ElasticBacktester:
    """One run."""

    def __init__(self, settings: ElasticSettings, app: Settings, rules: Sequence[Rule]) -> None:
        self._there = connect(settings, app)
        self._esql = not self._there.server.opensearch
        language = "esql" if self._esql else "lucene"
        found = cache.compiled(rules, language, app.packs, app.lists)
        self._queries = {query.rule.id: query for query in found.queries}
        self._reasons = found.reasons

    def count(self, rule: Rule, over: Range) -> Counted:
        """Alerts by day, and the entities with the most of them."""
        query = self._queries.get(rule.id)
        if query is None:
            raise TargetError(self._reasons.get(rule.id, "no query"))
        if not self._esql:
            return self._in_lucene(query, over)
        if rule.correlation is not None or rule.baseline is not None:
            return self._windows(query, over)
        return self._events(query, over)

    # Single events

    def _events(self, query: Query, over: Range) -> Counted:
        rule = query.rule
        entity = quoted(caseless(rule.risk_entity))
        day = "th_day = MIN(DATE_TRUNC(1 day, `@timestamp`))"
        within = _within(over.start, over.end)
        rows = self._rows(
            f"{query.query}\n| STATS {day} BY metadata.uid"
            f"\n| STATS th_alerts = COUNT(*) BY th_day\n| SORT th_day\n| LIMIT {MOST_DAYS}",
            within,
        )
        days = tuple((str(when)[:10], int(alerts)) for alerts, when in rows)
        top: list[list[Any]] = []
        if days:
            top = self._rows(
                f"{query.query}\n| STATS th_n = COUNT(*) BY metadata.uid, th_entity = {entity}"
                "\n| STATS th_alerts = COUNT(*) BY th_entity"
                f"\n| WHERE th_entity IS NOT NULL\n| SORT th_alerts DESC, th_entity\n| LIMIT {NOISIEST}",
                within,
            )
        grouped = self._grouped(query, rule.suppress, within) if days and rule.suppress else None
        most = tuple((str(name), int(alerts)) for alerts, name in top)
        return Counted(rule, days, most, rule.risk_entity, grouped=grouped, notes=_notes(query))

    def _grouped(self, query: Query, suppress: Suppress, within: dict[str, Any]) -> int:
        """Alerts of windows by the clock as long as the rule's suppression."""
        names = [quoted(caseless(name)) for name in suppress.by]
        rows = self._rows(
            f"{query.query}\n| STATS th_time = MIN(TO_LONG(`@timestamp`)) BY {', '.join(['metadata.uid', *names])}"
            f"\n| EVAL th_window = th_time / {suppress.seconds * 1000}"
            f"\n| STATS th_n = COUNT(*) BY {', '.join(['th_window', *names])}\n| STATS th_alerts = COUNT(*)",
            within,
        )
        return int(rows[0][0]) if rows else 0

    # Correlations and baselines

    def _windows(self, query: Query, over: Range) -> Counted:
        rule = query.rule
        by = rule.correlation.group_by if rule.correlation else rule.baseline.by if rule.baseline else ()
        text = _SINCE.sub("", _SORTED.sub("", query.query))
        back = timedelta(seconds=kibana.reach(query, self._there.app.lateness))
        days: dict[str, int] = {}
        entities: dict[str, int] = {}
        for start, end in slices(rule, over):
            names = [quoted(name) for name in by]
            shown = ", ".join(names) or "th_all"
            rows = self._rows(
                f"{text}\n| WHERE `@timestamp` >= {_literal(start)} AND `@timestamp` < {_literal(end)}"
                f"{'' if names else chr(10) + '| EVAL th_all = true'}"
                f"\n| STATS th_alerts = COUNT(*) BY th_day = DATE_TRUNC(1 day, `@timestamp`), {shown}"
                "\n| SORT th_alerts DESC\n| LIMIT 10000",
                _within(start - back, end),
            )
            for alerts, when, *group in rows:
                days[str(when)[:10]] = days.get(str(when)[:10], 0) + int(alerts)
                if by:
                    name = ", ".join(map(str, group))
                    entities[name] = entities.get(name, 0) + int(alerts)
        notes = [
            *_notes(query),
            *query.approximate,
            *([LEARNING] if rule.baseline and rule.baseline.learn else []),
        ]
        return Counted(
            rule, tuple(sorted(days.items())), noisiest(entities), ", ".join(by), notes=tuple(notes)
        )

    def _rows(self, query: str, within: dict[str, Any]) -> list[list[Any]]:
        there = self._there
        body = {"query": query, "filter": {"bool": {"filter": [within]}}}
        found = request(there.client, there.settings, "POST", "/_query", body)
        rows: list[list[Any]] = found["values"]
        return rows

    # OpenSearch

    def _in_lucene(self, query: Query, over: Range) -> Counted:
        rule = query.rule
        if rule.baseline is not None:
            raise TargetError("baselines need ES|QL")
        there = self._there
        asked = {"query_string": {"query": query.query, "analyze_wildcard": True}}
        body = {
            "size": 0,
            "query": {"bool": {"filter": [asked, _within(over.start, over.end)]}},
            "aggs": {
                "days": {
                    "date_histogram": {"field": "@timestamp", "calendar_interval": "1d", "min_doc_count": 1}
                },
                "top": {"terms": {"field": caseless(rule.risk_entity), "size": NOISIEST}},
            },
        }
        found = request(there.client, there.settings, "POST", f"/{INDEX}/_search", body)
        groups = found.get("aggregations")
        if groups is None:
            return Counted(rule, entity=rule.risk_entity)
        return Counted(
            rule,
            tuple((one["key_as_string"][:10], one["doc_count"]) for one in groups["days"]["buckets"]),
            tuple((str(one["key"]), one["doc_count"]) for one in groups["top"]["buckets"]),
            rule.risk_entity,
            notes=(DOCUMENTS, *_notes(query)),
        )


def _notes(query: Query) -> tuple[str, ...]:
    said = wider(query.rule.fields)
    return (said,) if said else ()


def _within(start: datetime, end: datetime) -> dict[str, Any]:
    return {"range": {"@timestamp": {"gte": start.isoformat(), "lt": end.isoformat()}}}


def _literal(when: datetime) -> str:
    return f'TO_DATETIME("{when.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]}Z")'
