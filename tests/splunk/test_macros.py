"""Searches with macros for lists and thresholds: with their definitions in place they judge as those without."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as steady
from hypothesis import strategies as st
from spl.engine import Event, Lookup, Macro, Options, SplError, parse, run
from splunk_apps import SPLUNK, part
from window_shapes import SHAPES

from tracehound.compiler.front import compile_rules
from tracehound.config import Settings
from tracehound.rules import Rule, filled_fields
from tracehound.rules.loader import load_rules
from tracehound.ruletest import RuleTester, files_of

TARGET = SPLUNK.part("settings")()
OPTIONS = Options(json_null="absent", kv_maxchars=None)
NOW = 4_000_000_000.0
IN_EXPRESSIONS = {"guardrail_bypassed_after_block"}
"""Rules with a list in an expression, which no macro can hold."""


def plain(app: Settings) -> dict[str, tuple[str, ...]]:
    """The searches as they are compiled, by rule id."""
    rules = load_rules(app.packs, lists=app.lists, filled=filled_fields())
    return {q.rule.id: part("settable").texts(q) for q in compile_rules(rules, "splunk").queries}


def definitions(app: Settings) -> dict[str, str]:
    """All macros by name."""
    return {one.name: one.definition for one in part("macros").macros(TARGET, app)}


@cache
def events() -> tuple[Event, ...]:
    """The events of the test records of rules that have lists or counts."""
    tester, found = RuleTester(Settings()), []
    for rule in RULES:
        for path in files_of(rule):
            made, problem = tester.events_of(path)
            assert not problem
            found += [Event(event, event["time"] / 1000, index="tracehound") for event in made]
    return tuple(found)


@cache
def our_definitions() -> dict[str, str]:
    return definitions(Settings())


@cache
def our_searches() -> dict[str, tuple[str, ...]]:
    return plain(Settings())


def judged(search: str, macros: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows that a search gives."""
    known: dict[str, str | Macro] = dict(macros)
    tables = {name: Lookup(kv=True) for name in re.findall(r"\btracehound_seen_\w+", search)}
    return list(run(search, events(), macros=known, lookups=tables, options=OPTIONS, now=NOW))


def settable(app: Settings) -> Any:
    return part("settable").settable(app)


@pytest.fixture(scope="module")
def ours() -> Any:
    return settable(Settings())


RULES = [
    rule for rule in load_rules(filled=filled_fields()) if rule.correlation or "%" in rule.path.read_text()
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.folder.name)
def test_a_rule_with_macros_judges_as_the_rule_without(rule: Rule, ours: Any) -> None:
    searches = ours.searches.get(rule.id)
    if searches is None:
        return
    macros, whole = our_definitions(), our_searches()[rule.id]
    assert len(searches) == len(whole)
    for made, wanted in zip(searches, whole, strict=True):
        assert made.startswith("`tracehound_index`")
        assert made != wanted
        assert judged(made, macros) == judged(wanted, macros)


def test_each_list_and_each_count_is_a_macro(ours: Any) -> None:
    lists = {one.name for one in ours.lists}
    assert lists == set(load_rules().lists)
    assert {one.rule.folder.name for one in ours.inlined} == IN_EXPRESSIONS
    counted = {r.folder.name for r in RULES if r.correlation and r.correlation.kind.endswith("_count")}
    assert {one.macro for one in ours.thresholds} == {f"tracehound_threshold_{name}" for name in counted}


def test_every_macro_is_used_and_every_used_one_exists(ours: Any) -> None:
    rules = load_rules(filled=filled_fields())
    made = part("searches").saved_searches(TARGET, Settings(), rules.rules, ours)
    used = {name for one in made for name in re.findall(r"`([^`]*)`", one.settings["search"])}
    assert used == set(our_definitions())
    assert all(one.settings["search"].startswith("`tracehound_index`") for one in made)


