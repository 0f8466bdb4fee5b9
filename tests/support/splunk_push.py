"""What the tests of pushing to Splunk share: deliveries whose waits are counted, and processes to be killed."""

from __future__ import annotations

import importlib
import os
import select
import subprocess
import sys
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


PUSH = """
import os, sys
import tracehound.pipeline, tracehound.delivery.feed, tracehound.cli.push, urllib3
from tracehound.cli import main
from tracehound.config import Settings
from tracehound.deadletter import DeadLetters

tracehound.pipeline.BATCH_RECORDS = 4
tracehound.pipeline.Pipeline(Settings(), DeadLetters(None))  # everything is loaded before the first push
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        sys.argv = ["tracehound", "push", "splunk", "--checkpoint-every", "0", *line.split()]
        os.close(1)
        os.open(os.devnull, os.O_WRONLY)
        try:
            main()
        except SystemExit as done:
            os._exit(done.code)
        os._exit(9)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Pushes:
    """Pushes as processes of their own, forked from one that has loaded everything."""

    def __init__(self, token: str) -> None:
        pipe = subprocess.PIPE
        self._parent = subprocess.Popen(
            [sys.executable, "-c", PUSH],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "TRACEHOUND_SPLUNK_HEC_TOKEN": token},
        )

    def __enter__(self) -> Pushes:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.kill()
        self._parent.communicate()

    def start(self, arguments: list[str]) -> int:
        """The id of a new process."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(" ".join(arguments) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return bool(select.select([self._parent.stdout], [], [], 0)[0])

    def wait(self) -> int:
        """How the process ended."""
        assert self._parent.stdout is not None
        return int(self._parent.stdout.readline())

    def run(self, arguments: list[str]) -> int:
        """Start one, and wait for it."""
        self.start(arguments)
        return self.wait()
