"""Findings are OCSF 1.8.0 Detection Findings: official schema without ``ai``, ours with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from tracehound.findings import Findings, attacks, owasp_tags
from tracehound.matcher.engine import single_hit
from tracehound.rules import Rule, load_rules
from tracehound.schema import validate

TEXT = """title: Tool told to send data out
id: 6f1f3c0e-90a7-4a73-8a0e-000000000001
description: An agent follows an instruction
  that it found in a result.
level: critical
references: [https://example.com/why]
tags: [attack.t1567.002, attack.exfiltration, atlas.aml.t0051.001, owasp.llm01-2025, owasp.asi02]
logsource: {product: ai, service: agent}
detection:
  sel:
    ai.tool.name: send_mail
    ai.prompt_text|contains: token
  condition: sel
tracehound:
  triage: [Stop the agent, Read the result it saw]
  risk_entity: src_endpoint.ip
"""
EVENT: dict[str, Any] = {
    "class_uid": 6003,
    "time": 1_764_000_000_000,
    "type_uid": 600399,
    "type_name": "API Activity: Tool Call",
    "metadata": {"uid": "event-1"},
    "actor": {
        "user": {"name": "alice", "uid": "u1", "groups": [{"name": "x"}]},
        "session": {"x": 1},
        "app_name": "a",
    },
    "src_endpoint": {"ip": "10.0.0.1"},
    "ai": {
        "service": "agent",
        "source": "claude_code",
        "activity": "tool_call",
        "principal": "alice@example.com",
        "session_uid": "s1",
        "agent": {"name": "helper"},
        "model": {"name": "m", "provider": "p", "status": "unapproved"},
        "tool": {"name": "Send_Mail", "server": "mail", "arguments_text": "secret token"},
        "prompt_text": "my token is sk-1234567890",
        "risk_score": 70,
        "signals": ["tool_result.injection.instruction_override"],
    },
}


@cache
def official(profiles: tuple[str, ...]) -> Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema("1.8.0"))
    return Draft202012Validator(schema.get_class_schema("detection_finding", list(profiles)))


@pytest.fixture
def rule(tmp_path: Path) -> Rule:
    file = tmp_path / "detections/agents/tool_told_to_send/tool_told_to_send.yml"
    file.parent.mkdir(parents=True)
    file.write_text(TEXT)
    ruleset = load_rules([tmp_path], own=tmp_path / "nothing")
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    return ruleset.rules[0]


def check(finding: dict[str, Any]) -> None:
    bare = {key: value for key, value in finding.items() if key != "ai"}
    profiles = tuple(finding["metadata"]["profiles"])
    assert [e.message for e in official(profiles).iter_errors(bare)] == []
    assert validate(finding) == []


def test_a_finding_says_everything(rule: Rule) -> None:
    finding = Findings(lambda text: text.replace("sk-1234567890", "sk-***")).create(single_hit(rule, EVENT))
    check(finding)
    info = finding["finding_info"]
    assert (finding["severity_id"], finding["activity_id"], finding["type_uid"]) == (5, 1, 200401)
    assert info["title"] == rule.title
    assert info["desc"] == "An agent follows an instruction that it found in a result."
    assert info["analytic"] == {
        "type_id": 1,
        "type": "Rule",
        "uid": rule.id,
        "name": rule.title,
        "version": rule.version,
    }
    assert info["related_events_count"] == 1
    assert info["related_events"][0]["uid"] == "event-1"
    assert info["data_sources"] == ["claude_code"]
    assert info["types"] == ["agents"]
    assert finding["evidences"] == [
        {"data": {"ai.tool.name": "Send_Mail", "ai.prompt_text": "my token is sk-***"}}
    ]
    assert finding["remediation"]["desc"] == "Stop the agent\nRead the result it saw"
    assert finding["actor"] == {"app_name": "a", "user": {"name": "alice", "uid": "u1"}}
    assert finding["risk_score"] == 70
    assert finding["observables"][0]["value"] == "10.0.0.1"
    assert finding["message"] == "Tool told to send data out: alice@example.com"
    assert finding["ai"] == {
        "service": "finding",
        "source": "tracehound",
        "activity": "finding",
        "principal": "alice@example.com",
        "session_uid": "s1",
        "agent": {"name": "helper"},
        "model": {"name": "m", "provider": "p"},
        "risk_score": 70,
        "tool": {"name": "Send_Mail", "server": "mail"},
    }


def test_attacks_and_tags(rule: Rule) -> None:
    assert attacks(rule) == [
        {"technique": {"uid": "T1567.002"}, "version": "MITRE ATT&CK"},
        {"tactic": {"uid": "TA0010", "name": "Exfiltration"}, "version": "MITRE ATT&CK"},
        {
            "technique": {"uid": "AML.T0051.001", "name": "LLM Prompt Injection: Indirect"},
            "tactic": {"uid": "AML.TA0005", "name": "Execution"},
            "version": "MITRE ATLAS 5.6.0",
        },
    ]
    assert owasp_tags(rule) == [
        {"name": "OWASP LLM01:2025", "value": "Prompt Injection"},
        {"name": "OWASP ASI02", "value": "Tool Misuse and Exploitation"},
    ]


@pytest.mark.parametrize("level", ["informational", "low", "medium", "high", "critical"])
def test_every_level_is_valid(rule: Rule, level: Any) -> None:
    finding = Findings().create(single_hit(replace(rule, level=level), EVENT))
    check(finding)
    assert finding["severity"].lower() == level


def test_an_event_with_little_in_it(rule: Rule) -> None:
    event = {
        "time": EVENT["time"],
        "ai": {"service": "agent", "tool": {"name": "send_mail"}, "prompt_text": "token"},
    }
    finding = Findings().create(single_hit(replace(rule, triage=(), tags=(), description=""), event))
    check(finding)
    assert "actor" not in finding
    assert finding["metadata"]["profiles"] == []


HOSTILE_ACTORS: list[Any] = [
    None,
    "root",
    [],
    {},
    {"user": "x"},
    {"user": {"name": None}},
    {"user": {"uid": []}},
    {"app_name": 5},
]


@pytest.mark.parametrize("actor", HOSTILE_ACTORS, ids=repr)
def test_an_actor_that_is_none(rule: Rule, actor: Any) -> None:
    check(Findings().create(single_hit(rule, EVENT | {"actor": actor})))


def test_an_update_is_valid_and_has_the_same_uid(rule: Rule) -> None:
    hit = replace(single_hit(rule, EVENT), window=EVENT["time"], entity=(("ai.principal", "x\ud800"),))
    created, updated = Findings().create(hit), Findings().update(replace(hit, count=7))
    check(updated)
    assert updated["finding_info"]["uid"] == created["finding_info"]["uid"]
    assert updated["finding_info"]["related_events_count"] == 7
    assert updated["metadata"]["uid"] != created["metadata"]["uid"]