GONE = {("event_count", "lte"), ("value_count", "lte")}
"""Written as ``lt`` of one more when a rule is loaded."""
OTHER = {
    "approved_mcp_servers": ["github*", "nobody"],
    "ml_pipeline_principals": ["arn:aws:*", "x"],
    "suspicious_destinations": ["*.example", "evil.example"],
    "approved_model_servers": ["10.0.0.0/8", "192.168.1.7"],
    "company_egress_addresses": ["0.0.0.0/0"],
    "prompt_attack_signals": ["prompt.*"],
    "principals_cleared_for_personal_data": ["*"],
}


@pytest.mark.parametrize("name", OTHER)
def test_a_changed_macro_does_what_a_changed_list_does(name: str, ours: Any) -> None:
    """What a site writes into a macro is what it would write into its pack."""
    changed = Settings(lists={name: OTHER[name]})
    before = our_definitions()
    macros = {**before, **{k: v for k, v in definitions(changed).items() if name in k}}
    wanted, differ = plain(changed), 0
    for rule_id, searches in ours.searches.items():
        for made, other in zip(searches, wanted[rule_id], strict=True):
            if f"`tracehound_list_{name}`" in made:
                found = judged(made, macros)
                assert found == judged(other, macros)
                differ += found != judged(made, before)
    assert differ, "the other list changes no verdict: it proves nothing"


def test_a_changed_threshold_is_what_the_pack_would_say(tmp_path: Path, ours: Any) -> None:
    """The text is the same to the letter."""
    (tmp_path / "thresholds.yml").write_text(
        "".join(
            f"{one.macro.removeprefix('tracehound_threshold_')}: {{count: 42}}\n" for one in ours.thresholds
        )
    )
    wanted = plain(Settings(packs=[tmp_path]))
    macros = {**our_definitions(), **{one.macro: "42" for one in ours.thresholds}}
    for rule in RULES:
        if rule.correlation and rule.correlation.kind.endswith("_count"):
            (search,) = ours.searches[rule.id]
            (text,) = wanted[rule.id]
            assert parse(search, macros=macros).expanded == parse(text, macros=macros).expanded


def test_counts_of_every_type_and_operator(tmp_path: Path) -> None:
    """A pack with a rule of each: with three more in the macros, the text is that of three more in the pack."""
    asked = {}
    for number, shape in enumerate(shape for shape in SHAPES if "first_seen" not in shape.cell):
        top, *rest = yaml.safe_load_all(shape.rule)
        name = f"shape_number_{number:03d}"
        top |= {"id": f"{number:08d}-90a7-4a73-8a0e-000000000001", "title": f"Shape {number}"}
        folder = tmp_path / "detections" / "x" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.yml").write_text(yaml.safe_dump_all([top, *rest], sort_keys=False))
        asked[top["id"]] = name
    first = settable(Settings(packs=[tmp_path]))
    rules = {r.id: r for r in load_rules([tmp_path], filled=filled_fields()) if r.id in asked}
    placed = {one.macro.removeprefix("tracehound_threshold_") for one in first.thresholds}
    counted = {i: r.correlation for i, r in rules.items() if r.correlation and asked[i] in placed}
    assert {(link.kind, link.op) for link in counted.values()} >= {
        (kind, op)
        for kind in (
            "event_count",
            "value_count",
            "value_sum",
            "value_avg",
            "value_percentile",
            "value_median",
        )
        for op in ("gte", "lt", "lte", "eq", "neq")
        if (kind, op) not in GONE
    }
    lines = [f"{asked[i]}: {{count: {link.count + 3}}}\n" for i, link in counted.items()]
    (tmp_path / "thresholds.yml").write_text("".join(lines))
    changed = Settings(packs=[tmp_path])
    macros, wanted = definitions(changed), plain(changed)
    for rule_id in counted:
        search, text = first.searches[rule_id][0], wanted[rule_id][0]
        assert "`tracehound_threshold_" in search
        made = re.sub(
            r"(\d+) \* (10+)\b",
            lambda found: str(int(found[1]) * int(found[2])),
            parse(search, macros=macros).expanded,
        )
        assert made == parse(text, macros=macros).expanded


