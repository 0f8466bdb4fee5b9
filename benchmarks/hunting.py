"""``hunt``: aggregations over a store of a million events."""

from __future__ import annotations

import copy
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import corpus
from benchmarks.figures import Figure
from benchmarks.path import NOW, stream

from tracehound import store
from tracehound.config import Settings
from tracehound.deadletter import DeadLetters
from tracehound.pipeline import Pipeline

PART = 20_000
"""Events that are written with ids of their own; the other files are copies of theirs under other names."""
QUERIES = {
    "events by source": "SELECT ai.source, count(*) FROM events GROUP BY ALL ORDER BY ALL",
    "tokens by principal and model": (
        "SELECT ai.principal, ai.model.name, count(*), sum(ai.tokens.total) FROM events "
        "GROUP BY ALL ORDER BY 4 DESC NULLS LAST LIMIT 20"
    ),
    "signals by hour": (
        "SELECT hour, signal, count(*) FROM "
        "(SELECT date_trunc('hour', time) AS hour, unnest(ai.signals) AS signal FROM events) "
        "GROUP BY ALL ORDER BY 3 DESC LIMIT 20"
    ),
}


def fill(folder: Path, count: int) -> None:
    """A store of ``count`` events: conversations of the corpus, again and again with fresh ids."""
    pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
    events = [event for batch in pipeline.run([stream(corpus.build(1000).mixed())]) for event in batch]
    written = 0
    with store.Writer(folder) as writer:
        while written < min(PART, count):
            for event in events:
                again = copy.copy(event)
                again["metadata"] = event["metadata"] | {"uid": f"{written:032x}"}
                writer.add([again])
                written += 1
    for number in range(1, round(count / written)):
        for path in list(folder.glob("class_uid=*/day=*/*.parquet")):
            if "-" not in path.stem:
                shutil.copyfile(path, path.with_name(f"{path.stem}-{number}.parquet"))


def hunt(count: int, runs: int) -> Iterator[Figure]:
    """Each query's median by the clock: DuckDB works with all cores, which CPU time would not show."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, count)
        (stored,) = store.query(folder, "SELECT count(*) FROM events")[1][0]
        for title, sql in QUERIES.items():
            found = []
            for _ in range(runs):
                start = time.perf_counter()
                store.query(folder, sql)
                found.append(time.perf_counter() - start)
            beside = f"{stored:,} events stored"
            yield Figure("hunt", title, sorted(found)[len(found) // 2], "s by the clock", beside, 1)
