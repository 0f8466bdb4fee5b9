"""``--state`` and ``--baseline-from``: runs that go on from one another, baselines that learn from the past."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from commands import Run, gateway_call

RULES = {
    "many_calls": """title: Many calls
id: 6f1f3c0e-90a7-4a73-8a0e-000000000001
level: low
correlation: {type: event_count, rules: call, group-by: [ai.principal], timespan: 1h, condition: {gte: 3}}
---
title: A call
name: call
logsource: {product: ai, service: gateway}
detection: {sel: {ai.activity: inference}, condition: sel}
""",
    "new_model": """title: Another model
id: 6f1f3c0e-90a7-4a73-8a0e-000000000002
level: informational
logsource: {product: ai, service: gateway}
detection: {sel: {ai.activity: inference}, condition: sel}
tracehound: {baseline: {type: first_seen, of: ai.model.name, by: ai.principal, over: 30d, learn: 1m, level: low}}
""",
}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        file = tmp_path / f"pack/detections/models/{name}_rule/{name}_rule.yml"
        file.parent.mkdir(parents=True)
        file.write_text(text)
    return tmp_path / "pack"


def write(path: Path, *calls: tuple[float, str]) -> Path:
    """A gateway's log: (seconds after the first, model) of each call."""
    lines = []
    for second, model in calls:
        start = gateway_call()["standard_logging_object"]["startTime"] + second
        call = gateway_call(uid=f"call-{second}", startTime=start, endTime=start + 1, model=model)
        lines.append(json.dumps(call) + "\n")
    path.write_text("".join(lines))
    return path


def titles(lines: list[Any]) -> list[str]:
    return [f["finding_info"]["title"] for f in lines if f["activity_id"] == 1]


def test_a_window_goes_on_over_runs(tracehound: Run, rules: Path, tmp_path: Path) -> None:
    only = ["--pack", rules, "--rule", "many_calls_rule"]
    first = write(tmp_path / "1.jsonl", (0, "m"), (10, "m"))
    second = write(tmp_path / "2.jsonl", (20, "m"), (30, "m"))
    for log in (first, second):
        assert titles(tracehound("detect", log, *only).lines) == []
    assert titles(tracehound("detect", first, *only, "--state", "s").lines) == []
    ran = tracehound("detect", second, *only, "--state", "s")
    assert titles(ran.lines) == ["Many calls"]
    assert ran.lines[0]["count"] == 3
    later = write(tmp_path / "3.jsonl", (90_000, "m"))
    (update,) = tracehound("detect", later, *only, "--state", "s").lines
    assert (update["activity_id"], update["count"]) == (2, 4)
    assert update["finding_info"]["uid"] == ran.lines[0]["finding_info"]["uid"]


def test_a_changed_rule_is_said(tracehound: Run, rules: Path, tmp_path: Path) -> None:
    log = write(tmp_path / "1.jsonl", (0, "m"))
    only = ["--pack", rules, "--rule", "many_calls_rule", "--state", "s"]
    assert tracehound("detect", log, *only).err == ""
    file = next(rules.glob("**/many_calls_rule.yml"))
    file.write_text(file.read_text().replace("gte: 3", "gte: 2"))
    ran = tracehound("detect", log, *only)
    assert "'Many calls' has changed: its windows and what it had learned start anew" in ran.err
    assert ran.code == 0


def test_a_damaged_state_is_refused_and_left_alone(tracehound: Run, rules: Path, tmp_path: Path) -> None:
    log = write(tmp_path / "1.jsonl", (0, "m"))
    (tmp_path / "s").mkdir()
    state = tmp_path / "s" / "state.json.zst"
    state.write_bytes(b"\x80\x04nothing")
    for verb in (["detect", "--pack", rules], ["normalize"]):
        ran = tracehound(*verb, log, "--state", "s")
        assert ran.code == 2
        assert ran.out == ""
        assert "move it away to start anew" in ran.err
        assert "Traceback" not in ran.err
    assert state.read_bytes() == b"\x80\x04nothing"


@pytest.mark.parametrize("past", ["store", "log", "events"])
def test_baselines_learn_from_the_past(past: str, tracehound: Run, rules: Path, tmp_path: Path) -> None:
    only = ["--pack", rules, "--rule", "new_model_rule"]
    before = write(tmp_path / "before.jsonl", (0, "old"), (100, "older"))
    today = write(tmp_path / "today.jsonl", (90_000, "old"), (90_010, "new"))
    assert titles(tracehound("detect", today, *only).lines) == []
    place = {"store": "kept", "log": before, "events": "events.ndjson"}[past]
    tracehound("detect", before, *only, "--store", "kept")
    tracehound("normalize", before, "-o", "events.ndjson")
    ran = tracehound("detect", today, *only, "--baseline-from", place)
    assert "2 times learned from 2 events" in ran.err
    (finding,) = ran.lines
    data = finding["evidences"][0]["data"]
    assert data["first_seen"] == "new"
    assert data["explanation"] == "first time in 30 days; seen before: older, old"
    assert finding["severity"] == "Low"


def test_what_was_learned_is_kept(tracehound: Run, rules: Path, tmp_path: Path) -> None:
    only = ["--pack", rules, "--rule", "new_model_rule", "--state", "s"]
    log = write(tmp_path / "1.jsonl", (0, "old"))
    assert titles(tracehound("detect", log, *only).lines) == []
    today = write(tmp_path / "2.jsonl", (90_000, "old"), (90_010, "new"))
    assert titles(tracehound("detect", today, *only).lines) == ["Another model"]
    assert titles(tracehound("detect", today, *only).lines) == []


def test_joins_go_on_over_runs(tracehound: Run, tmp_path: Path) -> None:
    """An MCP result names no tool: its request does, and that was read by an earlier run."""
    head = {"ts": 1794986006.125, "session_id": "s-1"}
    asked = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {"name": "read", "arguments": {}}}
    answer = {
        "jsonrpc": "2.0",
        "id": 7,
        "result": {"content": [{"type": "text", "text": "ok"}], "isError": False},
    }
    lines = [
        {"direction": "client->server", "message": asked},
        {"direction": "server->client", "message": answer},
    ]
    for number, line in enumerate(lines, 1):
        (tmp_path / f"{number}.jsonl").write_text(json.dumps(head | line) + "\n")
    (alone,) = tracehound("normalize", "2.jsonl").lines
    assert tracehound("normalize", "1.jsonl", "--state", "s").code == 0
    (after,) = tracehound("normalize", "2.jsonl", "--state", "s").lines
    assert "name" not in alone["ai"].get("tool", {})
    assert after["ai"]["tool"]["name"] == "read"
