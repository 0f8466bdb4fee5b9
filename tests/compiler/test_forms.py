"""savedsearches.conf and Kibana's rules, read back as their readers read them."""

from __future__ import annotations

import gc
import importlib.util
import json
import runpy
import warnings
from pathlib import Path

import pytest
from commands import Run

KIBANA = Path(__file__).parents[3] / "shared" / "engines" / "kibana-api"


def stanzas(text: str) -> dict[str, dict[str, str]]:
    """A conf file as Splunk reads it: a line that ends in a backslash goes on in the next."""
    found: dict[str, dict[str, str]] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        while line.endswith("\\"):
            line = line[:-1] + "\n" + next(lines)
        if line.startswith("["):
            assert line.endswith("]")
            assert line[1:-1] not in found, "two searches of one name"
            found[line[1:-1]] = current = {}
        elif line and not line.startswith("#"):
            key, separator, value = line.partition(" = ")
            assert separator, line
            assert key not in current
            current[key] = value
    return found


def test_saved_searches(tracehound: Run) -> None:
    queries = {i["title"]: i for i in json.loads(tracehound("compile", "splunk", "--format", "json").out)}
    found = stanzas(tracehound("compile", "splunk", "--format", "conf").out)
    for title, item in queries.items():
        if item["query"] is None:
            continue
        one = found[f"Tracehound - {title}"]
        assert [line.rstrip() for line in one["search"].split("\n")] == item["query"].split("\n")
        assert one["search"].startswith("`tracehound_index`")
        assert one["alert.suppress"] == "1"
        assert int(one["alert.suppress.period"].removesuffix("s")) >= -int(
            one["dispatch.earliest_time"].removesuffix("s")
        )
        assert one["disabled"] == "1"
        assert set(json.loads(one["action.correlationsearch.annotations"])) <= {
            "mitre_attack",
            "mitre_atlas",
            "owasp",
        }
    starts = {one["cron_schedule"] for one in found.values()}
    assert len(starts) > 30, "runs are spread over the hour"


def test_searches_look_back_over_window_and_lateness(tracehound: Run, tmp_path: Path) -> None:
    config = tmp_path / "tracehound.yml"
    config.write_text("lateness: 600\n")
    found = stanzas(tracehound("compile", "splunk", "--format", "conf", "--config", config).out)
    assert (
        found["Tracehound - Coding Agent's Approvals Switched Off"]["dispatch.earliest_time"] == "-2400s"
    ), "half an hour, and 10 minutes"


@pytest.mark.parametrize("language", ["kql", "esql", "lucene", "eql"])
def test_kibana_rules(tracehound: Run, language: str) -> None:
    lines = tracehound("compile", language, "--format", "kibana").lines
    *rules, summary = lines
    assert summary["exported_rules_count"] == len(rules) > 55
    for rule in rules:
        assert rule["enabled"] is False
        assert rule["rule_id"]
        assert rule["version"] >= 1
        assert rule["query"]
        assert ("index" in rule) == (rule["type"] != "esql")
        assert "## Triage" in rule["note"]
        for threat in rule["threat"]:
            assert threat["tactic"]["id"].startswith("TA")
            assert all(technique["name"] for technique in threat["technique"])
    if language == "kql":
        terms = [rule for rule in rules if rule["type"] == "new_terms"]
        assert len(terms) == 2
        assert all(
            rule["new_terms_fields"] and rule["history_window_start"].startswith("now-") for rule in terms
        )


@pytest.mark.skipif(not KIBANA.is_dir(), reason="Kibana's API documents are not here")
@pytest.mark.parametrize("document", ["kibana-8.18.trimmed.json", "kibana-main-2025-11.trimmed.json"])
@pytest.mark.parametrize("language", ["kql", "esql", "lucene", "eql"])
def test_kibana_takes_them(tracehound: Run, document: str, language: str) -> None:
    if importlib.util.find_spec("openapi_schema_validator") is None:
        pytest.skip("openapi-schema-validator is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the checker leaves closing files to Python
        checker = runpy.run_path(str(KIBANA / "check_kibana.py"))["RuleChecker"](KIBANA / document)
        gc.collect()
    for rule in tracehound("compile", language, "--format", "kibana").lines[:-1]:
        assert checker.create(rule) == [], rule["name"]
