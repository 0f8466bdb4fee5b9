"""Plain values as they are kept between runs: JSON of anything that logs hold, masked, and read back with care."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import zstandard

from tracehound.errors import StateError

MALFORMED = (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, StopIteration)
"""What reading plain values of the wrong shape raises."""


def pack(value: Any) -> bytes:
    """JSON, also of what orjson refuses: half surrogates and numbers beyond 64 bits."""
    try:
        return bytes(memoryview(orjson.dumps(value)))  # a copy of its own size: orjson's has room to grow
    except TypeError:
        return json.dumps(value, default=repr).encode()


def unpack(raw: bytes | str) -> Any:
    """What ``pack`` packed."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


class Squeezer:
    """Compresses packed values that are much alike, by what the first of them had: keys, names, sources."""

    def __init__(self) -> None:
        self._compress: Callable[[bytes], bytes] | None = None
        self._expand: Callable[[bytes], bytes] | None = None

    def small(self, raw: bytes) -> bytes:
        """What is to be kept of a packed value."""
        if self._compress is None:
            alike = zstandard.ZstdCompressionDict(raw, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
            self._compress = zstandard.ZstdCompressor(1, dict_data=alike, write_dict_id=False).compress
            self._expand = zstandard.ZstdDecompressor(dict_data=alike).decompress
        # A copy of its own size: what zstandard gives holds a buffer as large as the value.
        return bytes(memoryview(self._compress(raw)))

    def value(self, small: bytes) -> Any:
        """The value that was kept."""
        if self._expand is None:
            raise ValueError("nothing was kept here")
        return unpack(self._expand(small))


def packed(value: Any) -> bytes:
    """A packed object as it was read back from text; anything else raises ``ValueError``."""
    raw = text(value).encode()
    if not isinstance(unpack(raw), dict):
        raise ValueError("no packed event")
    return raw


def masked_event(event: dict[str, Any], mask: Callable[[str], str]) -> dict[str, Any]:
    """An event with every text in it masked but for what tells it from others: its ids are no secrets."""
    return {key: item if key == "metadata" else masked(item, mask) for key, item in event.items()}


def masked(value: Any, mask: Callable[[str], str]) -> Any:
    """A value with every text in it masked, keys left as they are."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: masked(item, mask) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, mask) for item in value]
    return value


def integer(value: Any) -> int:
    """A whole number inside 64 bits; anything else raises ``ValueError``."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**63) <= value < 2**63:
        raise ValueError(f"{value!r:.20} is no whole number")
    return value


def text(value: Any) -> str:
    """A text; anything else raises ``ValueError``."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r:.20} is no text")
    return value


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what plain values of the wrong shape raise into words."""
    try:
        yield
    except MALFORMED as error:
        raise StateError(f"{what} is damaged ({type(error).__name__}: {str(error)[:100]})") from error
