"""Baselines against their plain definition; what they explain, forget, give up and learn from the past."""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from correlate import new_values
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.matcher import Engine, baseline
from tracehound.rules import RuleSet, load_rules

T0 = 1_764_000_000_000
HOUR = 3_600_000
LATENESS = 600
FIELDS: Any = {name: SimpleNamespace(type="keyword") for name in ("ai.service", "who", "tool", "team")}
RULE = """title: A tool that was not seen before
id: 6f1f3c0e-90a7-4a73-8a0e-000000000001
level: informational
logsource: {product: ai}
detection: {sel: {tool|exists: true}, condition: sel}
tracehound:
  baseline: {type: first_seen, of: tool, by: BY, over: OVER, learn: LEARN, level: medium}
"""


@cache
def rules(over: str = "10h", learn: str = "4h", by: str = "who") -> RuleSet:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "detections/x/the_rule_of_x/the_rule_of_x.yml"
        file.parent.mkdir(parents=True)
        file.write_text(RULE.replace("OVER", over).replace("LEARN", learn).replace("BY", by))
        ruleset = load_rules([Path(folder)], fields=FIELDS, own=Path(folder) / "nothing")
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    return ruleset


def engine_of(ruleset: RuleSet | None = None, **options: Any) -> Engine:
    kept = {"lateness": LATENESS, "early": False, "now_ms": lambda: T0 + 1000 * HOUR} | options
    return Engine(ruleset or rules(), **kept)


def event(hours: float, tool: Any = "a", who: Any = "al", **more: Any) -> dict[str, Any]:
    time = T0 + round(hours * HOUR)
    uid = blake2b(f"{hours}-{tool}-{who}".encode(), digest_size=8).hexdigest()
    return {"time": time, "tool": tool, "who": who, "uid": uid, "metadata": {"uid": uid},
            "ai": {"service": "agent", "source": "x"}, **more}  # fmt: skip


def at(found: list[dict[str, Any]]) -> list[float]:
    return [(f["time"] - T0) / HOUR for f in found]


def data(finding: dict[str, Any]) -> Any:
    return finding["evidences"][0]["data"]


def test_learns_each_entity_before_it_speaks_of_it() -> None:
    engine = engine_of(lateness=0)
    found = engine.process(
        [event(0, "a"), event(3.9, "b"), event(4, "c"), event(4.1, "c"), event(4.2, "d", "bo")]
    )
    assert at(found) == [4]
    assert data(found[0])["first_seen"] == "c"
    assert found[0]["severity"] == "Medium"
    assert found[0]["count"] == 1
    assert at(engine.process([event(8.2, "e", "bo")])) == [8.2]


def test_says_what_was_seen_before() -> None:
    engine = engine_of(lateness=0)
    engine.process([event(n / 10, f"t{n}") for n in range(8)])
    (finding,) = engine.process([event(5, "new")])
    assert data(finding)["seen_before"] == ["t7", "t6", "t5", "t4", "t3"]
    assert data(finding)["explanation"] == "first time in 10 hours; seen before: t7, t6, t5, t4, t3"


def test_what_was_seen_before_is_masked() -> None:
    engine = engine_of(lateness=0, mask=lambda text: text.replace("hunter2", "***"))
    engine.process([event(0, "pw-hunter2")])
    (finding,) = engine.process([event(5, "is-hunter2")])
    assert "hunter2" not in json.dumps(finding)
    assert "hunter2" not in json.dumps(engine.dump())
    assert data(finding)["seen_before"] == "pw-***"


def test_case_makes_nothing_new() -> None:
    engine = engine_of(lateness=0)
    assert engine.process([event(0, "Shell"), event(5, "SHELL", "AL")]) == []


def test_several_values_in_one_event() -> None:
    engine = engine_of(lateness=0)
    (finding,) = engine.process([event(0, ["a", "b"]), event(5, ["b", "c", "d"])])
    assert data(finding)["first_seen"] == ["c", "d"]


def test_an_entity_of_two_fields() -> None:
    engine = engine_of(rules(by="[who, team]"), lateness=0)
    found = engine.process(
        [event(0, "a", team="x"), event(0, "a", team="y"), event(5, "b", team="x"), event(5, "b", who="al")]
    )
    assert at(found) == [5]


