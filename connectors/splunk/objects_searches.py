"""Rules, and the searches that keep their lookups, as saved searches: merged field by field with analysts' edits.

Actions that analysts add, and whether a search is on, are theirs: they are given at creation at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from tracehound.compiler import cache
from tracehound.compiler.model import Compilation
from tracehound.config import Settings
from tracehound.content import content_root
from tracehound.deploy import Found, LeftOut, Mark, Part, Wanted
from tracehound.rules import Rule, lock

from . import marks, searches
from .objects import Entries, content_of
from .rest import Rest
from .settable import Settable
from .settings import SplunkSettings

KIND = "saved search"


class Target(Protocol):
    """The Splunk that is deployed to (``deploy.Splunk``)."""

    @property
    def settings(self) -> SplunkSettings: ...
    @property
    def app(self) -> Settings: ...
    @property
    def rest(self) -> Rest: ...
    @property
    def settable(self) -> Settable: ...


class SavedSearches(Entries):
    """``saved/searches`` of our app."""

    kind = KIND
    collection = ("saved", "searches")

    def found(self, entry: Mapping[str, Any]) -> Found:
        """All settings in one form; the engine looks at those that it knows."""
        content = content_of(entry)
        body = {name: marks.text_of(value) for name, value in content.items()}
        body.pop(marks.MARK, None)
        return Found(
            KIND, entry["name"], entry["name"], body, marks.search_mark(content.get(marks.MARK)), raw=entry
        )

    def values(self, fields: Mapping[str, Any], found: Found | None, mark: Mark) -> dict[str, str]:
        """The settings, and the mark."""
        return {**fields, marks.MARK: marks.search_text(mark)}


def parts(there: Target, rules: Sequence[Rule], complete: bool, *, enabled: bool = False) -> list[Part]:
    """The saved searches that are wanted; what SPL cannot say, with the reason."""
    compiled = cache.compiled(rules, "splunk", there.app.packs, there.app.lists)
    wanted = wanted_searches(there, compiled, enabled=enabled)
    return [Part(SavedSearches(there.rest), wanted, left_out(compiled), complete)]


def wanted_searches(there: Target, compiled: Compilation, *, enabled: bool = False) -> list[Wanted]:
    """As they should be in Splunk."""
    versions = lock.versions([content_root(), *there.app.packs])
    initial = {"disabled": "0" if enabled else "1"}
    approximate = {query.rule.id: tuple(query.approximate) for query in compiled.queries}
    made = []
    rules = [query.rule for query in compiled.queries]
    for one in searches.saved_searches(there.settings, there.app, rules, there.settable):
        version = versions.get(one.rule.id, 1)
        notes = () if one.companion else approximate.get(one.rule.id, ())
        body = marks.search_body(one.settings)
        made.append(Wanted(KIND, one.name, one.name, body, version, initial, notes))
    return made


def left_out(compiled: Compilation) -> list[LeftOut]:
    """Rules that have no search, and why."""
    gaps = [(gap.rule, gap.reason) for gap in compiled.gaps]
    refused = [(rule, error.message) for rule, error in compiled.errors]
    return [LeftOut(KIND, rule.id, rule.title, reason) for rule, reason in [*gaps, *refused]]
