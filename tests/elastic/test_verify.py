"""verify on real servers: the deployed query and the rule's own events."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from commands import EXE, Run
from engines import Server
from engines_index import Http
from kibana_rules import deploy
from kibana_stub import KEY, KibanaStub
from tracehound.connectors.elastic import verify as elastic_verify
from tracehound.connectors.elastic.queries import at_place
from tracehound.connectors.elastic.settings import ElasticSettings

from tracehound.config import Settings
from tracehound.deploy.verify import Verdict, samples_of, verify
from tracehound.errors import TargetError
from tracehound.rules import Rule, RuleSet
from tracehound.ruletest import RuleTester
from tracehound.secrets import Secret

LEARNING = {"pass_new_agent.jsonl", "pass_still_learning.jsonl", "pass_new_colleague.jsonl"}


def run(server: Server, rules: Sequence[Rule], stub: KibanaStub | None = None) -> dict[str, Verdict]:
    """Folder name -> verdict."""
    settings = ElasticSettings(url=server.url, kibana_url=stub.url if stub else None)
    settings = settings.with_secrets(api_key=Secret(KEY))
    verifier = elastic_verify.verifier(settings, Settings(), rules)
    found = verify(verifier, rules, Settings(), int(time.time() * 1000))
    return {one.rule.folder.name: one for one in found}


def left(server: Server) -> list[str]:
    """What of it is in the cluster."""
    http = Http(server.url)
    streams = http.must("GET", f"/_data_stream/{elastic_verify.PATTERN}")["data_streams"]
    status, _ = http.send("GET", f"/_index_template/{elastic_verify.TEMPLATE}")
    return [one["name"] for one in streams] + ([elastic_verify.TEMPLATE] if status == 200 else [])


def some(rules: RuleSet, *names: str) -> list[Rule]:
    return [rule for rule in rules if rule.folder.name in names]


def test_every_rule_finds_its_own_events(elasticsearch8: Server, ours: RuleSet) -> None:
    found = run(elasticsearch8, ours.rules)
    assert {name: one.reason for name, one in found.items() if one.status != "fired"} == {}
    assert {one.source for one in found.values()} == {"compiled"}
    wrong = {name for one in found.values() for name, must, did in one.files if did != must}
    assert wrong <= LEARNING, "Kibana's new_terms knows no learning time; everything else is as embedded"
    assert left(elasticsearch8) == []


@pytest.mark.parametrize(
    ("engine", "why"), [("elasticsearch9", "_query"), ("opensearch", "Lucene has no correlations")]
)
def test_what_a_server_cannot_run_is_said(
    engine: str, why: str, ours: RuleSet, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue(engine)
    found = run(server, ours.rules)
    counts = Counter(one.status for one in found.values())
    assert set(counts) == {"fired", "could not be checked"}
    assert counts["fired"] > 60
    for rule in ours:
        one = found[rule.folder.name]
        assert (one.status == "could not be checked") == (rule.correlation is not None)
        assert one.status == "fired" or why in one.reason
    assert left(server) == []


CHECKED = ("bedrock_guardrail_deleted", "bedrock_invocations_refused", "first_seen_tool_for_agent")


def test_the_deployed_query_is_what_is_asked(
    elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    rules = some(ours, *CHECKED, "openai_login_failures")
    deploy(kibana, rules[:-1])
    found = run(elasticsearch8, rules, kibana)
    assert {one.status for one in found.values()} == {"fired"}
    assert Counter(one.source for one in found.values()) == {"deployed": 3, "compiled": 1}


MUTANTS: list[tuple[str, str, dict[str, str]]] = [
    ("another word", CHECKED[0], {"DeleteGuardrail": "DeleteNothing"}),
    ("never", CHECKED[0], {"ai.service": "ai.servile"}),
    ("a higher bound", CHECKED[1], {"th_measure >= ": "th_measure >= 1000 + "}),
    ("no events", CHECKED[1], {"| WHERE KQL": "| WHERE false AND KQL"}),
    ("new terms of nothing", CHECKED[2], {"ai.": "no."}),
]


@pytest.mark.parametrize(("name", "change"), [row[1:] for row in MUTANTS], ids=[row[0] for row in MUTANTS])
def test_a_query_that_was_spoilt_does_not_fire(
    name: str, change: dict[str, str], elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, name)
    deploy(kibana, [rule])
    query = kibana.rules["default"][rule.id]["query"]
    for old, new in change.items():
        assert old in query
        query = query.replace(old, new)
    kibana.edit("default", rule.id, query=query)
    verdict = run(elasticsearch8, [rule], kibana)[name]
    assert verdict.status == "did not fire"
    assert verdict.source == "deployed"
    assert "match_" in verdict.reason


def test_a_query_that_finds_too_much_is_said(
    elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, CHECKED[0])
    deploy(kibana, [rule])
    kibana.edit("default", rule.id, query="ai.service: *")
    verdict = run(elasticsearch8, [rule], kibana)[CHECKED[0]]
    assert verdict.status == "fired on others"
    assert "pass_" in verdict.reason


def test_a_look_back_that_is_too_short_is_seen(
    elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, CHECKED[0])
    deploy(kibana, [rule])
    kibana.edit("default", rule.id, **{"from": "now-10s"})
    assert run(elasticsearch8, [rule], kibana)[CHECKED[0]].status == "did not fire"


def test_a_broken_query_could_not_be_checked(
    elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, CHECKED[1])
    deploy(kibana, [rule])
    kibana.edit("default", rule.id, query="FROM logs-tracehound.* | WHERE nothing_of_that_name == 1")
    verdict = run(elasticsearch8, [rule], kibana)[CHECKED[1]]
    assert verdict.status == "could not be checked"
    assert "nothing_of_that_name" in verdict.reason


@pytest.mark.parametrize(
    ("index", "status"),
    [
        (["logs-tracehound.*"], "fired"),
        (["logs-*", "-logs-other-*"], "fired"),
        (["logs-other-*"], "did not fire"),
        (["logs-*", "-logs-tracehound*"], "did not fire"),
    ],
)
def test_a_rule_that_looks_elsewhere_is_seen(
    index: list[str], status: str, elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, CHECKED[0])
    deploy(kibana, [rule])
    kibana.edit("default", rule.id, index=index)
    verdict = run(elasticsearch8, [rule], kibana)[CHECKED[0]]
    assert verdict.status == status
    assert status == "fired" or "not at our events" in verdict.reason


def test_a_correlation_that_looks_elsewhere_is_seen(
    elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet
) -> None:
    (rule,) = some(ours, CHECKED[1])
    deploy(kibana, [rule])
    query = kibana.rules["default"][rule.id]["query"]
    kibana.edit("default", rule.id, query=query.replace("logs-tracehound.*", "logs-other"))
    assert run(elasticsearch8, [rule], kibana)[CHECKED[1]].status == "did not fire"


def test_an_analysts_filter_counts(elasticsearch8: Server, kibana: KibanaStub, ours: RuleSet) -> None:
    (rule,) = some(ours, CHECKED[0])
    deploy(kibana, [rule])
    away = {"meta": {"negate": True}, "query": {"exists": {"field": "ai.service"}}}
    kibana.edit("default", rule.id, filters=[away])
    assert run(elasticsearch8, [rule], kibana)[CHECKED[0]].status == "did not fire"


def test_no_rule_and_no_board_sees_the_test_events(
    elasticsearch8: Server, ours: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run is under way: our pattern and everybody's ``logs-*`` find nothing of it."""
    seen: dict[str, int] = {}
    http = Http(elasticsearch8.url)
    asked = elastic_verify.ElasticVerifier.fired

    def look(self: Any, rule: Rule, samples: Any) -> Any:
        here = {"query": {"exists": {"field": elastic_verify.MARK}}}
        for pattern in ("logs-tracehound.*", "logs-*", elastic_verify.PATTERN):
            answer = http.must("POST", f"/{pattern}/_count", here)
            seen[pattern] = answer["count"]
        return asked(self, rule, samples)

    monkeypatch.setattr(elastic_verify.ElasticVerifier, "fired", look)
    run(elasticsearch8, some(ours, CHECKED[0]))
    assert seen.pop(elastic_verify.PATTERN) > 0
    assert set(seen.values()) == {0}


