"""backtest on the stand-in for Splunk, against what the embedded engine raises."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from commands import Run
from splunk_deploy import deploy
from splunk_http import Say
from splunk_index import Indexed
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import backtest as splunk_backtest
from tracehound.connectors.splunk import queries
from tracehound.connectors.splunk.events import Encoder

from tracehound.config import Settings
from tracehound.deploy.backtest import Counted, Range, backtest
from tracehound.deploy.verify import _moved
from tracehound.matcher.setup import engine_for
from tracehound.rules import Rule, RuleSet
from tracehound.ruletest import RuleTester, files_of

Event = dict[str, Any]
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 4
WHOLE = Range(FIRST, FIRST + timedelta(days=DAYS + 1))
SINGLE = "bedrock_guardrail_deleted"


@pytest.fixture(scope="module")
def history(ours: RuleSet) -> list[Event]:
    """The test events of all rules, again and again over four days, at random times."""
    chance, tester, made = random.Random(6), RuleTester(Settings()), []
    for rule in ours:
        for path in files_of(rule):
            events, _ = tester.events_of(path)
            for copy in range(chance.randrange(1, 4) if events else 0):
                start = int(FIRST.timestamp() * 1000) + chance.randrange(DAYS * 86_400) * 1000
                for event in events:
                    moved = _moved(event, start - events[0]["time"], "")
                    uid = f"{rule.folder.name}-{path.name}-{copy}-{event['metadata']['uid']}"
                    made.append({**moved, "metadata": {**moved["metadata"], "uid": uid}})
    return sorted(made, key=lambda event: event["time"])


@pytest.fixture(scope="module")
def full(history: list[Event]) -> Iterator[SplunkStub]:
    """All of it indexed."""
    with SplunkStub() as stub:
        fill(stub, history)
        yield stub


@pytest.fixture(scope="module")
def twice(history: list[Event]) -> Iterator[SplunkStub]:
    """All of it indexed twice."""
    with SplunkStub() as stub:
        fill(stub, [*history, *history])
        yield stub


def fill(stub: SplunkStub, events: list[Event]) -> None:
    encoder = Encoder(stub.settings())
    made = []
    for event in events:
        one = orjson.loads(encoder.document(event).body)
        names = ("index", "sourcetype", "source", "host")
        made.append(Indexed(raw=one["event"], time=one["time"], **{name: one[name] for name in names}))
    stub.put(made)


def counted(stub: SplunkStub, rules: list[Rule], over: Range, **more: Any) -> dict[str, Counted]:
    tester = splunk_backtest.backtester(stub.settings(**more), Settings(), rules)
    return {one.rule.folder.name: one for one in backtest(tester, rules, over)}


def raised(rule: Rule, events: list[Event]) -> Counter[str]:
    """Findings of the embedded engine by day; of single events without suppression."""
    single = rule.correlation is None and rule.baseline is None
    engine = engine_for([replace(rule, suppress=None) if single else rule], Settings())
    found = [*engine.process(events), *engine.flush()]
    times = [finding["time"] for finding in found if finding["activity_id"] == 1]
    days = (f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%d}" for time in times)
    return Counter(day for day in days if day < f"{WHOLE.end:%Y-%m-%d}")


@pytest.fixture(scope="module")
def found(full: SplunkStub, ours: RuleSet) -> dict[str, Counted]:
    """All rules over all days."""
    return counted(full, list(ours.rules), WHOLE)


def test_all_rules_are_counted(found: dict[str, Counted], ours: RuleSet) -> None:
    assert {name: one.problem for name, one in found.items() if one.problem} == {}
    assert len(found) == len(ours)
    alerts = [one.alerts for one in found.values()]
    assert alerts == sorted(alerts, reverse=True), "the noisiest first"


def test_single_events_by_day(found: dict[str, Counted], history: list[Event]) -> None:
    checked = 0
    for name, one in found.items():
        if one.rule.correlation is not None or one.rule.baseline is not None:
            continue
        assert dict(one.days) == dict(raised(one.rule, history)), name
        assert one.entity == one.rule.risk_entity
        assert sum(count for _, count in one.noisiest) <= one.alerts
        if one.rule.suppress is not None and one.alerts:
            assert one.grouped is not None
            assert 0 < one.grouped <= one.alerts
        checked += one.alerts > 0
    assert checked > 50


def test_repeats_are_put_together(found: dict[str, Counted], history: list[Event]) -> None:
    """Windows are by the clock here, by the first hit there: what lies across counts twice."""
    one = found["model_on_no_list_invoked"]
    engine = engine_for([one.rule], Settings())
    events = [event for event in history if event["time"] < WHOLE.end.timestamp() * 1000]
    findings = [*engine.process(events), *engine.flush()]
    opened = sum(finding["activity_id"] == 1 for finding in findings)
    assert one.grouped is not None
    assert opened <= one.grouped <= min(2 * opened, one.alerts)


def test_correlations_and_baselines_by_day(found: dict[str, Counted], history: list[Event]) -> None:
    checked = 0
    for name, one in found.items():
        if one.rule.correlation is None and one.rule.baseline is None:
            continue
        wanted = raised(one.rule, history)
        assert set(wanted) <= set(dict(one.days)), name
        assert wanted.total() <= one.alerts <= 2 * max(wanted.total(), 1), name
        checked += one.alerts > 0
    assert checked > 10


def test_events_that_are_there_twice_change_no_count(
    found: dict[str, Counted], twice: SplunkStub, ours: RuleSet
) -> None:
    again = counted(twice, list(ours.rules), WHOLE)
    for name, one in found.items():
        assert again[name].item() == one.item()


def test_rows_of_searches_are_raised_once_each(full: SplunkStub, twice: SplunkStub, ours: RuleSet) -> None:
    """Not only backtest's own counting: what a scheduled run raises, throttled as its settings say."""
    now = (FIRST + timedelta(days=2, hours=6)).timestamp()
    alerts = []
    for stub in (full, twice):
        deploy(stub, ours.rules)
        names = [one.name for one in stub.objects.of("savedsearches")]
        for name in names:  # over the whole time, so that all find something
            stub.edit(
                "savedsearches", name, **{"dispatch.earliest_time": "-3d", "dispatch.latest_time": "now"}
            )
        alerts.append({name: len(stub.run_saved_search(name, now).alerts) for name in sorted(names)})
    once, doubled = alerts
    assert once == doubled
    assert sum(count > 0 for count in once.values()) > 50


