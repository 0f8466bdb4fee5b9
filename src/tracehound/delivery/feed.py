"""A pipeline that knows how far it has read, so that an interrupted push goes on where it was.

A position is, for each file, the record up to which everything became events, and a hash of the bytes before it. It
is used only where the file still begins with these bytes; else the file is read from its beginning, which costs
time and sends again what the target already has, but loses nothing. Standard input has no position.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xxhash

from tracehound.connectors import Stream, input_connector
from tracehound.decode.reader import Bad, Reader, Value
from tracehound.pipeline import Event, Found, Pipeline, name_of
from tracehound.record import Record

AT = "_at"
"""Transient key of a record's last event: where the record lies."""
BLOCK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Place:
    """A record's place in a file, and its bytes by hash."""

    file: Tracked
    offset: int
    index: int
    digest: str


@dataclass(slots=True)
class Tracked(Stream):
    """A stream that remembers a hash of what lies before any place it has come to.

    ``start``: bytes that were skipped; ``stream``: its name by hash, where it is known; ``done``: the last record
    that is done, as offset, index and digest.
    """

    path: str = ""
    start: int = 0
    stream: str = ""
    done: tuple[int, int, str] | None = None
    hasher: Any = field(default_factory=xxhash.xxh3_128)
    blocks: deque[bytes] = field(default_factory=deque)
    hashed: int = 0
    """Bytes that are in ``hasher``; ``blocks`` follow."""
    last: bytes = b""

    def keep(self, block: bytes) -> bytes:
        """Take note of a block that was read."""
        if block:
            self.blocks.append(block)
            self.last = block[-1:]
        return block

    def forget(self, offset: int) -> None:
        """Blocks that lie before ``offset`` are needed no more."""
        while self.blocks and self.hashed + len(self.blocks[0]) <= offset:
            block = self.blocks.popleft()
            self.hasher.update(block)
            self.hashed += len(block)

    def prefix(self, offset: int) -> str:
        """The hash of the first ``offset`` bytes; offsets come in rising order."""
        self.forget(offset)
        hasher = self.hasher.copy()
        if offset > self.hashed:
            hasher.update(self.blocks[0][: offset - self.hashed])
        found: str = hasher.hexdigest()
        return found

    @property
    def length(self) -> int:
        """Bytes read so far."""
        return self.hashed + sum(len(block) for block in self.blocks)


class Feed(Pipeline):
    """A pipeline over files that starts after ``positions`` and says how far it came.

    ``positions``: path -> {"start", "prefix", "stream", "done"}, JSON, as ``reached`` gave it.
    """

    def __init__(self, *args: Any, positions: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self._positions: dict[str, Any] = dict(positions or {})
        self._places: dict[str, Place] = {}
        self._ended: dict[str, Tracked] = {}
        self.skipped = 0

    def streams(self, places: Sequence[str], advance: Any) -> list[Iterator[Stream]]:
        """Each input as a stream that is opened when it is read, after what is done."""
        return [self._stream(place, advance) for place in places]

    def reached(self) -> dict[str, Any]:
        """The positions after the last batch that was given out."""
        for path, place in self._places.items():
            self._positions[path] = {
                "start": place.offset,
                "prefix": place.file.prefix(place.offset),
                "stream": place.file.stream,
                "done": [place.offset, place.index, place.digest],
            }
        for path, tracked in self._ended.items():
            # A line without its end may go on later: its record is then read again.
            if tracked.last in (b"\n", b""):
                end = tracked.length
                self._positions[path] = {
                    "start": end, "prefix": tracked.prefix(end), "stream": tracked.stream, "done": None,
                }  # fmt: skip
        self._places.clear()
        self._ended.clear()
        return dict(self._positions)

    def _stream(self, place: str, advance: Any) -> Iterator[Stream]:
        files = input_connector("file")
        position = self._positions.get(_key(place))
        for start in (position, None) if position and place != "-" else (None,):
            used = False
            for stream in files.streams([place], advance):
                tracked = self._tracked(stream, place)
                used = start is None or self._skip(tracked, start)
                if used:
                    yield tracked
            if used:
                return

    def _tracked(self, stream: Stream, place: str) -> Tracked:
        tracked = Tracked(stream.name, stream.read, stream.close, _key(place))
        if place != "-":
            tracked.read = lambda size: tracked.keep(stream.read(size))
        return tracked

    def _skip(self, tracked: Tracked, position: dict[str, Any]) -> bool:
        """Read what is done; whether it is what it was."""
        start, left = int(position["start"]), int(position["start"])
        while left > 0:
            block = tracked.read(min(left, BLOCK))
            if not block:
                return False
            left -= len(block)
            tracked.forget(start - left)
        if tracked.prefix(start) != position["prefix"]:
            return False
        done = position["done"]
        tracked.start, tracked.stream = start, str(position["stream"])
        tracked.done = (int(done[0]), int(done[1]), str(done[2])) if done else None
        self.skipped += start
        return True

    def _records(self, stream: Stream) -> Iterator[Record]:
        if not isinstance(stream, Tracked) or stream.name == "-":
            yield from super()._records(stream)
            return
        origin = Record({}, stream.name, stream.stream, time_read=self.clock())
        done = stream.done
        for record in self.records_of(_Reader(stream), origin):
            here = (record.offset, record.index)
            own = record.stream == stream.stream  # a dead letter's record lies in another file
            if not (own and done and _is_done(here, record.raw, done)):
                yield record
        self._ended[stream.path] = stream

    def _read(self, stream: Stream) -> Iterator[Found]:
        if not isinstance(stream, Tracked) or stream.name == "-":
            yield from super()._read(stream)
            return
        for record in self._records(stream):
            own = record.stream == stream.stream
            digest = xxhash.xxh3_128_hexdigest(record.raw) if own else ""
            for size, events in self.found((record,)):
                if own:
                    events[-1][AT] = Place(stream, record.offset, record.index, digest)
                yield size, events

    def _finish(self, batch: list[Event]) -> list[Event]:
        for event in batch:
            place = event.pop(AT, None)
            if place is not None:
                self._places[place.file.path] = place
        for place in self._places.values():
            place.file.forget(place.offset)
        return super()._finish(batch)


class _Reader(Reader):
    """A reader that tells its stream the name, made from the first value."""

    def __init__(self, stream: Tracked) -> None:
        super().__init__(stream.read, start=stream.start)
        self._stream = stream

    def __iter__(self) -> Iterator[Value | Bad]:
        for found in super().__iter__():
            self._stream.stream = self._stream.stream or name_of(found)
            yield found


def _is_done(here: tuple[int, int], raw: bytes, done: tuple[int, int, str]) -> bool:
    return here < done[:2] or (here == done[:2] and xxhash.xxh3_128_hexdigest(raw) == done[2])


def _key(place: str) -> str:
    return str(Path(place).absolute())
