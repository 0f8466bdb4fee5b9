"""The delivery itself: senders in threads, retries, dead letters, and the position that holds."""

from __future__ import annotations

import heapq
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from tracehound.delivery.backoff import Backoff
from tracehound.delivery.batches import Batch, Batcher
from tracehound.delivery.model import Document, Limits, Rejection, Transport, TransportError
from tracehound.errors import TargetError

Rejected = Callable[[Document, Rejection], None]
TICK = 0.2
"""Seconds after which a blocked caller looks whether a sender has failed."""


@dataclass(slots=True)
class Totals:
    """What a delivery did; ``rejected`` counts by reason, ``trouble`` is the last reason to wait."""

    sent: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    retries: int = 0
    trouble: str = ""

    @property
    def delivered(self) -> int:
        """Documents that the target has, those it had before included."""
        return self.sent + self.duplicates


class Delivery:
    """Delivers documents; a context manager that, left in order, has delivered all of them.

    ``put`` blocks while the target is slow or away: at most ``2 * in_flight + 1`` batches are in memory. ``mark``
    gives a position, and ``position`` is the last one up to which everything is delivered or in the dead letters.
    ``rejected`` is called by one sender at a time, before the position moves. ``wait`` sleeps; for tests.

    Raises ``TargetError``, or the transport's own error, from ``put`` and ``close``.
    """

    def __init__(
        self,
        transport: Transport,
        rejected: Rejected,
        limits: Limits | None = None,
        *,
        backoff: Backoff | None = None,
        wait: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        told: Callable[[Totals], object] = lambda _totals: None,
        position: Any = None,
    ) -> None:
        self._transport, self._rejected, self._limits = transport, rejected, limits or Limits()
        self._backoff, self._clock, self._told = backoff or Backoff(), clock, told
        self._stop = threading.Event()
        self._wait = wait or self._stop.wait
        self._batcher = Batcher(self._limits)
        self._batching = threading.Lock()
        self._since = clock()
        self._queue: queue.Queue[Batch | None] = queue.Queue(self._limits.in_flight)
        self._lock = threading.Lock()
        self._error: BaseException | None = None
        self._done: list[int] = []
        self._marks: dict[int, list[Any]] = {}
        self._next = 0
        self._good = clock()
        self.totals = Totals()
        self.position = position
        self._senders = [
            threading.Thread(target=self._run, name=f"sender-{n}", daemon=True)
            for n in range(self._limits.in_flight)
        ]
        for sender in self._senders:
            sender.start()

    def __enter__(self) -> Delivery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self.abort()

    def put(self, documents: Iterable[Document]) -> None:
        """Take documents; returns when they are in memory, which may have to wait for the target."""
        with self._batching:
            began = not self._batcher.held
            for batch in self._batcher.add(documents):
                self._enqueue(batch)
                began = True
            if began:
                self._since = self._clock()
        self._raise()

    def mark(self, position: Any) -> None:
        """``position`` holds when all that was put so far is delivered."""
        with self._batching:
            self._batcher.mark(position)

    def flush(self) -> None:
        """Send what is held now, without waiting for the answer."""
        with self._batching:
            rest = self._batcher.rest()
            if rest is not None:
                self._enqueue(rest)

    def close(self) -> None:
        """Deliver the rest, wait for it, and end the senders."""
        self.flush()
        for _ in self._senders:
            self._enqueue(None)
        for sender in self._senders:
            while sender.is_alive():
                sender.join(TICK)
                self._raise()
        self._raise()

    def abort(self) -> None:
        """End the senders after the requests that are on their way; what was not sent is not delivered."""
        self._stop.set()
        for sender in self._senders:
            sender.join(TICK)

    def _enqueue(self, batch: Batch | None) -> None:
        while True:
            self._raise()
            try:
                return self._queue.put(batch, timeout=TICK)
            except queue.Full:
                continue

    def _raise(self) -> None:
        if self._error is not None:
            self.abort()
            raise self._error

    def _run(self) -> None:
        """One sender."""
        while not self._stop.is_set():
            try:
                batch = self._queue.get(timeout=TICK)
                if batch is None:
                    return
            except queue.Empty:
                batch = self._late()
                if batch is None:
                    continue
            try:
                self._deliver(batch.documents)
                if not self._stop.is_set():
                    self._finish(batch)
            except Exception as error:  # noqa: BLE001 - carried to the caller's thread, which raises it
                self._error = self._error or error
                self._stop.set()
                return

    def _late(self) -> Batch | None:
        """A batch that has waited long enough for more. Who is putting is not waited for: he may wait for us."""
        if not self._batcher.held or self._clock() - self._since < self._limits.linger:
            return None
        if not self._batching.acquire(blocking=False):
            return None
        try:
            return self._batcher.rest()
        finally:
            self._batching.release()

    def _deliver(self, documents: Sequence[Document]) -> None:
        """Until nothing is left to be sent, or the run is to end."""
        attempt = 0
        while documents and not self._stop.is_set():
            try:
                answer = self._transport.send(documents)
            except TransportError as error:
                if error.too_large:
                    return self._halves(documents, error)
                if not error.retry:
                    raise error.error or TargetError(error.reason) from None
                self._pause(attempt, error.reason, error.after)
                attempt += 1
                continue
            left = [documents[index] for index in answer.retry]
            self._count(documents, len(documents) - len(left), answer.duplicates, answer.rejected)
            attempt = 0 if len(left) < len(documents) else attempt
            if left:
                self._pause(attempt, answer.why, answer.after)
                attempt += 1
            documents = left
        return None

    def _halves(self, documents: Sequence[Document], error: TransportError) -> None:
        if len(documents) == 1:
            return self._count(documents, 1, 0, [Rejection(0, "too_large", error.reason)])
        middle = len(documents) // 2
        self._deliver(documents[:middle])
        return self._deliver(documents[middle:])

    def _count(
        self, documents: Sequence[Document], done: int, duplicates: int, rejected: Sequence[Rejection]
    ) -> None:
        with self._lock:
            for one in rejected:
                self._rejected(documents[one.place], one)
                self.totals.rejected[one.reason] += 1
            self.totals.sent += done - duplicates - len(rejected)
            self.totals.duplicates += duplicates
            if done:
                self._good = self._clock()
                self.totals.trouble = ""
        self._told(self.totals)

    def _pause(self, attempt: int, reason: str, asked: float | None) -> None:
        patience = self._limits.patience
        with self._lock:
            self.totals.retries += 1
            self.totals.trouble = reason
            waited = self._clock() - self._good
        self._told(self.totals)
        if patience and waited > patience:
            raise TargetError(
                f"gave up after {waited:,.0f} s without progress: {reason}; run it again to go on"
            )
        self._wait(self._backoff.delay(attempt, asked))

    def _finish(self, batch: Batch) -> None:
        """A batch is done; the position moves over all that are done in one piece from the beginning."""
        with self._lock:
            self.totals.bytes += batch.size
            heapq.heappush(self._done, batch.number)
            self._marks[batch.number] = batch.marks
            while self._done and self._done[0] == self._next:
                marks = self._marks.pop(heapq.heappop(self._done))
                if marks:
                    self.position = marks[-1]
                self._next += 1
