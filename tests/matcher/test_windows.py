"""Bounds of what correlations hold, and that state stays small as time goes on."""

from __future__ import annotations

from typing import Any

import pytest
from correlated import SHAPES, T0, engine_of, said, spec, whole

from tracehound.matcher import closing, order, windows
from tracehound.matcher.measures import SHIFT, exact

SHAPES["sum of all"] = spec("value_sum", "gte", 10, by=(), field="n")
SHAPES["few of all"] = spec("event_count", "lt", 30, by=())


def event(second: float, who: str = "al", **more: Any) -> dict[str, Any]:
    time = T0 + round(second * 1000)
    return whole({"uid": f"{second}-{who}", "time": time, "st": "one", "who": who, "tool": "a"} | more)


def groups_in(engine: Any) -> int:
    return sum(len(node["nodes"][0]) for node in [engine.dump()["rules"][engine.rules[0].id]["settled"]])


def test_groups_are_forgotten_as_time_goes_on() -> None:
    engine = engine_of("event_count", lateness=0)
    engine.process([event(n, f"user{n}") for n in range(100)])
    assert groups_in(engine) == 10
    assert engine.counts.evicted == 0


def test_what_waits_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order, "MAX_WAITING", 5)
    engine = engine_of("event_count", lateness=None)
    found = engine.process([event(n) for n in (9, 8, 7, 6, 5, 3, 4)])  # 3 and 4 had to go on, in order
    found += engine.process([event(1)])
    assert engine.counts.late == 1
    assert said(found + engine.flush(), "event_count") == [(T0 + 5000, ("al",), 3, 7)]


def test_sums_over_too_many_events_are_those_of_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MAX_ENTRIES", 4)
    engine = engine_of("sum of all", lateness=0)
    engine.process([event(n / 10, n=1) for n in range(19)])
    assert engine.process([event(2, n=3)]) == []
    assert engine.counts.evicted == 0  # the bound is never below twice the threshold
    found = engine.process([event(3, n=9)])
    assert [f["count"] for f in found] == []


def test_a_rule_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MAX_TOTAL", 20)
    engine = engine_of("event_count", lateness=0)
    found = engine.process([event(n / 100, f"user{n % 15}") for n in range(45)])
    assert engine.counts.evicted > 0
    assert (
        sum(len(group[2]) for group in engine.dump()["rules"][engine.rules[0].id]["settled"]["nodes"][0])
        <= 22
    )
    assert len(found) <= 15


def test_a_window_that_closes_tells_so_many_events_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "MAX_IDS", 20)
    engine = engine_of("few of all", lateness=0)
    engine.process([event(n / 100) for n in range(25)] + [event(0.24), event(0.03)])
    (finding,) = engine.flush()
    assert finding["count"] == 26  # the one beyond the bound was counted twice
    assert finding["time"] == T0 + 10_000


EXACT = [
    (1, 1), (-2, -2), (0.5, 0.5), ("3", 3), ("0.25", 0.25), (0.0, 0), (5e-324, 5e-324), (1.7e308, 1.7e308),
    (True, None), ("x", None), ("1e3", None), ("", None), (None, None), (float("nan"), None), (float("inf"), None),
    ([1], None), ("9" * 50, None), (1 << 2000, None),
]  # fmt: skip


@pytest.mark.parametrize(("value", "number"), EXACT, ids=lambda value: repr(value)[:20])
def test_numbers_are_exact(value: Any, number: Any) -> None:
    found = exact(value)
    if number is None:
        assert found is None
    else:
        assert found is not None
        top, bottom = number.as_integer_ratio()
        assert found * bottom == top << SHIFT
