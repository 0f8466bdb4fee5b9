"""What sending costs the client, beside elasticsearch-py's own helper, against a server that does nothing.

The documents are prepared (OCSF events with their ECS fields, as dicts); measured is the CPU time of this process
for encoding, ids, compressing, sending and reading the answers. The server is another process.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import orjson
from benchmarks import corpus
from benchmarks.delivery_splunk import to_splunk
from benchmarks.figures import Figure
from benchmarks.path import NOW, stream

SECTION = "delivery"
ROOT = Path(__file__).resolve().parent.parent
SERVER = ROOT / "tests" / "support" / "null_server.py"
ELASTIC = "tracehound.connectors.elastic"
IN_FLIGHT = 4
BATCH = 500
MEMORY_DOCUMENTS = 60_000


@contextmanager
def null_server(*arguments: str) -> Iterator[str]:
    """The address of a server that says yes to everything."""
    command = [sys.executable, str(SERVER), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        yield f"http://127.0.0.1:{child.stdout.readline().decode().strip()}"
        child.stdin.close()


def events_of(records: int) -> list[dict[str, Any]]:
    """Enriched events of the benchmark's corpus."""
    from tracehound.config import Settings
    from tracehound.deadletter import DeadLetters
    from tracehound.pipeline import Pipeline

    pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
    return [event for batch in pipeline.run([stream(corpus.build(records).mixed())]) for event in batch]


def delivery(records: int, runs: int) -> Iterator[Figure]:
    """All figures of this section."""
    events = events_of(records)
    encoder = importlib.import_module(f"{ELASTIC}.events").Encoder()
    ecs = importlib.import_module(f"{ELASTIC}.ecs")
    documents = [ecs.with_ecs(event, "tracehound.api_activity", "default") for event in events]
    ids = [encoder.document(event).uid for event in events]
    size = sum(len(orjson.dumps(document)) for document in documents) / len(documents)
    with null_server() as url:
        for compress in (True, False):
            yield from _beside(url, documents, ids, runs, compress, size)
        spent = _cpu(lambda: [encoder.document(event) for event in events], runs)
    each = spent / len(events) * 1e6
    plain = _cpu(lambda: [orjson.dumps(event) for event in events], runs) / len(events) * 1e6
    yield Figure(SECTION, "ECS fields and encoding, an event", each, "us", f"orjson.dumps alone {plain:.1f}")
    yield _memory(records)
    with null_server() as url:
        yield from to_splunk(url, events, runs, _cpu)


def _beside(
    url: str, documents: list[dict[str, Any]], ids: list[str], runs: int, compress: bool, size: float
) -> Iterator[Figure]:
    ours, theirs = _ours(url, compress), _theirs(url, compress)
    ours(documents[:BATCH], ids[:BATCH])
    theirs(documents[:BATCH], ids[:BATCH])
    mine, other = [], []
    for _ in range(runs):  # in turn, so that a neighbour disturbs both
        mine.append(_cpu(lambda: ours(documents, ids), 1))
        other.append(_cpu(lambda: theirs(documents, ids), 1))
    per = 1000 / len(documents) * 1e3
    said = "gzip" if compress else "no gzip"
    yield Figure(
        SECTION, f"1,000 documents of {size / 1000:.1f} KB, {said}", median(mine) * per, "ms",
        f"parallel_bulk with OrjsonSerializer {median(other) * per:.1f} ms",
    )  # fmt: skip
    ratios = [a / b for a, b in zip(mine, other, strict=True)]
    yield Figure(SECTION, f"of parallel_bulk's CPU, {said}", median(ratios), "times", "goal 0.5", limit=1.0)


Send = Callable[[Sequence[dict[str, Any]], Sequence[str]], None]


