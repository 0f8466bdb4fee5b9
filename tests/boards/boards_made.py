"""Boards written for a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tracehound.boards import Board, Boards, load_boards

CONTENT = Path(__file__).parents[2]


def load(folder: Path, text: str | dict[str, Any], name: str = "made", *, own: bool = False) -> Boards:
    """What loading a board of a pack (or of our own content) with this text gives."""
    place = folder / "dashboards"
    place.mkdir(parents=True, exist_ok=True)
    if not isinstance(text, str):
        text = yaml.safe_dump(text, sort_keys=False)  # escaped: as it is, a lone U+0085 comes back as a space
    (place / f"{name}.yml").write_text(text, "utf-8")
    return load_boards(own=folder) if own else load_boards([folder], own=folder / "none")


def board(folder: Path, *panels: dict[str, Any], **other: Any) -> Board:
    """A board of these panels; what a panel does not say is filled in."""
    filled = [
        {"id": f"panel_{number}", "title": "A panel", "kind": "table", "empty": "Nothing.", **panel}
        for number, panel in enumerate(panels)
    ]
    found = load(folder, {"title": "Made", "description": "For a test.", "panels": filled, **other})
    assert not found.errors, [str(error) for error in found.errors]
    return found.boards[0]
