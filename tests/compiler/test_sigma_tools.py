"""Sigma's own command line finds our pipeline and backends, and makes the queries of ``tracehound compile``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tracehound.compiler.cache import compiled
from tracehound.content import content_root
from tracehound.rules import Rule, load_rules

SIGMA = Path(sys.executable).with_name("sigma")


def sigma(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(SIGMA), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False)


@pytest.fixture(scope="module")
def singles() -> list[Rule]:
    """Our rules on single events that need no history."""
    rules = load_rules(own=content_root())
    return [rule for rule in rules if rule.correlation is None and rule.baseline is None]


def test_pipeline_is_listed() -> None:
    shown = sigma("list", "pipelines")
    assert shown.returncode == 0, shown.stderr
    assert "| tracehound " in shown.stdout


def test_backends_are_listed() -> None:
    shown = sigma("list", "targets")
    for name in ("splunk", "esql", "kql", "lucene", "eql"):
        assert f"| tracehound_{name} " in shown.stdout


@pytest.mark.parametrize(
    ("target", "language"),
    [("splunk", "splunk"), ("esql", "esql"), ("lucene", "lucene"), ("eql", "eql"), ("tracehound_kql", "kql")],
)
def test_same_query_as_tracehound_compile(singles: list[Rule], target: str, language: str) -> None:
    said = sigma("convert", "-t", target, "-p", "tracehound", *(rule.path for rule in singles))
    assert said.returncode == 0, said.stderr
    theirs = said.stdout.rstrip("\n").split("\n\n")
    ours = [query.query for query in compiled(singles, language).queries]
    assert theirs == ours
    assert len(ours) == len(singles) > 50


def test_rule_of_another_product_is_left_alone(tmp_path: Path) -> None:
    rule = tmp_path / "other.yml"
    rule.write_text(
        "title: Other\nid: 4f1f3c0e-90a7-4a73-8a0e-000000000009\nlogsource: {product: windows}\n"
        "detection: {s: {EventID: 1}, condition: s}\n"
    )
    said = sigma("convert", "-t", "splunk", "-p", "tracehound", rule)
    assert said.stdout.rstrip("\n") == "EventID=1", said.stderr


def test_what_the_language_lacks_is_an_error_of_sigmas(tmp_path: Path) -> None:
    rule = tmp_path / "text.yml"
    rule.write_text(
        "title: Text\nid: 4f1f3c0e-90a7-4a73-8a0e-000000000008\nlogsource: {product: ai}\n"
        "detection: {s: {ai.nowhere: x}, condition: s}\n"
    )
    said = sigma("convert", "-t", "splunk", "-p", "tracehound", rule)
    assert said.returncode != 0
    assert "ai.nowhere is no field of the schema" in said.stderr + said.stdout
