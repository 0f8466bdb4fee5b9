"""Conditions in SQL against the embedded matcher: every rule of ours over the demo day, and what no rule uses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boards_day import Day
from boards_made import board

from tracehound import store
from tracehound.boards.sql_condition import TABLE, condition
from tracehound.compiler.leaves import CannotSayError
from tracehound.matcher.condition import holds
from tracehound.rules import Rule
from tracehound.rules.loader import load_rules

FILTERS: dict[str, dict[str, Any]] = {
    "case": {"ai.model.name": "GPT-4O"},
    "case that counts": {"ai.model.name|cased": "GPT-4O"},
    "stars": {"ai.model.name": "*claude*4*5*"},
    "one character": {"ai.model.name": "gpt-?o"},
    "like's own signs": {"ai.model.name|contains": "%"},
    "array": {"ai.signals|contains": "INJECTION"},
    "array, all": {"ai.signals|contains|all": ["injection", "override"]},
    "array of objects": {"finding_info.attacks.technique.uid|startswith": "AML"},
    "array of objects, there": {"finding_info.attacks.technique.uid|exists": True},
    "array of objects, not there": {"finding_info.attacks.technique.uid|exists": False},
    "number": {"severity_id": 4},
    "numbers": {"ai.tokens.total|gte": 100, "ai.tokens.total|lt": 5000},
    "double": {"ai.cost_usd|gt": 0.001},
    "time": {"time|gte": 1795003200000},
    "truth": {"is_alert": True},
    "null": {"ai.principal": None},
    "network": {"src_endpoint.ip|cidr": "10.0.0.0/8"},
    "address": {"src_endpoint.ip": "198.51.100.211"},
    "addresses in an array": {"observables.value|contains": "haldenfreight"},
    "regex": {"ai.model.name|re": "^gpt.*mini$"},
    "regex without case": {"ai.model.name|re|i": "^GPT.*MINI$"},
    "object there": {"ai.tool.name|exists": True},
    "any": {"ai.model.name": "*"},
}


def singles(rules: Any) -> Iterator[Rule]:
    for rule in rules:
        if rule.correlation is not None:
            yield from singles(rule.correlation.base)
        elif not rule.embedded_only:
            yield rule


def differing(day: Day, rule: Rule, link: Any) -> set[str]:
    assert rule.condition is not None
    wanted = {event["metadata"]["uid"] for event in day.events if holds(rule.condition, event)}
    asked = f"SELECT DISTINCT {TABLE}.metadata.uid FROM events AS {TABLE} WHERE {condition(rule)}"
    return wanted ^ {uid for (uid,) in link.execute(asked).fetchall()}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name: str, demo_day: Day, tmp_path: Path) -> None:
    (panel,) = board(tmp_path, {"kind": "metric", "filter": FILTERS[name]}).panels
    with store.connect(demo_day.folder) as link:
        assert differing(demo_day, panel.rule, link) == set()


def test_the_rules_of_the_repository(demo_day: Day) -> None:
    asked = refused = 0
    with store.connect(demo_day.folder) as link:
        for rule in singles(load_rules()):
            try:
                condition(rule)
            except CannotSayError:
                refused += 1
                continue
            assert differing(demo_day, rule, link) == set(), rule.title
            asked += 1
    assert asked > 80
    assert refused <= 5