def _ours(url: str, compress: bool) -> Send:
    from tracehound.delivery import Delivery, Document

    settings_of = importlib.import_module(f"{ELASTIC}.settings").ElasticSettings
    client = importlib.import_module(f"{ELASTIC}.client")
    push = importlib.import_module(f"{ELASTIC}.push")
    settings = settings_of(url=url, compress=compress, in_flight=IN_FLIGHT, batch_documents=BATCH)
    opened = client.elastic(settings)
    sender = push.ElasticSender(opened, settings, client.server_of(opened, settings))

    def send(documents: Sequence[dict[str, Any]], ids: Sequence[str]) -> None:
        dumps = orjson.dumps
        with Delivery(sender.transport, _never, sender.limits) as delivery:
            for start in range(0, len(documents), BATCH):
                part = zip(ids[start : start + BATCH], documents[start : start + BATCH], strict=True)
                delivery.put([Document(uid, "logs-tracehound.x-default", dumps(doc)) for uid, doc in part])
        assert delivery.totals.delivered == len(documents)

    return send


def _never(*_: object) -> None:
    raise AssertionError("nothing is refused here")


def _theirs(url: str, compress: bool) -> Send:
    from elasticsearch import Elasticsearch
    from elasticsearch.helpers import parallel_bulk
    from elasticsearch.serializer import OrjsonSerializer

    client = Elasticsearch(
        url, serializer=OrjsonSerializer(), http_compress=compress, connections_per_node=IN_FLIGHT + 1
    )

    def send(documents: Sequence[dict[str, Any]], ids: Sequence[str]) -> None:
        actions = (
            {"_op_type": "create", "_index": "logs-tracehound.x-default", "_id": uid, "_source": doc}
            for uid, doc in zip(ids, documents, strict=True)
        )
        done = parallel_bulk(
            client, actions, thread_count=IN_FLIGHT, chunk_size=BATCH, max_chunk_bytes=5_000_000
        )
        assert sum(1 for good, _ in done if good) == len(documents)

    return send


def _memory(records: int) -> Figure:
    """How much memory grows while the server refuses everything: in a process of its own, which starts small."""
    command = [sys.executable, "-m", "benchmarks.delivery", str(records)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    grown, taken, bound = (float(part) for part in ran.stdout.split())
    return Figure(
        SECTION, "memory with the server down", grown, "MB",
        f"{taken:,.0f} documents taken, then the input waits; at most {bound:.0f} MB are held", limit=bound * 2,
    )  # fmt: skip


def _refused(records: int) -> tuple[float, int, float]:
    """MB that resident memory grew by while documents kept coming, how many were taken, MB that may be held."""
    from tracehound.delivery import Delivery, Document, TransportError
    from tracehound.delivery.model import Limits

    class Down:
        def send(self, _: Sequence[Document]) -> Any:
            raise TransportError("connection refused")

    documents = [(f"id{number}", orjson.dumps(event)) for number, event in enumerate(events_of(records))]
    limits = Limits(in_flight=IN_FLIGHT)
    taken, stop = 0, threading.Event()
    delivered = Delivery(Down(), _never, limits, wait=lambda seconds: stop.wait(min(seconds, 0.05)))

    def feed() -> None:
        nonlocal taken
        for number in range(MEMORY_DOCUMENTS):
            if stop.is_set():
                return
            uid, body = documents[number % len(documents)]
            delivered.put([Document(uid, "r", bytes(bytearray(body)))])  # a copy, as an encoder makes one
            taken += 1

    before = resident()
    feeder = threading.Thread(target=feed, daemon=True)
    feeder.start()
    time.sleep(3)
    grown = resident() - before
    stop.set()
    delivered.abort()
    return grown, taken, (2 * limits.in_flight + 1) * limits.bytes / 1e6


def resident() -> float:
    """Resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text("utf-8").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _cpu(work: Callable[[], Any], runs: int) -> float:
    spent = []
    for _ in range(runs):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return median(spent)


if __name__ == "__main__":
    print(*_refused(int(sys.argv[1])))
