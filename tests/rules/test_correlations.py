"""Correlations as they are read: what they rest on in the same file, aliases, and what is refused."""

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
    ("no such type", "type: event_count", "type: events", "no valid Sigma correlation type", 5),
    ("fewer than one", "gte: 3", "lt: 1", "never holds: a window has at least one event", 10),
    ("at most none", "gte: 3", "lte: 0", "never holds: a window has at least one event", 10),
    ("exactly none", "gte: 3", "eq: 0", "must lie between 1", 10),
    ("half", "gte: 3", "gte: 2.5", "gte must be a whole number", 10),
    ("true", "gte: 3", "gte: true", "gte must be a whole number", 10),
    ("two operators", "gte: 3", "gte: 3, lt: 9", "exactly one condition item", 10),
    ("the same rule twice", "rules: denied_call", "rules: [denied_call, denied_call]", "different rules", 7),
    ("an expression that counts", "{gte: 3}", "denied_call and denied_call", "temporal", 5),
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
    ("sum without field", "type: event_count", "type: value_sum", "without field reference", 5),
    ("sum of texts", "event_count", "value_sum", "ai.tool.name is no number (keyword)", 10),
    ("percentile of nothing", "event_count", "value_percentile", "needs a percentile between 0 and 100", 10),
    ("more rules than there are", "event_count", "temporal", "asks for 3 rules and names 1", 10),
]


@pytest.mark.parametrize(
    ("old", "new", "reason", "line"), [r[1:] for r in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_refused(write: Any, load: Any, old: str, new: str, reason: str, line: int) -> None:
    text = TEXT.replace(old, new, 1)
    if "did you mean 'ai.tool.name'" in reason:
        text = text.replace("{gte: 3}", "{gte: 3, field: ai.tool.nam}")
    if "no number" in reason:
        text = text.replace("{gte: 3}", "{gte: 3, field: ai.tool.name}")
    if "percentile between" in reason:
        text = text.replace("{gte: 3}", "{gte: 3, field: ai.tokens.total, percentile: 101}")
    ruleset = load(write(PATH, text))
    assert not ruleset.rules
    assert any(reason in str(e) for e in ruleset.errors), [str(e) for e in ruleset.errors]
    assert line in [e.line for e in ruleset.errors], [str(e) for e in ruleset.errors]


CHAIN = """title: Denied again and again, then another model
id: 6f1f3c0e-90a7-4a73-8a0e-000000000010
level: high
correlation:
  type: temporal_ordered
  rules: [many_denied, other]
  group-by: [who]
  timespan: 10m
  aliases: {who: {many_denied: ai.principal, other: ai.tool.name}}
---
title: Many denied calls
name: many_denied
correlation:
  type: event_count
  rules: denied_call
  group-by: [ai.principal, ai.model.name]
  timespan: 5m
  condition: {gte: 3}
---
""" + TEXT.partition("---\n")[2]


def test_a_chain(write: Any, load: Any) -> None:
    ruleset = load(write(PATH, CHAIN + TWO))
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    (rule,) = ruleset
    assert rule.title == "Denied again and again, then another model"
    below, other = rule.correlation.base
    assert (below.title, below.correlation.count, other.name) == ("Many denied calls", 3, "other")
    assert rule.correlation.keys == (("ai.principal",), ("ai.tool.name",))
    assert {"ai.model.name", "ai.principal", "ai.tool.name", "ai.tool.status"} <= set(rule.fields)


def test_generate_in_a_chain(write: Any, load: Any) -> None:
    loud = CHAIN.replace("timespan: 10m", "timespan: 10m\n  generate: true")
    titles = [r.title for r in load(write(PATH, loud + TWO))]
    assert titles == ["Denied again and again, then another model", "Many denied calls", "Other"]
    louder = loud.replace("timespan: 5m", "timespan: 5m\n  generate: true")
    assert [r.title for r in load(write(PATH, louder + TWO))] == [*titles, "Denied call"]


def test_a_chain_that_rests_on_itself_is_refused(write: Any, load: Any) -> None:
    for rules in ("[denied_call, many_denied]", "[many_denied]"):
        ruleset = load(write(PATH, CHAIN.replace("rules: denied_call", f"rules: {rules}") + TWO))
        assert not ruleset.rules
        assert ruleset.errors


def test_two_correlations_beside_each_other_are_refused(write: Any, load: Any) -> None:
    ruleset = load(
        write(PATH, CHAIN.replace("rules: [many_denied, other]", "rules: [other, denied_call]") + TWO)
    )
    assert not ruleset.rules
    assert "one file, one rule" in str(ruleset.errors[0])


def test_a_combination_of_rules(write: Any, load: Any) -> None:
    text = TEXT.replace("event_count", "temporal").replace("{gte: 3}", "denied_call and not other")
    ruleset = load(write(PATH, text.replace("rules: denied_call", "rules: [other, denied_call]") + TWO))
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    link = ruleset.rules[0].correlation
    assert link.expression == ("and", 1, ("not", 0))
    assert link.at_close
    unlisted = load(write(PATH, text.replace("  rules: denied_call\n", "") + TWO)).rules[0].correlation
    assert [base.name for base in unlisted.base] == ["denied_call", "other"]
    assert unlisted.expression == ("and", 0, ("not", 1))


def test_a_combination_has_no_order(write: Any, load: Any) -> None:
    text = TEXT.replace("event_count", "temporal_ordered").replace("{gte: 3}", "denied_call and other")
    ruleset = load(write(PATH, text.replace("rules: denied_call", "rules: [other, denied_call]") + TWO))
    assert "say nothing of an order" in str(ruleset.errors[0])


def test_nested_brackets_are_refused_before_they_take_time(write: Any, load: Any) -> None:
    deep = "(" * 30 + "denied_call" + ")" * 30
    ruleset = load(write(PATH, TEXT.replace("event_count", "temporal").replace("{gte: 3}", deep)))
    assert "the condition is too long" in str(ruleset.errors[0])


NORMALISED = [("gt: 4", "gte", 5), ("lte: 4", "lt", 5), ("eq: 4", "eq", 4), ("neq: 1", "neq", 1)]


@pytest.mark.parametrize(("said", "op", "count"), NORMALISED)
def test_operators(write: Any, load: Any, said: str, op: str, count: int) -> None:
    (rule,) = load(write(PATH, TEXT.replace("gte: 3", said)))
    assert (rule.correlation.op, rule.correlation.count) == (op, count)
    assert rule.correlation.at_close == (op != "gte")


def test_values_of_several_fields(write: Any, load: Any) -> None:
    text = TEXT.replace("event_count", "value_count").replace(
        "gte: 3", "gte: 3, field: [ai.tool.name, ai.model.name]"
    )
    (rule,) = load(write(PATH, text))
    assert rule.correlation.fields == ("ai.tool.name", "ai.model.name")
