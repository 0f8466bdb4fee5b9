"""``tracehound detect``: findings whatever the form, an exit code that does not depend on them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import UNKNOWN, Run


def only(pack: Path) -> list[str]:
    return ["--pack", str(pack), "--rule", "attempt"]


def test_findings_as_lines_when_piped(tracehound: Run, logs: Path, pack: Path) -> None:
    ran = tracehound("detect", logs, *only(pack))
    assert (ran.code, ran.err) == (0, "")
    (finding,) = ran.lines
    assert finding["class_uid"] == 2004
    assert finding["finding_info"]["title"] == "Attempt"
    assert finding["ai"]["principal"] == "mila.berg@example.com"


@pytest.mark.parametrize("form", ["json", "ndjson", "table"])
def test_formats(form: str, tracehound: Run, logs: Path, pack: Path, tmp_path: Path) -> None:
    ran = tracehound("detect", logs, *only(pack), "--format", form)
    assert ran.code == 0
    if form == "table":
        assert "Attempt" in ran.out
        assert "medium" in ran.out
        assert "3 records, 3 events, 1 findings by 1 rules" in ran.err
    else:
        found = json.loads(ran.out)
        assert len([found] if form == "ndjson" else found) == 1
    if form == "ndjson":
        to_file = tracehound("detect", logs, *only(pack), "-o", "f.ndjson")
        assert to_file.out == ""
        assert len((tmp_path / "f.ndjson").read_text().splitlines()) == 1


def test_nothing_found_is_no_error(tracehound: Run, logs: Path, pack: Path) -> None:
    logs.write_text(logs.read_text().splitlines()[0] + "\n")
    ran = tracehound("detect", logs, *only(pack))
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert json.loads(tracehound("detect", logs, *only(pack), "--format", "json").out) == []


def test_events_give_what_raw_logs_give(tracehound: Run, logs: Path, pack: Path) -> None:
    tracehound("normalize", logs, "-o", "events.ndjson")
    raw, events = tracehound("detect", logs, *only(pack)), tracehound("detect", "events.ndjson", *only(pack))
    assert [f["finding_info"]["uid"] for f in raw.lines] == [f["finding_info"]["uid"] for f in events.lines]


def test_unknown_source_is_said(tracehound: Run, logs: Path, pack: Path) -> None:
    logs.write_text(logs.read_text() + json.dumps(UNKNOWN) + "\n")
    ran = tracehound("detect", logs, *only(pack))
    assert ran.code == 1
    assert len(ran.lines) == 1
    assert "unknown_source" in ran.err


def test_broken_rule_is_refused_and_the_others_run(tracehound: Run, logs: Path, pack: Path) -> None:
    tracehound("new", "rule", "broken", "--pack", pack)
    path = pack / "detections" / "applications" / "broken" / "broken.yml"
    lines = path.read_text().replace("ai.model.name", "ai.modle.name").splitlines()
    path.write_text("\n".join(lines))
    number = 1 + next(n for n, line in enumerate(lines) if "modle" in line)
    ran = tracehound("detect", logs, *only(pack))
    assert ran.code == 1
    assert len(ran.lines) == 1
    assert f"refused: {path}:{number}: " in ran.err
    assert "did you mean 'ai.model.name'?" in ran.err


@pytest.mark.parametrize(
    ("selection", "found"),
    [
        (["--level", "medium"], 1),
        (["--level", "high"], 0),
        (["--area", "applications"], 1),
        (["--area", "agents"], 0),
        (["--tag", "owasp.llm01-2025"], 1),
        (["--tag", "atlas.aml.t0051"], 1),
        (["--rule", "Attempt"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_selecting_rules(selection: list[str], found: int, tracehound: Run, logs: Path, pack: Path) -> None:
    ran = tracehound("detect", logs, "--pack", pack, *selection)
    assert ran.code == 0
    assert sum(f["finding_info"]["title"] == "Attempt" for f in ran.lines) == found


def test_store_holds_events_and_findings(tracehound: Run, logs: Path, pack: Path) -> None:
    for _ in range(2):  # the second time the same events: they replace themselves
        assert tracehound("detect", logs, *only(pack), "--store", "store").code == 0
    query = "SELECT class_uid, count(*) AS n FROM events GROUP BY 1 ORDER BY 1"
    assert tracehound("hunt", query, "--store", "store").lines == [
        {"class_uid": 2004, "n": 1},
        {"class_uid": 6003, "n": 3},
    ]
    found = tracehound("hunt", "SELECT finding_info.title AS title FROM findings", "--store", "store")
    assert found.lines == [{"title": "Attempt"}]
