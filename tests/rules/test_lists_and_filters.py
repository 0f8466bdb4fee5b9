"""What a company adds beside our rules: lists for ``|expand`` and Sigma Filters for its exceptions."""

from __future__ import annotations

from typing import Any

import pytest

from tracehound.matcher import Matcher

PATH = "detections/models/unapproved_model_used/unapproved_model_used.yml"
BASE = {"ai": {"service": "gateway", "model": {"status": "unapproved", "name": "gpt-4"}, "principal": "bob"}}

FILTER = """title: Bob may
logsource: {product: ai, service: gateway}
filter:
  rules: [RULES]
  allowed: {ai.principal: bob}
  condition: not allowed
"""


def matched(ruleset: Any, **ai: Any) -> bool:
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    matcher = Matcher((rule.title, rule.condition) for rule in ruleset)
    return bool(matcher.match({"ai": BASE["ai"] | ai}))


@pytest.fixture
def expanding(rule_text: str) -> str:
    return rule_text.replace("ai.model.status: unapproved", "ai.model.name|expand: '%models%'")


LISTS = [
    ("lists/models.txt", "# ours\ngpt-4\n\n  claude-*  \n"),
    ("detections/lists/models.txt", "gpt-4\r\nclaude-*\r\n"),
    ("lists/models.yml", "- gpt-4\n- claude-*\n"),
    ("lists/anything.yml", "models: [gpt-4, claude-*]\nothers: [x]\n"),
]


@pytest.mark.parametrize(("path", "text"), LISTS, ids=[path for path, _ in LISTS])
def test_lists(write: Any, load: Any, expanding: str, path: str, text: str) -> None:
    write(path, text)
    ruleset = load(write(PATH, expanding))
    assert matched(ruleset)
    assert matched(ruleset, model={"name": "Claude-9"})
    assert not matched(ruleset, model={"name": "gpt-40"})


def test_a_later_list_replaces_and_the_configuration_wins(write: Any, load: Any, expanding: str) -> None:
    write(PATH, expanding, "one")
    one = write("lists/models.txt", "gpt-4", "one")
    two = write("lists/models.txt", "other", "two")
    assert matched(load(one))
    assert not matched(load(one, two))
    assert matched(load(one, two, lists={"models": ["gpt-4"]}))


def test_cased_survives_a_list(write: Any, load: Any, rule_text: str) -> None:
    write("lists/models.txt", "GPT-4")
    text = rule_text.replace("ai.model.status: unapproved", "ai.model.name|cased|expand: '%models%'")
    assert not matched(load(write(PATH, text)))


def test_a_list_of_networks(write: Any, load: Any, rule_text: str) -> None:
    text = rule_text.replace("ai.model.status: unapproved", "src_endpoint.ip|expand: '%ours%'")
    write("lists/ours.txt", "10.0.0.0/8\n192.0.2.7\n2001:db8::/32\n")
    pack = write(PATH, text)
    ruleset = load(pack)
    assert not ruleset.errors
    matcher = Matcher((rule.title, rule.condition) for rule in ruleset)
    event = {"ai": {"service": "gateway"}}
    seen = [
        bool(matcher.match(event | {"src_endpoint": {"ip": ip}}))
        for ip in ("10.9.9.9", "192.0.2.7", "192.0.2.8")
    ]
    assert seen == [True, True, False]
    for wrong in ("10.0.0.1/8", "ours.example"):
        write("lists/ours.txt", wrong)
        assert wrong in str(load(pack).errors[0])


BAD_LISTS = [
    ("lists/model.txt", "x", "placeholder %models% has no list (did you mean 'model'?)"),
    ("lists/models.txt", "# nothing\n", "is empty; give it at least one value"),
    ("lists/models.txt", b"\xff", "is not UTF-8"),
    ("lists/models.yml", "models: {a: b}", "text and numbers only"),
    ("lists/models.yml", "- [a]", "text and numbers only"),
    ("lists/models.csv", "a,b", "is no list"),
    ("lists/models.yml", "- *x", "models.yml:1: YAML aliases are refused"),
    ("lists/models.yml", "- a\n- {", "models.yml:3: is not YAML"),
]


