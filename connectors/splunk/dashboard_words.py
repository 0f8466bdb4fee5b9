"""Texts as Dashboard Studio takes them: ``$name$`` is a token, an option that begins with ``>`` a formula."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tracehound.boards import PanelSpec
from tracehound.boards.words import measure_label

COLUMN = re.compile(r"[^\w .()/%+-]+")


def literal(text: str) -> str:
    """A text in which nothing is a token."""
    return text.replace("$", "$$")


def plain(text: str) -> str:
    """A text as an option: no token, no formula."""
    return literal(text.lstrip(" >") or "-")


def columns(spec: PanelSpec) -> tuple[list[str], str]:
    """The names of the groups' columns and of the number's, as people read them.

    They stand in searches, formulas and names of tokens, so they are made of harmless characters only.
    """
    names: list[str] = []
    for label, otherwise in [*((by.title, by.field) for by in spec.by), (measure_label(spec), "value")]:
        names.append(_column(names, label, otherwise))
    return names[:-1], names[-1]


def _column(taken: Sequence[str], label: str, otherwise: str) -> str:
    name = COLUMN.sub(" ", label).strip(" _")[:80].strip() or otherwise
    return name if name not in taken else f"{name} {len(taken) + 1}"
