"""``verify`` on Splunk: test events in an index of their own, asked with the text of the deployed search.

Events go by HEC into ``verify_index``, each file's with a host of its own and all with the source
``tracehound:verify:<run>``; no saved search looks there, so that no alert comes of it. A search is run by hand,
with that place instead of ``tracehound_index`` and its times as they were when the events were sent. A baseline
gets a KV store collection of its own, filled by the search that keeps its lookup.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracehound.compiler import cache
from tracehound.compiler.model import Query
from tracehound.config import Settings
from tracehound.deploy.verify import Sample
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule

from . import marks
from .deploy import Splunk, connect
from .objects_searches import SavedSearches
from .queries import INDEX, Jobs, expanded, names_macro, number_of, seconds_ago, values_of
from .searches import saved_searches
from .settings import SplunkSettings
from .verify_events import RunEvents
from .verify_lookups import STAMP, RunLookups

STALE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Asked:
    """A search as it is to be run. ``source``: ``deployed`` or ``compiled``."""

    source: str
    search: str
    earliest: str
    latest: str
    least: int
    """So many rows it must give, that it raises an alert."""

    @classmethod
    def of(cls, source: str, body: Mapping[str, str]) -> Asked:
        """Of the settings of a saved search, under their names in REST."""
        over = body.get("alert_threshold", "")
        more = body.get("alert_comparator") == "greater than" and over.isdecimal()
        return cls(
            source,
            body.get("search", ""),
            body.get("dispatch.earliest_time", ""),
            body.get("dispatch.latest_time", ""),
            int(over) + 1 if more else 1,
        )


def verifier(settings: SplunkSettings, app: Settings, rules: Sequence[Rule]) -> SplunkVerifier:
    """Connects. Raises ``ConfigError`` and ``TargetError``."""
    return SplunkVerifier(connect(settings, app), rules)


class SplunkVerifier:
    """One run."""

    def __init__(self, there: Splunk, rules: Sequence[Rule]) -> None:
        self._there, self._rest, self._settings = there, there.rest, there.settings
        self.run = f"{datetime.now(UTC).strftime(STAMP)}-{secrets.token_hex(4)}"
        self.notes: list[str] = []
        self._jobs = Jobs(there.rest, there.search_app, patience=there.settings.patience or math.inf)
        self._events = RunEvents(there.rest, self._jobs, self.run)
        self._lookups = RunLookups(there.rest, there.search_app, self.run)
        self._macros = there.macro_definitions()
        compiled = cache.compiled(rules, "splunk", there.app.packs, there.app.lists)
        self._queries = {query.rule.id: query for query in compiled.queries}
        self._reasons = compiled.reasons
        self._asked: dict[str, Asked] = {}
        self._keep: dict[str, Asked] = {}
        self._find_searches(rules)

    def _find_searches(self, rules: Sequence[Rule]) -> None:
        """Each rule's searches: as they are deployed, else as they would be."""
        there = self._there
        found = SavedSearches(self._rest).find([]) if there.has_app else []
        deployed = {one.key: one.body for one in found if one.mark is not None}
        for one in saved_searches(there.settings, there.app, rules, there.settable):
            place = self._keep if one.companion else self._asked
            if one.name in deployed:
                place[one.rule.id] = Asked.of("deployed", deployed[one.name])
            else:
                place[one.rule.id] = Asked.of("compiled", marks.search_body(one.settings))

    def __enter__(self) -> SplunkVerifier:
        left = [*self._lookups.remove_stale(STALE), *self._events.remove_stale(STALE)]
        self.notes += [f"{name}: left by a run that did not end, removed" for name in left]
        return self

    def __exit__(self, *error: object) -> None:
        """Everything that was put there, whatever happened; what cannot be taken away is said."""
        for step in (self._jobs.cancel_all, self._lookups.remove, self._events.remove):
            try:
                note = step()
            except (ConfigError, TargetError) as problem:
                note = f"not taken away: {problem}"
            if note:
                self.notes.append(note)
        self._events.close()

    def send(self, samples: Sequence[Sample]) -> None:
        """By HEC, each sample under a host of its own; all can be found then."""
        self._events.send(samples)

    def fired(self, rule: Rule, samples: Sequence[Sample]) -> tuple[str, set[str], str]:
        """Ask the rule's own search for each sample alone, of single events first for all together."""
        query = self._queries.get(rule.id)
        asked = self._asked.get(rule.id)
        if query is None or asked is None:
            raise TargetError(self._reasons.get(rule.id, "no search"))
        if not names_macro(asked.search):
            raise TargetError(
                f"its search does not name the macro {INDEX}: it cannot be moved to test events"
            )
        if rule.baseline is not None:
            return asked.source, self._first_seen(query, asked, samples), ""
        found: set[str] = set()
        if rule.correlation is None:
            found = self._together(asked, samples)
        for sample in samples:
            # what the search of all did not show is asked alone: an edited text may drop the host
            if sample.mark not in found and (sample.expected or not found):
                found |= {sample.mark} if self._alone(asked, sample) else set()
        return asked.source, found, ""

    def _together(self, asked: Asked, samples: Sequence[Sample]) -> set[str]:
        by_host = {self._events.host(one): one.mark for one in samples}
        rows = self._rows(asked, samples, "\n| stats count BY host")
        return {
            by_host[host]
            for row in rows
            for host in values_of(row, "host")
            if host in by_host and number_of(row, "count") >= asked.least
        }

    def _alone(self, asked: Asked, sample: Sample, moved: Callable[[str], str] = str) -> bool:
        return len(self._rows(asked, [sample], moved=moved)) >= asked.least

    def _rows(
        self, asked: Asked, samples: Sequence[Sample], more: str = "", moved: Callable[[str], str] = str
    ) -> list[dict[str, object]]:
        search = expanded(moved(asked.search), {**self._macros, INDEX: self._events.place(samples)}.get)
        return self._jobs.rows(search + more, *self._times(asked))

    def _times(self, asked: Asked) -> tuple[str, str]:
        """The range of a run at the moment when the events were sent, however late it is by now."""
        back, lag = seconds_ago(asked.earliest), seconds_ago(asked.latest)
        if back is None or lag is None or not back:
            return asked.earliest or "0", asked.latest or "now"
        return str(self._events.sent_at - back), str(self._events.sent_at - lag)

    def _first_seen(self, query: Query, asked: Asked, samples: Sequence[Sample]) -> set[str]:
        """The search that keeps the lookup is run first, over all, as it is when a rule is new."""
        found = set()
        keep = self._keep.get(query.rule.id)
        if keep is None or query.rule.baseline is None or not query.lookups:
            raise TargetError("the search that keeps its lookup is not known")
        (table,) = query.lookups
        own = self._lookups.create(len(query.rule.baseline.by))
        all_of_it = Asked(keep.source, keep.search, "", "", 1)

        def moved(search: str) -> str:
            return re.sub(rf"\b{re.escape(table)}\b", own, search)

        for sample in samples:
            self._lookups.empty(own)
            self._rows(all_of_it, [sample], moved=moved)
            if self._alone(asked, sample, moved):
                found.add(sample.mark)
        return found
