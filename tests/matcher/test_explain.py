"""Why a rule held or not: the tree, the failed test, values masked and cut."""

from __future__ import annotations

from typing import Any

import pytest
from sigma.rule import SigmaRule

from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Node
from tracehound.matcher.explanation import evidence, explain_node

SECTION: dict[str, Any] = {
    "tool": {"ai.tool.name": ["read", "send"], "ai.tool.status": "success"},
    "trusted": {"ai.principal|endswith": "@example.com"},
    "condition": "tool and not trusted",
}


@pytest.fixture
def node() -> Node:
    rule = SigmaRule.from_dict({"title": "t", "logsource": {"product": "ai"}, "detection": SECTION})
    return compile_tree(rule.detection.parsed_condition[0].parsed, {})


def event(name: str, who: str, status: Any = "success") -> dict[str, Any]:
    return {"ai": {"tool": {"name": name, "status": status}, "principal": who}}


def test_the_tree_as_text(node: Node) -> None:
    told = explain_node(node, event("send", "eve@evil.example"))
    assert told.held
    assert "\n".join(told.lines()) == (
        "+ all of\n"
        "  + any of\n"
        "    - ai.tool.name = 'read'  [send]\n"
        "    + ai.tool.name = 'send'  [send]\n"
        "  + ai.tool.status = 'success'  [success]\n"
        "  + not\n"
        "    - ai.principal is like '*@example.com'  [eve@evil.example]"
    )
    assert not list(told.failed())


def test_the_tests_that_failed(node: Node) -> None:
    told = explain_node(node, event("read", "bob@example.com", None))
    assert [(f.text, f.values) for f in told.failed()] == [
        ("ai.tool.status = 'success'", ()),
        ("ai.principal is like '*@example.com'", ("bob@example.com",)),
    ]
    assert "  - ai.tool.status = 'success'  [no value]" in list(told.lines())


def test_values_are_masked_and_cut(node: Node) -> None:
    told = explain_node(node, event("send", "x" * 1000), mask=lambda text: text.replace("send", "***"))
    values = [v for child in told.succeeded() for v in child.values]
    assert "***" in values
    assert max(len(v) for v in values) == 200


def test_evidence_is_what_passed(node: Node) -> None:
    found = evidence(node, event("send", "eve@evil.example"))
    assert found == {"ai.tool.name": ["send"], "ai.tool.status": ["success"]}
    many = {"ai": {"tool": {"name": ["other", "SEND", "read"], "status": "success"}}}
    assert evidence(node, many)["ai.tool.name"] == ["read", "SEND"]
