"""backtest on real servers, against what the embedded engine raises."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from commands import Run
from engines import Server
from engines_index import Http
from tracehound.connectors.elastic import backtest as elastic_backtest
from tracehound.connectors.elastic import rollout
from tracehound.connectors.elastic.client import elastic, server_of
from tracehound.connectors.elastic.events import Encoder
from tracehound.connectors.elastic.push import BulkTransport
from tracehound.connectors.elastic.settings import ElasticSettings

from tracehound.config import Settings
from tracehound.deploy.backtest import Counted, Range, backtest
from tracehound.deploy.verify import _moved
from tracehound.errors import ConfigError
from tracehound.matcher.setup import engine_for
from tracehound.rules import Rule, RuleSet
from tracehound.ruletest import RuleTester, files_of

Event = dict[str, Any]
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 4
SINGLE, OTHER = "bedrock_guardrail_deleted", "model_on_no_list_invoked"
COUNTING = ("bedrock_invocations_refused", "openai_login_failures", "gateway_rate_limit_burst")


def ms(when: datetime) -> int:
    return int(when.timestamp() * 1000)


@pytest.fixture(scope="module")
def history(ours: RuleSet) -> list[Event]:
    """The test events of some rules, again and again over four days, at random times."""
    chance, tester, made = random.Random(6), RuleTester(Settings()), []
    for rule in ours:
        if rule.folder.name not in (SINGLE, OTHER, *COUNTING):
            continue
        for path in files_of(rule):
            events, _ = tester.events_of(path)
            for copy in range(chance.randrange(1, 7)):
                start = ms(FIRST) + chance.randrange(DAYS * 86_400) * 1000
                for event in events:
                    moved = _moved(event, start - events[0]["time"], "")
                    uid = f"{rule.folder.name}-{path.name}-{copy}-{event['metadata']['uid']}"
                    made.append({**moved, "metadata": {**moved["metadata"], "uid": uid}})
    return sorted(made, key=lambda event: event["time"])


@pytest.fixture(scope="module")
def cluster(elasticsearch8: Server, history: list[Event]) -> Iterator[Server]:
    """All of it stored, a third of it twice: on both sides of a rollover."""
    yield from _stored(elasticsearch8, history)


def _stored(server: Server, history: list[Event]) -> Iterator[Server]:
    settings = ElasticSettings(url=server.url, namespace="backtest")
    client = elastic(settings)
    there = server_of(client, settings)
    rollout.install(client, settings, there)
    http = Http(server.url)
    encoder, transport = Encoder("backtest"), BulkTransport(client, settings, there)
    for part in (history, history[::3]):
        documents = [encoder.document(event) for event in part]
        for start in range(0, len(documents), 500):
            assert not transport.send(documents[start : start + 500]).rejected
        streams = http.must("GET", "/_data_stream/logs-tracehound.*-backtest")["data_streams"]
        for stream in streams:
            http.must("POST", f"/{stream['name']}/_rollover")
    http.must("POST", "/logs-tracehound.*/_refresh")
    yield server
    for stream in streams:
        http.must("DELETE", f"/_data_stream/{stream['name']}")
    rollout.uninstall(client, settings, there)
    client.close()


def counted(server: Server, rules: list[Rule], over: Range) -> dict[str, Counted]:
    tester = elastic_backtest.backtester(ElasticSettings(url=server.url), Settings(), rules)
    return {one.rule.folder.name: one for one in backtest(tester, rules, over)}


def raised(rule: Rule, events: list[Event]) -> Counter[str]:
    """Findings of the embedded engine by day; of single events without suppression."""
    days: Counter[str] = Counter()
    if rule.correlation is not None:
        engine = engine_for([rule], Settings())
        found = [*engine.process(events), *engine.flush()]
        times = [finding["time"] for finding in found if finding["activity_id"] == 1]
    else:
        times = [e["time"] for e in events if engine_for([rule], Settings()).process([e])]
    for time in times:
        days[f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d}"] += 1
    return days


WHOLE = Range(FIRST, FIRST + timedelta(days=DAYS + 1))


@pytest.mark.parametrize("name", [SINGLE, OTHER])
def test_single_events_by_day_each_uid_once(
    name: str, cluster: Server, history: list[Event], ours: RuleSet
) -> None:
    rule = next(rule for rule in ours if rule.folder.name == name)
    found = counted(cluster, [rule], WHOLE)[name]
    wanted = raised(rule, history)
    assert dict(found.days) == dict(wanted)
    assert found.alerts == wanted.total() > 3
    assert found.entity == rule.risk_entity
    assert 0 < sum(count for _, count in found.noisiest) <= found.alerts
    engine = engine_for([rule], Settings())
    findings = [*engine.process(history), *engine.flush()]
    opened = sum(finding["activity_id"] == 1 for finding in findings)
    assert found.grouped is not None
    assert opened <= found.grouped <= min(2 * opened, found.alerts)


@pytest.mark.parametrize("name", COUNTING)
def test_correlations_by_day(name: str, cluster: Server, history: list[Event], ours: RuleSet) -> None:
    """Windows of suppression are by the clock here, by the first hit there: what lies across counts twice."""
    rule = next(rule for rule in ours if rule.folder.name == name)
    found = counted(cluster, [rule], WHOLE)[name]
    wanted = raised(rule, history)
    assert set(dict(found.days)) == set(wanted)
    assert wanted.total() <= found.alerts <= 2 * wanted.total()


def test_day_by_day_is_as_all_at_once(cluster: Server, ours: RuleSet) -> None:
    rules = [rule for rule in ours if rule.folder.name in (SINGLE, OTHER, *COUNTING)]
    whole = counted(cluster, rules, WHOLE)
    parts: dict[str, Counter[str]] = {rule.folder.name: Counter() for rule in rules}
    for number in range(2 * DAYS + 2):
        half = timedelta(hours=12)
        over = Range(FIRST + number * half, FIRST + (number + 1) * half)
        for name, one in counted(cluster, rules, over).items():
            parts[name].update(dict(one.days))
    assert {name: dict(one.days) for name, one in whole.items()} == {n: dict(c) for n, c in parts.items()}


def test_all_rules_are_counted(cluster: Server, ours: RuleSet) -> None:
    found = counted(cluster, list(ours.rules), WHOLE)
    assert {name: one.problem for name, one in found.items() if one.problem} == {}
    alerts = [one.alerts for one in found.values()]
    assert alerts == sorted(alerts, reverse=True), "the noisiest first"


def test_an_empty_range(cluster: Server, ours: RuleSet) -> None:
    past = Range(FIRST - timedelta(days=300), FIRST - timedelta(days=299))
    rules = [rule for rule in ours if rule.folder.name in (SINGLE, *COUNTING)]
    assert {one.alerts for one in counted(cluster, rules, past).values()} == {0}


def test_on_opensearch_single_events(opensearch: Server, history: list[Event], ours: RuleSet) -> None:
    for server in _stored(opensearch, history):
        rules = [rule for rule in ours if rule.folder.name in (SINGLE, COUNTING[0])]
        found = counted(server, rules, WHOLE)
        assert found[SINGLE].alerts >= raised(found[SINGLE].rule, history).total()
        assert "twice" in found[SINGLE].notes[0]
        assert found[COUNTING[0]].problem == "Lucene has no correlations"


NOW = datetime(2026, 6, 15, 12, 30, tzinfo=UTC)
RANGES = [
    ("so long ago", "7d", None, datetime(2026, 6, 8, 12, 30, tzinfo=UTC), NOW),
    (
        "hours",
        "12h",
        "6h",
        datetime(2026, 6, 15, 0, 30, tzinfo=UTC),
        datetime(2026, 6, 15, 6, 30, tzinfo=UTC),
    ),
    ("dates", "2026-01-01", "2026-02-01", datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)),
    ("zones", "2026-01-01T02:00:00+02:00", None, datetime(2026, 1, 1, tzinfo=UTC), NOW),
]


@pytest.mark.parametrize(
    ("start", "end", "first", "last"), [row[1:] for row in RANGES], ids=[row[0] for row in RANGES]
)
def test_ranges(start: str, end: str | None, first: datetime, last: datetime) -> None:
    assert Range.parse(start, end, NOW) == Range(first, last)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        ("yesterday", None, "a date"),
        ("2026-06-16", None, "not before"),
        ("2020-01-01", None, "shorter range"),
    ],
)
def test_ranges_that_are_none(start: str, end: str | None, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Range.parse(start, end, NOW)


def test_days_of_a_range() -> None:
    over = Range(datetime(2026, 1, 1, 5, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC))
    assert [f"{day:%d}" for day in over.days] == ["01", "02"]


def test_the_command(tracehound: Run, cluster: Server) -> None:
    place = ("backtest", "elastic", "--url", cluster.url, "--from", "2026-03-01", "--to", "2026-03-06")
    found = tracehound(*place, "--rule", SINGLE, "--format", "ndjson")
    assert found.code == 0
    (one,) = found.lines
    assert one["alerts"] == sum(one["days"].values()) > 0
    assert "alerts" in found.err
    table = tracehound(*place, "--rule", SINGLE, "--rule", OTHER)
    assert "noisiest" in table.out