def test_a_count_above_the_longest_window_stays_in_the_search(tmp_path: Path) -> None:
    (tmp_path / "thresholds.yml").write_text("agent_tools_denied_repeatedly: {count: 20000}\n")
    app = Settings(packs=[tmp_path])
    found = settable(app)
    assert all("agent_tools_denied" not in one.macro for one in found.thresholds)
    (rule,) = (r for r in load_rules([tmp_path]) if r.folder.name == "agent_tools_denied_repeatedly")
    assert rule.id not in found.searches


def test_indexes_of_the_settings_are_in_the_macro() -> None:
    more = TARGET.model_copy(update={"indexes": {"api_activity": "ai-calls", "dns_activity": "tracehound"}})
    assert part("macros").index_definition(TARGET) == "index=tracehound"
    assert part("macros").index_definition(more) == '(index=tracehound OR index="ai-calls")'


def test_names_of_macros_are_plain_and_each_once() -> None:
    names = part("settable").macro_names("m_", ["a b", "a-b", "A B", "../x`y", "$"])
    assert list(names.values()) == ["m_a_b", "m_a_b_2", "m_a_b_3", "m_x_y", "m_list"]


HOSTILE = (
    '") OR index=* | delete', "`tracehound_index`", "a\nb", "a\\", "a\\\\", "[x]", "$x$", "a, b", "it's", '"',
    "x | collect index=main", "\u2028[x]", "*a*", "a\\*b", "a?b", "10.0.0.0/8", "%x%", "CASE(x)", "",
)  # fmt: skip


@given(st.lists(st.text(max_size=12) | st.sampled_from(HOSTILE), min_size=1, max_size=4))
@example(list(HOSTILE[:2]))
@steady(deadline=None, max_examples=60)
def test_no_value_leaves_its_macro(values: Sequence[str]) -> None:
    """Each definition is a list of texts in quotes and nothing else, on one line; else there is none."""
    said = part("settable").definition(values, "ai.mcp.server")
    if said is None:
        return
    assert "\n" not in said
    assert re.fullmatch(r'"(?:[^"\\]|\\.)*"(?:, "(?:[^"\\]|\\.)*")*', said), said
    assert "`" not in said
    try:
        found = run(f"index=* f IN ({said})", [Event({"f": value}, 1.0) for value in values], options=OPTIONS)
    except SplError:
        return
    assert len(found) == sum(value != "" or OPTIONS.empty_text != "absent" for value in values) or any(
        char in value for value in values for char in "*\\?"
    )


def test_a_list_of_numbers_stays_in_the_searches(tmp_path: Path) -> None:
    """A base search compares numbers by size; no mark can stand for one."""
    folder = tmp_path / "detections" / "x" / "ports_of_ours"
    folder.mkdir(parents=True)
    detection = {"sel": {"dst_endpoint.port|expand": "%own_ports%"}, "condition": "sel"}
    rule = {
        "title": "Ports", "id": "11111111-90a7-4a73-8a0e-000000000001", "level": "low", "status": "test",
        "logsource": {"product": "ai"}, "detection": detection,
    }  # fmt: skip
    (folder / "ports_of_ours.yml").write_text(yaml.safe_dump(rule, sort_keys=False))
    app = Settings(packs=[tmp_path], lists={"own_ports": ["1234", "8080"]})
    named = {one.rule.title: one.lists for one in settable(app).inlined}
    assert named["Ports"] == ("own_ports",)


def test_a_list_that_no_macro_can_hold_stays_in_the_searches() -> None:
    app = Settings(lists={"approved_mcp_servers": ["a\\*b"]})
    found = settable(app)
    assert "approved_mcp_servers" not in {one.name for one in found.lists}
    named = {one.rule.folder.name: one.lists for one in found.inlined}
    assert named["mcp_server_not_approved"] == ("approved_mcp_servers",)
    assert "tracehound_list_approved_mcp_servers" not in definitions(app)
