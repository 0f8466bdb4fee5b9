"""``verify`` on Splunk: test events in an index of their own, asked with the text of the deployed search.

Events go by HEC into ``verify_index``, each file's with a host of its own and all with the source
``tracehound:verify:<run>``; no saved search looks there, so that no alert comes of it. A search is run by hand,
with that place instead of ``tracehound_index`` and its times as they were when the events were sent. A baseline
gets a KV store collection of its own, filled by the search that keeps its lookup.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tracehound.compiler import cache
from tracehound.compiler.model import Query
from tracehound.config import Settings
from tracehound.delivery import Document, TransportError
from tracehound.deploy.verify import Sample
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule

from . import marks
from .deploy import Splunk, connect
from .events import Encoder
from .hec import Hec
from .objects_searches import SavedSearches
from .push import HecTransport
from .queries import INDEX, Jobs, expanded, names_macro, number_of, seconds_ago, values_of
from .searches import saved_searches
from .settings import SplunkSettings
from .verify_lookups import RunLookups

SOURCE = "tracehound:verify:"
STALE = timedelta(hours=1)
STAMP = "%Y%m%dt%H%M%S"
SENDS, LONGEST_SEND = 8, 20.0
FIRST_LOOK, LONGEST_LOOK = 0.2, 3.0
SEARCHABLE = 120.0
"""Seconds without a further event that can be found, after which waiting for them ends."""
AHEAD = 3600
"""Seconds ahead of us that the clock of an indexer may be."""
DELETES = "delete_by_keyword"
_SOURCE = re.compile(rf"{re.escape(SOURCE)}(\d{{8}}t\d{{6}})-[0-9a-f]+")


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
        self.source = SOURCE + self.run
        self.notes: list[str] = []
        self._hec = Hec(there.settings)
        self._jobs = Jobs(there.rest, there.search_app, patience=there.settings.patience or 900.0)
        self._lookups = RunLookups(there.rest, there.search_app, self.run)
        self._macros = there.macro_definitions()
        self._hosts: dict[str, str] = {}
        self._sent_at = 0
        compiled = cache.compiled(rules, "splunk", there.app.packs, there.app.lists)
        self._queries = {query.rule.id: query for query in compiled.queries}
        self._reasons = {gap.rule.id: gap.reason for gap in compiled.gaps}
        self._reasons |= {rule.id: error.message for rule, error in compiled.errors}
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
        self._remove_stale()
        return self

    def __exit__(self, *error: object) -> None:
        """Everything that was put there, whatever happened; what cannot be taken away is said."""
        self._quietly(self._jobs.cancel_all)
        self._quietly(self._lookups.remove)
        self._quietly(self._remove_events)
        self._hec.close()

    def _quietly(self, step: Callable[[], object]) -> None:
        try:
            step()
        except (ConfigError, TargetError) as error:
            self.notes.append(f"not taken away: {error}")

    def _remove_stale(self) -> None:
        """What a run left that was killed."""
        for name in self._lookups.remove_stale(STALE):
            self.notes.append(f"{name}: left by a run that did not end, removed")
        if DELETES not in self._rest.capabilities:
            return
        search = f'index="{self._settings.verify_index}" source="{SOURCE}*" | stats count BY source'
        for row in self._jobs.rows(search, "0", self._horizon()):
            source = "".join(values_of(row, "source"))
            known = _SOURCE.fullmatch(source)
            if known and datetime.now(UTC) - datetime.strptime(known[1], STAMP).replace(tzinfo=UTC) > STALE:
                self._delete(source)
                self.notes.append(f"events of {source}: left by a run that did not end, deleted")

    def _remove_events(self) -> None:
        if not self._hosts:
            return
        if DELETES in self._rest.capabilities:
            self._delete(self.source)
            return
        index = self._settings.verify_index
        self.notes.append(
            f"the test events stay in the index {index} until it forgets them{self._retention()}: "
            f"only the capability {DELETES} (role can_delete) may delete them"
        )

    def _delete(self, source: str) -> None:
        """Out of all searches; the disk is freed when the index ages."""
        self._jobs.rows(
            f'index="{self._settings.verify_index}" source="{source}" | delete', "0", self._horizon()
        )

    def _retention(self) -> str:
        path = self._rest.path("data/indexes", self._settings.verify_index, app="")
        try:
            content = (self._rest.entry(path) or {}).get("content") or {}
        except (ConfigError, TargetError):
            return ""
        seconds = str(content.get("frozenTimePeriodInSecs", ""))
        return f" after {int(seconds) // 86_400} days" if seconds.isdecimal() else ""

    @staticmethod
    def _horizon() -> str:
        return str(int(time.time()) + AHEAD)

    # Sending

    def send(self, samples: Sequence[Sample]) -> None:
        """Through the real encoder and HEC; the same event may be in several samples."""
        documents = []
        for number, sample in enumerate(samples):
            host = self._hosts[sample.mark] = f"sample-{number}"
            settings = self._settings.model_copy(update={"host": host})
            encoder = Encoder(settings, index=self._settings.verify_index, source=self.source)
            documents += [encoder.document(event) for event in sample.events]
        transport = HecTransport(self._hec)
        try:
            for batch in self._batches(documents):
                self._store(transport, batch)
        finally:
            transport.close()
        self._until_searchable({self._hosts[one.mark]: len(one.events) for one in samples})
        self._sent_at = int(time.time())

    def _batches(self, documents: Sequence[Document]) -> Iterator[list[Document]]:
        batch: list[Document] = []
        size = 0
        for one in documents:
            if batch and size + len(one.body) > self._settings.batch_bytes:
                yield batch
                batch, size = [], 0
            batch.append(one)
            size += len(one.body)
        if batch:
            yield batch

    @staticmethod
    def _store(transport: HecTransport, documents: list[Document]) -> None:
        """Sent again while the collector is busy: an event that is there twice changes no verdict."""
        said = ""
        for attempt in range(SENDS):
            after = None
            try:
                answer = transport.send(documents)
            except TransportError as error:
                said, after = str(error), error.after
                if not error.retry:
                    break
            else:
                if answer.rejected:
                    said = answer.rejected[0].message
                    break
                if not answer.retry:
                    return
                documents, said, after = (
                    [documents[place] for place in answer.retry],
                    answer.why,
                    answer.after,
                )
            time.sleep(min(after if after is not None else FIRST_LOOK * 2**attempt, LONGEST_SEND))
        raise TargetError(f"test events are not taken: {said}")

    def _until_searchable(self, wanted: Mapping[str, int]) -> None:
        """Splunk finds events some time after it took them."""
        search = f'index="{self._settings.verify_index}" source="{self.source}" | stats count BY host'
        total, most, since, wait = sum(wanted.values()), -1, time.monotonic(), FIRST_LOOK
        while True:
            rows = self._jobs.rows(search, "0", self._horizon())
            found = {"".join(values_of(row, "host")): number_of(row, "count") for row in rows}
            if all(found.get(host, 0) >= count for host, count in wanted.items()):
                return
            there = sum(found.values())
            if there > most:
                most, since = there, time.monotonic()
            elif time.monotonic() - since > SEARCHABLE:
                raise TargetError(
                    f"{there} of {total} test events can be found in the index {self._settings.verify_index} "
                    f"after {SEARCHABLE:.0f} s; may our role search it, and are the indexers well?"
                )
            time.sleep(wait)
            wait = min(wait * 1.5, LONGEST_LOOK)

    # Asking

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
        by_host = {self._hosts[one.mark]: one.mark for one in samples}
        rows = self._rows(asked, list(by_host), "\n| stats count BY host")
        return {
            by_host[host]
            for row in rows
            for host in values_of(row, "host")
            if host in by_host and number_of(row, "count") >= asked.least
        }

    def _alone(self, asked: Asked, sample: Sample, moved: Callable[[str], str] = str) -> bool:
        return len(self._rows(asked, [self._hosts[sample.mark]], moved=moved)) >= asked.least

    def _rows(
        self, asked: Asked, hosts: Sequence[str], more: str = "", moved: Callable[[str], str] = str
    ) -> list[dict[str, object]]:
        named = " OR ".join(f'host="{host}"' for host in hosts)
        place = f'index="{self._settings.verify_index}" source="{self.source}" ({named})'
        search = expanded(moved(asked.search), {**self._macros, INDEX: place}.get)
        return self._jobs.rows(search + more, *self._times(asked))

    def _times(self, asked: Asked) -> tuple[str, str]:
        """The range of a run at the moment when the events were sent, however late it is by now."""
        back, lag = seconds_ago(asked.earliest), seconds_ago(asked.latest)
        if back is None or lag is None or not back:
            return asked.earliest or "0", asked.latest or "now"
        return str(self._sent_at - back), str(self._sent_at - lag)

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
            self._rows(all_of_it, [self._hosts[sample.mark]], moved=moved)
            if self._alone(asked, sample, moved):
                found.add(sample.mark)
        return found
