"""Correlations as they are read: base rules in the same file, aliases, and what is not evaluated yet."""

from __future__ import annotations

from typing import Any

import pytest

PATH = "detections/agents/many_denied_calls/many_denied_calls.yml"
TEXT = """title: Many denied calls
id: 6f1f3c0e-90a7-4a73-8a0e-000000000010
description: An agent that is refused again and again.
level: high
correlation:
  type: event_count
  rules: denied_call
  group-by: [ai.principal]
  timespan: 5m
  condition: {gte: 3}
---
title: Denied call
name: denied_call
logsource: {product: ai}
detection:
  selection: {ai.tool.status: denied}
  condition: selection
"""
TWO = """---
title: Other
name: other
logsource: {product: ai, service: gateway}
detection:
  selection: {ai.model.status: unapproved}
  condition: selection
"""


def test_event_count(write: Any, load: Any) -> None:
    ruleset = load(write(PATH, TEXT))
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    (rule,) = ruleset
    link = rule.correlation
    assert link is not None
    assert (link.kind, link.count, link.seconds, link.group_by) == ("event_count", 3, 300, ("ai.principal",))
    assert [base.name for base in link.base] == ["denied_call"]
    assert rule.fields == ("ai.principal", "ai.service", "ai.tool.status")
    assert rule.condition is None


def test_gt_is_one_more(write: Any, load: Any) -> None:
    (rule,) = load(write(PATH, TEXT.replace("gte: 3", "gt: 3")))
    assert rule.correlation.count == 4


def test_aliases_name_a_field_for_each_base_rule(write: Any, load: Any) -> None:
    text = TEXT.replace("event_count", "temporal").replace(
        "rules: denied_call", "rules: [other, denied_call]"
    )
    text = text.replace("  condition: {gte: 3}\n", "").replace("[ai.principal]", "[who]")
    text = text.replace(
        "timespan: 5m", "timespan: 5m\n  aliases:\n    who: {denied_call: ai.principal, other: ai.tool.name}"
    )
    ruleset = load(write(PATH, text + TWO))
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    link = ruleset.rules[0].correlation
    assert [base.name for base in link.base] == ["other", "denied_call"]
    assert link.keys == (("ai.tool.name",), ("ai.principal",))
    assert link.count == 2


def test_generate_lets_the_base_rules_speak(write: Any, load: Any) -> None:
    text = TEXT.replace("timespan: 5m", "timespan: 5m\n  generate: true")
    text = text.replace("name: denied_call\n", "name: denied_call\nlevel: low\n")
    assert [r.title for r in load(write(PATH, text))] == ["Many denied calls", "Denied call"]


REFUSED = [
    ("type", "type: event_count", "type: temporal_ordered", "temporal_ordered is not evaluated yet", 6),
    ("no such type", "type: event_count", "type: events", "no valid Sigma correlation type", 5),
    ("lt", "gte: 3", "lt: 3", "condition lt is not evaluated yet", 10),
    ("eq", "gte: 3", "eq: 3", "condition eq is not evaluated yet", 10),
    ("zero", "gte: 3", "gte: 0", "must lie between 1", 10),
    ("huge", "gte: 3", "gte: 1000000", "must lie between 1", 10),
    ("no rule of that name", "rules: denied_call", "rules: denied", "(did you mean 'denied_call'?)", 7),
    ("time", "timespan: 5m", "timespan: 5 minutes", "Timespan", 9),
    ("group by no field", "[ai.principal]", "[ai.principle]", "(did you mean 'ai.principal'?)", 8),
    ("group by a long text", "[ai.principal]", "[ai.prompt_text]", "windows are kept over short fields", 8),
    (
        "base rule broken",
        "ai.tool.status: denied",
        "ai.tool.state: denied",
        "(did you mean 'ai.tool.status'?)",
        16,
    ),
    ("base rule without name", "name: denied_call\n", "", "a base rule needs a name", 12),
    ("value_count without field", "type: event_count", "type: value_count", "without field reference", 5),
    ("value_count of no field", "event_count", "value_count", "(did you mean 'ai.tool.name'?)", 10),
    ("more rules than there are", "event_count", "temporal", "asks for 3 rules and names 1", 10),
]


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(write: Any, load: Any, old: str, new: str, reason: str, line: int) -> None:
    text = TEXT.replace(old, new, 1)
    if "ai.tool.name" in reason:
        text = text.replace("{gte: 3}", "{gte: 3, field: ai.tool.nam}")
    ruleset = load(write(PATH, text))
    assert not ruleset.rules
    assert any(reason in str(e) for e in ruleset.errors), [str(e) for e in ruleset.errors]
    assert line in [e.line for e in ruleset.errors], [str(e) for e in ruleset.errors]


def test_chains_are_refused(write: Any, load: Any) -> None:
    chain = TEXT.replace("type: event_count", "type: temporal").replace("  condition: {gte: 3}\n", "")
    inner = TWO.replace("logsource: {product: ai, service: gateway}\n", "").partition("detection:")[0]
    inner += (
        "correlation:\n  type: event_count\n  rules: denied_call\n  timespan: 1m\n  condition: {gte: 2}\n"
    )
    ruleset = load(write(PATH, chain.replace("rules: denied_call", "rules: [denied_call, other]") + inner))
    assert not ruleset.rules
    assert "one file, one rule" in str(ruleset.errors[0])