def test_forgets_after_its_time_and_an_entity_that_was_away() -> None:
    engine = engine_of(lateness=0)
    engine.process([event(h, "b") for h in range(12)])
    assert at(engine.process([event(12, "a"), event(13, "b"), event(21.9, "a")])) == [12]
    assert engine.process([event(40, "b"), event(41, "z")]) == []  # away for long: learned anew
    assert at(engine.process([event(44, "y")])) == [44]


def test_learning_from_the_past_raises_nothing() -> None:
    engine = engine_of(lateness=0)
    assert engine.learn([event(-9, "a"), event(-3, "b"), {"time": T0, "ai": {"service": "agent"}}]) == 2
    found = engine.process([event(0, "a"), event(0.1, "c"), event(0.2, "b")])
    assert at(found) == [0.1]
    assert engine.counts.late == 0


def test_a_late_look_at_the_past_makes_nothing_late() -> None:
    engine = engine_of(lateness=0)
    engine.learn([event(-9, "a"), event(-1, "a"), event(5, "b")])
    assert at(engine.process([event(0, "b"), event(1, "c")])) == [1]


def test_entities_are_bounded_and_the_longest_unseen_goes() -> None:
    engine = engine_of(lateness=0, max_keys=2)
    engine.process([event(0, who="a"), event(0, who="b"), event(1, who="a"), event(2, who="c")])
    assert engine.counts.evicted == 1
    assert engine.process([event(6, "new", "b")]) == []  # forgotten, so learned anew
    assert at(engine.process([event(6, "new", "c")])) == [6]


def test_values_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "MAX_VALUES", 3)
    engine = engine_of(lateness=0)
    engine.process([event(0, str(n)) for n in range(4)])
    assert engine.counts.evicted == 1
    assert at(engine.process([event(5, "3"), event(5, "0")])) == [5]


def test_all_values_of_a_rule_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(baseline, "MAX_TOTAL", 10)
    engine = engine_of(lateness=0)
    engine.process([event(n / 100, f"t{n}", f"user{n % 4}") for n in range(40)])
    (kept,) = engine.dump()["rules"].values()
    assert sum(len(entity[3]) for entity in kept["settled"]["entities"]) <= 10
    assert engine.counts.evicted > 0


steps = st.lists(
    st.tuples(
        st.sampled_from([0, 0.05, 0.1, 1, 3, 4, 10]),
        st.sampled_from(["a", "A", "b", "c", ["a", "d"], None]),
        st.sampled_from(["al", "AL", "bo", ["al", "bo"], None]),
        st.integers(0, LATENESS),
    ),
    max_size=14,
)


def drawn_events(drawn: list[Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Events in an order of arrival within the lateness, and in the order of time."""
    hours, keyed = 0.0, []
    for number, (step, tool, who, delay) in enumerate(drawn):
        hours += step
        keyed.append((T0 + round(hours * HOUR) + delay * 1000, number, event(hours, tool, who)))
    arrived = [e for _, _, e in sorted(keyed, key=lambda k: k[:2])]
    return arrived, sorted(arrived, key=lambda e: e["time"])


def said(found: list[dict[str, Any]]) -> list[Any]:
    shown = []
    for finding in found:
        new = data(finding)["first_seen"]
        who = data(finding)["who"]
        who = who if isinstance(who, str) else ", ".join(sorted(who))
        values = [new] if isinstance(new, str) else new
        shown.append((finding["time"], who.lower(), [v.lower() for v in values]))
    return shown


@settings(max_examples=150, deadline=None)
@given(steps)
def test_definition(drawn: list[Any]) -> None:
    arrived, ordered = drawn_events(drawn)
    engine = engine_of()
    found = [f for e in arrived for f in engine.process([e])] + engine.flush()
    assert said(found) == new_values(ordered, "tool", "who", 10 * HOUR, 4 * HOUR)


@settings(max_examples=100, deadline=None)
@given(steps, st.sets(st.integers(0, 14)), st.booleans())
def test_interrupted(drawn: list[Any], stops: set[int], early: bool) -> None:
    arrived, _ = drawn_events(drawn)
    one = engine_of(early=early)
    straight = [f for e in arrived for f in one.process([e])] + one.flush()
    engine, found = engine_of(early=early), []
    for place, each in enumerate(arrived):
        if place in stops:
            state = json.loads(json.dumps(engine.dump()))
            engine = engine_of(early=early)
            assert engine.load(state) == []
        found += engine.process([each])
    assert found + engine.flush() == straight
