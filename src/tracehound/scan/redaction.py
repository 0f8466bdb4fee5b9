"""Spans of a text replaced by their masked forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from tracehound.scan.masking import mask


class Span(NamedTuple):
    """``data[start:end]``, in bytes."""

    start: int
    end: int


def cover(data: bytes, spans: Sequence[Span]) -> str:
    """``data`` as text with every span masked; the spans are ``merged``."""
    return cover_part(data, spans, 0, len(data))


def cover_part(data: bytes, spans: Sequence[Span], first: int, last: int) -> str:
    """``data[first:last]`` with every span masked, also one that begins before or ends after the part."""
    out: list[str] = []
    at = first
    for start, end in spans:
        if end <= first or start >= last:
            continue
        out.append(_text(data[at : max(at, start)]))
        out.append(mask(_text(data[start:end])))
        at = end
    out.append(_text(data[at : max(at, last)]))
    return "".join(out)


def _text(part: bytes) -> str:
    """Lone surrogates stay as they came; only a part that was cut out of a text can begin in mid-character."""
    try:
        return part.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return part.decode("utf-8", "replace")


def merged(data: bytes, spans: Sequence[Span]) -> list[Span]:
    """The spans in order, of whole characters; overlapping ones become one."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        start, end = _whole_characters(data, start, end)
        if joined and start < joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, end))
        elif end > start:
            joined.append(Span(start, end))
    return joined


def _whole_characters(data: bytes, start: int, end: int) -> Span:
    """Grow a span so that it cuts no UTF-8 sequence in two."""
    while start > 0 and start < len(data) and data[start] & 0xC0 == 0x80:
        start -= 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return Span(start, end)
