"""From a checked rule to the native form of each SIEM.

    found = compile_rules(load_rules(packs), "esql")
    found.queries, found.gaps, found.errors

Rule -> checked rule (``tracehound.rules``) -> field pipeline (``prepare``) -> query (``spl``, ``esql``, ``kql``,
``lucene``, ``eql``; windows beside them) -> deployable object (``formats``).
"""

from __future__ import annotations

from tracehound.compiler.front import LANGUAGES, compile_rule, compile_rules
from tracehound.compiler.model import Companion, Compilation, Gap, NotInLanguageError, Query

__all__ = [
    "LANGUAGES",
    "Companion",
    "Compilation",
    "Gap",
    "NotInLanguageError",
    "Query",
    "compile_rule",
    "compile_rules",
]
