"""Files, folders and standard input -> streams of decompressed bytes.

Compression is told by content, not by name: gzip (several members too) and zstd. A stream that unpacks to
more than ``BOMB_RATIO`` times its size is refused.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from tracehound.connectors import Stream
from tracehound.errors import ConfigError, DecodeError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BOMB_RATIO = 400
BOMB_FLOOR = 64 * 1024 * 1024
Seen = Callable[[int], object]
SKIPPED = {".DS_Store", "README", "README.md", "tracehound.yml"}


def _unseen(_size: int) -> None:
    """Nobody wants to know."""


def find(places: Sequence[str]) -> list[str]:
    """The files named by these paths, folders walked in name order; ``-`` stays, and stands for no path at all."""
    found: list[str] = []
    for place in places or ["-"]:
        path = Path(place)
        if place == "-" or path.is_file() or path.is_fifo():
            found.append(place)
        elif path.is_dir():
            found.extend(str(p) for p in sorted(path.rglob("*")) if _is_log(p, path))
        else:
            raise ConfigError(f"{place}: no such file or folder")
    return found


def _is_log(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden and path.name not in SKIPPED


def open_stream(place: str, seen: Seen = _unseen) -> Stream:
    """Open a file or standard input (``-``) and look at its first bytes for compression."""
    try:
        file: BinaryIO = sys.stdin.buffer if place == "-" else open(place, "rb")  # noqa: SIM115, PTH123
    except OSError as error:
        raise ConfigError(f"{place}: cannot be read: {error.strerror}") from error
    peeking: Any = _Peek(file, seen)
    head = peeking.peek(4)
    if head.startswith(GZIP):
        reader: Any = gzip.GzipFile(fileobj=peeking)
    elif head.startswith(ZSTD):
        reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(
            peeking,
            read_across_frames=True,
        )
    else:
        return Stream(place, peeking.read, file.close)
    return Stream(place, _Unpack(reader, peeking).read, file.close)


class _Peek:
    """A file whose first bytes can be looked at; counts what was read. Pipes cannot seek back."""

    def __init__(self, file: BinaryIO, seen: Seen) -> None:
        self._file = file
        self._seen = seen
        self._head = b""
        self.count = 0

    def peek(self, size: int) -> bytes:
        while len(self._head) < size:
            block = self._file.read(size - len(self._head))
            if not block:
                break
            self._head += block
        return self._head

    def read(self, size: int = -1) -> bytes:
        block, self._head = self._head, b""
        if not block:
            block = self._file.read(size)
        elif 0 <= size < len(block):
            block, self._head = block[:size], block[size:]
        self.count += len(block)
        self._seen(len(block))
        return block


class _Unpack:
    """Reads a decompressor; spoilt data, after what came before it, and bombs become ``DecodeError``."""

    def __init__(self, reader: Any, packed: _Peek) -> None:
        self._reader, self._packed, self._out = reader, packed, 0
        self._spoilt: DecodeError | None = None

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        missing = size
        while missing > 0 and self._spoilt is None:
            try:
                part: bytes = self._reader.read1(missing)
            except (EOFError, OSError, zlib.error, zstandard.ZstdError) as error:
                self._spoilt = DecodeError(f"compressed data is spoilt: {error}", "bad_compression")
                break
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        if self._spoilt is not None and not parts:
            raise self._spoilt
        block = b"".join(parts)
        self._out += len(block)
        if self._out > BOMB_FLOOR and self._out > BOMB_RATIO * max(self._packed.count, 1):
            message = f"unpacks to over {BOMB_RATIO} times its size ({self._out:,} bytes so far)"
            raise DecodeError(message, "compression_bomb")
        return block


def streams(places: Sequence[str], seen: Seen = _unseen) -> Iterator[Stream]:
    """Each input opened in turn and closed after use; ``seen`` is told each number of bytes read, still packed."""
    for place in find(places):
        stream = open_stream(place, seen)
        try:
            yield stream
        finally:
            if place != "-":
                stream.close()
