"""Matching one Sigma detection on one event, by the plain meaning and by the matcher, which must agree."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sigma.rule import SigmaRule

from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Node, disjunction, holds
from tracehound.matcher.core import Matcher
from tracehound.rules import mend

Matches = Callable[..., bool]


def condition_of(detection: Any, types: dict[str, str] | None = None, condition: str = "sel") -> Node:
    """Compile ``{sel: detection, condition: ...}``, or a whole detection section if it has a condition."""
    section = detection if isinstance(detection, dict) and "condition" in detection else None
    rule = SigmaRule.from_dict(
        {
            "title": "t",
            "logsource": {"product": "ai"},
            "detection": section or {"sel": detection, "condition": condition},
        }
    )
    mend.mend_encodings(rule)
    mend.mend_case(rule)
    return disjunction([compile_tree(c.parsed, types or {}) for c in rule.detection.parsed_condition])


@pytest.fixture
def condition() -> Callable[..., Node]:
    """Compiles a detection."""
    return condition_of


@pytest.fixture
def matches() -> Matches:
    """Whether a detection matches an event; both ways of evaluation must say the same."""

    def run(detection: Any, event: dict[str, Any], types: dict[str, str] | None = None) -> bool:
        node = condition_of(detection, types)
        plain = holds(node, event)
        matcher: Matcher[str] = Matcher([("rule", node)])
        for _ in range(2):  # the second time from the memo
            assert matcher.match(event) == (["rule"] if plain else [])
        return plain

    return run
