"""Rules as Kibana's detection rules."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from kibana_rules import deploy
from kibana_stub import KibanaStub
from tracehound.connectors.elastic.rules import CODES, comparable, wanted_rules

from tracehound.compiler import cache, kibana
from tracehound.config import Settings
from tracehound.rules import RuleSet


@pytest.fixture(scope="module")
def bodies(ours: RuleSet) -> dict[str, Any]:
    """Folder name -> body, with a licence that has all."""
    wanted, left_out = wanted_rules(ours.rules, Settings(), suppression=True)
    assert not left_out
    names = {rule.id: rule.folder.name for rule in ours}
    return {names[one.key]: one.body for one in wanted}


def test_each_rule_is_of_the_kind_that_fits_it(ours: RuleSet, bodies: dict[str, Any]) -> None:
    kinds = Counter()
    for rule in ours:
        kind = "esql" if rule.correlation else "new_terms" if rule.baseline else "query"
        assert bodies[rule.folder.name]["type"] == kind, rule.title
        kinds[kind] += 1
    assert kinds["query"] > 50
    assert kinds["esql"] > 10
    assert kinds["new_terms"] >= 2


def test_a_single_event_rule(bodies: dict[str, Any]) -> None:
    body = bodies["bedrock_guardrail_deleted"]
    assert body["language"] == "kuery"
    assert body["index"] == ["logs-tracehound.*"]
    assert body["severity"] == "high"
    assert body["risk_score"] == 73
    assert body["threat"][0]["framework"] == "MITRE ATT&CK"
    assert "Tracehound" in body["tags"]
    assert any(tag.startswith("ATLAS: AML.") for tag in body["tags"])
    assert "## Triage" in body["note"]
    assert "## What this rule does not see" in body["note"]
    assert "## MITRE ATLAS" in body["note"]
    assert "tracehound push elastic" in body["setup"]
    assert {one["name"] for one in body["required_fields"]} >= {"ai.service"}
    assert body["investigation_fields"]["field_names"][0] == "ai.principal"
    assert body["interval"] == "300s"
    assert body["from"] == "now-600s"


def test_metadata_only_where_rows_are_events(ours: RuleSet, bodies: dict[str, Any]) -> None:
    """An aggregating query has no events to name; one that has them needs METADATA against double alerts."""
    assert all("METADATA" not in body["query"] for body in bodies.values())
    for query in cache.compiled(ours.rules, "esql").queries:
        single = query.rule.correlation is None and query.rule.baseline is None
        assert ("METADATA _id, _index, _version" in query.query) == single


def test_a_correlation_looks_back_far_enough(ours: RuleSet, bodies: dict[str, Any]) -> None:
    for rule in ours:
        if rule.correlation is None:
            continue
        body = bodies[rule.folder.name]
        window = rule.suppress.seconds if rule.suppress else rule.correlation.seconds
        reach = int(re.fullmatch(r"now-(\d+)s", body["from"])[1])  # type: ignore[index]
        assert reach >= rule.correlation.seconds + window + 600
        assert body["query"].rpartition("\n")[2].startswith(kibana.RECENT)


def test_suppression_is_the_rules_own(ours: RuleSet, bodies: dict[str, Any]) -> None:
    held = bodies["bedrock_invocations_refused"]["alert_suppression"]
    assert held["duration"]["unit"] == "s"
    assert 1 <= len(held["group_by"]) <= 3
    for rule in ours:
        suppression = bodies[rule.folder.name].get("alert_suppression")
        if suppression and rule.suppress:
            assert suppression["duration"]["value"] == rule.suppress.seconds
        if rule.correlation and suppression:
            assert set(suppression["group_by"]) <= {*rule.correlation.group_by, "th_window"}


def test_without_the_licence_it_is_left_out_and_said(ours: RuleSet) -> None:
    wanted, _ = wanted_rules(ours.rules, Settings(), suppression=False)
    assert all("alert_suppression" not in one.body for one in wanted)
    said = [note for one in wanted for note in one.notes if "Platinum" in note]
    assert len(said) > 15


def test_lateness_is_the_companys(ours: RuleSet) -> None:
    wanted, _ = wanted_rules(ours.rules[:5], Settings(lateness=900), suppression=False)
    assert {one.body["from"] for one in wanted if one.body["type"] == "query"} == {"now-1200s"}


def test_fields_that_ecs_fills_too_are_said(ours: RuleSet) -> None:
    single = next(rule for rule in ours if rule.correlation is None and rule.baseline is None)
    wider = replace(single, fields=(*single.fields, "user.name", "url.domain"))
    (plain,), _ = wanted_rules([single], Settings(), suppression=True)
    (one,), _ = wanted_rules([wider], Settings(), suppression=True)
    assert not any("OCSF" in note for note in plain.notes)
    assert any(note.startswith("url.domain, user.name: ") for note in one.notes)
    assert not any(
        "OCSF has no" in note
        for rule in wanted_rules(ours.rules, Settings(), suppression=True)[0]
        for note in rule.notes
    ), "none of our own reads such a field"


def test_a_refused_rule_is_left_out_with_its_reason(ours: RuleSet) -> None:
    rule = next(rule for rule in ours if rule.correlation)
    lost = replace(rule, embedded_only=("has keywords",))
    wanted, left_out = wanted_rules([lost], Settings(), suppression=False)
    assert len(wanted) + len(left_out) == 1


EDITOR = [
    ("interval", {"interval": "300s"}, {"interval": "5m"}),
    ("from", {"from": "now-3600s"}, {"from": "now-1h"}),
    ("ecs", {"required_fields": [{"name": "a", "type": "ip"}]},
     {"required_fields": [{"name": "a", "type": "ip", "ecs": True}]}),
    ("tags of others", {"tags": ["Tracehound"]}, {"tags": ["soc", "tracehound:1:1:", "Tracehound"]}),
    ("order of tags", {"tags": ["Area: a", "Tracehound"]}, {"tags": ["Tracehound", "Area: a"]}),
    ("duration", {"alert_suppression": {"group_by": ["a"], "duration": {"value": 3600, "unit": "s"}}},
     {"alert_suppression": {"group_by": ["a"], "duration": {"value": 1, "unit": "h"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("ours_", "theirs"), [row[1:] for row in EDITOR], ids=[row[0] for row in EDITOR])
def test_what_the_editor_writes_in_another_way_is_no_edit(ours_: Any, theirs: Any) -> None:
    assert comparable(ours_) == comparable(theirs)


def test_codes_are_one_letter_each() -> None:
    assert len(set(CODES.values())) == len(CODES)
    assert all(len(code) == 1 for code in CODES.values())


def test_all_fields_of_a_rule_are_merged_or_given_once(ours: RuleSet) -> None:
    (query,) = cache.compiled(ours.rules[:1], "kql").queries
    made = kibana.rule_object(query, 300, suppression=True)
    assert set(made) - set(CODES) == {"to"}


def test_kibana_takes_every_rule_with_all_that_a_licence_allows(ours: RuleSet, kibana: KibanaStub) -> None:
    """The stub checks bodies against the API documents, and notes unknown fields; its fixture fails then."""
    kibana.license = "enterprise"
    assert {one.status for one in deploy(kibana, ours.rules)} == {"done"}
    assert sum("alert_suppression" in rule for rule in kibana.rules["default"].values()) > 50
