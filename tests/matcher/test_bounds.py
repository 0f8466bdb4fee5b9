"""What is held of windows, of what waits and of references takes few bytes, and no more than so many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tracehound.matcher import Engine, order, refs, suppress
from tracehound.matcher.hits import EventRef
from tracehound.matcher.refs import Refs
from tracehound.rules import Rule, load_rules

REFS = [
    EventRef("a" * 32, 1_795_000_000_000, 600399, "API Activity: Tool Call", "mcp"),
    EventRef("", 0, 0, "", ""),
    EventRef("half \ud800 of it", -1, 1, "x", "y"),
    EventRef("far", 10**30, 2, "x", "y"),
]


def test_references_come_back_as_they_were() -> None:
    kept = Refs(REFS)
    assert list(kept) == REFS
    assert len(kept) == 4


def test_a_log_that_makes_up_kinds_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refs, "MAX_KINDS", len(refs._kinds) + 3)
    made = [EventRef(str(n), n, n, f"made up {n}", "s") for n in range(8)]
    assert list(Refs(made)) == made
    assert len(refs._kinds) <= refs.MAX_KINDS


SUPPRESSED = """title: Seen
id: 6f1f3c0e-90a7-4a73-8a0e-00000000000a
level: low
logsource: {product: ai, service: agent}
detection:
  sel: {ai.service: agent}
  condition: sel
tracehound:
  suppress: {by: [ai.destinations], for: 1h}
"""


def seen(number: int, hosts: list[str]) -> dict[str, Any]:
    return {
        "class_uid": 6003, "time": 1_795_000_000_000 + number, "metadata": {"uid": str(number)},
        "ai": {"service": "agent", "destinations": hosts},
    }  # fmt: skip


@pytest.fixture
def suppressed(tmp_path: Path) -> list[Rule]:
    file = tmp_path / "detections/agents/seen_by_its_hosts/seen_by_its_hosts.yml"
    file.parent.mkdir(parents=True)
    file.write_text(SUPPRESSED)
    loaded = load_rules([tmp_path], own=tmp_path / "none")
    assert not loaded.errors, loaded.errors
    return list(loaded)


def test_an_array_as_a_whole_is_one_entity(suppressed: list[Rule]) -> None:
    engine = Engine(suppressed)
    hosts = [["a.example", "z.example"], ["b.example", "z.example"], ["z.example", "a.example"]]
    found = engine.process([seen(n, these) for n, these in enumerate(hosts)])
    assert len({f["finding_info"]["uid"] for f in found}) == len(found) == 2


def test_windows_are_bounded_by_bytes(suppressed: list[Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppress, "MAX_BYTES", 20_000)
    engine = Engine(suppressed)
    events = [seen(n, [f"{n % 40}.example"]) for n in range(400)]
    found = engine.process(events) + engine.flush()
    assert engine.counts.evicted > 0
    assert engine.suppressor._size == 0
    told = {one["uid"] for f in found for one in f["finding_info"]["related_events"]}
    assert told == {str(n) for n in range(400)}


def test_what_waits_is_bounded_by_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MAX_BYTES", 2000)
    waiting = order.Order()
    out = []
    for n in range(100):
        waiting.add(n, {0: (0,)}, seen(n, ["a.example"]))
        out += [waiting.event(one)["metadata"]["uid"] for one in waiting.ready(-1)]
    assert 70 < len(out) < 100
    out += [waiting.event(one)["metadata"]["uid"] for one in waiting.ready(None)]
    assert out == [str(n) for n in range(100)]
    assert waiting._size == 0
