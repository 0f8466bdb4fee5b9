"""The test events of one run of ``verify`` in ``verify_index``: sent, waited for, taken away again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from tracehound.delivery import Batcher, Document, TransportError
from tracehound.delivery.model import Limits
from tracehound.deploy.verify import Sample
from tracehound.errors import ConfigError, TargetError

from .events import Encoder
from .hec import Hec
from .push import HecTransport
from .queries import Jobs, number_of, values_of
from .rest import Rest
from .verify_lookups import STAMP

SOURCE = "tracehound:verify:"
SENDS, LONGEST_SEND = 8, 20.0
FIRST_LOOK, LONGEST_LOOK = 0.2, 3.0
SEARCHABLE = 120.0
"""Seconds without a further event that can be found, after which waiting for them ends."""
AHEAD = 3600
"""Seconds ahead of us that the clock of an indexer may be."""
FIELD = "class_uid"
"""What every event has."""
DELETES = "delete_by_keyword"
_SOURCE = re.compile(rf"{re.escape(SOURCE)}(\d{{8}}t\d{{6}})-[0-9a-f]+")


class RunEvents:
    """Each sample's events have a host of their own. ``sent_at``: epoch seconds, before the first was sent."""

    def __init__(self, rest: Rest, jobs: Jobs, run: str) -> None:
        self._rest, self._jobs, self._settings = rest, jobs, rest.settings
        self._hec = Hec(rest.settings)
        self._index, self.source = rest.settings.verify_index, SOURCE + run
        self._hosts: dict[str, str] = {}
        self.sent_at = 0

    def close(self) -> None:
        """End the connections."""
        self._hec.close()

    def host(self, sample: Sample) -> str:
        """The host of a sample's events."""
        return self._hosts[sample.mark]

    def place(self, samples: Sequence[Sample]) -> str:
        """Where the events of these samples are, as terms of a base search."""
        named = " OR ".join(f'host="{self.host(one)}"' for one in samples)
        return f'index="{self._index}" source="{self.source}" ({named})'

    def send(self, samples: Sequence[Sample]) -> None:
        """Through the real encoder and HEC; the same event may be in several samples.

        Returns when all can be found. Raises ``TargetError``.
        """
        documents: list[Document] = []
        self.sent_at = int(time.time())
        for number, sample in enumerate(samples):
            host = self._hosts[sample.mark] = f"sample-{number}"
            settings = self._settings.model_copy(update={"host": host})
            encoder = Encoder(settings, index=self._index, source=self.source)
            documents += [encoder.document(event) for event in sample.events]
        transport = HecTransport(self._hec)
        try:
            batcher = Batcher(Limits(bytes=self._settings.batch_bytes))
            for batch in (*batcher.add(documents), batcher.rest()):
                if batch is not None:
                    self._store(transport, batch.documents)
        finally:
            transport.close()
        if documents:
            self.until_searchable({self._hosts[one.mark]: len(one.events) for one in samples})
            self._see_fields()

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

    def until_searchable(self, wanted: Mapping[str, int]) -> None:
        """Splunk finds events some time after it took them."""
        search = f'index="{self._index}" source="{self.source}" | stats count BY host'
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
                    f"{there} of {total} test events can be found in the index {self._index} "
                    f"after {SEARCHABLE:.0f} s; may our role search it, and are the indexers well?"
                )
            time.sleep(wait)
            wait = min(wait * 1.5, LONGEST_LOOK)

    def _see_fields(self) -> None:
        """Where Splunk does not read the events as JSON, no rule can fire, and all would be blamed."""
        search = f'index="{self._index}" source="{self.source}" {FIELD}=* | stats count'
        rows = self._jobs.rows(search, "0", self._horizon())
        if not rows or not number_of(rows[0], "count"):
            raise TargetError(
                f"the test events are in the index {self._index}, but Splunk finds no fields in them: "
                "is the app TA-tracehound on this search head, and are its settings seen from our app?"
            )

    def remove(self) -> str:
        """Ours; or what to know where we may not delete them."""
        if not self._hosts:
            return ""
        if DELETES in self._rest.capabilities:
            self._delete(self.source)
            return ""
        return (
            f"the test events stay in the index {self._index} until it forgets them{self._retention()}: "
            f"only the capability {DELETES} (role can_delete) may delete them"
        )

    def remove_stale(self, older: timedelta) -> Iterator[str]:
        """Those of runs that were killed so long ago, where we may; their sources."""
        if DELETES not in self._rest.capabilities:
            return
        search = f'index="{self._index}" source="{SOURCE}*" | stats count BY source'
        for row in self._jobs.rows(search, "0", self._horizon()):
            source = "".join(values_of(row, "source"))
            known = _SOURCE.fullmatch(source)
            if known and datetime.now(UTC) - datetime.strptime(known[1], STAMP).replace(tzinfo=UTC) > older:
                self._delete(source)
                yield source

    def _delete(self, source: str) -> None:
        """Out of all searches; the disk is freed when the index ages."""
        self._jobs.rows(f'index="{self._index}" source="{source}" | delete', "0", self._horizon())

    def _retention(self) -> str:
        path = self._rest.path("data/indexes", self._index, app="")
        try:
            content = (self._rest.entry(path) or {}).get("content") or {}
        except (ConfigError, TargetError):
            return ""
        seconds = str(content.get("frozenTimePeriodInSecs", ""))
        return f" after {int(seconds) // 86_400} days" if seconds.isdecimal() else ""

    @staticmethod
    def _horizon() -> str:
        return str(int(time.time()) + AHEAD)
