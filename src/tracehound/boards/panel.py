"""Boards and panels that were checked, with ids that stay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

from tracehound.boards.model import BoardSpec, PanelSpec
from tracehound.rules import Rule

NAMESPACE = UUID("5b2f6c1e-3f0a-5d7b-9c1d-7a1f0c9e2b64")
"""Ids of boards and panels are made in it from their names, so that each build gives the same."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel whose filter is a rule, as the compiler takes it."""

    spec: PanelSpec
    rule: Rule
    board: str

    @property
    def uid(self) -> str:
        """The same UUID in each build."""
        return str(uuid5(NAMESPACE, f"{self.board}/{self.spec.id}"))


@dataclass(frozen=True, slots=True)
class Board:
    """A board that can be built."""

    name: str
    spec: BoardSpec
    panels: tuple[Panel, ...]
    path: Path
    version: str
    """A hash of its file."""

    @property
    def uid(self) -> str:
        """The same UUID in each build."""
        return uid_of(self.name)

    def panel(self, name: str) -> Panel:
        """The panel with this id. Raises ``KeyError``."""
        return {panel.spec.id: panel for panel in self.panels}[name]


def uid_of(name: str) -> str:
    """The UUID of the board with this name."""
    return str(uuid5(NAMESPACE, name))
