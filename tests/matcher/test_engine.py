"""The engine: single events, windows, suppression, lateness, bounds; findings that are valid OCSF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tracehound.matcher import Engine
from tracehound.rules import RuleSet, load_rules

T0 = 1_764_000_000_000
SECOND = 1000
MINUTE = 60 * SECOND
KEYWORDS = (
    "ai.service",
    "ai.source",
    "ai.principal",
    "ai.tool.name",
    "ai.tool.status",
    "ai.model.name",
    "ai.signals",
)
FIELDS: Any = {name: SimpleNamespace(type="keyword") for name in KEYWORDS}

HEAD = "title: A rule\nid: 6f1f3c0e-90a7-4a73-8a0e-00000000000{n}\nlevel: high\n"
DENIED = "logsource: {product: ai}\ndetection:\n  sel: {ai.tool.status: denied}\n  condition: sel\n"
BASE = "---\ntitle: Denied\nname: denied\n" + DENIED
FAILED = "---\ntitle: Failed\nname: failed\n" + DENIED.replace("status: denied", "status: failure")


def correlation(
    kind: str, condition: str, rules: str = "denied", by: str = "[ai.principal]", span: str = "5m"
) -> str:
    return (
        f"correlation:\n  type: {kind}\n  rules: [{rules}]\n  group-by: {by}\n  timespan: {span}\n"
        + (f"  condition: {condition}\n" if condition else "")
        + BASE
    )


Build = Callable[..., Engine]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """An engine over one rule, given by what follows its head."""

    def run(*bodies: str, **options: Any) -> Engine:
        for number, body in enumerate(bodies):
            file = tmp_path / f"detections/x/the_rule_{number}/the_rule_{number}.yml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(HEAD.replace("{n}", str(number)) + body)
        ruleset: RuleSet = load_rules([tmp_path], fields=FIELDS, own=tmp_path / "nothing")
        assert not ruleset.errors, [str(e) for e in ruleset.errors]
        return Engine(ruleset, now_ms=lambda: T0, **options)

    return run


def event(
    at: float = 0, who: Any = "alice", status: str = "denied", uid: str = "", **ai: Any
) -> dict[str, Any]:
    """An event ``at`` seconds after T0."""
    time = T0 + int(at * SECOND)
    who_ai = {} if who is None else {"principal": who}
    return {
        "time": time,
        "type_uid": 600399,
        "type_name": "API Activity: Tool Call",
        "metadata": {"uid": uid or f"{at}-{who}-{status}-{ai}"},
        "ai": {"service": "agent", "source": "test", "tool": {"status": status}, **who_ai, **ai},
    }


def kinds(findings: list[dict[str, Any]]) -> list[tuple[int, int]]:
    """(activity, count) of each finding."""
    return [(f["activity_id"], f["count"]) for f in findings]


def at(findings: list[dict[str, Any]]) -> list[float]:
    return [(f["time"] - T0) / SECOND for f in findings]


def test_a_single_event_rule_raises_for_each_event(build: Build) -> None:
    engine = build(DENIED)
    found = engine.process([event(0), event(1), event(2, status="success")]) + engine.flush()
    assert kinds(found) == [(1, 1), (1, 1)]
    assert len({f["finding_info"]["uid"] for f in found}) == 2
    assert engine.counts.events == 3


def test_the_same_event_gives_the_same_finding(build: Build) -> None:
    one, two = build(DENIED).process([event(0)]), build(DENIED).process([event(0)])
    assert one == two


# event_count


def test_event_count_raises_when_it_is_reached(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    found = engine.process([event(0), event(10), event(20), event(30)])
    assert kinds(found) == [(1, 3)]
    assert at(found) == [20]
    assert found[0]["finding_info"]["first_seen_time"] == T0
    assert [e["uid"] for e in found[0]["finding_info"]["related_events"]] == [
        event(s)["metadata"]["uid"] for s in (0, 10, 20)
    ]
    closed = engine.flush()
    assert kinds(closed) == [(2, 4)]
    assert closed[0]["finding_info"]["uid"] == found[0]["finding_info"]["uid"]
    assert closed[0]["metadata"]["uid"] != found[0]["metadata"]["uid"]


def test_windows_are_half_open(build: Build) -> None:
    exactly = [event(0), event(150), event(300)]
    within = [event(0), event(150), event(299.999)]
    assert kinds(build(correlation("event_count", "{gte: 3}")).process(exactly)) == []
    assert kinds(build(correlation("event_count", "{gte: 3}")).process(within)) == [(1, 3)]


def test_one_uid_counts_once(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    assert engine.process([event(0, uid="a"), event(1, uid="a"), event(2, uid="a"), event(3, uid="b")]) == []
    assert kinds(engine.process([event(4, uid="c")])) == [(1, 3)]


def test_groups_are_apart_and_ignore_case(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    assert engine.process([event(0), event(1), event(2, who="bob")]) == []
    assert kinds(engine.process([event(3, who="ALICE")])) == [(1, 3)]


def test_an_event_without_the_key_is_left_out(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}"))
    assert engine.process([event(i, who=None) for i in range(5)]) == []


def test_an_array_as_key_puts_the_event_in_each_group(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}"))
    found = engine.process([event(0, who=["alice", "bob"]), event(1, who="bob"), event(2, who="alice")])
    assert at(found) == [1, 2]
    assert [f["evidences"][0]["data"]["ai.principal"] for f in found] == ["bob", "alice"]


def test_without_group_by_all_events_are_one_group(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}", by="[]"))
    assert kinds(engine.process([event(0, who="a"), event(1, who=None)])) == [(1, 2)]


def test_events_out_of_order_within_the_lateness(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    assert engine.process([event(0), event(200), event(100)]) == []
    found = engine.process([event(500, status="x")])
    assert kinds(found) == [(1, 3)]
    assert at(found) == [200]
    assert found[0]["finding_info"]["last_seen_time"] == T0 + 200 * SECOND


def test_late_events_meet_single_rules_only_and_are_counted(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}", span="2h"), DENIED)
    found = engine.process([event(1000), event(699)])
    assert [f["count"] for f in found] == [1, 1]
    assert engine.counts.late == 1
    found = engine.process([event(700), event(1300, status="x")])
    assert sorted(f["count"] for f in found) == [1, 2]


def test_each_source_has_its_own_lateness(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    engine.process([event(5000, source="one")])
    found = engine.process([event(i, source="two") for i in range(3)]) + engine.flush()
    assert kinds(found) == [(1, 3)]
    assert engine.counts.late == 0


def test_a_time_far_in_the_future_makes_nothing_late(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 3}"))
    engine.process([event(3e9)])
    assert kinds(engine.process([event(0), event(1), event(2)])) == [(1, 3)]
    assert (engine.counts.late, engine.counts.future) == (0, 1)


def test_keys_are_bounded_and_the_longest_idle_goes(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}"), max_keys=2)
    engine.process([event(0, who="a"), event(1, who="b"), event(2, who="a", uid="x"), event(3, who="c")])
    assert engine.process([event(4, who="b")]) == []  # b was forgotten
    assert [f["count"] for f in engine.flush()] == []
    assert engine.counts.evicted == 2


def test_a_group_is_bounded(build: Build) -> None:
    engine = build(correlation("event_count", "{gte: 2}", span="1d"))
    found = engine.process([event(i / 10) for i in range(5000)]) + engine.flush()
    assert kinds(found) == [(1, 2), (2, 5000)]
    assert len(found[1]["finding_info"]["related_events"]) == 100
    assert found[1]["finding_info"]["related_events_count"] == 5000


# value_count and temporal


def test_value_count_counts_values_without_case(build: Build) -> None:
    engine = build(correlation("value_count", "{gte: 3, field: ai.tool.name}"))
    tools = ["a", "A", "b", "a", "c"]
    found = engine.process([event(i, tool={"status": "denied", "name": t}) for i, t in enumerate(tools)])
    assert at(found) == [4]
    assert found[0]["evidences"][0]["data"]["values"] == ["a", "b", "c"]
    assert found[0]["count"] == 5


def test_value_count_counts_each_value_of_an_array(build: Build) -> None:
    engine = build(correlation("value_count", "{gt: 2, field: ai.signals}"))
    assert engine.process([event(0, signals=["a", "b"]), event(1, signals=["b"])]) == []
    assert kinds(engine.process([event(2, signals=["c"])])) == [(1, 3)]


def test_temporal_wants_every_rule_in_any_order(build: Build) -> None:
    for order in (["denied", "failure"], ["failure", "denied"]):
        engine = build(correlation("temporal", "", "denied, failed") + FAILED)
        found = engine.process([event(i, status=s) for i, s in enumerate(order)])
        assert kinds(found) == [(1, 2)]


def test_temporal_is_half_open_and_by_group(build: Build) -> None:
    body = correlation("temporal", "", "denied, failed") + FAILED
    assert build(body).process([event(0), event(300, status="failure")]) == []
    assert build(body).process([event(0), event(1, who="bob", status="failure")]) == []
    assert build(body).process([event(0), event(1)]) == []


def test_aliases_join_fields_of_different_names(build: Build) -> None:
    body = correlation("temporal", "", "denied, failed", by="[who]").replace(
        "timespan: 5m", "timespan: 5m\n  aliases: {who: {denied: ai.principal, failed: ai.tool.name}}"
    )
    engine = build(body + FAILED)
    found = engine.process(
        [event(0), event(1, who="x", status="x", tool={"status": "failure", "name": "Alice"})]
    )
    assert kinds(found) == [(1, 2)]


# suppress

QUIET = DENIED + "tracehound:\n  suppress: {by: [ai.principal], for: 10m}\n"


def test_repeats_are_counted_and_closed_with_one_update(build: Build) -> None:
    engine = build(QUIET)
    found = engine.process([event(0), event(1), event(599), event(2, who="bob")])
    assert kinds(found) == [(1, 1), (1, 1)]
    assert engine.counts.suppressed == 2
    found = engine.process([event(901, who="carl")])
    assert kinds(found) == [(1, 1), (2, 3)]  # bob was alone: no update
    assert engine.process([event(902, who="carl", status="x")]) == []
    assert engine.flush() == []


def test_the_window_is_half_open_and_a_new_one_follows(build: Build) -> None:
    engine = build(QUIET)
    found = engine.process([event(0), event(1), event(600)])
    assert kinds(found) == [(1, 1), (1, 1)]
    assert found[0]["finding_info"]["uid"] != found[1]["finding_info"]["uid"]
    closed = engine.process([event(900, status="x")])
    assert kinds(closed) == [(2, 2)]
    assert closed[0]["finding_info"]["uid"] == found[0]["finding_info"]["uid"]


def test_files_one_after_another_are_one_stream(build: Build) -> None:
    """Each file goes over the whole day; what belongs together lies in two of them."""
    morning, evening = 0, 40_000
    first = [event(morning), event(morning + 1), event(evening)]
    second = [event(morning + 2), event(evening + 1)]
    engine = build(correlation("event_count", "{gte: 3}"), lateness=None)
    found = engine.process(first) + engine.process(second) + engine.flush()
    assert kinds(found) == [(1, 3)]
    assert at(found) == [morning + 2]
    assert engine.counts.late == 0
    assert kinds(build(correlation("event_count", "{gte: 3}")).process(first + second)) == []


def test_windows_of_a_file_take_repeats_from_the_next(build: Build) -> None:
    engine = build(QUIET, lateness=None)
    raised = engine.process([event(0), event(5000), event(10), event(4990), event(5010)])
    assert at(raised) == [0, 5000]
    assert kinds(engine.flush()) == [(2, 2), (2, 3)]


def test_a_window_waits_for_late_events(build: Build) -> None:
    engine = build(QUIET)
    engine.process([event(0), event(899, status="x")])
    assert engine.process([event(599.5)]) == []
    assert kinds(engine.process([event(900, status="x")])) == [(2, 2)]


def test_suppress_without_by_holds_for_the_rule(build: Build) -> None:
    engine = build(QUIET.replace("by: [ai.principal], ", ""))
    assert kinds(engine.process([event(0), event(1, who="bob")])) == [(1, 1)]


def test_suppress_of_a_correlation(build: Build) -> None:
    body = correlation("event_count", "{gte: 2}").replace(BASE, "tracehound: {suppress: {for: 1h}}\n" + BASE)
    engine = build(body)
    found = engine.process([event(t) for t in (0, 1, 2000, 2001, 2002)]) + engine.flush()
    assert kinds(found) == [(1, 2), (2, 5)]


def test_open_windows_are_bounded(build: Build) -> None:
    engine = build(QUIET, max_keys=2)
    found = engine.process(
        [event(0, who="a"), event(1, who="a", uid="y"), event(2, who="b"), event(3, who="c")]
    )
    assert kinds(found) == [(1, 1), (1, 1), (2, 2), (1, 1)]
    assert engine.counts.evicted == 1


# baselines

FIRST = (
    DENIED
    + "tracehound:\n  baseline: {type: first_seen, of: ai.tool.name, by: ai.principal, over: 1h, level: medium}\n"
)


def tool(at: float, name: str, who: str = "alice") -> dict[str, Any]:
    return event(at, who=who, tool={"status": "denied", "name": name})


def test_first_seen_learns_before_it_speaks(build: Build) -> None:
    engine = build(FIRST)
    assert engine.process([tool(0, "a"), tool(10, "b"), tool(3000, "A")]) == []
    found = engine.process([tool(3600, "a"), tool(3601, "c"), tool(3602, "c")])
    assert at(found) == [3601]
    assert found[0]["severity"] == "Medium"
    assert found[0]["evidences"][0]["data"]["first_seen"] == "c"


def test_first_seen_forgets_after_its_time(build: Build) -> None:
    engine = build(FIRST)
    engine.process([tool(0, "a"), tool(3000, "b"), tool(3600, "b")])
    assert at(engine.process([tool(3601, "a")])) == [3601]
    assert engine.process([tool(3602, "b")]) == []


def test_batches_make_no_difference(build: Build) -> None:
    events = [event(t * 7 % 900, who="ab"[t % 2]) for t in range(120)]
    bodies = (correlation("event_count", "{gte: 4}"), QUIET, FIRST)
    whole = build(*bodies)
    one = whole.process(events) + whole.flush()
    single = build(*bodies)
    many = [f for e in events for f in single.process([e])] + single.flush()
    assert sorted(f["metadata"]["uid"] for f in one) == sorted(f["metadata"]["uid"] for f in many)
