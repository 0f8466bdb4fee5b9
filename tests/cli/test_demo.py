"""``tracehound demo``: everything at once, and it empties no folder that is not its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Ran, Run


def test_makes_findings_store_and_report(tracehound: Run, tmp_path: Path) -> None:
    ran = tracehound("demo")
    out = tmp_path / "tracehound-demo"
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("time (UTC)")
    assert "report:  tracehound-demo/report.html" in ran.out
    assert {path.name for path in out.iterdir()} >= {"store", "findings.ndjson", "report.html"}
    assert not (out / "dead-letter.ndjson").exists()
    asked = tracehound("hunt", "SELECT count(*) AS n FROM findings WHERE activity_id = 1")
    assert asked.lines == [{"n": created(out)}]


def created(out: Path) -> int:
    lines = (out / "findings.ndjson").read_text("utf-8").split("\n")
    return sum(json.loads(line)["activity_id"] == 1 for line in lines if line)


@pytest.fixture
def not_empty(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "store").write_text("dear to me")
    return folder


def test_does_not_empty_what_it_did_not_make(tracehound: Run, not_empty: Path) -> None:
    ran: Ran = tracehound("demo", "-o", not_empty)
    assert (ran.code, ran.out) == (2, "")
    assert "choose another folder" in ran.err
    assert (not_empty / "store").read_text() == "dear to me"
