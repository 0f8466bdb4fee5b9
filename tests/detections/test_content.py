"""Our own lint over all rules: what is required of each, names, tags, labels, fields that something fills."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
import yaml

from tracehound import enrichers, schema
from tracehound.config import Settings
from tracehound.content import content_dir
from tracehound.matcher.condition import fields_of
from tracehound.rules import LEVELS, Rule, load_rules
from tracehound.rules.known import FILLED
from tracehound.ruletest import RuleTester, files_of
from tracehound.scan import Scanner

RULES = load_rules()
ROOT = content_dir("detections")
FILES = sorted(ROOT.rglob("*.yml"))
AREAS = ("models", "data", "applications", "agents", "configuration")
GOLDENS = Path(__file__).parent.parent / "data" / "normalizers"
NAME = re.compile(r"[a-z0-9_]{10,90}")
YEAR_OF_LLM = re.compile(r"owasp\.llm\d\d-20\d\d|owasp\.asi\d\d")
EVERY_RULE = pytest.mark.parametrize("rule", RULES.rules, ids=lambda rule: rule.folder.name)


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text("utf-8")))


def test_all_rules_load_without_a_word() -> None:
    assert [str(e) for e in (*RULES.errors, *RULES.warnings)] == []
    assert len(RULES) == len(FILES)


def test_five_rules_an_area_at_least() -> None:
    count = Counter(rule.area for rule in RULES)
    assert set(count) == set(AREAS)
    assert min(count.values()) >= 5


def test_names_ids_and_titles_are_unique() -> None:
    every = [document for path in FILES for document in documents(path)]
    for key in ("id", "title", "name"):
        twice = [v for v, n in Counter(d[key] for d in every if key in d).items() if n > 1]
        assert twice == [], key
    assert [name for name, n in Counter(path.name for path in FILES).items() if n > 1] == []
    for document in every:
        assert UUID(document["id"]).version == 4, document["title"]


@EVERY_RULE
def test_folder_and_file_have_the_rules_name(rule: Rule) -> None:
    assert rule.path.parent.name == rule.path.stem
    assert NAME.fullmatch(rule.path.stem)
    assert rule.path.parent.parent == ROOT / rule.area


@EVERY_RULE
def test_everything_an_analyst_needs_is_there(rule: Rule) -> None:
    assert rule.level in LEVELS
    assert rule.status == "experimental"
    assert len(rule.description) > 60
    assert rule.references
    assert rule.falsepositives
    assert rule.misses
    assert len(rule.triage) >= 2
    assert rule.suppress is not None
    assert rule.suppress.by
    assert documents(rule.path)[-1]["author"] == "Tracehound"


@EVERY_RULE
def test_tags_name_techniques_and_risks_with_their_year(rule: Rule) -> None:
    assert rule.atlas
    assert rule.owasp
    assert rule.attack_tactics
    for tag in rule.tags:
        if tag.startswith("owasp."):
            assert YEAR_OF_LLM.fullmatch(tag), tag
    years = {tag[-4:] for tag in rule.tags if tag.startswith("owasp.llm")}
    assert years in (set(), {"2025", "2026"}), "a risk of the LLM list is tagged for both editions"


@EVERY_RULE
def test_runs_on_every_target(rule: Rule) -> None:
    assert rule.embedded_only == ()


def labels_of(rule: Rule) -> set[str]:
    """Signal labels, or their beginnings, that a rule tests, by its text and its lists."""
    text = rule.path.read_text("utf-8")
    direction = "|".join(
        ("system", "prompt", "response", "tool_call", "tool_result", "tool_description", "document")
    )
    found = set(re.findall(rf"\b(?:{direction})\.[a-z_]+\.[a-z0-9_]*", text))
    for name, values in RULES.lists.items():
        if f"%{name}%" in text and name.endswith("_signals"):
            found.update(values)
    return found


@cache
def given_labels() -> frozenset[str]:
    """Every label that the content scanner can give: direction, family, kind."""
    patterns = Scanner.load([content_dir("enrichers") / "patterns"]).patterns.values()
    return frozenset(f"{direction}.{p.label}" for p in patterns for direction in p.directions)


@EVERY_RULE
def test_labels_are_those_the_scanner_gives(rule: Rule) -> None:
    for label in labels_of(rule):
        assert any(
            known == label or (label.endswith(".") and known.startswith(label)) for known in given_labels()
        ), label


def paths(value: Any, place: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        for inner in value:
            yield from paths(inner, place)
    elif value is not None:
        yield place


@pytest.fixture(scope="module")
def filled() -> frozenset[str]:
    """Paths that occur in the rules' enriched test events and in the normalizers' goldens."""
    tester = RuleTester(Settings())
    found: set[str] = set()
    for rule in RULES:
        for path in files_of(rule):
            for event in tester.events_of(path)[0]:
                found.update(paths(event))
    for golden in GOLDENS.rglob("*.golden.json"):
        found.update(paths(orjson.loads(golden.read_bytes())))
    return frozenset(found)


def test_the_shipped_table_of_filled_fields_is_true(
    filled: frozenset[str], request: pytest.FixtureRequest
) -> None:
    by_enrichers = {field for enricher in enrichers.load() for field in enricher.fills}
    text = "".join(f"{field}\n" for field in sorted((filled | by_enrichers) & set(schema.fields())))
    if request.config.getoption("--update-goldens"):
        FILLED.write_text(text, "utf-8")
    assert FILLED.read_text("utf-8") == text, "run: pytest tests/detections --update-goldens"


@EVERY_RULE
def test_something_fills_every_field(rule: Rule, filled: frozenset[str]) -> None:
    named = {rule.risk_entity, *(rule.suppress.by if rule.suppress else ()), *rule.fields}
    if rule.correlation:
        for base in rule.correlation.base:
            assert base.condition is not None
            named.update(fields_of(base.condition))
    assert named - filled == set()


def test_every_list_is_used_and_says_what_it_is() -> None:
    text = "".join(path.read_text("utf-8") for path in FILES)
    for path in (ROOT / "lists").iterdir():
        assert path.read_text("utf-8").startswith("# "), path.name
        assert f"'%{path.stem}%'" in text, path.name
