"""What is delivered, and what a target says to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol


class Document(NamedTuple):
    """One event, encoded: ``uid`` is unique at its ``route`` (data stream, index); ``body`` one JSON object."""

    uid: str
    route: str
    body: bytes


class Rejection(NamedTuple):
    """A document that the target will never take: its place in the batch, a closed word, the target's reason."""

    place: int
    reason: str
    message: str


@dataclass(slots=True)
class Answer:
    """What became of a batch: all of it is delivered but what is listed here.

    ``duplicates`` were there already, which is as good; ``retry`` are places to be sent again, for the reason
    ``why``, not before ``after`` seconds.
    """

    duplicates: int = 0
    rejected: Sequence[Rejection] = ()
    retry: Sequence[int] = ()
    why: str = ""
    after: float | None = None


class TransportError(Exception):
    """A batch of which nothing is known to be delivered. ``reason`` is for people and has no secrets.

    ``retry``: send it again, not before ``after`` seconds; else the run ends with ``error``. ``too_large``: send it
    in halves.
    """

    def __init__(
        self,
        reason: str,
        *,
        retry: bool = True,
        after: float | None = None,
        too_large: bool = False,
        error: Exception | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.retry, self.after, self.too_large = reason, retry, after, too_large
        self.error = error


class Transport(Protocol):
    """Sends one batch and waits for what becomes of it; threads share it. Raises ``TransportError``."""

    def send(self, documents: Sequence[Document]) -> Answer: ...


class Sender(Protocol):
    """What a target offers to ``push``."""

    @property
    def transport(self) -> Transport: ...

    @property
    def place(self) -> str:
        """The target in words: address and namespace, no secrets."""

    @property
    def identity(self) -> str:
        """Tells this place from others, for checkpoints; no secrets."""

    @property
    def limits(self) -> Limits: ...

    def documents(self, events: Iterable[Mapping[str, Any]]) -> Iterable[Document]:
        """The events, encoded."""

    def original(self, document: Document) -> bytes:
        """The event of a document as it was before encoding, for the dead letter."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a delivery.

    ``patience``: seconds without progress after which it gives up; 0: never. ``linger``: seconds after which a
    batch is sent though it is not full.
    """

    documents: int = 1000
    bytes: int = 5_000_000
    in_flight: int = 4
    patience: float = 900.0
    overhead: int = field(default=100)
    """Bytes that a document takes in a request beside its body."""
    linger: float = 10.0
