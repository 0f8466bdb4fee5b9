"""The whole path as the commands run it: bytes of records in, encoded events and findings out."""

from __future__ import annotations

import gc
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import xxhash
from benchmarks import corpus
from benchmarks.corpus_rules import ai_rules

from tracehound import enrichers
from tracehound.config import Settings
from tracehound.connectors import Stream
from tracehound.deadletter import DeadLetters
from tracehound.event import FINISHED
from tracehound.matcher import Engine
from tracehound.pipeline import BATCH_RECORDS, Pipeline
from tracehound.record import Record
from tracehound.rules import filled_fields, load_rules
from tracehound.rules.model import Rule
from tracehound.scan import scanner_for
from tracehound.scan.memo import Memo
from tracehound.scan.model import EMPTY, Verdict
from tracehound.workers import settle_memory

Event = dict[str, Any]
NOW = 1_795_000_000_000
RULES = 120


def timed(run: Callable[[], object], runs: int = 5, prepare: Callable[[], object] = gc.collect) -> float:
    """The median CPU time of several runs, in seconds; what comes before each is outside the time."""
    spent = []
    for _ in range(runs):
        prepare()
        gc.collect()
        start = time.process_time()
        run()
        spent.append(time.process_time() - start)
    return statistics.median(spent)


def parse_seconds(lines: Sequence[bytes], runs: int = 5) -> float:
    """``orjson.loads`` of the same bytes: the bound that everything is measured against."""

    def run() -> None:
        for line in lines:
            orjson.loads(line)

    return timed(run, runs)


@cache
def rule_set(count: int = RULES) -> tuple[Rule, ...]:
    """Our own rules on single events, and generated ones on AI events up to ``count``."""
    with tempfile.TemporaryDirectory() as folder:
        for number, document in enumerate(ai_rules(count)):
            place = Path(folder) / "detections" / "generated" / f"generated_rule_{number:04d}"
            place.mkdir(parents=True)
            (place / f"{place.name}.yml").write_text(json.dumps(document), "utf-8")
        loaded = load_rules((Path(folder),), filled=filled_fields())
    return tuple(rule for rule in loaded if rule.correlation is None and rule.baseline is None)[:count]


def stream(lines: Iterable[bytes], name: str = "-") -> Stream:
    """Lines as one input."""
    return Stream(name, io.BytesIO(b"\n".join(lines)).read, lambda: None)


class WithoutMemo:
    """Runs a block as if no text ever came twice: each is scanned, though its verdict still tells what to mask."""

    def __enter__(self) -> None:
        scanner = scanner_for(())
        memo = Memo(4096)

        def scan(text: str, direction: str) -> Verdict:
            verdict = scanner._verdict(text, direction) if text else EMPTY
            memo.put((direction, xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))), verdict)
            return verdict

        self._kept = scanner._memo
        scanner._memo = memo
        scanner.scan = scan  # type: ignore[method-assign]

    def __exit__(self, *_: object) -> None:
        scanner = scanner_for(())
        scanner._memo = self._kept
        del scanner.scan


@dataclass
class WholePath:
    """A pipeline and rules that are loaded once and run over any lines."""

    count: int = RULES

    def __post_init__(self) -> None:
        """Load, and keep the garbage collector away from what is loaded, as the commands do."""
        self.pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
        self.rules = rule_set(self.count)
        self.others: list[Event] = []
        self.fresh()
        self.others = [
            event
            for batch in self.pipeline.run([stream(corpus.build(1000, corpus.SEED + 1).mixed())])
            for event in batch
        ]
        settle_memory()

    def fresh(self) -> None:
        """Nothing of an earlier run is remembered of events or of texts.

        What the matcher has learned of fields it has from other records, as one that has run for a while; this
        takes place outside of the measured time, and anew for each run.
        """
        learned = Engine(self.rules, lateness=None)
        learned.process(self.others)
        self.engine = Engine(self.rules, lateness=None)
        self.engine._matcher = learned._matcher  # its rules are about single events: they hold no state
        memo = scanner_for(())._memo
        if memo is not None:
            memo.clear()

    def run(self, lines: Sequence[bytes]) -> int:
        """Decode, normalize, join, enrich, match, encode; gives the number of events."""
        engine, events = self.engine, 0
        for batch in self.pipeline.run([stream(lines)]):
            for event in batch:
                orjson.dumps(event)
            for finding in engine.process(batch):
                orjson.dumps(finding)
            events += len(batch)
        for finding in engine.flush():
            orjson.dumps(finding)
        return events

    def seconds(self, lines: Sequence[bytes], runs: int) -> float:
        """The median CPU time of runs that begin afresh."""
        return timed(lambda: self.run(lines), runs, self.fresh)


def stages(whole: WholePath, lines: Sequence[bytes]) -> dict[str, float]:
    """CPU seconds of each stage over the same lines, one stage after the other, batch by batch."""
    pipeline = whole.pipeline
    spent: dict[str, float] = {}

    def lap(name: str, start: float) -> float:
        now = time.process_time()
        spent[name] = spent.get(name, 0.0) + now - start
        return time.process_time()

    whole.fresh()
    engine = whole.engine
    gc.collect()
    steps = [(e.name, e.build(Settings())) for e in enrichers.load(())]
    for at in range(0, len(lines), BATCH_RECORDS):
        part = lines[at : at + BATCH_RECORDS]
        now = time.process_time()
        records: list[Record] = list(pipeline._records(stream(part)))
        now = lap("decode", now)
        events = [event for record in records for event in pipeline.events_of(record)]
        now = lap("normalize", now)
        for event in events:
            event.pop(FINISHED, None)
        pipeline.join.run(events)
        now = lap("join", now)
        for name, step in steps:
            step(events)
            now = lap(name, now)
        findings = engine.process(events)
        now = lap("match", now)
        for event in (*events, *findings):
            orjson.dumps(event)
        now = lap("encode", now)
        del records, events
    return spent
