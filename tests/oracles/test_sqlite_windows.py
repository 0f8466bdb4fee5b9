"""pySigma's sqlite backend and SQLite agree on windows: which event completes which correlation, on what."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracehound.matcher.tree import Tree
from tracehound.rules import load_rules

FIELDS: Any = {n: SimpleNamespace(type="keyword") for n in ("ai.service", "st", "who", "tool")}
FIELDS["n"] = SimpleNamespace(type="double")
COLUMNS = {"uid": "", "time": "", "n": ""} | dict.fromkeys(("st", "who", "tool"), "COLLATE NOCASE")
STATES = {"one": "denied", "two": "failed"}
NUMERIC = ("value_sum", "value_avg", "value_median", "value_percentile")


def single(name: str) -> dict[str, Any]:
    return {
        "title": name,
        "name": name,
        "logsource": {"product": "ai"},
        "detection": {"s": {"st": STATES[name]}, "condition": "s"},
    }


def correlation(kind: str, rules: list[str], count: int, grouped: bool) -> dict[str, Any]:
    section: dict[str, Any] = {"type": kind, "rules": rules, "timespan": "10s"}
    if grouped:
        section["group-by"] = ["who"]
    if not kind.startswith("temporal"):
        field = {"value_count": "tool"} | dict.fromkeys(NUMERIC, "n")
        section["condition"] = {"gte": count} | ({"field": field[kind]} if kind in field else {})
    if kind == "value_percentile":
        section["condition"]["percentile"] = 75
    identity = {"title": "all", "id": "6f1f3c0e-90a7-4a73-8a0e-000000000001", "level": "low"}
    return identity | {"correlation": section}


# To the oracle an event without the counted field completes a window too, to us it is none of its evidence.
# It takes both ends of a window into it, ours are half-open (tests/matcher/test_engine.py): with these
# steps no two events are exactly the timespan apart.
steps = st.tuples(
    st.sampled_from([3000, 3000, 6000, 9000, 12_000]),
    st.sampled_from(["al", "AL", "bo", None]),
    st.sampled_from(["denied", "failed", "Denied", "other"]),
    st.sampled_from(["a", "A", "b", "c"]),
    st.integers(-2, 5),
)
shapes = st.one_of(
    st.tuples(st.just("event_count"), st.sampled_from([["one"], ["one", "two"]]), st.integers(1, 4)),
    st.tuples(st.just("value_count"), st.just(["one"]), st.integers(1, 3)),
    st.tuples(st.just("temporal"), st.just(["one", "two"]), st.just(2)),
    st.tuples(st.just("temporal_ordered"), st.just(["one", "two"]), st.just(2)),
    st.tuples(st.sampled_from(NUMERIC), st.sampled_from([["one"], ["one", "two"]]), st.integers(0, 5)),
)


def events_of(drawn: list[tuple[int, Any, str, Any, int]]) -> list[dict[str, Any]]:
    events, time = [], 1_764_000_000_000
    for number, (step, who, state, tool, n) in enumerate(drawn):
        time += step
        events.append({"uid": f"u{number:02}", "time": time, "who": who, "st": state, "tool": tool, "n": n})
    return events


def ours(folder: Path, documents: list[dict[str, Any]], events: list[dict[str, Any]]) -> list[Any]:
    """(time, group, measure, uids) of each hit."""
    file = folder / "detections/x/the_rule_of_x/the_rule_of_x.yml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump_all(documents))
    ruleset = load_rules([folder], fields=FIELDS, own=folder / "nothing")
    assert not ruleset.errors, [str(e) for e in ruleset.errors]
    (rule,) = ruleset
    assert rule.correlation is not None
    tree, found = Tree(rule, 1000), []
    for event in sorted(events, key=lambda e: e["time"]):
        whole = event | {"metadata": {"uid": event["uid"]}}
        met = [n for n, base in enumerate(tree.leaves) if event["st"].lower() == STATES[base.name]]
        for hit in tree.see(event["time"], whole, met):
            hit.gather()
            group = [value.lower() for _, value in hit.entity]
            found.append((hit.time, group, hit.measure, sorted(hit.uids)))
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes, st.booleans(), st.lists(steps, max_size=14))
def test_windows(sqlite_oracle: Any, tmp_path: Path, shape: Any, grouped: bool, drawn: list[Any]) -> None:
    kind, rules, count = shape
    documents = [correlation(kind, rules, count, grouped), *map(single, rules)]
    events = events_of(drawn)
    said = sqlite_oracle.ask({"rules": documents, "columns": COLUMNS, "events": events})
    assert "error" not in said
    theirs = []
    for row in said["rows"]:
        if isinstance(row, dict):
            group = [str(v).lower() for v in json.loads(row["group_keys"]).values()]
            uids = sorted({item.partition(":")[2] for item in json.loads(row["event_ids"])})
            theirs.append((round(row["occurrence_time"] * 1000), group, row["metric_value"], uids))
    found = sorted(ours(tmp_path, documents, events))
    if kind == "temporal_ordered":  # its evidence is one chain, ours the window that holds one
        assert all({*chain[3]} <= {*hit[3]} for chain, hit in zip(sorted(theirs), found, strict=True))
        theirs, found = [hit[:3] for hit in theirs], [hit[:3] for hit in found]
    assert sorted(theirs) == found


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shapes, st.lists(steps, max_size=10), st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_hide_a_hit(
    tmp_path: Path, shape: Any, drawn: list[Any], random: Any
) -> None:
    kind, rules, count = shape
    documents = [correlation(kind, rules, count, True), *map(single, rules)]
    events = events_of(drawn)
    shuffled = list(events)
    random.shuffle(shuffled)
    groups = {tuple(group) for _, group, _, _ in ours(tmp_path, documents, events)}
    assert {tuple(group) for _, group, _, _ in ours(tmp_path, documents, shuffled)} == groups
