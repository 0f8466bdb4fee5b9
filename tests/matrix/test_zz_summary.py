"""The page of the matrix says what its tests found. By its name it runs after them."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from matrix_report import DATA, merged, report
from summary import page

PAGE = Path(__file__).parents[2] / "docs" / "matrix.md"


def test_the_page_says_what_was_found(request: pytest.FixtureRequest) -> None:
    """Parts that did not run here (an engine is missing, or some tests were chosen) stay as they were written."""
    if request.config.getoption("--update-goldens"):
        DATA.write_text(json.dumps(merged(), indent=1, ensure_ascii=False) + "\n", "utf-8")
        PAGE.write_text(page(merged()), "utf-8")
    written = json.loads(DATA.read_text("utf-8"))
    for part, found in asdict(report()).items():
        stale = {name: value for name, value in found.items() if written[part].get(name) != value}
        assert not stale, f"{part}: run with --update-goldens"
    assert PAGE.read_text("utf-8") == page(written)
