"""Saved searches of the pack's rules, for the app and for REST alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracehound.compiler.cache import compiled
from tracehound.compiler.conf import stanzas
from tracehound.config import Settings
from tracehound.rules import Rule

from .settable import Settable, settable
from .settings import SplunkSettings


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """One saved search: ``settings`` are those of savedsearches.conf, its text under ``search``."""

    name: str
    settings: dict[str, str]
    rule: Rule
    """Whose search it is, or beside whose search it runs (``companion``)."""
    companion: bool = False


def saved_searches(
    settings: SplunkSettings, app: Settings, rules: Iterable[Rule], placed: Settable | None = None
) -> list[SavedSearch]:
    """The searches of ``rules``, in their order, with macros for lists and thresholds; all are switched off.

    Rules that SPL cannot say are left out: ``compiled(...).gaps`` and ``.errors`` name them. ``placed`` saves
    compiling again.
    """
    found = placed if placed is not None else settable(app)
    queries = [found.with_macros(q) for q in compiled(list(rules), "splunk", app.packs, app.lists).queries]
    owners = [(q.rule, number > 0) for q in queries for number in range(1 + len(q.companions))]
    written = stanzas(queries, app.lateness, enterprise_security=settings.enterprise_security)
    return [
        SavedSearch(name, {**values, "request.ui_dispatch_app": settings.app}, rule, companion)
        for (name, values), (rule, companion) in zip(written, owners, strict=True)
    ]
