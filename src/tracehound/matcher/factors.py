"""Literals of which a text must hold one for a pattern to match: what a trigger looks for.

All of them are folded coarsely, without case and without the look-alikes that case-insensitive expressions take
for one letter, so that a text that matches always holds one.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from tracehound.matcher.values import fold

MAX_LITERALS = 32
LONG_S, DOTLESS_I = "\u017f", "\u0131"
"""Letters that ``(?i)`` takes for an s and an i."""
Options = frozenset[str]


def coarse(text: str) -> str:
    """``text`` folded at least as far as any test folds it; never longer or shorter."""
    if text.isascii():
        return text.lower()
    return fold(text).replace(LONG_S, "s").replace(DOTLESS_I, "i")  # far faster than translate


def of_regex(pattern: str) -> list[Options]:
    """What a text must hold for the expression to match: one literal of each set. Empty: it cannot be told.

    Python's own parser reads the expression. RE2 reads a few forms otherwise; those give nothing here.
    """
    if "[:" in pattern or "(?U" in pattern:
        return []
    try:
        parser: Any = importlib.import_module("re._parser")
        tree = parser.parse(pattern)
    except (ImportError, re.error, OverflowError, RecursionError):
        return []
    return list(dict.fromkeys(_of_sequence(list(tree))))


def _of_sequence(items: list[tuple[Any, Any]]) -> list[Options]:
    found: list[Options] = []
    run = ""
    for name, value in [*((str(op), value) for op, value in items), ("", None)]:
        if name == "LITERAL" and value < 128:
            run += chr(value)
            continue
        if run:
            found.append(frozenset({coarse(run)}))
        run = ""
        found += _of_item(name, value)
    return found


def _of_item(name: str, value: Any) -> list[Options]:
    if name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        low, _high, inner = value
        return _of_sequence(list(inner)) if low else []
    if name == "SUBPATTERN":
        return _of_sequence(list(value[-1]))
    if name == "ATOMIC_GROUP":
        return _of_sequence(list(value))
    if name == "BRANCH":
        branches = [_of_sequence(list(branch)) for branch in value[1]]
        if all(branches):
            literals = frozenset().union(*(max(branch, key=_length) for branch in branches))
            if len(literals) <= MAX_LITERALS:
                return [literals]
    return []


def _length(literals: Options) -> int:
    return min(map(len, literals))
