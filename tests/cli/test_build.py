"""``tracehound build``: the files, what is refused, what is wrong use."""

import json
from pathlib import Path

from commands import Run, tracehound

__all__ = ["tracehound"]


def test_boards_for_kibana(tracehound: Run) -> None:
    ran = tracehound("build", "elastic", "-o", "built")
    assert ran.code == 0
    assert ran.err == "2 files written, 0 refused\n"
    written = [Path(line) for line in ran.out.split()]
    lines = [json.loads(line) for line in written[0].read_text().splitlines()]
    assert [line["type"] for line in lines] == ["index-pattern", "dashboard"]
    assert json.loads(written[1].read_text())["title"] == lines[1]["attributes"]["title"]
    assert written[1].stem == lines[1]["id"]


def test_a_refused_board_does_not_keep_the_others(tracehound: Run) -> None:
    Path("pack/dashboards").mkdir(parents=True)
    Path("pack/dashboards/bad.yml").write_text("title: Bad\ndescription: x\npanel: []\n")
    ran = tracehound("build", "elastic", "-o", "built", "--pack", "pack")
    assert ran.code == 1
    assert "pack/dashboards/bad.yml:3: panel: unknown key (did you mean 'panels'?)" in ran.err
    assert Path("built/kibana-boards.ndjson").exists()


def test_wrong_use(tracehound: Run) -> None:
    ran = tracehound("build", "elatsic", "-o", "built")
    assert ran.code == 2
    assert "did you mean 'elastic'?" in ran.err
    assert tracehound("build", "elastic").code == 2
