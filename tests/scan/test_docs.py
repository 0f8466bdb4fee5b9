"""docs/signals.md says what the pattern files say."""

from __future__ import annotations

import pytest

from tracehound.content import content_root
from tracehound.scan.docs import FAMILY_NOTES, signals_page
from tracehound.scan.model import FAMILIES

PAGE = content_root() / "docs" / "signals.md"


def test_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    made = signals_page()
    if request.config.getoption("update_goldens", False):
        PAGE.write_text(made, "utf-8")
    assert PAGE.read_text("utf-8") == made, "run: pytest tests/scan --update-goldens"


def test_every_family_is_described() -> None:
    assert set(FAMILY_NOTES) == set(FAMILIES) - {"custom"}


def test_rows_are_whole() -> None:
    rows = [line.replace("\\|", "") for line in signals_page().splitlines() if line.startswith("| `")]
    assert len(rows) > 200
    assert {row.count("|") for row in rows} == {7}
