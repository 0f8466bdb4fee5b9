"""Rules into a Kibana and out of it, with everything that goes wrong on the way."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click
import elastic_push
import pytest
from commands import Run
from engines import Server
from engines_index import Http
from kibana_rules import deploy, parts_for, reach
from kibana_stub import KEY, RULES, Fault, KibanaStub, prebuilt
from tracehound.connectors.elastic import kibana as client

from tracehound.cli import _deploying
from tracehound.compiler import kibana as compiled
from tracehound.deploy import apply, plan, removal
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule, RuleSet

Json = dict[str, Any]


@pytest.fixture
def few(ours: RuleSet) -> list[Rule]:
    """Four of single events, a correlation, a baseline."""
    single = [rule for rule in ours if rule.correlation is None and rule.baseline is None]
    return [
        *single[:4],
        next(rule for rule in ours if rule.correlation),
        next(rule for rule in ours if rule.baseline),
    ]


def newer(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """The next version of the pack gives every rule these fields."""
    made = compiled.rule_object

    def changed(*args: Any, **more: Any) -> Json:
        body = made(*args, **more)
        for name, value in changes.items():
            if value is None:
                body.pop(name, None)
            else:
                body[name] = value
        return body

    monkeypatch.setattr(compiled, "rule_object", changed)


def actions(stub: KibanaStub, rules: list[Rule], **more: Any) -> Counter[str]:
    return Counter(change.action for change in plan(parts_for(stub, rules, **more)))


def test_all_rules_arrive_switched_off_one_request_each(ours: RuleSet, kibana: KibanaStub) -> None:
    for rule in prebuilt(3):
        kibana.add("default", rule)
    done = deploy(kibana, ours.rules)
    assert {one.status for one in done} == {"done"}
    rules = [rule for rule in kibana.rules["default"].values() if not rule["immutable"]]
    assert len(rules) == len(ours)
    assert not any(rule["enabled"] for rule in rules)
    writes = kibana.writes()
    assert Counter((one.method, one.path) for one in writes) == {("POST", RULES): len(ours)}
    assert actions(kibana, list(ours.rules)) == {"unchanged": len(ours)}
    deploy(kibana, ours.rules)
    assert len(kibana.writes()) == len(writes), "the second time nothing is written"


def test_found_over_several_pages(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracehound.connectors.elastic.rules.PAGE", 2)
    deploy(kibana, few)
    assert actions(kibana, few) == {"unchanged": len(few)}


def test_what_analysts_made_of_a_rule_survives_an_update(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(kibana, few)
    rule = few[0].id
    exceptions = [{"id": "e", "list_id": "l", "type": "detection", "namespace_type": "single"}]
    action = [{"action_type_id": ".email", "group": "default", "id": "x", "params": {}}]
    there = kibana.rules["default"][rule]
    kibana.edit(
        "default", rule, enabled=True, exceptions_list=exceptions, actions=action, query="mine: 1",
        risk_score=5, interval="5m", tags=[*there["tags"], "soc"],
    )  # fmt: skip
    newer(monkeypatch, note="new guide", risk_score=50)
    (change, *_) = plan(parts_for(kibana, few))
    assert change.action == "update"
    assert set(change.fields) == {"note"}
    assert change.kept == ("query",)
    assert change.conflicts == ("risk_score",)
    deploy(kibana, few)
    after = kibana.rules["default"][rule]
    assert after["note"] == "new guide"
    assert (after["query"], after["risk_score"], after["enabled"]) == ("mine: 1", 5, True)
    assert (after["exceptions_list"], after["actions"]) == (exceptions, action)
    assert "soc" in after["tags"]
    assert [one.method for one in kibana.writes()[-len(few) :]] == ["PATCH"] * len(few)
    assert actions(kibana, few) == {"conflict": 1, "unchanged": len(few) - 1}
    done, _ = apply(plan(parts_for(kibana, few), overwrite=True), overwrite=True)
    assert kibana.rules["default"][rule]["risk_score"] == 50
    assert kibana.rules["default"][rule]["exceptions_list"] == exceptions
    assert len(done) == 1


def test_a_field_that_goes_is_taken_away_and_nothing_else(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    kibana.license = "platinum"
    deploy(kibana, few)
    held = [rule for rule, raw in kibana.rules["default"].items() if "alert_suppression" in raw]
    assert held
    exceptions = [{"id": "e", "list_id": "l", "type": "detection", "namespace_type": "single"}]
    kibana.edit("default", held[0], exceptions_list=exceptions, enabled=True, max_signals=7)
    newer(monkeypatch, alert_suppression=None)
    deploy(kibana, few)
    after = kibana.rules["default"][held[0]]
    assert "alert_suppression" not in after
    assert (after["exceptions_list"], after["enabled"], after["max_signals"]) == (exceptions, True, 7)
    assert actions(kibana, few) == {"unchanged": len(few)}


def of_another_type(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next version of the pack says this rule in ES|QL."""
    made = compiled.rule_object

    def changed(query: Any, *args: Any, **more: Any) -> Json:
        body = made(query, *args, **more)
        if query.rule.id == rule.id:
            body |= {
                "type": "esql",
                "language": "esql",
                "query": "FROM logs-tracehound.* METADATA _id",
                "note": "new",
            }
            body.pop("index", None)
        return body

    monkeypatch.setattr(compiled, "rule_object", changed)


