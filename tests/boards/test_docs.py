"""docs/boards.md: its example loads, and every key is in it."""

from __future__ import annotations

import re
from pathlib import Path

from boards_made import CONTENT, load

from tracehound.boards.model import BoardSpec, Measure, PanelSpec

PAGE = (CONTENT / "docs" / "boards.md").read_text("utf-8")


def test_the_example_loads(tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)
    found = load(tmp_path, text)
    assert not found.errors, [str(error) for error in found.errors]
    assert not found.warnings


def test_every_key_is_said() -> None:
    for model in (BoardSpec, PanelSpec, Measure):
        for name in model.model_fields:
            assert f"`{name}`" in PAGE, name
