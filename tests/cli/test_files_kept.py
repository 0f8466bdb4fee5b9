"""What is read is never written in the same run, and dead letters are added to those that are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from commands import Run


@pytest.mark.parametrize("verb", ["normalize", "detect"])
@pytest.mark.parametrize("option", ["--dead-letter", "--out"])
def test_an_input_is_not_written(tracehound: Run, tmp_path: Path, verb: str, option: str) -> None:
    log = tmp_path / "log.json"
    log.write_text('{"who":"knows"}\n')
    done = tracehound(verb, log, option, tmp_path / "." / "log.json")
    assert done.code == 2
    assert "is one of the inputs" in done.err
    assert log.read_text() == '{"who":"knows"}\n'


def test_dead_letters_are_added(tracehound: Run, tmp_path: Path) -> None:
    log, dead = tmp_path / "log.json", tmp_path / "dead.ndjson"
    log.write_text('{"who":"knows"}\n')
    for lines in (1, 2):
        assert tracehound("normalize", log, "--dead-letter", dead).code == 1
        assert len(dead.read_text().splitlines()) == lines
