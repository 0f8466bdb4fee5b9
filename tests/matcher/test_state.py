"""What is kept between runs: which rules go on, what a damaged or hostile state does, what is never in it."""

from __future__ import annotations

import copy
import json
import stat
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.errors import StateError
from tracehound.event import JOIN
from tracehound.join import Join, offer, want
from tracehound.matcher import Engine
from tracehound.matcher.state import KEY, NAME, StateDir
from tracehound.rules import load_rules

T0 = 1_764_000_000_000
BASE = "logsource: {product: ai}\ndetection:\n  sel: {ai.tool.status: denied}\n  condition: sel\n"
MANY = """correlation:
  type: event_count
  rules: denied
  group-by: [ai.principal]
  timespan: 5m
  condition: {gte: 3}
---
title: Denied
name: denied
"""
BODIES = {
    "many": MANY + BASE,
    "few": MANY.replace("gte: 3", "lt: 3") + BASE,
    "sum": MANY.replace("event_count", "value_sum").replace("gte: 3", "gte: 3, field: ai.cost_usd") + BASE,
    "quiet": BASE + "tracehound: {suppress: {by: [ai.principal], for: 10m}}\n",
    "first": BASE + "tracehound:\n  baseline: {type: first_seen, of: ai.tool.name, by: ai.principal, "
    "over: 1h, learn: 1m, level: low}\n",
}  # fmt: skip


def engine_of(folder: Path, names: list[str] | None = None, mask: Any = str) -> Engine:
    for number, (name, body) in enumerate(BODIES.items()):
        if names is not None and name not in names:
            continue
        file = folder / f"detections/x/rule_of_{name}/rule_of_{name}.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            head = f"title: {name}\nid: 6f1f3c0e-90a7-4a73-8a0e-00000000000{number}\nlevel: low\n"
            file.write_text(head + body)
    ruleset = load_rules([folder], own=folder / "nothing")
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    wanted = ruleset.select(rules=names or BODIES)
    return Engine(wanted, now_ms=lambda: T0, mask=mask)


def event(second: float, who: str = "alice", tool: str = "a") -> dict[str, Any]:
    ai = {"service": "agent", "source": "x", "principal": who, "cost_usd": 0.1}
    return {
        "time": T0 + round(second * 1000), "metadata": {"uid": f"{second}-{hash((who, tool))}"},
        "ai": ai | {"tool": {"status": "denied", "name": tool}},
    }  # fmt: skip


