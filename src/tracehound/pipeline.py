"""The way of an event: bytes -> records -> normalizer -> join -> enrichers, in batches.

Nothing that comes in stops the run: what cannot become an event goes to the dead letters with its reason.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from tracehound import deadletter, enrichers
from tracehound.config import Settings
from tracehound.connectors import Stream
from tracehound.deadletter import DeadLetters
from tracehound.decode.envelopes import unwrap
from tracehound.decode.reader import Bad, Reader, Value, explain
from tracehound.errors import ConfigError, DecodeError, RecordError, nearest
from tracehound.event import FINISHED, TRANSIENT, complete
from tracehound.join import Join
from tracehound.normalizers import Normalizer, Registry
from tracehound.record import Record

Event = dict[str, Any]

MAX_RECORD = 4 * 1024 * 1024
BATCH_RECORDS = 512
BATCH_BYTES = 4 * 1024 * 1024
MAX_OPEN = 128

Found = tuple[int, list[Event]]
"""A record's size in bytes, and its events."""


@dataclass(slots=True)
class Counts:
    """What a run did."""

    records: int = 0
    bytes: int = 0
    events: int = 0
    by_source: Counter[str] = field(default_factory=Counter)


class Pipeline:
    """Turns streams into batches of enriched events.

    ``source`` names one normalizer for all records; ``validate`` checks each event against the schema and sends
    a wrong one to the dead letters; ``clock`` gives the time of reading in epoch milliseconds.
    """

    def __init__(
        self,
        settings: Settings,
        dead: DeadLetters,
        *,
        source: str | None = None,
        validate: bool = False,
        clock: Any = None,
    ) -> None:
        self.settings, self.source, self.validate = settings, source, validate
        self.dead = dead
        self.counts = Counts()
        self.registry = Registry.load(settings.packs)
        self.join = Join()
        self.enrich = enrichers.build(settings)
        self._keep_raw = settings.privacy.raw == "store"
        self.clock = clock or (lambda: time.time_ns() // 1_000_000)
        self._forced = self._named(source) if source else None
        self._last: Normalizer | None = None

    def _named(self, source: str) -> Normalizer:
        try:
            return self.registry.by_name[source]
        except KeyError:
            names = ", ".join(sorted(self.registry.by_name))
            hint = nearest(source, self.registry.by_name)
            raise ConfigError(f"--source {source}: no such normalizer{hint}; there are: {names}") from None

    def run(self, inputs: Iterable[Stream]) -> Iterator[list[Event]]:
        """Batches of events, in the order of the input."""
        return self.batches(found for stream in inputs for found in self._read(stream))

    def run_by_time(self, inputs: Sequence[Iterable[Stream]]) -> Iterator[list[Event]]:
        """Batches of events of several inputs, merged by the time of their records.

        Logs of one day lie in many files, and what spans them (an invocation and its CloudTrail record, a
        correlation over two sources) is seen only when they are read side by side. At most ``MAX_OPEN`` inputs are
        open at once; further ones follow in groups of that many. The order within one input stays as it is.
        """
        for first in range(0, len(inputs), MAX_OPEN):
            group = [self._read_all(streams) for streams in inputs[first : first + MAX_OPEN]]
            yield from self.batches(heapq.merge(*group, key=time_of))

    def _read_all(self, streams: Iterable[Stream]) -> Iterator[Found]:
        for stream in streams:
            yield from self._read(stream)

    def _read(self, stream: Stream) -> Iterator[Found]:
        return self.found(self._records(stream))

    def found(self, records: Iterable[Record]) -> Iterator[Found]:
        """The events of records, those that gave none left out."""
        for record in records:
            events = self.events_of(record)
            if events:
                yield len(record.raw), events

    def batches(self, found: Iterable[Found]) -> Iterator[list[Event]]:
        """Join and enrich in batches, bounded by records and bytes."""
        batch: list[Event] = []
        records = size = 0
        for length, events in found:
            batch += events
            records, size = records + 1, size + length
            if records >= BATCH_RECORDS or size >= BATCH_BYTES:
                yield self._finish(batch)
                batch, records, size = [], 0, 0
        if batch:
            yield self._finish(batch)

    def _records(self, stream: Stream) -> Iterator[Record]:
        """The records of one stream; bad places and values that are too large go to the dead letters."""
        return self.records_of(Reader(stream.read), Record({}, stream.name, time_read=self.clock()))

    def records_of(self, reader: Reader, origin: Record) -> Iterator[Record]:
        """The records that a reader finds; ``origin`` says whose they are (the stream's name by hash, if known)."""
        source, name, now = origin.source, origin.stream, origin.time_read
        try:
            for found in reader:
                name = name or name_of(found)
                place = Record({}, source, name, found.offset, 0, now, found.raw)
                if isinstance(found, Bad):
                    self.dead.add(place, found.reason, found.message, found.size)
                else:
                    yield from self._unwrap(found, place)
        except DecodeError as error:
            self.dead.add(Record({}, source, name, reader.offset, time_read=now), error.reason, str(error))

    def _unwrap(self, value: Value, place: Record) -> Iterator[Record]:
        data = value.data
        replayed = deadletter.replay(data)
        if replayed is not None:
            replayed.time_read = place.time_read
            place = replayed
            try:
                data = orjson.loads(place.raw)
            except orjson.JSONDecodeError as error:
                self.dead.add(place, *explain(place.raw, error))
                return
        for index, item in enumerate(unwrap(data)):
            alone = item is data
            try:
                raw = place.raw if alone else orjson.dumps(item)
            except TypeError as error:
                self.dead.add(place, "too_deep", f"record {index}: {error}")
                continue
            record = Record(
                item, place.source, place.stream, place.offset, place.index + index, place.time_read, raw
            )
            if len(raw) > MAX_RECORD:
                message = f"a record of {len(raw):,} bytes; the limit is {MAX_RECORD:,}"
                self.dead.add(record, "too_large", message)
            elif not isinstance(item, dict):
                self.dead.add(
                    record, "not_an_object", f"a record is a JSON object, this is a {type(item).__name__}"
                )
            else:
                yield record

    def events_of(self, record: Record) -> list[Event]:
        """The events of one record, before join and enrichment; none where it went to the dead letters."""
        self.counts.records += 1
        self.counts.bytes += len(record.raw)
        normalizer = self._forced or self.registry.find(record.data, self._last)
        if normalizer is None:
            keys = ", ".join(list(record.data)[:8])
            self.dead.add(record, "unknown_source", f"no normalizer knows a record with the keys: {keys}")
            return []
        self._last = normalizer
        try:
            identity = normalizer.identify(record.data)
            events = complete(normalizer.normalize(record), record, normalizer, identity)
        except RecordError as error:
            self.dead.add(record, error.reason, f"{normalizer.name}: {error}")
            return []
        except RecursionError:
            self.dead.add(record, "too_deep", f"{normalizer.name}: nested too deeply")
            return []
        except Exception as error:  # noqa: BLE001 - plugins are code of others: their bug must not stop a run
            message = f"{normalizer.name}: {type(error).__name__}: {error}"
            self.dead.add(record, "normalizer_error", message)
            return []
        if self._keep_raw and not events[0].get(FINISHED):
            events[0]["raw_data"] = record.raw.decode("utf-8", "replace")
        self.counts.by_source[normalizer.name] += len(events)
        return self._valid(events, record) if self.validate else events

    def _valid(self, events: list[Event], record: Record) -> list[Event]:
        from tracehound import schema  # pydantic models are built on first use only

        kept = []
        for event in events:
            problems = schema.validate({k: v for k, v in event.items() if k not in TRANSIENT})
            if problems:
                self.dead.add(record, "invalid_event", "; ".join(str(p) for p in problems[:5]))
            else:
                kept.append(event)
        return kept

    def _finish(self, batch: list[Event]) -> list[Event]:
        """Join and enrich a batch; an event that came with our ``ai`` is taken as it is."""
        fresh = [event for event in batch if not event.pop(FINISHED, False)]
        self.join.run(fresh)
        self.enrich(fresh)
        self.counts.events += len(batch)
        return batch


def name_of(first: Value | Bad) -> str:
    """The name of a stream: the hash of what it begins with."""
    return blake2b(first.raw, digest_size=8).hexdigest()


def time_of(found: Found) -> int:
    """The time of a record, for merging: that of its first event."""
    return int(found[1][0]["time"])
