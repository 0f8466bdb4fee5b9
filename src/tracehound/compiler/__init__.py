"""From a checked rule to the native form of each SIEM.

    found = compile_rules(load_rules(packs), "esql")
    found.queries, found.gaps, found.errors

Rule -> checked rule (``tracehound.rules``) -> field pipeline (``prepare``) -> query (``spl``, ``esql``, ``kql``,
``lucene``, ``eql``; windows beside them) -> deployable object (``conf``, ``kibana``).

The names below import pySigma when they are first used; ``cache.compiled`` does so only where it must compile.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracehound.compiler.front import compile_rule, compile_rules
    from tracehound.compiler.model import LANGUAGES, Companion, Compilation, Gap, NotInLanguageError, Query

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

_FRONT = {"compile_rule", "compile_rules"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "front" if name in _FRONT else "model"
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
