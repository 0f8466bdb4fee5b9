"""Nothing is faster because it does less: every way of running gives equal events and equal findings.

Memo on and off, gates on and off, Hyperscan and RE2, index and plain meaning, cold, warm and spoilt cache, over the
sample day and a generated corpus; and the rules with a memory over streams that are late, duplicated, interrupted.
(Several processes: test_workers.py; each correlation against its definition: matcher/test_correlations.py.)
"""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracehound
from tracehound import enrichers
from tracehound.config import Settings
from tracehound.connectors import Stream, input_connector
from tracehound.content import content_dir
from tracehound.deadletter import DeadLetters
from tracehound.encode import line
from tracehound.matcher import Engine
from tracehound.matcher.condition import holds
from tracehound.pipeline import Pipeline
from tracehound.rules import load_rules
from tracehound.rules.model import Rule
from tracehound.scan import Scanner, loading

sys.path.append(str(Path(__file__).resolve().parents[1]))  # benchmarks are no part of the package
corpus = importlib.import_module("benchmarks.corpus")

NOW = 1_795_000_000_000
DAY = Path(tracehound.__file__).parent / "demo" / "day" / "logs"
PATTERNS = [content_dir("enrichers") / "patterns"]
LATENESS = 300
Event = dict[str, Any]
Outcome = tuple[list[bytes], list[bytes]]
"""Lines of events and of findings."""


def scanner(**how: Any) -> Scanner:
    return Scanner(loading.load(PATTERNS), **how)


class Plain:
    """A matcher that asks every condition of every event."""

    def __init__(self, pairs: Sequence[tuple[Any, Any]]) -> None:
        self._pairs = pairs

    def match(self, event: Event) -> list[Any]:
        return [rule for rule, condition in self._pairs if holds(condition, event)]


def pipeline_with(scan: Scanner) -> Pipeline:
    """A pipeline whose enrichers use this scanner."""
    made = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
    own: dict[str, Callable[[Settings], Any]] = {
        "content": lambda s: _module("content").enrich_with(scan, ("prompt", "response", "tool")),
        "privacy": lambda s: _module("privacy").enrich_with(s.privacy, scan.redact),
    }
    steps = [replace(one, build=own.get(one.name, one.build)) for one in enrichers.load(())]
    made.enrich = enrichers.build(Settings(), steps)
    return made


def _module(name: str) -> Any:
    return importlib.import_module(f"tracehound.enrichers.{name}")


def day() -> list[Iterator[Stream]]:
    inputs = input_connector("file")
    return [inputs.streams([place]) for place in inputs.find([str(DAY)])]


@cache
def generated(count: int = 250) -> bytes:
    return b"\n".join(corpus.build(count).mixed())


def outcome(scan: Scanner, rules: Sequence[Rule], *, plain: bool = False, whole: bool = True) -> Outcome:
    """All events and findings; ``whole`` takes the sample day besides the corpus."""
    events, findings = [], []
    for streams in ([day()] if whole else []) + [[[Stream("-", io.BytesIO(generated()).read, lambda: None)]]]:
        engine = Engine(rules, lateness=None, mask=scan.redact)
        if plain:
            engine._matcher = Plain([(p.rule, p.condition) for p in engine._matcher._plans])  # type: ignore[assignment]
        for batch in pipeline_with(scan).run_by_time(streams):
            events += [line(event) for event in batch]
            findings += [line(finding) for finding in engine.process(batch)]
        findings += [line(finding) for finding in engine.flush()]
    return events, findings


@pytest.fixture(scope="module")
def rules() -> list[Rule]:
    return list(load_rules(()))


@pytest.fixture(scope="module")
def usual(rules: list[Rule]) -> Outcome:
    found = outcome(scanner(), rules)
    assert len(found[0]) > 3000
    assert len(found[1]) > 100
    return found


WAYS: dict[str, dict[str, Any]] = {
    "without a memo": {"memo": False},
    "without gates": {"gated": False},
    "RE2": {"engine": "re2"},
}


@pytest.mark.parametrize("how", WAYS.values(), ids=WAYS.keys())
def test_ways_of_scanning(how: dict[str, Any], usual: Outcome, rules: list[Rule]) -> None:
    assert outcome(scanner(**how), rules) == usual


def test_a_memo_that_is_full_of_other_texts(usual: Outcome, rules: list[Rule]) -> None:
    scan = scanner()
    outcome(scan, rules, whole=False)
    assert outcome(scan, rules) == usual


def test_the_index_and_the_plain_meaning(usual: Outcome, rules: list[Rule]) -> None:
    assert outcome(scanner(), rules, plain=True) == usual


def test_cold_warm_and_spoilt_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def run() -> Outcome:
        return outcome(scanner(), list(load_rules(())), whole=False)

    cold = run()
    kept = [path for path in (tmp_path / "tracehound").rglob("*") if path.is_file()]
    assert {path.suffix for path in kept} >= {".hsdb", ".rules"}
    assert run() == cold
    for path in kept:
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 0xFF
        path.write_bytes(raw)
    assert run() == cold
    assert all(path.read_bytes() for path in kept)


@cache
def remembering() -> tuple[list[Rule], list[Event]]:
    """The rules with a memory, and events of the sample day that concern them, each at a time of its own."""
    wanted = [rule for rule in load_rules(()) if rule.correlation or rule.baseline]
    engine = Engine(wanted, lateness=None)
    found: dict[int, Event] = {}
    for batch in Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW).run_by_time(day()):
        for event in batch:
            if engine.match(event):
                found.setdefault(event["time"], orjson.loads(line(event)))
    return wanted, [found[time] for time in sorted(found)]


def judged(
    rules: list[Rule], events: Sequence[Event], stops: Sequence[int] = (), *, late: int = 0
) -> list[Event]:
    """The last word on each finding, after being stopped and resumed before these places."""
    engine = Engine(rules, lateness=LATENESS + late, early=False)
    out: list[Event] = []
    for number, event in enumerate(events):
        if number in stops:
            state = orjson.loads(orjson.dumps(engine.dump()))
            engine = Engine(rules, lateness=LATENESS + late, early=False)
            assert engine.load(state) == []
        out += engine.process([event])
    out += engine.flush()
    last = {finding["finding_info"]["uid"]: finding for finding in out}
    return [last[uid] for uid in sorted(last)]


@settings(max_examples=12)
@given(st.data())
def test_late_duplicated_and_interrupted_streams(data: st.DataObject) -> None:
    wanted, events = remembering()
    assert len(events) > 100
    first = data.draw(st.integers(0, max(0, len(events) - 150)))
    part = events[first : first + 150]
    places = st.integers(0, len(part) - 1)
    twice = data.draw(st.sets(places, max_size=10))
    ordered = [event for n, event in enumerate(part) for _ in range(2 if n in twice else 1)]
    delay = data.draw(st.lists(st.integers(0, LATENESS * 1000), min_size=len(ordered), max_size=len(ordered)))
    came = sorted(range(len(ordered)), key=lambda n: ordered[n]["time"] + delay[n])
    mixed = [ordered[n] for n in came]
    stops = sorted(data.draw(st.sets(places, max_size=3)))
    plain = judged(wanted, ordered)
    assert judged(wanted, ordered, stops) == plain
    assert judged(wanted, mixed) == plain
    assert judged(wanted, mixed, stops) == plain


def test_the_streams_raise_something() -> None:
    wanted, events = remembering()
    found = judged(wanted, events)
    assert len({finding["finding_info"]["analytic"]["uid"] for finding in found}) > 3
