"""Each rule on its own raw records: record -> normalizer -> join -> enrichers -> matcher."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_events import distance

from tracehound.config import Settings
from tracehound.rules import Rule, RuleSet, load_rules
from tracehound.ruletest import RuleTester, files_of

NEAR = 3
RULES: RuleSet = load_rules()
FILES = [(rule, path) for rule in RULES for path in files_of(rule)]
EVERY_RULE = pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.folder.name)


@pytest.fixture(scope="module")
def tester() -> RuleTester:
    return RuleTester(Settings())


@pytest.mark.parametrize(("rule", "path"), FILES, ids=[f"{r.folder.name}/{p.stem}" for r, p in FILES])
def test_file_says_what_its_name_says(tester: RuleTester, rule: Rule, path: Path) -> None:
    result = next(result for result in tester.run(rule, [path]))
    assert not result.problem, result.problem
    assert result.raised == result.expected, [str(e) for e in result.explanations()]


@EVERY_RULE
def test_one_match_and_two_passes_at_least(rule: Rule) -> None:
    names = [path.name for path in files_of(rule)]
    assert sum(name.startswith("match_") for name in names) >= 1
    assert sum(name.startswith("pass_") for name in names) >= 2


@EVERY_RULE
def test_a_pass_lies_close_to_a_match(rule: Rule) -> None:
    """A few leaves decide: a pass from another world would say nothing about the condition."""
    files = files_of(rule)
    matches = [path for path in files if path.name.startswith("match_")]
    passes = [path for path in files if path.name.startswith("pass_")]
    nearest = min(distance(match, other) for match in matches for other in passes)
    assert 1 <= nearest <= NEAR


@EVERY_RULE
def test_nothing_but_test_events_lies_beside_a_rule(rule: Rule) -> None:
    allowed = {rule.path, rule.folder / "events", rule.folder / "events" / "settings.yaml", *files_of(rule)}
    assert set(rule.folder.rglob("*")) == {path for path in allowed if path.exists()}
