"""Whatever an event holds: matching, findings and explanations never raise, and hostile text costs no time."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.matcher import Engine, explain
from tracehound.rules import RuleSet, load_rules

TYPES = {
    "ai.service": "keyword",
    "ai.principal": "keyword",
    "ai.tool.name": "keyword",
    "ai.tokens.total": "long",
    "src_endpoint.ip": "ip",
    "time": "date",
    "message": "text",
}
FIELDS: Any = {name: SimpleNamespace(type=kind) for name, kind in TYPES.items()}
HEAD = "title: t\nid: 6f1f3c0e-90a7-4a73-8a0e-00000000000{}\nlevel: low\n"
RULE = "logsource: {{product: ai}}\ndetection:\n  sel:\n    {}\n  condition: sel\n"
TESTS = [
    "ai.tool.name|contains: a",
    "ai.tool.name|re: '(a+)+$'",
    "ai.tool.name: 'a*a*a*a*a*a*a*a*b'",
    "ai.tokens.total|gt: 5",
    "src_endpoint.ip|cidr: 10.0.0.0/8",
    "time|hour: 3",
    "'|contains': evil",
    "ai.tool.name|fieldref|contains: ai.principal",
    "ai.tool.name: null",
]
EXTRAS = [
    "tracehound: {suppress: {by: [ai.principal], for: 1h}}\n",
    "tracehound: {baseline: {type: first_seen, of: ai.tool.name, by: ai.principal, over: 1h, level: low}}\n",
]
CORRELATION = (
    "correlation: {type: value_count, rules: [b], group-by: [ai.principal], timespan: 5m, "
    "condition: {gte: 2, field: ai.tool.name}}\n---\ntitle: b\nname: b\n"
)


def rules() -> RuleSet:
    with TemporaryDirectory() as folder:
        bodies = [RULE.format(t) for t in TESTS] + [RULE.format(TESTS[0]) + extra for extra in EXTRAS]
        bodies.append(CORRELATION + RULE.format("ai.service|exists: true"))
        for number, body in enumerate(bodies):
            file = Path(folder) / f"detections/x/the_rule_{number:02}/the_rule_{number:02}.yml"
            file.parent.mkdir(parents=True)
            file.write_text(HEAD.replace("00000{}", f"000{number:03}") + body)
        ruleset = load_rules([Path(folder)], fields=FIELDS, own=Path(folder) / "nothing")
        assert not ruleset.errors, [str(e) for e in ruleset.errors]
        return ruleset


RULES = rules()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.just("\ud800evil"),
    st.just("a"),
)
ANY = st.recursive(
    SCALARS,
    lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text("ab.", max_size=3), x, max_size=3),
    max_leaves=5,
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "time": ANY,
        "metadata": st.one_of(ANY, st.fixed_dictionaries({"uid": ANY})),
        "type_uid": ANY,
        "type_name": ANY,
        "actor": ANY,
        "src_endpoint": st.one_of(ANY, st.fixed_dictionaries({"ip": ANY})),
        "message": ANY,
        "ai.tool.name": ANY,
        "ai": st.one_of(
            ANY,
            st.fixed_dictionaries(
                {"service": st.one_of(st.just("gateway"), ANY)},
                optional={
                    "principal": ANY,
                    "tool": st.one_of(ANY, st.fixed_dictionaries({"name": ANY})),
                    "tokens": st.one_of(ANY, st.fixed_dictionaries({"total": ANY})),
                    "model": ANY,
                    "agent": ANY,
                    "source": ANY,
                    "risk_score": ANY,
                },
            ),
        ),
    },
)


@settings(max_examples=400, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=4))
def test_any_event(events: list[dict[str, Any]]) -> None:
    engine = Engine(RULES)
    engine.process(events)
    engine.flush()
    for rule in RULES:
        list(explain(rule, events[0]).lines())


def test_an_expression_that_could_be_driven_to_ages_ends() -> None:
    """With backtracking this text would keep ``(a+)+$`` busy for longer than any test run."""
    text = "a" * 1_000_000 + "!"
    engine = Engine(RULES)
    engine.process([{"ai": {"service": "agent", "tool": {"name": text}}}])
    assert engine.counts.events == 1


def test_texts_are_not_kept_whole() -> None:
    text = "a" * 1_000_000
    found = Engine(RULES).process([{"ai": {"service": "agent", "tool": {"name": text}}}])
    shown = [v for f in found for v in f["evidences"][0]["data"].values()]
    assert max(len(v) for v in shown if isinstance(v, str)) <= 200
