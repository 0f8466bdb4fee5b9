"""Whatever lies in a pack: loading never raises, and says something about every file that gives no rule."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.matcher import Engine
from tracehound.rules import load_rules

FIELDS: Any = {
    "ai.service": SimpleNamespace(type="keyword"),
    "ai.principal": SimpleNamespace(type="keyword"),
    "src_endpoint.ip": SimpleNamespace(type="ip"),
    "time": SimpleNamespace(type="date"),
}
GOOD: dict[str, Any] = {
    "title": "t",
    "id": "6f1f3c0e-90a7-4a73-8a0e-000000000001",
    "level": "low",
    "tags": ["attack.t1567"],
    "logsource": {"product": "ai", "service": "gateway"},
    "detection": {"sel": {"ai.principal|contains": ["a", "b"]}, "condition": "sel"},
    "tracehound": {"suppress": {"by": ["ai.principal"], "for": "1h"}},
}
CORRELATION = {
    "type": "event_count",
    "rules": ["x"],
    "timespan": "5m",
    "condition": {"gte": 2},
    "group-by": ["time"],
}
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.dates(),
    st.sampled_from(["%x%", "*", "a|b", "sel", "1 of them", "not", "(", "10.0.0.0/8", "\\", "", "any"]),
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(
        [*GOOD, "correlation", "filter", "sel", "condition", "rules", "ai.principal|re", "src_endpoint.ip|cidr",
         "ai.principal|base64offset|wide", "time|hour|gt", "|all", "ai.principal|fieldref", "ai.principal|exists"]
    ),
    st.text(max_size=8),
)  # fmt: skip
ANY = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=4), max_leaves=8
)


def load_one(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        for kind in ("detections/x/rule_of_x/rule_of_x.yml", "filters/f.yml", "lists/x.yml"):
            path = Path(folder) / kind
            path.parent.mkdir(parents=True)
            path.write_bytes(raw)
        nothing = Path(folder) / "nothing"
        nothing.mkdir()
        ruleset = load_rules([Path(folder)], fields=FIELDS, own=nothing)
        assert ruleset.rules or ruleset.errors


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_one_part_of_a_rule_is_anything(data: st.DataObject) -> None:
    rule: dict[str, Any] = {**GOOD, "correlation": CORRELATION} if data.draw(st.booleans()) else dict(GOOD)
    target: Any = rule
    for _ in range(data.draw(st.integers(0, 2))):
        below = [v for v in target.values() if isinstance(v, dict)]
        if not below:
            break
        target = data.draw(st.sampled_from(below))
    target = target if target is rule else {**target}
    key = data.draw(st.one_of(st.sampled_from(list(target)), KEYS))
    rule[key if target is rule else data.draw(st.sampled_from(list(rule)))] = data.draw(ANY)
    load_one(yaml.safe_dump(rule, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(KEYS, ANY, max_size=4),
    st.sampled_from(["detection", "filter", "correlation", "tracehound"]),
)
def test_one_section_is_anything(section: dict[str, Any], name: str) -> None:
    load_one(yaml.safe_dump({**GOOD, name: section}, allow_unicode=True).encode("utf-8", "surrogatepass"))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.text("{}[]&*!|>-: \n\tab'\"#%@`", max_size=60).map(str.encode))
def test_any_bytes(raw: bytes) -> None:
    load_one(raw)


def test_nesting_that_would_overflow_a_parser() -> None:
    for text in ("[" * 5000, "(" * 1900 + "sel" + ")" * 1900, "not " * 900 + "sel"):
        load_one(yaml.safe_dump({**GOOD, "detection": {"sel": {"time": 1}, "condition": text}}).encode())
    load_one(b"{a: " * 3000)
    load_one(b"- " * 30000)


@pytest.mark.parametrize("steps", [63, 64, 5000])
def test_a_field_with_many_steps(steps: int, tmp_path: Path) -> None:
    """Fields below ``unmapped`` are free, but for their depth: what walks through events goes step by step."""
    field = "unmapped" + ".a" * steps
    path = tmp_path / "detections/x/rule_of_x/rule_of_x.yml"
    path.parent.mkdir(parents=True)
    path.write_text(yaml.safe_dump({**GOOD, "detection": {"sel": {field: "x"}, "condition": "sel"}}))
    fields = {**FIELDS, "unmapped": SimpleNamespace(type="json")}
    ruleset = load_rules([tmp_path], fields=fields, own=tmp_path / "nothing")
    assert bool(ruleset.rules) is (steps < 64)
    event: Any = "x"
    for step in reversed(field.split(".")):
        event = {step: event}
    found = Engine(ruleset.rules).match({**event, "ai": {"service": "gateway"}})
    assert len(found) == len(ruleset.rules)
