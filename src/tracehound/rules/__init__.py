"""Sigma rules: loading from our content and from packs, checking, and the ``tracehound`` key.

ruleset = load_rules(packs, lists=settings.lists)
ruleset.rules, ruleset.errors, ruleset.warnings
"""

from __future__ import annotations

from tracehound.rules.cache import load_rules
from tracehound.rules.known import LONG_TEXTS, FieldInfo, Fields, filled_fields, known_fields
from tracehound.rules.model import LEVELS, Baseline, Correlation, Rule, RuleSet, Suppress

__all__ = [
    "LEVELS",
    "LONG_TEXTS",
    "Baseline",
    "Correlation",
    "FieldInfo",
    "Fields",
    "Rule",
    "RuleSet",
    "Suppress",
    "filled_fields",
    "known_fields",
    "load_rules",
]