def test_a_rule_of_another_type_is_replaced_and_keeps_what_analysts_made_of_it(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(kibana, few)
    rule = few[0].id
    exceptions = [{"id": "e", "list_id": "l", "type": "detection", "namespace_type": "single"}]
    action = [{"action_type_id": ".email", "group": "default", "id": "x", "params": {}}]
    tags = [*kibana.rules["default"][rule]["tags"], "soc"]
    kibana.edit(
        "default", rule, enabled=True, exceptions_list=exceptions, actions=action, risk_score=5, tags=tags
    )
    of_another_type(few[0], monkeypatch)
    change = next(one for one in plan(parts_for(kibana, few)) if one.key == rule)
    assert change.action == "update"
    assert change.kept == ("risk_score",)
    assert change.wanted is not None
    assert any("deleted and created anew" in note for note in change.wanted.notes)
    deploy(kibana, few)
    after = kibana.rules["default"][rule]
    assert (after["type"], after["query"], after["note"]) == (
        "esql",
        "FROM logs-tracehound.* METADATA _id",
        "new",
    )
    assert "index" not in after
    assert (after["exceptions_list"], after["actions"], after["enabled"]) == (exceptions, action, True)
    assert after["risk_score"] == 5
    assert "soc" in after["tags"]
    assert actions(kibana, few) == {"unchanged": len(few)}
    (change,) = [one for one in plan(parts_for(kibana, few)) if one.key == rule]
    assert change.kept == ("risk_score",), "what the analyst edited is still known as theirs"
    assert [one.method for one in kibana.writes()[-2:]] == ["DELETE", "POST"]


@pytest.mark.parametrize("edit", [{"query": "mine: 1"}, {"filters": [{"query": {"match_all": {}}}]}], ids=str)
def test_what_an_analyst_wrote_in_the_old_language_keeps_the_type(
    edit: Json, few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(kibana, few)
    kibana.edit("default", few[0].id, **edit)
    of_another_type(few[0], monkeypatch)
    failed = [one for one in deploy(kibana, few) if one.status == "failed"]
    assert [one.change.key for one in failed] == [few[0].id]
    assert "an analyst edited" in failed[0].reason
    after = kibana.rules["default"][few[0].id]
    assert after["type"] == "query"
    assert {name: after[name] for name in edit} == edit
    done, _ = apply(plan(parts_for(kibana, few), overwrite=True), overwrite=True)
    assert {one.status for one in done} == ({"done"} if "query" in edit else {"failed"})


def test_a_replacement_that_is_refused_leaves_the_rule_as_it_was(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(kibana, few)
    kibana.edit("default", few[0].id, enabled=True)
    before = kibana.rules["default"][few[0].id]
    of_another_type(few[0], monkeypatch)
    kibana.faults.append(Fault(400, lambda method, path, body: method == "POST" and body["type"] == "esql"))
    (failed,) = [one for one in deploy(kibana, few) if one.status == "failed"]
    assert "as it was" in failed.reason
    after = kibana.rules["default"][few[0].id]
    assert {k: v for k, v in after.items() if k not in ("id", "revision", "meta")} == {
        k: v for k, v in before.items() if k not in ("id", "revision", "meta")
    }


def test_the_licence_decides_on_suppression(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few)
    assert not any("alert_suppression" in rule for rule in kibana.rules["default"].values())
    kibana.license = "trial"
    assert actions(kibana, few)["update"] > 0
    deploy(kibana, few)
    assert any("alert_suppression" in rule for rule in kibana.rules["default"].values())
    kibana.license = "basic"
    deploy(kibana, few)
    assert not any("alert_suppression" in rule for rule in kibana.rules["default"].values())


def test_what_is_not_ours_stays_also_with_our_name_and_id(few: list[Rule], kibana: KibanaStub) -> None:
    body = {
        "description": "d",
        "risk_score": 1,
        "severity": "low",
        "type": "query",
        "query": "x",
        "language": "kuery",
    }
    kibana.add("default", {**body, "rule_id": "other", "name": few[1].title, "tags": ["Tracehound"]})
    kibana.add("default", {**body, "rule_id": few[0].id, "name": few[0].title})
    assert actions(kibana, few) == {"foreign": 1, "create": len(few) - 1}
    deploy(kibana, few)
    apply(removal(parts_for(kibana, few)))
    assert {rule["rule_id"]: rule["query"] for rule in kibana.rules["default"].values()} == {
        "other": "x", few[0].id: "x",
    }  # fmt: skip


def test_the_mark_taken_off_lets_go_of_a_rule(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few)
    kibana.edit("default", few[0].id, tags=["Tracehound"])
    assert actions(kibana, few) == {"foreign": 1, "unchanged": len(few) - 1}


def test_rules_that_left_the_pack_go_but_not_edited_ones(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few)
    kibana.edit("default", few[1].id, query="mine")
    assert actions(kibana, few[2:]) == {"unchanged": len(few) - 2, "orphaned": 1, "conflict": 1}
    assert actions(kibana, few[2:], complete=False) == {"unchanged": len(few) - 2}
    deploy(kibana, few[2:])
    assert set(kibana.rules["default"]) == {rule.id for rule in few[1:]}


def test_deleted_by_hand_is_created_again(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few)
    del kibana.rules["default"][few[0].id]
    assert actions(kibana, few) == {"create": 1, "unchanged": len(few) - 1}
    deploy(kibana, few)
    assert actions(kibana, few) == {"unchanged": len(few)}


def test_deleted_by_hand_while_it_is_removed(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few)
    changes = removal(parts_for(kibana, few))
    del kibana.rules["default"][few[0].id]
    done, _ = apply(changes)
    assert {one.status for one in done} == {"done"}
    assert not kibana.rules["default"]


def test_a_space_of_its_own(few: list[Rule], kibana: KibanaStub) -> None:
    deploy(kibana, few, space="soc")
    assert len(kibana.rules["soc"]) == len(few)
    assert not kibana.rules["default"]
    assert {one.path for one in kibana.writes()} == {f"/s/soc{RULES}"}
    with pytest.raises(ConfigError, match="there is no space 'nowhere'"):
        reach(kibana, "nowhere").check_space()
    reach(kibana, "soc").check_space()


def test_an_edit_between_plan_and_apply_is_noticed(
    few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(kibana, few)
    newer(monkeypatch, query="ours: 2", note="new guide")
    changes = plan(parts_for(kibana, few))
    assert set(changes[0].fields) == {"query", "note"}
    kibana.edit("default", few[0].id, query="mine: 1")
    done, _ = apply(changes)
    assert Counter(one.reason for one in done) == {"": len(few) - 1, "changed since the plan": 1}
    after = kibana.rules["default"][few[0].id]
    assert (after["query"], after["note"]) == ("mine: 1", "new guide")
    assert kibana.rules["default"][few[1].id]["query"] == "ours: 2"


def is_post(method: str, path: str, body: Any) -> bool:
    return method == "POST"


def test_a_busy_kibana_is_waited_for(few: list[Rule], kibana: KibanaStub) -> None:
    kibana.faults += [
        Fault(429, is_post, 4),
        Fault(503, is_post, 2),
        Fault(429, is_post, 1, {"retry-after": "0"}),
    ]
    done = deploy(kibana, few)
    assert {one.status for one in done} == {"done"}
    assert len(kibana.rules["default"]) == len(few)


def test_retry_after_is_obeyed(few: list[Rule], kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(client.time, "sleep", waits.append)
    kibana.faults.append(Fault(429, is_post, 1, {"retry-after": "7"}))
    deploy(kibana, few[:1])
    assert waits == [7.0]


def test_busy_for_ever_is_said_by_rule(few: list[Rule], kibana: KibanaStub) -> None:
    kibana.faults.append(Fault(429, lambda m, p, body: m == "POST" and body["rule_id"] == few[2].id, 99))
    done = deploy(kibana, few)
    failed = [one for one in done if one.status == "failed"]
    assert [one.change.key for one in failed] == [few[2].id]
    assert "429, 6 times" in failed[0].reason
    assert len(kibana.rules["default"]) == len(few) - 1
    kibana.faults.clear()
    assert actions(kibana, few) == {"create": 1, "unchanged": len(few) - 1}


def test_an_answer_that_is_lost_makes_nothing_twice(few: list[Rule], kibana: KibanaStub) -> None:
    kibana.faults.append(Fault(0, is_post, 2, after=True))
    done = deploy(kibana, few)
    assert {one.status for one in done} == {"done"}
    assert len(kibana.rules["default"]) == len(few)
    assert actions(kibana, few) == {"unchanged": len(few)}


def test_a_rule_that_is_refused_keeps_no_other(few: list[Rule], kibana: KibanaStub) -> None:
    kibana.faults.append(Fault(400, lambda m, p, body: m == "POST" and body["rule_id"] == few[0].id, 1))
    done = deploy(kibana, few)
    assert Counter(one.status for one in done) == {"failed": 1, "done": len(few) - 1}


def test_a_key_that_expires_stops_and_says_so(ours: RuleSet, kibana: KibanaStub) -> None:
    def expire(request: Any) -> None:
        if len(kibana.rules["default"]) >= 10:
            kibana.key = "another"

    kibana.before = expire
    done, error = apply(plan(parts_for(kibana, ours.rules)))
    assert error is not None
    assert "401" in str(error)
    assert "is the API key right, and not expired?" in str(error)
    assert KEY not in str(error)
    statuses = Counter(one.status for one in done)
    assert statuses["done"] == len(kibana.rules["default"])
    assert statuses["not tried"] > 30
    kibana.key, kibana.before = KEY, lambda request: None
    deploy(kibana, ours.rules)
    assert len(kibana.rules["default"]) == len(ours)


def test_a_kibana_that_is_not_there(few: list[Rule]) -> None:
    with KibanaStub() as stub:
        there = reach(stub)
    with pytest.raises(TargetError, match="no answer"):
        assert there.version


SCRIPT = """
import sys
sys.path[:0] = sys.argv[2:]
from kibana_rules import parts_for
from kibana_stub import KibanaStub
from tracehound.deploy import apply, plan
from tracehound.rules import load_rules
stub = KibanaStub.__new__(KibanaStub)
stub.url = sys.argv[1]
apply(plan(parts_for(stub, load_rules().rules)))
"""


@pytest.mark.parametrize("many", [1, 17, 40])
def test_killed_in_the_middle_and_run_again(ours: RuleSet, kibana: KibanaStub, many: int) -> None:
    here = Path(__file__).parent
    call = [
        sys.executable,
        "-c",
        textwrap.dedent(SCRIPT),
        kibana.url,
        str(here),
        str(here.parent / "support"),
    ]
    killed: list[subprocess.Popen[bytes]] = []

    def kill(request: Any) -> None:
        if killed and len(kibana.rules["default"]) >= many:
            killed[0].kill()

    kibana.before = kill
    killed.append(subprocess.Popen(call))
    killed[0].wait(60)
    assert killed[0].returncode == -9
    kibana.before = lambda request: None
    time.sleep(0.05)  # what was on its way
    arrived = len(kibana.rules["default"])
    assert many <= arrived < len(ours)
    deploy(kibana, ours.rules)
    posts = [one.body["rule_id"] for one in kibana.writes()]
    assert len(kibana.rules["default"]) == len(ours)
    assert len(posts) <= len(ours) + 4, "only what was under way was asked for twice"
    assert actions(kibana, list(ours.rules)) == {"unchanged": len(ours)}


def _cloud(text: str) -> str:
    return "name:" + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("cloud_id", "url"),
    [
        (_cloud("eu.example:443$abc$def"), "https://def.eu.example:443"),
        (_cloud("eu.example$abc$def$more"), "https://def.eu.example"),
        (_cloud("eu.example$abc"), None),
        ("name:%%%", None),
    ],
)
def test_a_cloud_id_names_its_kibana(cloud_id: str, url: str | None) -> None:
    assert client.kibana_of(cloud_id) == url


# The commands, with a real cluster beside the stub


def test_from_nothing_to_rules_and_back(
    tracehound: Run, elasticsearch8: Server, kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", KEY)
    place = ("elastic", "--url", elasticsearch8.url, "--kibana-url", kibana.url)
    planned = tracehound("plan", *place, "--format", "ndjson")
    assert planned.code == 0
    kinds = Counter((one["kind"], one["action"]) for one in planned.lines)
    assert kinds["templates", "create"] == 1
    assert kinds["rule", "create"] == 80
    assert kinds["board", "create"] >= 1
    assert "licence basic" in planned.err
    assert not kibana.writes()
    refused = tracehound("apply", *place)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert not kibana.writes()
    applied = tracehound("apply", *place, "--yes")
    assert applied.code == 0, applied.err
    assert len(kibana.rules["default"]) == 80
    again = tracehound("plan", *place, "--format", "json")
    assert '"create"' not in again.out
    assert '"update"' not in again.out
    one = tracehound("remove", *place, "--rule", "bedrock_guardrail_deleted", "--yes")
    assert one.code == 0
    assert len(kibana.rules["default"]) == 79
    removed = tracehound("remove", *place, "--yes")
    assert removed.code == 0, removed.err
    assert not kibana.rules["default"]
    assert not kibana.saved["default"]


def test_templates_stay_while_there_are_events(tracehound: Run, elasticsearch8: Server) -> None:
    place = ("elastic", "--url", elasticsearch8.url)
    assert tracehound("apply", *place, "--yes").code == 0
    http = Http(elasticsearch8.url)
    http.must("PUT", "/_data_stream/logs-tracehound.api_activity-default")
    found = tracehound("remove", *place, "--yes")
    assert found.code == 0
    assert "hold events: the templates stay with them" in found.err
    http.must("DELETE", "/_data_stream/logs-tracehound.api_activity-default")
    assert tracehound("remove", *place, "--yes").code == 0
    assert http.send("GET", "/_index_template/logs-tracehound")[0] == 404


def test_going_back_to_the_mapping_before(
    tracehound: Run, elasticsearch8: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("elastic", "--url", elasticsearch8.url)
    templates = elastic_push.part("templates")
    own = templates.own_fields()
    try:
        assert tracehound("apply", *place, "--yes").code == 0
        none = tracehound("apply", *place, "--rollback", "--yes")
        assert none.code == 2
        assert "no mapping before" in none.err
        monkeypatch.setattr(templates, "own_fields", lambda: {**own, "labels.team": "keyword"})
        assert tracehound("apply", *place, "--yes").code == 0
        asked = tracehound("apply", *place, "--rollback")
        assert asked.code == 2
        assert "--yes" in asked.err
        gone = tracehound("apply", *place, "--rollback", "--yes")
        assert gone.code == 0
        assert "back to mapping" in gone.err
        planned = tracehound("plan", *place, "--format", "ndjson")
        (change,) = [one for one in planned.lines if one["kind"] == "templates"]
        assert change["conflicts"] == ["template"]
        assert tracehound("apply", *place, "--yes", "--overwrite").code == 0
        again = tracehound("plan", *place, "--format", "ndjson")
        assert [one["action"] for one in again.lines if one["kind"] == "templates"] == ["unchanged"]
    finally:
        tracehound("remove", *place, "--yes")


def test_new_rules_are_switched_on_when_asked(
    tracehound: Run, elasticsearch8: Server, kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", KEY)
    place = (
        "apply",
        "elastic",
        "--url",
        elasticsearch8.url,
        "--kibana-url",
        kibana.url,
        "--yes",
        "--area",
        "data",
    )
    assert tracehound(*place).code == 0
    off = set(kibana.rules["default"])
    for rule in list(off)[:2]:
        del kibana.rules["default"][rule]
    assert tracehound(*place, "--enable").code == 0
    enabled = {name for name, rule in kibana.rules["default"].items() if rule["enabled"]}
    assert enabled == set(list(off)[:2]), "those that were there stay as they are"


@pytest.mark.parametrize(("answer", "arrive"), [(True, True), (False, False)])
def test_on_a_terminal_it_asks(
    answer: bool, arrive: bool, tracehound: Run, elasticsearch8: Server, kibana: KibanaStub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", KEY)
    monkeypatch.setattr(_deploying, "on_terminal", lambda: True)
    asked: list[str] = []
    monkeypatch.setattr(click, "confirm", lambda text, **_: asked.append(text) or answer)
    place = ("--url", elasticsearch8.url, "--kibana-url", kibana.url, "--rule", "bedrock_guardrail_deleted")
    assert tracehound("apply", "elastic", *place).code == 0
    assert asked == ["apply 1 object(s)?"]
    assert bool(kibana.rules["default"]) == arrive


def test_a_wrong_key_is_wrong_configuration(
    tracehound: Run, elasticsearch8: Server, kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", "a-wrong-one")
    found = tracehound("plan", "elastic", "--url", elasticsearch8.url, "--kibana-url", kibana.url)
    assert found.code == 2
    assert "expired" in found.err
    assert "a-wrong-one" not in found.err + found.out


def test_without_kibana_events_are_set_up_and_the_rest_is_said(
    tracehound: Run, elasticsearch8: Server
) -> None:
    found = tracehound("plan", "elastic", "--url", elasticsearch8.url, "--format", "ndjson")
    assert found.code == 0
    left_out = [one for one in found.lines if one["action"] == "left out"]
    assert "no Kibana address" in left_out[0]["reason"]


def test_opensearch_says_what_comes_later(tracehound: Run, opensearch: Server) -> None:
    found = tracehound("plan", "elastic", "--url", opensearch.url, "--format", "ndjson")
    assert found.code == 0
    assert {one["kind"] for one in found.lines} == {"templates", "rule"}
    (left_out,) = [one for one in found.lines if one["action"] == "left out"]
    assert "come later" in left_out["reason"]


def test_an_old_kibana_is_left_out(
    tracehound: Run, elasticsearch8: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    with KibanaStub(version="8.17.2") as stub:
        found = tracehound(
            "plan", "elastic", "--url", elasticsearch8.url, "--kibana-url", stub.url, "--format", "ndjson"
        )
    assert found.code == 0
    assert any("at least 8.19" in one.get("reason", "") for one in found.lines)


def test_a_failed_object_makes_exit_code_1(
    tracehound: Run, elasticsearch8: Server, kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", KEY)
    kibana.faults.append(Fault(400, is_post, 1))
    place = ("elastic", "--url", elasticsearch8.url, "--kibana-url", kibana.url)
    found = tracehound("apply", *place, "--area", "data", "--yes", "--format", "ndjson")
    assert found.code == 1
    assert Counter(one["status"] for one in found.lines)["failed"] == 1
    assert "running it again goes on from here" in found.err
