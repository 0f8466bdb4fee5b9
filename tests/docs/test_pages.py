"""Made pages are what their makers say now; ``--update-goldens`` writes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tracehound.config import Settings
from tracehound.docs import PAGES
from tracehound.docs.cli import cli_page
from tracehound.docs.configuration import EXAMPLE, keys

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("name", PAGES)
def test_page_is_up_to_date(name: str, request: pytest.FixtureRequest) -> None:
    path = ROOT / "docs" / name
    made = PAGES[name](ROOT)
    if request.config.getoption("update_goldens", False):
        path.write_text(made, "utf-8")
    assert path.read_text("utf-8") == made, "run: pytest tests/docs --update-goldens"


@pytest.mark.parametrize("name", PAGES)
def test_tables_are_whole(name: str) -> None:
    """Each row has as many cells as its head: a bar in a text would break it."""
    wide = 0
    for line in PAGES[name](ROOT).splitlines():
        cells = line.replace("\\|", "").count("|") if line.startswith("|") else 0
        assert cells in (0, wide) or not wide, line
        wide = cells


def test_every_verb_and_option_is_documented() -> None:
    page = cli_page()
    for verb in ("demo", "detect", "doctor", "hunt", "new", "normalize", "schema", "test"):
        assert f"## `tracehound {verb}`" in page
    for option in ("--pack", "--config", "--dead-letter", "--store", "--explain", "--area"):
        assert f"`{option}`" in page


def test_every_setting_is_documented_and_in_the_example() -> None:
    example = yaml.safe_load(EXAMPLE)
    Settings.model_validate(example)
    for key, _, _, said in keys():
        assert said, f"{key} has no description"
        inner = example
        for part in key.split("."):
            inner = inner[part]
