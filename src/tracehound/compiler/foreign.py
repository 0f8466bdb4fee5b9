"""Other people's pySigma backends, by sigma-cli's name for them; their queries are not ours to promise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sigma.collection import SigmaCollection
from sigma.conversion.base import Backend
from sigma.exceptions import SigmaError
from sigma.plugins import InstalledSigmaPlugins
from sigma.rule import SigmaRule

from tracehound.compiler.model import LANGUAGES
from tracehound.compiler.prepare import prepared
from tracehound.errors import ConfigError, nearest
from tracehound.rules import Rule, filled_fields
from tracehound.rules.loader import load_rules

RAISES = (SigmaError, NotImplementedError, TypeError, ValueError, LookupError, AttributeError)
"""What a backend may let out for a rule that it cannot say."""


def convert(
    name: str, rules: Sequence[Rule], packs: Sequence[Path], lists: dict[str, list[str]]
) -> list[dict[str, Any]]:
    """An item per rule with ``query`` (its text, or None and ``gap``). Raises ``ConfigError``: no such backend."""
    backend = _backend(name)
    wanted = {rule.id for rule in rules}
    loaded = load_rules(packs, lists=lists, filled=filled_fields())
    return [_item(rule, backend()) for rule in loaded if rule.id in wanted]


def _backend(name: str) -> Any:
    known: dict[str, Any] = InstalledSigmaPlugins.autodiscover(
        include_pipelines=False, include_validators=False
    ).backends
    found = known.get(name)
    if not (isinstance(found, type) and issubclass(found, Backend)):
        names = sorted({*known, *LANGUAGES})
        hint = nearest(name, names)
        raise ConfigError(f"no language or pySigma backend {name!r}{hint}; there are: {', '.join(names)}")
    return found


def _item(rule: Rule, backend: Any) -> dict[str, Any]:
    head = {"rule_id": rule.id, "name": rule.folder.name, "title": rule.title, "level": rule.finding_level}
    if not isinstance(rule.sigma, SigmaRule):
        return {**head, "query": None, "gap": "correlations are compiled for our own languages only"}
    try:
        said = backend.convert(SigmaCollection([prepared(rule.sigma)]))
    except RAISES as error:
        return {**head, "query": None, "gap": " ".join(str(error).split())[:300]}
    return {**head, "query": said[0] if isinstance(said, list) and len(said) == 1 else said}
