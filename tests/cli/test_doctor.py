"""``tracehound doctor``: what is there, and what to mend."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Run

CHECKS = ["tracehound", "packages", "configuration", "normalizers", "patterns", "enrichers", "rules"]


def test_all_is_well(tracehound: Run, pack: Path) -> None:
    ran = tracehound("doctor", "--pack", pack)
    assert (ran.code, ran.err) == (0, "")
    assert [line.split()[1].rstrip(":") for line in ran.out.splitlines()] == CHECKS
    assert "(not installed)" not in ran.out


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_formats(form: str, tracehound: Run) -> None:
    ran = tracehound("doctor", "--format", form)
    items = json.loads(ran.out) if form == "json" else ran.lines
    assert [item["check"] for item in items] == CHECKS
    assert all(item["ok"] for item in items)


BROKEN = {
    "rule": ("detections/data/a_rule/a_rule.yml", "title: [\n", "FAIL rules: "),
    "pattern": ("enrichers/patterns/ours.yml", "patterns: 7\n", "FAIL patterns: "),
    "normalizer": ("normalizers/ours.py", "NORMALIZER = 7\n", "FAIL normalizers: "),
    "code that does not run": ("normalizers/ours.py", "import nowhere_to_be_found\n", "FAIL normalizers: "),
    "code that is none": ("enrichers/ours.py", "def (:\n", "FAIL enrichers: "),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_content_is_named_with_its_file(case: str, tracehound: Run, pack: Path) -> None:
    name, content, said = BROKEN[case]
    path = pack / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    ran = tracehound("doctor", "--pack", pack)
    assert ran.code == 1
    (failed,) = [line for line in ran.out.splitlines() if line.startswith("FAIL")]
    assert failed.startswith(said)
    assert str(path) in failed
    assert "Traceback" not in ran.err


def test_wrong_configuration_is_said(tracehound: Run, tmp_path: Path) -> None:
    (tmp_path / "tracehound.yml").write_text("privcy: 1\n")
    ran = tracehound("doctor")
    assert ran.code == 1
    assert (
        "FAIL configuration: tracehound.yml:1: privcy: unknown setting (did you mean 'privacy'?)" in ran.out
    )