def test_day_by_day_is_as_all_at_once(full: SplunkStub, ours: RuleSet) -> None:
    rules = [rule for rule in ours if rule.correlation is None][:8]
    whole = counted(full, rules, WHOLE)
    parts: dict[str, Counter[str]] = {rule.folder.name: Counter() for rule in rules}
    for number in range(2 * DAYS + 2):
        half = timedelta(hours=12)
        for name, one in counted(
            full, rules, Range(FIRST + number * half, FIRST + (number + 1) * half)
        ).items():
            parts[name].update(dict(one.days))
    assert {name: dict(one.days) for name, one in whole.items()} == {n: dict(c) for n, c in parts.items()}


def test_an_empty_range(full: SplunkStub, ours: RuleSet) -> None:
    past = Range(FIRST - timedelta(days=300), FIRST - timedelta(days=299))
    assert {one.alerts for one in counted(full, list(ours.rules)[:5], past).values()} == {0}


def test_a_site_s_index_and_lists_count(full: SplunkStub, ours: RuleSet) -> None:
    rules = [rule for rule in ours if rule.folder.name == SINGLE]
    with SplunkStub() as stub:
        stub.put(full.indexes.events("tracehound"))
        deploy(stub, rules)
        assert counted(stub, rules, WHOLE)[SINGLE].alerts > 0
        stub.edit("macros", "tracehound_index", definition="index=main")
        assert counted(stub, rules, WHOLE)[SINGLE].alerts == 0


def test_nothing_is_written_and_no_job_stays(full: SplunkStub, ours: RuleSet) -> None:
    before = len(full.rest_requests)
    counted(full, list(ours.rules)[:5], WHOLE)
    paths = {r.path for r in full.rest_requests[before:] if r.method != "GET"}
    assert all("/search/v2/jobs" in path for path in paths)
    assert full.jobs.kept == {}


def test_a_job_that_fails_is_said_of_its_rule(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = list(ours.rules)[:3]
    said = {"messages": [{"type": "FATAL", "text": "no"}]}
    fits = lambda r: r.method == "POST" and r.path.endswith("/search/v2/jobs")  # noqa: E731
    splunk.rest_faults.add(Say(400, said), fits=fits)
    found = counted(splunk, rules, WHOLE)
    problems = [one.problem for one in found.values() if one.problem]
    assert len(problems) == 1
    assert problems[0].endswith("400 no")


def test_too_many_rows_are_no_count(full: SplunkStub, ours: RuleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = [rule for rule in ours if rule.folder.name == "model_on_no_list_invoked"]
    monkeypatch.setattr(queries.Jobs.rows, "__kwdefaults__", {"most": 2})
    (one,) = counted(full, rules, WHOLE).values()
    assert one.problem == "the search gives more than 2 rows"


def test_an_interruption_cancels_the_job(
    full: SplunkStub, ours: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        assert full.jobs.kept
        raise KeyboardInterrupt

    monkeypatch.setattr(queries.Jobs, "_done", stop)
    with pytest.raises(KeyboardInterrupt):
        counted(full, list(ours.rules)[:1], WHOLE)
    assert full.jobs.kept == {}


def test_the_command(tracehound: Run, full: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEHOUND_SPLUNK_URL", full.url)
    monkeypatch.setenv("TRACEHOUND_SPLUNK_TOKEN", full.token)
    place = ("backtest", "splunk", "--from", "2026-03-01", "--to", "2026-03-06", "--rule", SINGLE)
    done = tracehound(*place, "--format", "ndjson")
    assert done.code == 0, done.err
    (one,) = done.lines
    assert one["alerts"] == sum(one["days"].values()) > 0
    assert "alerts" in done.err
    assert "noisiest" in tracehound(*place).out
