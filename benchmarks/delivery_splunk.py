"""What sending to Splunk costs the client, beside a bare httpx client, against a server that does nothing.

Both send the same prepared events in the same batches, compressed by the same library. The bare client has its
batches joined already, sends one after the other and looks at the status alone; ours cuts and joins the batches,
keeps several on their way, reads what Splunk says, and counts. The server is another process.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from benchmarks.figures import Figure

SECTION = "delivery"
ROOT = Path(__file__).resolve().parent.parent
SPLUNK = "tracehound.connectors.splunk"
STEP = 500
MOST_MEMORY = 50.0
TOKEN = "00000000-0000-4000-8000-000000000000"
NOTHING_LISTENS = "http://127.0.0.1:9"
MEMORY_DOCUMENTS = 60_000
SEND_RUNS = 11
REPEATS = 8
"""The events go so often in one measurement, as one delivery: what is begun once a run is not counted per event."""
Cpu = Callable[[Callable[[], Any], int], float]


def _settings(url: str, compress: bool) -> Any:
    from tracehound.secrets import Secret

    model = importlib.import_module(f"{SPLUNK}.settings").SplunkSettings
    made = model(hec_url=url, compress=compress)
    return made.with_secrets(hec_token=Secret(TOKEN))


def to_splunk(url: str, events: Sequence[dict[str, Any]], runs: int, cpu: Cpu) -> Iterator[Figure]:
    """All figures; ``cpu`` measures a piece of work."""
    encoder = importlib.import_module(f"{SPLUNK}.events").Encoder(_settings(url, True))
    documents = list(encoder.documents(events))
    size = sum(len(document.body) for document in documents) / len(documents)
    for compress in (True, False):
        yield from _beside(url, documents, max(runs, SEND_RUNS), compress, size, cpu)
    spent = cpu(lambda: [encoder.document(event) for event in events], runs) / len(events) * 1e6
    plain = cpu(lambda: [orjson.dumps(event) for event in events], runs) / len(events) * 1e6
    yield Figure(SECTION, "Splunk: encoding, an event", spent, "us", f"orjson.dumps alone {plain:.1f}")
    yield _memory(len(events))


def _beside(
    url: str, documents: list[Any], runs: int, compress: bool, size: float, cpu: Cpu
) -> Iterator[Figure]:
    ours, theirs = _ours(url, documents, compress), _theirs(url, documents, compress)
    ours()
    theirs()
    mine, other = [], []
    for _ in range(runs):  # in turn, so that a neighbour disturbs both
        mine.append(cpu(ours, 1))
        other.append(cpu(theirs, 1))
    per = 1000 / len(documents) / REPEATS * 1e3
    said = "gzip" if compress else "no gzip"
    yield Figure(
        SECTION, f"Splunk: 1,000 events of {size / 1000:.1f} KB, {said}", median(mine) * per, "ms",
        f"a bare httpx client {median(other) * per:.1f} ms",
    )  # fmt: skip
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    yield Figure(
        SECTION, f"Splunk: of a bare httpx client's CPU, {said}", median(ratios), "times", "", limit=1.15
    )


def _ours(url: str, documents: list[Any], compress: bool) -> Callable[[], None]:
    from tracehound.delivery import Delivery

    push = importlib.import_module(f"{SPLUNK}.push")
    sender = push.open_sender(_settings(url, compress), False, lambda _line: None)

    def send() -> None:
        with Delivery(sender.transport, _never, sender.limits) as delivery:
            for _ in range(REPEATS):
                for start in range(0, len(documents), STEP):
                    delivery.put(documents[start : start + STEP])
        assert delivery.totals.delivered == len(documents) * REPEATS

    return send


def _never(*_: object) -> None:
    raise AssertionError("nothing is refused here")


def _theirs(url: str, documents: list[Any], compress: bool) -> Callable[[], None]:
    import httpx

    from tracehound.delivery.compress import gzipped

    headers = {"authorization": f"Splunk {TOKEN}", "content-type": "application/json"}
    if compress:
        headers["content-encoding"] = "gzip"
    client = httpx.Client(base_url=url, headers=headers)
    batches = _batches(documents)

    def send() -> None:
        for batch in batches * REPEATS:
            body = gzipped(batch) if compress else batch
            answer = client.post("/services/collector/event", content=body)
            assert answer.status_code == 200

    return send


def _batches(documents: list[Any]) -> list[bytes]:
    """The batches that ours sends, as bytes."""
    from tracehound.delivery import Batcher

    push, hec = (importlib.import_module(f"{SPLUNK}.{name}") for name in ("push", "hec"))
    batcher = Batcher(push.SplunkSender(hec.Hec(_settings(NOTHING_LISTENS, True))).limits)
    cut = [*batcher.add(documents), batcher.rest()]
    return [b"\n".join([document.body for document in batch.documents]) for batch in cut if batch]


def _memory(records: int) -> Figure:
    """How much memory grows while nothing listens: in a process of its own, which starts small."""
    command = [sys.executable, "-m", "benchmarks.delivery_splunk", str(records)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    grown, taken, bound = (float(part) for part in ran.stdout.split())
    return Figure(
        SECTION, "Splunk: memory with the server down", grown, "MB",
        f"{taken:,.0f} events taken, then the input waits; at most {bound:.1f} MB are held", limit=MOST_MEMORY,
    )  # fmt: skip


def _down(records: int) -> tuple[float, int, float]:
    """MB that resident memory grew by while events kept coming, how many were taken, MB that may be held."""
    from benchmarks.delivery import events_of, resident

    from tracehound.delivery import Delivery, Document

    push, hec = (importlib.import_module(f"{SPLUNK}.{name}") for name in ("push", "hec"))
    sender = push.SplunkSender(hec.Hec(_settings(NOTHING_LISTENS, True)))
    documents = list(sender.documents(events_of(records)))
    taken, stop = 0, threading.Event()
    delivery = Delivery(sender.transport, _never, sender.limits, wait=lambda s: stop.wait(min(s, 0.05)))

    def feed() -> None:
        nonlocal taken
        for number in range(MEMORY_DOCUMENTS):
            if stop.is_set():
                return
            uid, route, body = documents[number % len(documents)]
            delivery.put([Document(uid, route, bytes(bytearray(body)))])  # a copy, as an encoder makes one
            taken += 1

    before = resident()
    threading.Thread(target=feed, daemon=True).start()
    time.sleep(3)
    grown = resident() - before
    stop.set()
    delivery.abort()
    return grown, taken, (2 * sender.limits.in_flight + 1) * sender.limits.bytes / 1e6


if __name__ == "__main__":
    print(*_down(int(sys.argv[1])))
