"""Bytes to JSON values: one value a line, JSON arrays, pretty-printed and concatenated JSON.

Memory is bounded by ``MAX_VALUE``: a longer value is skipped to its line's end and reported. What is no JSON is
reported line by line, and reading goes on after it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from tracehound.decode.scanner import MORE, value_end

MAX_VALUE = 64 * 1024 * 1024
BLOCK = 1024 * 1024
EXCERPT = 64 * 1024
RESCAN_CREDIT = 4 * MAX_VALUE
"""Bytes that failing look-aheads may cost in one stream; afterwards a line that does not parse is just bad."""

SEPARATORS = (b"", b",", b"]", b"],")
"""Lines that hold no value: empty ones, and what stands between values of an array that was cut."""
GOES_ON = ("unexpected end of data", "unexpected content after document")
"""orjson's words for a line that is a part of a value, or more than one."""

Read = Callable[[int], bytes]


@dataclass(slots=True)
class Value:
    """A decoded JSON value with its bytes and their offset."""

    offset: int
    raw: bytes
    data: Any


@dataclass(slots=True)
class Bad:
    """Bytes that are no JSON value; ``raw`` is an excerpt where ``size`` says that there was more."""

    offset: int
    raw: bytes
    size: int
    reason: str
    message: str


class Unfinished(Exception):  # noqa: N818 - not an error: the bytes of a block end in the middle of a value
    """A value goes on after the end of a block; the reader's ``offset`` is where it begins."""


class Reader:
    """Iterates over the values and the bad places of one stream; ``read(n)`` gives bytes, ``b""`` at the end.

    ``start`` is the offset of what ``read`` gives first, and ``credit`` what look-aheads may still cost, where a
    stream is read in parts. With ``block`` the bytes are a part of a stream that ends with a line: a value that
    goes on after it raises ``Unfinished``.
    """

    def __init__(
        self, read: Read, *, start: int = 0, credit: int = RESCAN_CREDIT, block: bool = False
    ) -> None:
        self._read = read
        self._buffer = b""
        self._base = start
        self._pos = 0
        self._end = False
        self._block = block
        self.credit = credit

    @property
    def offset(self) -> int:
        """Where in the stream reading stands."""
        return self._base + self._pos

    def __iter__(self) -> Iterator[Value | Bad]:
        self._more()
        if self._base == 0 and self._buffer.startswith(b"\xef\xbb\xbf"):
            self._pos = 3
        while True:
            line_end = self._buffer.find(b"\n", self._pos)
            if line_end < 0 and not self._end:
                if len(self._buffer) - self._pos > MAX_VALUE:
                    yield self._skip_line()
                else:
                    self._more()
                continue
            if line_end - self._pos > MAX_VALUE:
                yield self._skip_line()
                continue
            if line_end < 0:
                line_end = len(self._buffer)
            if self._pos >= len(self._buffer) and self._end:
                return
            found = self._line(line_end)
            if found is not None:
                yield found

    def _more(self) -> None:
        """Read on; the block grows with what is held, so that long values cost linear time."""
        held = len(self._buffer) - self._pos
        block = self._read(max(BLOCK, min(held, MAX_VALUE + BLOCK - held)))
        if not block:
            self._end = True
        self._buffer = self._buffer[self._pos :] + block
        self._base += self._pos
        self._pos = 0

    def _line(self, line_end: int) -> Value | Bad | None:
        """The value at the current place: usually the whole line. None for a line without a value."""
        start = self._pos
        raw = self._buffer[start:line_end].strip()
        if len(raw) < 3 and raw in SEPARATORS:
            self._pos = line_end + 1
            return None
        try:
            value = Value(self._base + start, raw, orjson.loads(raw))
        except orjson.JSONDecodeError as error:
            return self._not_one_line(line_end, raw, error)
        self._pos = line_end + 1
        return value

    def _lookahead(self, start: int) -> int:
        """The end of the value that begins at ``start``, reading on as needed; negative where there is none."""
        while True:
            if self.credit <= 0:
                return -2
            while self._buffer[start : start + 1].isspace():
                start += 1
            end = value_end(self._buffer, start)
            if end != MORE or self._end or len(self._buffer) - start > MAX_VALUE:
                if end == MORE and self._block:
                    raise Unfinished
                if end < 0:
                    self.credit -= BLOCK if end != MORE else len(self._buffer) - start
                return end
            shift = self._pos
            self._more()
            start -= shift

    def _not_one_line(self, line_end: int, raw: bytes, error: orjson.JSONDecodeError) -> Value | Bad:
        """A line that is not one value: part of a longer value, several values, or broken."""
        start = self._pos
        offset = self._base + start
        if raw[:1] in (b"{", b"[") and str(error).startswith(GOES_ON):
            end = self._lookahead(start)
            line_end -= start - self._pos
            if end > 0:
                raw, self._pos = self._buffer[self._pos : end].strip(), end
                try:
                    return Value(offset, raw, orjson.loads(raw))
                except orjson.JSONDecodeError as second:
                    return Bad(offset, raw, len(raw), *explain(raw, second))
        self._pos = line_end + 1
        return Bad(offset, raw, len(raw), *explain(raw, error))

    def _skip_line(self) -> Bad:
        """A value above the limit: an excerpt of it is kept, the rest is read past."""
        offset = self._base + self._pos
        excerpt = self._buffer[self._pos : self._pos + EXCERPT]
        while True:
            line_end = self._buffer.find(b"\n", self._pos)
            if line_end >= 0:
                self._pos = line_end + 1
                break
            self._pos = len(self._buffer)
            if self._end:
                break
            self._more()
        size = self._base + self._pos - offset
        message = f"one value of {size:,} bytes; the limit is {MAX_VALUE:,}"
        return Bad(offset, excerpt, size, "too_large", message)


def explain(raw: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    """The reason (a closed word) and the message for bytes that orjson refused."""
    text = str(error)
    if "UTF-8" in text or "utf-8" in text:
        return "invalid_utf8", "not valid UTF-8"
    if text.startswith("depth limit"):
        return "too_deep", "nested more deeply than 1,024 levels"
    if "surrogate" in text:
        return "lone_surrogate", "a \\u escape is half of a surrogate pair"
    if raw[:1] not in (b"{", b"["):
        return "not_json", "does not begin with { or ["
    if text.startswith("unexpected end"):
        return "truncated", "ends in the middle of a JSON value"
    return "invalid_json", text
