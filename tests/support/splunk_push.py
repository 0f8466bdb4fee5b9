"""What the tests of pushing to Splunk share: deliveries whose waits are counted."""

from __future__ import annotations

import importlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from splunk_stub import SplunkStub

from tracehound.delivery import Delivery
from tracehound.delivery.model import Limits

NAME = "tracehound.connectors.splunk"
LIMITS = Limits(documents=20, in_flight=3, patience=600)


def part(name: str) -> Any:
    """A module of the connector."""
    return importlib.import_module(f"{NAME}.{name}")


def indexed(splunk: SplunkStub, index: str | None = "tracehound") -> Counter[str]:
    """How often each metadata.uid is there."""
    return Counter(orjson.loads(event["_raw"])["metadata"]["uid"] for event in splunk.events(index))


def uids(events: Sequence[dict[str, Any]]) -> set[str]:
    """The ids of events."""
    return {event["metadata"]["uid"] for event in events}


class Run:
    """One delivery of events; waits are counted, not slept (``pause``: so many seconds of each are)."""

    def __init__(
        self, splunk: SplunkStub, limits: Limits = LIMITS, pause: float = 0.0, **settings: Any
    ) -> None:
        values = {"timeout": 10, "ack_timeout": 5, **settings}
        self.settings = splunk.settings(**values)
        self.said: list[str] = []
        self.sender = part("push").open_sender(self.settings, False, self.said.append)
        self.limits, self.pause = limits, pause
        self.letters: list[tuple[str, str, str]] = []
        self.waits: list[float] = []
        self.totals: Any = None

    def all(self, events: Sequence[dict[str, Any]], on_wait: Callable[[], None] = lambda: None) -> Run:
        """Deliver all of them."""

        def wait(seconds: float) -> None:
            self.waits.append(seconds)
            on_wait()
            time.sleep(min(seconds, self.pause))

        step = self.limits.documents
        try:
            with Delivery(self.sender.transport, self._reject, self.limits, wait=wait) as delivery:
                self.totals = delivery.totals
                for start in range(0, len(events), step):
                    delivery.put(self.sender.documents(events[start : start + step]))
        finally:
            self.sender.close()
        return self

    def _reject(self, document: Any, said: Any) -> None:
        self.letters.append((document.uid, said.reason, said.message))
