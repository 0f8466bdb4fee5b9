"""The table of fields."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tracehound.schema import fields
from tracehound.schema.constants import CLASSES, LONG_TEXTS

AI = """
service source activity principal session_uid
agent.name agent.uid agent.type agent.parent_uid
model.name model.provider model.version model.status model.origin model.license model.known_vulnerabilities[]
prompt_text response_text prompt_hash response_hash text_truncated
signals[] context_signals[] signal_count risk_score
tool.name tool.type tool.server tool.phase tool.arguments_text tool.result_text tool.status
mcp.server mcp.method mcp.transport
guardrail.action guardrail.policy guardrail.provider
approval.decision approval.source
destinations[]
tokens.prompt tokens.completion tokens.total cost_usd
"""

CASES = {
    "string": ("actor.user.email_addr", "keyword", False, ()),
    "array of strings": ("ai.signals", "keyword", True, ("ai.signals",)),
    "array of objects": ("resources.uid", "keyword", True, ("resources",)),
    "array in an array": (
        "finding_info.tags.values",
        "keyword",
        True,
        ("finding_info.tags", "finding_info.tags.values"),
    ),
    "address": ("src_endpoint.ip", "ip", False, ()),
    "addresses": ("http_request.x_forwarded_for", "ip", True, ("http_request.x_forwarded_for",)),
    "number": ("ai.tokens.total", "long", False, ()),
    "decimal": ("ai.cost_usd", "double", False, ()),
    "flag": ("is_alert", "boolean", False, ()),
    "time": ("time", "date", False, ()),
    "time within": ("trace.span.start_time", "date", False, ()),
    "long text": ("ai.tool.arguments_text", "text", False, ()),
    "rest of the record": ("unmapped", "json", False, ()),
    "evidence": ("evidences.data", "json", True, ("evidences",)),
    "closed set": ("status_id", "long", False, ()),
    "closed words": ("http_request.http_method", "keyword", False, ()),
    "name that Python reserves": ("query.class", "keyword", False, ()),
}


@pytest.mark.parametrize("name", CASES)
def test_fields(name: str) -> None:
    path, kind, array, within = CASES[name]
    info = fields()[path]
    assert (info.path, info.type, info.array, info.within) == (path, kind, array, within)


def test_ai_is_as_settled() -> None:
    found = {path[3:] + "[]" * info.array for path, info in fields().items() if path.startswith("ai.")}
    assert found == set(AI.split())
    assert all(set(fields()[path].classes) == set(CLASSES) for path in fields() if path.startswith("ai."))


def test_long_texts() -> None:
    assert {path for path, info in fields().items() if info.text} == set(LONG_TEXTS)
    texts = {path for path, info in fields().items() if info.type == "text"}
    assert texts == set(LONG_TEXTS) - {"unmapped"}


@pytest.mark.parametrize(
    "path", ["actor", "ai", "evidences.actor.user.name", "actor.process.parent_process.pid", "prompt"]
)
def test_what_is_no_field(path: str) -> None:
    assert path not in fields()


def test_captions_of_several_classes_are_joined() -> None:
    assert fields()["status_id"].enum == {
        0: "Unknown",
        1: "Success / New",
        2: "Failure / In Progress",
        3: "Suppressed",
        4: "Resolved",
        5: "Archived",
        6: "Deleted",
        99: "Other",
    }
    assert set(fields()["class_uid"].enum or ()) == set(CLASSES)
    assert fields()["ai.service"].enum is not None


def test_classes() -> None:
    assert fields()["ai_model.name"].classes == (1007, 6003, 6005)
    assert fields()["query.hostname"].classes == (4003,)


def test_every_field_is_documented_in_one_line() -> None:
    wrong = [path for path, info in fields().items() if not info.doc.endswith(".") or "\n" in info.doc]
    assert wrong == []


def test_made_once() -> None:
    assert fields() is fields()


@pytest.mark.parametrize("module", ["tracehound.schema", "tracehound.schema.constants"])
def test_light_to_import(module: str) -> None:
    code = f"import sys, {module}; print('pydantic' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
