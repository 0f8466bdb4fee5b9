"""Correlations and baselines in ES|QL."""

from __future__ import annotations

from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.rules import Rule


def correlation(rule: Rule) -> Said:
    """A correlation as one search. Raises ``NotInLanguageError``."""
    raise NotInLanguageError("not written yet")


def baseline(rule: Rule) -> Said:
    """A first-seen baseline. Raises ``NotInLanguageError``."""
    raise NotInLanguageError("not written yet")
