"""``tracehound compile``: forms, gaps, refusals, packs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Ran, Run

LANGUAGES = ("splunk", "esql", "kql", "lucene", "eql")
HEAD = """title: {title}
id: 5f1f3c0e-90a7-4a73-8a0e-00000000000{number}
description: For a test.
status: experimental
level: low
logsource: {{product: ai, service: gateway}}
detection:
  selection:
{tests}
  condition: selection
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pack"


def put(folder: Path, number: int, tests: str, title: str = "Mine") -> Path:
    place = folder / "detections" / "own" / f"rule{number}"
    place.mkdir(parents=True)
    path = place / f"rule{number}.yml"
    path.write_text(HEAD.format(title=title, number=number, tests=f"    {tests}"))
    return path


def listed(ran: Ran) -> dict[str, dict[str, object]]:
    return {item["name"]: item for item in json.loads(ran.out)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_our_rules_have_a_query_or_a_named_gap(tracehound: Run, language: str) -> None:
    ran = tracehound("compile", language, "--format", "json")
    assert ran.code == 0, ran.err
    items = json.loads(ran.out)
    assert len(items) > 75
    for item in items:
        assert (item["query"] is None) == ("gap" in item), item
        assert ("gap: " + item["title"] in ran.err) == ("gap" in item)
        if item["query"] is not None:
            assert item["needs"]
            assert item["cost"] in ("indexed", "class", "all")
            assert isinstance(item["approximate"], list)


def test_one_rule_is_its_query_alone(tracehound: Run) -> None:
    ran = tracehound("compile", "splunk", "bedrock_guardrail_deleted")
    assert ran.code == 0
    assert ran.out.startswith('`tracehound_index` ai.service="cloud_audit" ')
    assert "#" not in ran.out


def test_several_have_their_titles(tracehound: Run) -> None:
    ran = tracehound("compile", "esql", "--area", "configuration")
    assert ran.out.startswith("# ")
    assert ran.out.count("\n# ") + 1 >= ran.out.count("FROM logs-tracehound.*") > 5


def test_companys_list_filter_and_rule_reach_every_language(tracehound: Run, folder: Path) -> None:
    put(folder, 1, "ai.model.name|expand: '%watched_models%'")
    (folder / "lists").mkdir()
    (folder / "lists" / "watched_models.txt").write_text("Model-A\nmodel_b*\n")
    (folder / "filters").mkdir()
    (folder / "filters" / "mine.yml").write_text(
        "title: Ours\nid: 5f1f3c0e-90a7-4a73-8a0e-0000000000f1\nlogsource: {product: ai, service: gateway}\n"
        "filter:\n  rules: [5f1f3c0e-90a7-4a73-8a0e-000000000001]\n"
        "  own: {ai.principal: batch@example.com}\n  condition: not own\n"
    )
    for language in LANGUAGES:
        ran = tracehound("compile", language, "rule1", "--pack", folder)
        assert ran.code == 0, ran.err
        for value in ("Model-A", "model_b", "batch@example.com"):
            assert value in ran.out, (language, ran.out)


@pytest.mark.parametrize(
    ("tests", "language", "reason"),
    [
        ("ai.prompt_text|contains: secret", "splunk", "tests the long text ai.prompt_text"),
        ("ai.modell.name: x", "esql", "did you mean 'ai.model.name'"),
        ("ai.model.name|fieldref: ai.tool.name", "kql", "KQL cannot compare two fields"),
        ("ai.model.name|startsnear: x", "lucene", "did you mean 'startswith'"),
        ("src_endpoint.ip|startswith: '10.'", "eql", "no string modifiers"),
    ],
)
def test_refused_rule_is_named_and_the_others_compile(
    tracehound: Run, folder: Path, tests: str, language: str, reason: str
) -> None:
    path = put(folder, 1, tests)
    put(folder, 2, "ai.model.name: x", "Other")
    ran = tracehound("compile", language, "--pack", folder, "--format", "json")
    assert ran.code == 1
    refused = [line for line in ran.err.splitlines() if line.startswith("refused: ")]
    assert len(refused) == 1
    assert reason in refused[0]
    assert f"{path}:9: " in refused[0]
    assert listed(ran)["rule2"]["query"]


def test_hostile_title_stays_in_its_place(tracehound: Run, folder: Path) -> None:
    put(folder, 1, "ai.model.name: x", '"evil]\\n[default]\\nsearch = | delete\\e[31m"')
    for language, form in (("splunk", "conf"), ("kql", "kibana"), ("splunk", "table")):
        ran = tracehound("compile", language, "--pack", folder, "--area", "own", "--format", form)
        assert ran.code == 0, ran.err
        assert "\x1b" not in ran.out
        assert "\n[default]" not in ran.out
        assert "\nsearch = | delete" not in ran.out


def test_second_run_reads_what_the_first_kept(tracehound: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    first = tracehound("compile", "kql", "--format", "json")
    monkeypatch.setattr("tracehound.compiler.cache._compile", lambda *_: pytest.fail("compiled again"))
    assert tracehound("compile", "kql", "--format", "json") == first


def test_other_backends_are_said_to_be_others(tracehound: Run) -> None:
    ran = tracehound("compile", "splunk_spl2", "bedrock_guardrail_deleted")
    assert ran.code == 0
    assert "is a backend of others: its queries are not checked" in ran.err
    assert "DeleteGuardrail" in ran.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("splnk",), "did you mean 'splunk'?"),
        (("esql", "--format", "conf"), "--format conf is Splunk's"),
        (("splunk", "--format", "kibana"), "--format kibana takes esql, kql, lucene or eql"),
        (("splunk", "bedrock_guardrail_deletd"), "did you mean"),
    ],
)
def test_wrong_use(tracehound: Run, arguments: tuple[str, ...], reason: str) -> None:
    ran = tracehound("compile", *arguments)
    assert ran.code == 2
    assert reason in ran.err
