"""Boards: ``dashboards/NAME.yml`` to queries in each language, and numbers from the embedded store.

    found = load_boards(packs, lists=settings.lists)      # found.boards, found.errors
    question(panel, "esql")                               # ES|QL, SPL or SQL text

A panel is a Sigma filter, a measure, groups and a picture (``model``); ``load`` reads and checks files as rules
are checked; one module a language (``esql``, ``spl``, ``sql``) says the same question; ``read`` asks the embedded
store. A connector makes its own objects of them.
"""

from __future__ import annotations

from tracehound.boards.load import Boards, load_boards
from tracehound.boards.model import BoardSpec, PanelSpec
from tracehound.boards.panel import Board, Panel

__all__ = ["LANGUAGES", "Board", "BoardSpec", "Boards", "Panel", "PanelSpec", "load_boards", "question"]

LANGUAGES = ("esql", "splunk", "sql")
"""ES|QL, SPL, and SQL of the embedded store."""


def question(panel: Panel, language: str) -> str:
    """A panel's query. What each language takes as the range of time is said in its module.

    Raises ``CannotSayError`` for a filter that the language cannot say.
    """
    from tracehound.boards.say import SAYS

    return SAYS[language](panel)
