"""``thresholds.yml`` of a pack: a company's numbers in our correlations, on every target."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracehound.compiler import LANGUAGES, compile_rule
from tracehound.compiler.model import NotInLanguageError
from tracehound.content import content_root
from tracehound.rules import RuleSet
from tracehound.rules.cache import load_rules as cached
from tracehound.rules.loader import load_rules

RULE = "agent_tools_denied_repeatedly"


def loaded(pack: Path, text: str) -> RuleSet:
    pack.mkdir(exist_ok=True)
    (pack / "thresholds.yml").write_text(text)
    return load_rules([pack], own=content_root())


def test_numbers_reach_the_embedded_engine_and_every_language(tmp_path: Path) -> None:
    before = load_rules(own=content_root()).find(RULE)
    rules = loaded(tmp_path / "pack", f"{RULE}:\n  count: 7\n  timespan: 30m\n")
    rule = rules.find(RULE)
    assert not rules.errors
    assert before is not None
    assert rule is not None
    assert rule.correlation is not None
    assert (rule.correlation.count, rule.correlation.seconds) == (7, 1800)
    assert rule.version != before.version
    for language in LANGUAGES:
        try:
            query = compile_rule(rule, language).query
        except NotInLanguageError:
            continue
        old = compile_rule(before, language).query
        assert query != old
        assert "7" in query


def test_later_pack_wins_and_titles_and_ids_name_rules_too(tmp_path: Path) -> None:
    rule = load_rules(own=content_root()).find(RULE)
    assert rule is not None
    packs = [tmp_path / "one", tmp_path / "two"]
    for pack, name, count in zip(packs, (rule.id, rule.id), (5, 9), strict=True):
        pack.mkdir()
        (pack / "thresholds.yml").write_text(f"{name}: {{count: {count}}}\n")
    changed = load_rules(packs, own=content_root()).find(RULE)
    assert changed is not None
    assert changed.correlation is not None
    assert (changed.correlation.count, changed.correlation.seconds) == (9, 600)


def test_a_change_is_noticed_by_the_cache(tmp_path: Path) -> None:
    counts = []
    for count in (4, 8):
        loaded(tmp_path / "pack", f"{RULE}: {{count: {count}}}\n")
        rule = cached([tmp_path / "pack"]).find(RULE)
        assert rule is not None
        assert rule.correlation is not None
        counts.append(rule.correlation.count)
    assert counts == [4, 8]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("agent_tools_denied_repeatedli: {count: 3}", 1, f"names no rule (did you mean '{RULE}'?)"),
        ("# ours\nbedrock_guardrail_deleted: {count: 3}", 2, "is no correlation"),
        (f"{RULE}: {{cuont: 3}}", 1, "did you mean 'count'"),
        (f"{RULE}:\n  count: few", 2, "count is a whole number"),
        (f"{RULE}:\n  count: true", 2, "count is a whole number"),
        (f"{RULE}:\n  timespan: 10 minutes", 2, "write timespan as 30m"),
        (f"{RULE}: 3", 1, "give count, timespan or both"),
        (f"{RULE}: {{count: 1\n", 2, ""),
    ],
)
def test_what_is_wrong_is_said_and_the_rules_load(tmp_path: Path, text: str, line: int, said: str) -> None:
    rules = loaded(tmp_path / "pack", text)
    assert len(rules.errors) == 1
    assert rules.errors[0].file == str(tmp_path / "pack" / "thresholds.yml")
    assert rules.errors[0].line == line
    assert said in str(rules.errors[0])
    assert len(rules) > 75


def test_a_count_that_never_holds_refuses_the_rule(tmp_path: Path) -> None:
    rules = loaded(tmp_path / "pack", f"{RULE}: {{count: 0}}\n")
    assert rules.find(RULE) is None
    assert "the count must lie between" in str(rules.errors[0])
