"""In-process matching of Sigma rules on plain event dicts.

Engine(ruleset).process(events) -> findings; .flush() at the end
Matcher(pairs of rule and condition).match(event) -> rules
explain(rule, event) -> which test held or failed, on which value
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracehound.matcher.core import Matcher
    from tracehound.matcher.engine import Engine
    from tracehound.matcher.explanation import Explanation, explain

__all__ = ["Engine", "Explanation", "Matcher", "explain"]

_WHERE = {"Engine": "engine", "Explanation": "explanation", "Matcher": "core", "explain": "explanation"}


def __getattr__(name: str) -> Any:
    """Import on use: rules import the condition tree, and the engine imports the rules."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
