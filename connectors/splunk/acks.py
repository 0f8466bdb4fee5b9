"""Indexer acknowledgement: one thread asks for all requests that wait, however many there are.

Splunk numbers the requests of a channel from 0, tells once that one is indexed, and forgets all when it restarts.
A number that comes a second time therefore belongs to another life of the server: its acknowledgement would be
taken for that of a request which may be lost. Then all that wait are sent again, under a new channel; and so they
are when nothing listens any more.

A load balancer that spreads requests over servers looks the same; it has to keep a client at one server (Splunk:
sticky sessions). After ``MOST_CHANNELS`` the run ends with these words.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field

from tracehound.delivery import TransportError
from tracehound.errors import ConfigError

from .hec import NO_ACKS, Hec, UncertainError, UnreachableError

SOONEST, LATEST = 0.1, 2.0
"""Seconds between two questions: soon after something was acknowledged, then less and less often."""
MOST_ASKED = 5000
MOST_CHANNELS, HEALTHY = 20, 100
"""So many new channels, without so many requests that were acknowledged between two of them, are no restarts."""


@dataclass(eq=False, slots=True)
class Waiting:
    """A request that waits."""

    number: int
    channel: str
    done: threading.Event = field(default_factory=threading.Event)
    error: TransportError | None = None


class Acks:
    """Waits for acknowledgements of one collector; threads share it."""

    def __init__(self, hec: Hec, timeout: float) -> None:
        self._hec, self._timeout = hec, timeout
        self._lock = threading.Condition()
        self._waiting: dict[int, Waiting] = {}
        self._below, self._above = 0, set[int]()  # numbers that came: all under ``_below``, and these
        self._channels = self._good = 0
        self._closed = False
        self._poller: threading.Thread | None = None
        self.asked = 0

    def add(self, number: int, channel: str) -> Waiting:
        """A request that was taken under this number. Raises ``TransportError``: it is to be sent again."""
        waiting = Waiting(number, channel)
        with self._lock:
            if channel != self._hec.channel:
                raise UncertainError("the server was restarted before it acknowledged: sent again")
            if number < self._below or number in self._above:
                self._channels = 1 if self._good > HEALTHY else self._channels + 1
                raise self._restarted()
            self._above.add(number)
            while self._below in self._above:
                self._above.remove(self._below)
                self._below += 1
            self._waiting[number] = waiting
            if self._poller is None:
                self._poller = threading.Thread(target=self._poll, name="acks", daemon=True)
                self._poller.start()
            self._lock.notify()
        return waiting

    def wait(self, waiting: Waiting) -> None:
        """Returns when it is indexed. Raises ``TransportError``."""
        if not waiting.done.wait(self._timeout):
            with self._lock:
                self._waiting.pop(waiting.number, None)
            if not waiting.done.is_set():
                raise UncertainError(
                    f"{self._hec.url}: no acknowledgement within {self._timeout:g} s: sent again "
                    "(behind a load balancer, is a client kept at one server?)"
                )
        if waiting.error is not None:
            raise waiting.error

    def close(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._closed = True
            self._end(TransportError("ended before it was acknowledged"))
            self._lock.notify()

    def _restarted(self) -> TransportError:
        """Begin a new channel; what waits is sent again."""
        self._hec.channel = str(uuid.uuid4())
        self._below, self._above, self._good = 0, set(), 0
        again = UncertainError("the server was restarted before it acknowledged: sent again")
        if self._channels > MOST_CHANNELS:
            error = ConfigError(
                f"{self._hec.url}: acknowledgements of several servers are mixed; let the load balancer keep a "
                "client at one server (sticky sessions), or set targets.splunk.acks to never"
            )
            again = UncertainError(str(error), retry=False, error=error)
        self._end(again)
        return again

    def _end(self, error: TransportError) -> None:
        for waiting in self._waiting.values():
            waiting.error = error
            waiting.done.set()
        self._waiting.clear()

    def _poll(self) -> None:
        """The thread that asks."""
        pause = SOONEST
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
                self._lock.wait_for(lambda: self._closed, pause)
                asked = list(self._waiting.values())[:MOST_ASKED]
            pause = SOONEST if asked and self._ask(asked) else min(pause * 1.5, LATEST)

    def _ask(self, asked: list[Waiting]) -> bool:
        """Whether one of them was acknowledged."""
        self.asked += 1
        channel = asked[0].channel
        try:
            reply = self._hec.acknowledged([one.number for one in asked], channel)
            said = reply.found.get("acks")
            if reply.status != 200 or not isinstance(said, dict):
                raise self._hec.problem(reply)
        except TransportError as error:
            with self._lock:
                if not error.retry:
                    self._end(error)
                elif isinstance(error, UnreachableError):
                    self._restarted()
            return False
        done = [one for one in asked if said.get(str(one.number)) is True]
        with self._lock:
            self._good += len(done)
            for one in done:
                if self._waiting.get(one.number) is one:
                    del self._waiting[one.number]
                    one.done.set()
        return bool(done)


def has_acks(hec: Hec) -> bool:
    """Whether the token has acknowledgement; asks for a number that nothing has. Raises ``TransportError``.

    A collector that does not know the question has none.
    """
    reply = hec.acknowledged([0], hec.channel)
    if reply.status == 200 and isinstance(reply.found.get("acks"), dict):
        return True
    if reply.code == NO_ACKS or reply.status in (404, 405):
        return False
    raise hec.problem(reply)
