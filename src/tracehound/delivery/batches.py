"""Documents into batches, bounded by count and bytes, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tracehound.delivery.model import Document, Limits


@dataclass(slots=True)
class Batch:
    """Documents of one request; ``marks`` are positions that hold when it, and all before it, are delivered."""

    number: int
    documents: list[Document]
    size: int
    marks: list[Any] = field(default_factory=list)


class Batcher:
    """Cuts a stream of documents; one that is above the bound alone is a batch of its own."""

    def __init__(self, limits: Limits) -> None:
        self._most, self._bytes, self._overhead = limits.documents, limits.bytes, limits.overhead
        self._open: list[Document] = []
        self._size = self._number = 0
        self._marks: list[Any] = []

    def add(self, documents: Iterable[Document]) -> Iterator[Batch]:
        """The batches that are full now."""
        open_, size, overhead = self._open, self._size, self._overhead
        bound, most = self._bytes, self._most
        for document in documents:
            length = len(document.body) + overhead
            if (size + length > bound or len(open_) >= most) and open_:
                self._size = size
                yield self._cut()
                open_, size = self._open, 0
            open_.append(document)
            size += length
        self._size = size

    def mark(self, position: Any) -> None:
        """``position`` holds when everything added so far is delivered."""
        self._marks.append(position)

    def rest(self) -> Batch | None:
        """What is left, also when it is marks alone."""
        return self._cut() if self._open or self._marks else None

    @property
    def held(self) -> int:
        """Bytes that wait to become a batch."""
        return self._size

    def _cut(self) -> Batch:
        batch = Batch(self._number, self._open, self._size, self._marks)
        self._number += 1
        self._open, self._size, self._marks = [], 0, []
        return batch
