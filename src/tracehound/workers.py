"""``--workers N``: several processes read, normalize, enrich and match; the output is that of one, byte for byte.

    parent    cuts each stream into blocks of whole lines and gives them to the processes
    process   block -> records -> events; those that no join concerns are enriched, matched and encoded there
    parent    merges by time, joins, enriches and matches the rest, runs what has a memory (correlations)

So whatever depends on the order of events happens in one place and in the order of the input. Where a value goes on
after the end of a block (pretty-printed JSON), the parent reads the rest of that stream itself, from that block on.
"""

from __future__ import annotations

import gc
import io
import multiprocessing
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from heapq import merge
from typing import Any

import orjson

from tracehound.config import Settings
from tracehound.connectors import Stream
from tracehound.deadletter import DeadLetters
from tracehound.decode.reader import MAX_VALUE, RESCAN_CREDIT, Read, Reader, Unfinished
from tracehound.encode import line
from tracehound.errors import DecodeError, TracehoundError
from tracehound.event import FINISHED, JOIN
from tracehound.matcher.engine import Engine
from tracehound.pipeline import MAX_OPEN, Counts, Found, Pipeline, name_of, time_of
from tracehound.record import Record

Event = dict[str, Any]

BLOCK = 512 * 1024
LINE, MATCHED = "_line", "_matched"
"""Of an event that a process finished: its JSON line, and the places of the rules that it meets."""


def settle_memory() -> None:
    """What is loaded now stays: the garbage collector need not look at it again, and looks less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 50)


@dataclass(frozen=True, slots=True)
class Job:
    """What all processes need to know."""

    settings: Settings
    source: str | None
    validate: bool
    rules: tuple[Any, ...] = ()
    """The rules to be matched."""
    lines: bool = True
    """Whether events themselves are wanted, not only those that meet a rule."""


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a stream, and whose they are."""

    data: bytes
    start: int
    origin: Record
    last: bool


@dataclass(slots=True)
class Done:
    """What a block held, in order: events of records, and dead letters; None where a value goes on after it."""

    items: list[Found | tuple[Any, ...]] | None
    spent: int = 0
    counts: Counts = field(default_factory=Counts)


class _Letters(DeadLetters):
    """Dead letters on their way to the parent, among the events in their order."""

    def __init__(self) -> None:
        super().__init__(None)
        self.items: list[Any] = []

    def add(self, record: Record, reason: str, message: str, size: int | None = None) -> None:
        plain = Record({}, record.source, record.stream, record.offset, record.index, 0, record.raw)
        self.items.append((plain, reason, message, size))


class _Process:
    """One process's pipeline and matcher."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._letters = _Letters()
        self._pipeline = Pipeline(job.settings, self._letters, source=job.source, validate=job.validate)
        self._matcher = Engine(job.rules)._matcher if job.rules else None
        self._numbers = {id(target): n for n, target in enumerate(_targets(self._matcher))}

    def work(self, block: Block) -> Done:
        self._pipeline.counts = counts = Counts()
        items: list[Any] = []
        self._letters.items = items
        reader = Reader(io.BytesIO(block.data).read, start=block.start, block=not block.last)
        try:
            for found in self._pipeline.found(self._pipeline.records_of(reader, block.origin)):
                items.append(found)  # dead letters come in between
        except Unfinished:
            return Done(None)
        made = [item[1] for item in items if len(item) == 2]
        # An event that takes part in a join goes to the parent as it is.
        ready = [event for events in made for event in events if JOIN not in event]
        self._pipeline.enrich([event for event in ready if not event.pop(FINISHED, False)])
        for events in made:
            events[:] = [event if JOIN in event else self._finish(event) for event in events]
        return Done(items, RESCAN_CREDIT - reader.credit, counts)

    def _finish(self, event: Event) -> Event:
        """The event's line and rules."""
        made: Event = {FINISHED: True, "time": event["time"]}
        if self._matcher is not None:
            made[MATCHED] = [self._numbers[id(target)] for target in self._matcher.match(event)]
            made["ai"] = {"source": event["ai"].get("source")}
        if self._job.lines or made.get(MATCHED):
            made[LINE] = line(event)
        return made


_process: _Process | None = None


def _start(job: Job) -> None:
    global _process  # a process has one, made when it starts
    _process = _Process(job)
    settle_memory()


def _work(block: Block) -> Done:
    assert _process is not None
    return _process.work(block)


def _targets(matcher: Any) -> list[Any]:
    """What a matcher gives for its rules, in their order, which is the same in every process."""
    return [plan.rule for plan in matcher._plans] if matcher is not None else []


class _Known:
    """A matcher that asks the real one only about events that no process has matched."""

    def __init__(self, matcher: Any) -> None:
        self._matcher, self._targets = matcher, _targets(matcher)

    def match(self, event: Event) -> list[Any]:
        numbers = event.pop(MATCHED, None)
        if numbers is None:
            found: list[Any] = self._matcher.match(event)
            return found
        return [self._targets[number] for number in numbers]


