"""docs/rules.md is made from the rules."""

from __future__ import annotations

import pytest

from tracehound.content import content_root
from tracehound.rules import load_rules
from tracehound.rules.docs import rules_doc

PAGE = content_root() / "docs" / "rules.md"


def test_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    made = rules_doc(load_rules(own=content_root()), content_root())
    if request.config.getoption("--update-goldens"):
        PAGE.write_text(made, "utf-8")
    assert PAGE.read_text("utf-8") == made, "write it anew: python -m tracehound.rules.docs"


def test_page_names_every_rule_and_list() -> None:
    rules, text = load_rules(own=content_root()), PAGE.read_text("utf-8")
    for rule in rules:
        assert f"[{rule.title}](../detections/{rule.area}/{rule.folder.name})" in text
    for name in rules.lists:
        assert f"| `{name}` |" in text
