"""``tracehound new``: what it makes passes its tests at once, and it overwrites nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from commands import Run

from tracehound.scaffold import AREAS


@pytest.mark.parametrize("area", AREAS)
def test_new_rule_passes_its_tests(area: str, tracehound: Run, tmp_path: Path) -> None:
    made = tracehound("new", "rule", "our_rule", "--area", area, "--pack", "pack")
    assert made.code == 0
    assert all((tmp_path / line).is_file() for line in made.out.splitlines())
    assert f"pack/detections/{area}/our_rule/our_rule.yml" in made.out
    ran = tracehound("test", "our_rule", "--pack", "pack")
    assert (ran.code, ran.out) == (0, "")
    assert "1 rules, 2 test files, 0 disagree" in ran.err
    assert "refused" not in ran.err


def test_new_normalizer_passes_its_tests(tracehound: Run, tmp_path: Path) -> None:
    made = tracehound("new", "normalizer", "our_gateway", "--pack", "pack")
    assert made.code == 0
    *_, test = made.out.splitlines()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", test]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    sample = "pack/tests/data/normalizers/our_gateway/example.json"
    ran = tracehound("normalize", sample, "--pack", "pack", "--validate")
    assert ran.code == 0
    assert [event["ai"]["source"] for event in ran.lines] == ["our_gateway"]


def test_new_code_is_clean(tracehound: Run, tmp_path: Path) -> None:
    tracehound("new", "normalizer", "our_gateway", "--pack", "pack")
    settings = Path(__file__).parent.parent.parent / "pyproject.toml"
    # Whether tracehound is ours or another's, for the order of imports, is known in a checkout only.
    for action in (["check", "--ignore", "I001"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *action, "--no-cache", "--config", str(settings), "pack"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", ["rule", "normalizer"])
def test_nothing_is_overwritten(kind: str, tracehound: Run, tmp_path: Path) -> None:
    first = tracehound("new", kind, "ours_too", "--pack", "pack")
    kept = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    second = tracehound("new", kind, "ours_too", "--pack", "pack")
    assert (first.code, second.code) == (0, 2)
    assert "is there already; choose another name" in second.err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == kept


@pytest.mark.parametrize(
    "name", ["Ours", "our-rule", "1st_rule", "ab", "a" * 91, "../../etc", "a b", "über_uns"]
)
def test_names(name: str, tracehound: Run, tmp_path: Path) -> None:
    ran = tracehound("new", "rule", name, "--pack", "pack")
    assert ran.code == 2
    assert "a name is 3 to 90 small letters" in ran.err
    assert not list(tmp_path.iterdir())