class Workers:
    """``count`` processes in front of a pipeline, and of an engine where rules are to be matched."""

    def __init__(self, pipeline: Pipeline, job: Job, count: int, engine: Engine | None = None) -> None:
        self._pipeline, self._job, self._count = pipeline, job, count
        if engine is not None:
            engine._matcher = _Known(engine._matcher)  # type: ignore[assignment]
        self._pool = ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), initializer=_start, initargs=(job,)
        )

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def processes(self) -> list[int]:
        """The ids of the processes that have been started."""
        return list(self._pool._processes or ())

    def run_by_time(self, inputs: Sequence[Iterable[Stream]]) -> Iterator[list[Event]]:
        """As ``Pipeline.run_by_time``; events are whole, or what the engine needs where that is enough."""
        try:
            for first in range(0, len(inputs), MAX_OPEN):
                group = inputs[first : first + MAX_OPEN]
                ahead = max(1, (2 * self._count + 1) // len(group))
                feeds = [_Feeds(self._pipeline, self._pool, streams, ahead) for streams in group]
                for batch in self._pipeline.batches(merge(*feeds, key=time_of)):
                    yield [_whole(event) for event in batch] if self._job.rules else batch
        except BrokenProcessPool as error:
            raise TracehoundError(
                "a worker process ended before its work was done (out of memory?); try fewer --workers"
            ) from error


def _whole(event: Event) -> Event:
    """The event of a line, with the rules that it meets."""
    made = event.pop(LINE, None)
    if made is not None:
        event = {**orjson.loads(made), MATCHED: event[MATCHED]}
    return event


def lines(batch: Iterable[Event]) -> Iterator[bytes]:
    """The JSON lines of a batch."""
    for event in batch:
        yield event.get(LINE) or line(event)


class _Feeds:
    """The events of one input's streams; the first is opened at once, so that all inputs are worked on."""

    def __init__(
        self, pipeline: Pipeline, pool: ProcessPoolExecutor, streams: Iterable[Stream], ahead: int
    ) -> None:
        self._made = (_Feed(pipeline, pool, stream, ahead) for stream in streams)
        self._first = next(self._made, None)

    def __iter__(self) -> Iterator[Found]:
        if self._first is not None:
            yield from self._first
            for feed in self._made:
                yield from feed


class _Feed:
    """One stream in blocks: ``ahead`` of them are worked on while the results are taken in order."""

    def __init__(self, pipeline: Pipeline, pool: ProcessPoolExecutor, stream: Stream, ahead: int) -> None:
        self._pipeline, self._pool, self._ahead = pipeline, pool, ahead
        self._origin = Record({}, stream.name, time_read=pipeline.clock())
        self._read = stream.read
        self._held = b""
        self._offset = 0
        self._credit = RESCAN_CREDIT
        self._ended = self._alone = False
        self._error: DecodeError | None = None
        self._pending: deque[tuple[Block, Future[Done]]] = deque()
        self._fill()

    def __iter__(self) -> Iterator[Found]:
        while self._pending:
            block, future = self._pending.popleft()
            done = future.result()
            self._credit -= done.spent
            if done.items is None or self._credit <= 0:
                self._credit += done.spent
                yield from self._read_alone(block)
                return
            self._fill()
            yield from self._take(done)
        if self._alone:
            yield from self._read_alone(None)
        elif self._error is not None:
            place = Record({}, self._origin.source, self._origin.stream, self._offset)
            self._pipeline.dead.add(place, self._error.reason, str(self._error))

    def _take(self, done: Done) -> Iterator[Found]:
        """The block's events; its dead letters go where they belong among them."""
        counts = self._pipeline.counts
        counts.records += done.counts.records
        counts.bytes += done.counts.bytes
        counts.by_source.update(done.counts.by_source)
        for item in done.items or ():
            if len(item) == 2:
                yield item
            else:
                self._pipeline.dead.add(*item)

    def _fill(self) -> None:
        while len(self._pending) < self._ahead and not (self._ended or self._alone):
            data = self._cut()
            if not (data and self._named(data)):
                continue
            last = self._ended and not self._held and self._error is None
            block = Block(data, self._offset, self._origin, last)
            self._offset += len(data)
            self._pending.append((block, self._pool.submit(_work, block)))

    def _cut(self) -> bytes:
        """Read on to the end of a line; nothing where a line is too long, which the parent then reads alone."""
        while not self._ended:
            try:
                read = self._read(BLOCK)
            except DecodeError as error:
                self._error, self._ended = error, True
                at = self._held.rfind(b"\n") + 1
                data, self._held = self._held[:at], self._held[at:]
                return data
            if not read:
                self._ended = True
                break
            at = read.rfind(b"\n") + 1
            if at:
                data, self._held = self._held + read[:at], read[at:]
                return data
            self._held += read
            if len(self._held) > MAX_VALUE:
                self._alone = True
                return b""
        data, self._held = self._held, b""
        return data

    def _named(self, data: bytes) -> bool:
        """Name the stream by what it begins with; False where that goes on after the block."""
        if self._origin.stream:
            return True
        reader = Reader(io.BytesIO(data).read, start=self._offset, block=not self._ended)
        try:
            first = next(iter(reader), None)
        except Unfinished:
            self._held, self._alone = data + self._held, True
            return False
        if first is not None:
            self._origin = Record({}, self._origin.source, name_of(first), time_read=self._origin.time_read)
        return True

    def _read_alone(self, block: Block | None) -> Iterator[Found]:
        """The rest of the stream, from a block on, in this process."""
        start = block.start if block else self._offset
        parts = [block.data] if block else []
        for waiting, future in self._pending:
            future.cancel()
            parts.append(waiting.data)
        self._pending.clear()
        self._ended, error = True, self._error
        reader = Reader(_replay([*parts, self._held], self._read, error), start=start, credit=self._credit)
        yield from self._pipeline.found(self._pipeline.records_of(reader, self._origin))


def _replay(parts: Sequence[bytes], read: Read, error: DecodeError | None) -> Read:
    """Reads what was read before, then on."""
    before = io.BytesIO(b"".join(parts))

    def again(size: int) -> bytes:
        found = before.read(size)
        if found:
            return found
        if error is not None:
            raise error
        return read(size)

    return again
