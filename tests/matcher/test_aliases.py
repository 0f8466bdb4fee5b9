"""Aliases: a correlation over fields of different names is one over events in which the field has one name."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from correlated import FIELDS, T0, documents, said, spec, whole
from hypothesis import given
from hypothesis import strategies as st

from tracehound.matcher import Engine
from tracehound.rules import RuleSet, load_rules

KINDS = {
    "temporal": spec("temporal", base=["one", "two"]),
    "temporal_ordered": spec("temporal_ordered", base=["one", "two"]),
    "event_count": spec("event_count", count=3, base=["one", "two"]),
}
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["one", "two"]), st.sampled_from("ab"), st.sampled_from("ab"), st.integers(0, 8)
    ),
    max_size=12,
)


@cache
def rules(kind: str, alias: bool, generate: bool = False) -> RuleSet:
    made = documents(KINDS[kind])
    made[0] |= {"id": "6f1f3c0e-90a7-4a73-8a0e-000000000001", "level": "low"}
    made[0]["correlation"] |= {"generate": generate}
    if alias:
        made[0]["correlation"] |= {"aliases": {"who": {"one": "who", "two": "tool"}}}
    for number, base in enumerate(("one", "two"), 2):
        made.append({
            "title": base, "name": base, "id": f"6f1f3c0e-90a7-4a73-8a0e-00000000000{number}", "level": "low",
            "logsource": {"product": "ai"}, "detection": {"sel": {"st": base}, "condition": "sel"},
        })  # fmt: skip
    with TemporaryDirectory() as folder:
        file = Path(folder) / "detections/x/the_rule_of_x/the_rule_of_x.yml"
        file.parent.mkdir(parents=True)
        file.write_text(yaml.safe_dump_all(made))
        loaded = load_rules([Path(folder)], fields=FIELDS, own=Path(folder) / "nothing")
    assert not loaded.errors, [str(e) for e in loaded.errors]
    return loaded


def run(kind: str, alias: bool, events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    engine = Engine(rules(kind, alias), lateness=None, early=False, now_ms=lambda: T0)
    return said(engine.process([whole(event) for event in events]) + engine.flush(), "event_count")


@pytest.mark.parametrize("kind", KINDS)
@given(EVENTS)
def test_aliases(kind: str, drawn: list[Any]) -> None:
    events = [
        {"uid": f"u{n:02}", "time": T0 + n * second * 300, "st": state, "who": who, "tool": tool}
        for n, (state, who, tool, second) in enumerate(drawn)
    ]
    renamed = [event | ({"who": event["tool"]} if event["st"] == "two" else {}) for event in events]
    assert run(kind, True, events) == run(kind, False, renamed)


@pytest.mark.parametrize("generate", [False, True])
def test_generate_raises_the_base_rules_too(generate: bool) -> None:
    engine = Engine(rules("temporal", False, generate), lateness=None, early=False, now_ms=lambda: T0)
    events = [{"uid": s, "time": T0 + n, "st": s, "who": "a"} for n, s in enumerate(("one", "two"))]
    found = engine.process([whole(event) for event in events]) + engine.flush()
    said_by = sorted(f["finding_info"]["title"] for f in found)
    assert said_by == (["one", "top", "two"] if generate else ["top"])