@pytest.mark.parametrize(("path", "text", "reason"), BAD_LISTS)
def test_bad_lists(write: Any, load: Any, expanding: str, path: str, text: Any, reason: str) -> None:
    write(path, text)
    ruleset = load(write(PATH, expanding))
    assert not ruleset.rules
    assert any(reason in str(e) for e in ruleset.errors), [str(e) for e in ruleset.errors]


def filtered(write: Any, rule_text: str, rules: str, folder: str = "filters") -> Any:
    write(PATH, rule_text, "ours")
    pack = write(f"{folder}/bob.yml", FILTER.replace("[RULES]", rules), "company")
    return pack.parent / "ours", pack


@pytest.mark.parametrize("folder", ["filters", "detections/filters", "detections/exceptions/bob"])
@pytest.mark.parametrize("rules", ["any", "['6f1f3c0e-90a7-4a73-8a0e-000000000001']"])
def test_a_filter_of_a_company_narrows_our_rule(
    write: Any, load: Any, rule_text: str, rules: str, folder: str
) -> None:
    ours, pack = filtered(write, rule_text, rules, folder)
    assert matched(load(ours))
    assert not matched(load(ours, pack))
    assert matched(load(ours, pack), principal="eve")


def test_a_filter_that_fits_nothing_is_warned_of(write: Any, load: Any, rule_text: str) -> None:
    ours, pack = filtered(write, rule_text, "['6f1f3c0e-90a7-4a73-8a0e-000000000002']")
    ruleset = load(ours, pack)
    assert matched(ruleset)
    assert "(did you mean '6f1f3c0e-90a7-4a73-8a0e-000000000001'?)" in str(ruleset.warnings[0])


def test_a_filter_names_the_base_rules_of_a_correlation(write: Any, load: Any) -> None:
    write(
        PATH,
        "title: Many\nid: 6f1f3c0e-90a7-4a73-8a0e-000000000002\nlevel: low\n"
        "correlation: {type: event_count, rules: [one], timespan: 1m, condition: {gte: 2}}\n---\n"
        "title: One\nname: one\nlogsource: {product: ai, service: gateway}\n"
        "detection: {sel: {ai.model.status: unapproved}, condition: sel}\n",
    )
    by_id = FILTER.replace("[RULES]", "[6f1f3c0e-90a7-4a73-8a0e-000000000002]")
    pack = write("filters/bob.yml", by_id)
    assert "name one instead of" in str(load(pack).warnings[0])
    write("filters/bob.yml", FILTER.replace("[RULES]", "[one]"))
    ruleset = load(pack)
    assert not ruleset.warnings
    assert "ai.principal" in ruleset.rules[0].fields


def test_a_broken_filter_refuses_no_rule(write: Any, load: Any, rule_text: str) -> None:
    ours, pack = filtered(write, rule_text, "any")
    write("filters/bob.yml", FILTER.replace("[RULES]", "any").replace("principal", "principel"), "company")
    ruleset = load(ours, pack)
    assert len(ruleset) == 1
    assert "ai.principel is no field of the schema (did you mean 'ai.principal'?)" in str(ruleset.errors[0])
    assert ruleset.errors[0].line == 5


def test_a_filter_uses_lists_too(write: Any, load: Any, rule_text: str) -> None:
    ours, pack = filtered(write, rule_text, "any")
    text = FILTER.replace("[RULES]", "any").replace("ai.principal: bob", "ai.principal|expand: '%staff%'")
    write("filters/bob.yml", text, "company")
    assert any("%staff% has no list" in str(e) for e in load(ours, pack).errors)
    write("lists/staff.txt", "bob\n", "company")
    assert not matched(load(ours, pack))
