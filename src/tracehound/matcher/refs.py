"""References to events in few bytes each: windows that stay open hold a hundred of them."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from tracehound.matcher.hits import EventRef

HEAD = struct.Struct("<qII")
"""Time, number of the kind, length of the id."""
WHOLE = 0xFFFFFFFF
"""Instead of a kind: the reference is kept as it is, and the length is its place."""
MAX_KINDS, WHOLE_SIZE = 4096, 250

Kind = tuple[int, str, str]
_kinds: list[Kind] = []
_numbers: dict[Kind, int] = {}


class Refs:
    """A list of references that can only grow."""

    __slots__ = ("_count", "_raw", "_whole")

    def __init__(self, refs: Iterable[EventRef] = ()) -> None:
        self._raw = bytearray()
        self._count = 0
        self._whole: tuple[EventRef, ...] = ()
        for ref in refs:
            self.append(ref)

    def append(self, ref: EventRef) -> None:
        """Keep one more."""
        uid = ref.uid.encode("utf-8", "surrogatepass")
        number = _number((ref.type_uid, ref.type_name, ref.source))
        if number == WHOLE or not -(2**63) <= ref.time < 2**63:
            self._raw += HEAD.pack(0, WHOLE, len(self._whole))
            self._whole += (ref,)
        else:
            self._raw += HEAD.pack(ref.time, number, len(uid)) + uid
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[EventRef]:
        at, raw = 0, self._raw
        while at < len(raw):
            time, number, length = HEAD.unpack_from(raw, at)
            at += HEAD.size
            if number == WHOLE:
                yield self._whole[length]
            else:
                uid = raw[at : at + length].decode("utf-8", "surrogatepass")
                at += length
                yield EventRef(uid, time, *_kinds[number])

    @property
    def size(self) -> int:
        """About so many bytes."""
        return len(self._raw) + WHOLE_SIZE * len(self._whole)


def _number(kind: Kind) -> int:
    """The number of a kind of event; there are few, and a log that makes up many gets ``WHOLE``."""
    number = _numbers.get(kind)
    if number is None:
        if len(_kinds) >= MAX_KINDS:
            return WHOLE
        number = _numbers[kind] = len(_kinds)
        _kinds.append(kind)
    return number