def test_a_changed_rule_starts_anew_and_only_that(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    engine.process([event(0), event(1)])
    state = json.loads(json.dumps(engine.dump()))
    file = tmp_path / "detections/x/rule_of_many/rule_of_many.yml"
    file.write_text(file.read_text() + "# changed\n")
    again = engine_of(tmp_path)
    assert again.load(state) == ["'many' has changed: its windows and what it had learned start anew"]
    found = again.process([event(2)])
    assert [f["finding_info"]["title"] for f in found] == []
    same = {f["finding_info"]["title"]: f["count"] for f in again.flush() if f["activity_id"] == 2}
    assert same == {"quiet": 3}
    assert engine_of(tmp_path, ["quiet"]).load(state) != []


def test_a_rule_that_is_gone_is_said(tmp_path: Path) -> None:
    state = engine_of(tmp_path).dump()
    said = engine_of(tmp_path, ["quiet"]).load(json.loads(json.dumps(state)))
    assert "'many' is not among the rules: what it remembered is dropped" in said


def test_no_secret_is_written_down(tmp_path: Path) -> None:
    def mask(text: str) -> str:
        return text.replace("hunter2", "***")

    engine = engine_of(tmp_path, mask=mask)
    events = [
        event(n, who, tool) for n in range(9) for who in ("bob", "hunter2") for tool in ("t", "hunter2")
    ]
    engine.process(events)
    state = json.dumps(engine.dump())
    assert "bob" in state
    assert "hunter2" not in state
    engine_of(tmp_path, mask=mask).load(json.loads(state))


def test_odd_texts_and_numbers_survive(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    odd = event(0, "half \ud800", "\x00\x1b[31m")
    odd["ai"]["cost_usd"] = 1e300
    engine.process([odd, event(1, "half \ud800")])
    with StateDir(tmp_path / "state") as state:
        state.save({"engine": engine.dump()})
        again = engine_of(tmp_path)
        assert again.load(state.load()["engine"]) == []
    assert json.dumps(again.dump()) == json.dumps(engine.dump())


# the file


def test_files_are_the_owners(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "state"
    with StateDir(folder) as state:
        assert state.load() == {}
        state.save({"engine": {"x": 1}})
        state.save({"engine": {"x": 2}})
        assert state.load() == {"engine": {"x": 2}}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert sorted(p.name for p in folder.iterdir()) == ["lock", NAME]


def test_two_runs_at_once(tmp_path: Path) -> None:
    with StateDir(tmp_path), pytest.raises(StateError, match="another run uses it"), StateDir(tmp_path):
        pass
    with StateDir(tmp_path):
        pass


def packed(value: Any) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(json.dumps(value).encode())


GOOD = packed({KEY: 2, "saved": 1, "parts": {}})
FOREIGN = {
    "empty": b"",
    "text": b"hello",
    "pickle": b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    "cut": GOOD[:-3],
    "changed": GOOD[:12] + bytes([GOOD[12] ^ 1]) + GOOD[13:],
    "followed": GOOD + b"more",
    "no object": packed([1]),
    "other json": packed({"a": 1}),
    "newer": packed({KEY: 3, "parts": {}}),
    "no parts": packed({KEY: 2, "parts": 3}),
    "deep": zstandard.ZstdCompressor().compress(b"[" * 100_000),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_are_refused_with_what_to_do(name: str, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(FOREIGN[name])
    with StateDir(tmp_path) as state, pytest.raises(StateError, match="move it away to start anew") as error:
        state.load()
    assert NAME in str(error.value)
    assert (tmp_path / NAME).read_bytes() == FOREIGN[name]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StateError, match="cannot be used"), StateDir(tmp_path / "file"):
        pass


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, item in items for p in places(item, (*path, key)))]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_one_part_of_a_state_is_anything(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A state that was tampered with is refused in words, or loads and runs: it never raises anything else."""
    folder = tmp_path_factory.getbasetemp() / "hostile_state"
    folder.mkdir(exist_ok=True)
    engine = engine_of(folder)
    engine.process([event(n, who, tool) for n in range(4) for who in ("al", "bo") for tool in ("a", "b")])
    state = json.loads(json.dumps(engine.dump()))
    *parents, last = data.draw(st.sampled_from(places(state)[1:]))
    changed = copy.deepcopy(state)
    target: Any = changed
    for step in parents:
        target = target[step]
    target[last] = data.draw(st.sampled_from([None, "x", -1, 2**70, 1.5, [], {}, [[]], True]))
    again = engine_of(folder)
    try:
        again.load(changed)
    except StateError:
        return
    again.process([event(5), event(400), event(900, "bo")])
    again.flush()


# the join


def test_joins_go_on() -> None:
    join = Join()
    asked = offer(
        {"actor": {"user": {"name": "al"}}, "api": {"operation": "tools/call"}, "ai": {}}, "s", 7, None
    )
    join.run([asked])
    state = json.loads(json.dumps(join.dump()))
    again = Join()
    again.load(state)
    answered = want({"actor": {"app_name": "MCP"}, "ai": {}}, "s", 7, None)
    again.run([answered])
    assert answered["actor"] == {"user": {"name": "al"}}
    assert JOIN not in answered
    other = want({"ai": {}}, "s", "7", None)
    again.run([other])
    assert "actor" not in other


def test_joins_are_masked_and_checked() -> None:
    join = Join(max_offers=2)
    join.run([offer({"actor": {"user": {"name": "key hunter2"}}, "ai": {}}, n) for n in range(3)])
    state = join.dump(lambda text: text.replace("hunter2", "***"))
    assert "hunter2" not in json.dumps(state)
    assert [key for key, _ in state["offers"]] == [[1], [2]]
    for wrong in ({}, {"offers": 3}, {"offers": [3]}, {"offers": [[1, 2]]}, {"offers": [[[[]], []]]}):
        with pytest.raises(StateError):
            Join().load(wrong)
