"""The table of probe rules: each verdict by every way of evaluating, rsigma's beside it, and the page of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any
from unittest.mock import patch

import probes
import pytest

from tracehound.matcher import core, explanation, substrings
from tracehound.matcher.core import Matcher

EVERY_PROBE = pytest.mark.parametrize("probe", probes.PROBES, ids=[p["name"] for p in probes.PROBES])
ENGINES = ("hyperscan", "re2", "python")


@EVERY_PROBE
def test_verdict(matches: Any, probe: dict[str, Any]) -> None:
    assert matches(probe["rule"], probe["event"]) is probe["verdict"]


@EVERY_PROBE
def test_verdict_explained(condition: Any, probe: dict[str, Any]) -> None:
    assert explanation.explain_node(condition(probe["rule"]), probe["event"]).held is probe["verdict"]


@pytest.mark.parametrize("engine", ENGINES)
def test_verdicts_of_all_rules_together(condition: Any, engine: str) -> None:
    """One matcher for all probe rules, tuned while it runs: each event meets what it meets alone."""
    if engine == "hyperscan":
        pytest.importorskip("hyperscan")
    conditions = [condition(probe["rule"]) for probe in probes.PROBES]
    alone = [Matcher([(0, node)]) for node in conditions]
    hasty = {"TUNE_AT": (10, 60), "SAMPLE": 5, "WASTE": 0.0, "GUARD_FROM": 0.0}
    with patch.multiple(core, **hasty), patch.multiple(substrings, BUILD_AFTER=0, ENGINE=engine):
        together = Matcher(enumerate(conditions))
        for number, probe in enumerate(probes.PROBES * 2):
            found = together.match(probe["event"])
            assert (number % len(conditions) in found) is probe["verdict"]
            assert found == [n for n, one in enumerate(alone) if one.match(probe["event"])]


def test_the_table_is_as_large_and_plain_as_it_says() -> None:
    names = [probe["name"] for probe in probes.PROBES]
    assert len(names) == len(set(names))
    assert len(names) >= 120
    keys = {"name", "spec", "rule", "event", "verdict", "ours", "rsigma", "sqlite"}
    for probe in probes.PROBES:
        assert set(probe) <= keys
        assert probe.get("rsigma") != probe["verdict"]
        assert probe.get("sqlite") != probe["verdict"]
        assert "sqlite" not in probe or probes.flat(probe)


def test_the_page_is_made_of_the_table(request: pytest.FixtureRequest) -> None:
    text = probes.PAGE.read_text("utf-8")
    if request.config.getoption("--update-goldens"):
        probes.PAGE.write_text(probes.page(text), "utf-8")
    assert probes.PAGE.read_text("utf-8") == probes.page(text)


def test_rsigma_says_what_the_table_says(tmp_path: Path) -> None:
    binary = os.environ.get("TRACEHOUND_RSIGMA") or shutil.which("rsigma")
    if binary is None:
        pytest.skip("rsigma is not installed (cargo install rsigma --version 0.23.0 --locked)")
    said = {}
    for probe in probes.PROBES:
        rule, event = tmp_path / "rule.yml", tmp_path / "event.json"
        rule.write_text(json.dumps(probes.document(probe)), "utf-8")
        event.write_text(json.dumps(probe["event"]), "utf-8")
        command = [
            binary,
            "engine",
            "eval",
            "-q",
            "-r",
            str(rule),
            "-e",
            f"@{event}",
            "--output-format",
            "ndjson",
        ]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        said[probe["name"]] = bool(ran.stdout.strip())
    assert said == {probe["name"]: probe.get("rsigma", probe["verdict"]) for probe in probes.PROBES}