class Stopped(Exception):  # noqa: N818  # stands for any end
    pass


@pytest.mark.parametrize("end", [Stopped, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("at", ["send", "fired"])
def test_interrupted_it_still_cleans_up(
    at: str, end: type[BaseException], elasticsearch8: Server, ours: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise end

    monkeypatch.setattr(elastic_verify.ElasticVerifier, at, stop)
    with pytest.raises(end):
        run(elasticsearch8, some(ours, CHECKED[0]))
    assert left(elasticsearch8) == []


def test_what_a_killed_run_left_goes_with_the_next(
    elasticsearch8: Server, ours: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kill -9``: nobody cleans up; the next run does, once it is old enough not to be somebody's."""
    rules = some(ours, CHECKED[0])
    with monkeypatch.context() as context:
        context.setattr(elastic_verify.ElasticVerifier, "_clean", lambda self: None)
        run(elasticsearch8, rules)
    (stream, template) = left(elasticsearch8)
    assert template == elastic_verify.TEMPLATE
    run(elasticsearch8, rules)
    assert left(elasticsearch8) == [stream, template], "it may be a run of somebody else's"
    monkeypatch.setattr(elastic_verify, "STALE", elastic_verify.timedelta(0))
    run(elasticsearch8, rules)
    assert left(elasticsearch8) == []


@pytest.mark.parametrize("signal", [15, 1], ids=["TERM", "HUP"])
def test_ended_by_a_signal(signal: int, elasticsearch8: Server, tmp_path: Path) -> None:
    """The process that runs verify is asked to end while it works."""
    call = [str(EXE), "verify", "elastic", "--url", elasticsearch8.url, "--format", "ndjson"]
    process = subprocess.Popen(call, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not any(name != elastic_verify.TEMPLATE for name in left(elasticsearch8)):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal)
    assert process.wait(30) == 128 + signal
    assert left(elasticsearch8) == []


def test_times_are_moved_together(ours: RuleSet) -> None:
    now = 1_800_000_000_000
    (rule,) = some(ours, CHECKED[1])
    tester = RuleTester(Settings())
    for sample in samples_of(tester, rule, Settings(), now):
        events, _ = tester.events_of(sample.file)
        gaps = [event["time"] - events[0]["time"] for event in events]
        assert [event["time"] - sample.events[0]["time"] for event in sample.events] == gaps
        assert [e["metadata"]["uid"] for e in sample.events] == [e["metadata"]["uid"] for e in events]
        if sample.expected:
            assert any(event["time"] == now - 60_000 for event in sample.events)
        for before, after in zip(events, sample.events, strict=True):
            logged = before["metadata"].get("logged_time")
            if logged is not None:
                assert after["metadata"]["logged_time"] - logged == after["time"] - before["time"]


FROMS = [
    ("FROM logs-tracehound.* METADATA _id, _index\n| WHERE x", "FROM here METADATA _id, _index\n| WHERE x"),
    ("from a, b | limit 1", "FROM here\n| limit 1"),
    ("FROM logs-tracehound.*\n| STATS n = COUNT(*)", "FROM here\n| STATS n = COUNT(*)"),
    ("FROM a", "FROM here\n"),
]


@pytest.mark.parametrize(("query", "moved"), FROMS)
def test_only_the_place_of_a_query_changes(query: str, moved: str) -> None:
    assert at_place(query, "here") == moved


def test_a_query_without_from_is_refused() -> None:
    with pytest.raises(TargetError, match="does not begin with FROM"):
        at_place("ROW a = 1", "here")


def test_the_command(tracehound: Run, elasticsearch8: Server) -> None:
    place = ("verify", "elastic", "--url", elasticsearch8.url, "--rule", CHECKED[0])
    found = tracehound(*place, "--format", "ndjson")
    assert found.code == 0
    (one,) = found.lines
    assert (one["status"], one["name"]) == ("fired", CHECKED[0])
    assert {file["expected"] for file in one["files"]} == {True, False}
    assert "fired" in tracehound(*place).out
    assert found.err.strip().endswith("1 fired")
