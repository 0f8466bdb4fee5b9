"""The text of searches for correlations and baselines in SPL: what is in them, what never is, what is admitted."""

from __future__ import annotations

import re
from functools import cache

import pytest
import yaml
from window_shapes import SHAPES, WHO, documents, first_seen
from window_streams import rule_of
from window_streams_more import BASELINES, MORE

from tracehound.compiler import compile_rules, spl_windows
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.compiler.schedule import INTERVAL, look_back, span
from tracehound.rules import Rule
from tracehound.rules.loader import load_rules

ALL = {shape.name: shape.rule for shape in (*SHAPES, *MORE, *BASELINES)}
FORBIDDEN = {"join", "append", "appendcols", "transaction", "multisearch", "union", "map", "head", "delete"}


def said(rule: Rule) -> Said:
    return spl_windows.baseline(rule) if rule.baseline else spl_windows.correlation(rule)


def said_of(text: str) -> Said:
    return said(rule_of(text))


@cache
def own() -> tuple[Rule, ...]:
    return tuple(rule for rule in load_rules() if rule.correlation or rule.baseline)


@pytest.mark.parametrize("name", ALL)
def test_what_no_search_does(name: str) -> None:
    one = said_of(ALL[name])
    for query in (one.query, *(companion.query for companion in one.companions)):
        assert query.startswith("`tracehound_index`")
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', query)
        assert not set(re.findall(r"\| *(\w+)", code)) & FORBIDDEN
        rest = code.removeprefix("`tracehound_index`")
        assert not re.search(r"[\[`]", rest), "a subsearch, or another macro"
        assert "time_window" not in code
        assert all(int(count) in (0, 500_000) for count in re.findall(r"\| sort (\d+) ", code))
        assert code.count("| sort ") == len(re.findall(r"\| sort \d+ ", code))


@pytest.mark.parametrize("name", ALL)
def test_what_every_search_gives(name: str) -> None:
    rule = rule_of(ALL[name])
    query = said(rule).query
    (table,) = re.findall(r"^\| table (.*)$", query, re.MULTILINE)
    wanted = {"_time", "metadata.uid"}
    wanted |= (
        {"first_seen", "known_since"} if rule.baseline else {"first_time", "measure", "count", "related_uids"}
    )
    assert wanted <= set(table.split(", "))
    assert query.count("dedup metadata.uid") >= 1


def test_what_is_exact_and_what_is_not() -> None:
    """One list for each kind: nothing is left out, and nothing said that does not apply."""
    kinds = {
        "event_count gte": [],
        "value_count gte": [spl_windows.STREAMED],
        "value_sum gte": [spl_windows.STREAMED, spl_windows.ORDER, spl_windows.DECIMAL],
        "value_sum of whole numbers": [spl_windows.STREAMED, spl_windows.ORDER],
        "value_median gt": [spl_windows.STREAMED, spl_windows.ORDER, spl_windows.DECIMAL, spl_windows.RANKED],
        "temporal gte": [spl_windows.STREAMED],
        "temporal_ordered gte": [spl_windows.STREAMED, spl_windows.ORDER],
        "event_count eq": [spl_windows.STREAMED, spl_windows.OPENED, spl_windows.CLOSED],
        "temporal one and not two": [spl_windows.STREAMED, spl_windows.OPENED, spl_windows.CLOSED],
        "chain of counts": [spl_windows.ORDER],
    }
    assert {name: list(said_of(ALL[name]).approximate) for name in kinds} == kinds


def test_our_rules_are_all_said() -> None:
    found = compile_rules(own(), "splunk")
    assert (found.gaps, found.errors) == ((), ())
    counts = [q for q in found.queries if q.rule.correlation and q.rule.correlation.kind == "event_count"]
    assert len(counts) > 5
    assert all(query.approximate == () for query in counts)


def test_the_lookup_of_a_baseline() -> None:
    (rule,) = (rule for rule in own() if rule.path.stem == "first_seen_model_for_principal")
    one = said(rule)
    name = "tracehound_seen_first_seen_model_for_principal"
    assert one.lookups == (name,)
    (keep,) = one.companions
    assert (keep.name, keep.earliest) == ("keep", "")
    assert "2592000 s" in keep.purpose
    assert keep.query.endswith(f"| outputlookup {name}")
    assert f"| inputlookup append=t {name}" in keep.query
    assert one.query.count(f"| lookup {name} ") == 2
    assert "outputlookup" not in one.query


def test_large_counts_are_not_left_to_a_window() -> None:
    """limits.conf, max_stream_window: a window holds 10,000 events at most."""
    least = said_of(documents("event_count", {"gte": 10_000}, ["one"], WHO))
    assert "window=10000 global=f" in least.query
    assert least.approximate == ()
    more = said_of(documents("event_count", {"gt": 10_000}, ["one"], WHO))
    assert not re.search(r"window=10\d\d\d", more.query)
    assert "| where th_measure>=10001" in more.query
    assert more.approximate == (spl_windows.STREAMED,)


def test_a_percentile_of_several_numbers_is_a_gap() -> None:
    condition = {"gte": 2, "field": "http_request.url.category_ids"}
    with pytest.raises(NotInLanguageError, match="category_ids, which holds several numbers"):
        said_of(documents("value_median", condition, ["one"], WHO))


@pytest.mark.parametrize("name", ['x" AS y | delete', "a|b", "`m`", "a b", "", "x" * 300])
def test_a_group_has_the_name_of_a_field(name: str) -> None:
    """An alias is the rule's own word: it does not leave its place in the search."""
    aliases = {name: {"one": "ai.principal", "two": "ai.agent.name"}}
    text = documents("event_count", {"gte": 2}, ["one", "two"], [name], aliases=aliases)
    try:
        rule = rule_of(text)
    except ValueError:
        return  # refused before
    with pytest.raises(NotInLanguageError, match="no name of a field"):
        said(rule)


def test_base_rules_that_terms_cannot_say() -> None:
    """What is left for expressions is asked of the events that the terms find; without terms, of all."""
    two = documents("event_count", {"gte": 2}, ["one", "two"], WHO)
    made = list(yaml.safe_load_all(two))
    made[1]["detection"] = {"sel": {"ai.tool.name|re": "^x", "ai.signals": "one"}, "condition": "sel"}
    lines = said_of(yaml.safe_dump_all(made)).query.split("\n")
    assert lines[0].startswith("`tracehound_index` (")
    assert '"ai.signals{}"="one"' in lines[0]
    assert lines[1].startswith("| where (")
    assert "mvfind('ai.tool.name', " in lines[1]


def test_how_far_a_run_looks_back() -> None:
    """Windows that close need a pause before them; a chain needs the windows below."""
    ten = {
        name: span(rule_of(ALL[name])) for name in ("event_count gte", "event_count eq", "chain of counts")
    }
    assert ten == {"event_count gte": 10, "event_count eq": 20, "chain of counts": 20}
    assert look_back(rule_of(ALL["event_count eq"]), 300) == 20 + 300 + INTERVAL


def test_texts_of_a_baseline() -> None:
    query = said_of(first_seen("30d", "7d", of="ai.destinations", by=["ai.agent.name", "ai.principal"])).query
    assert "th_value=mvdedup(lower('ai.destinations{}'))" in query
    assert "by1 AS th_key1 by2 AS th_key2 value AS th_shown" in query
    assert "th_t - th_start>=604800000" in query
    assert query.endswith("| rename th_key1 AS ai.agent.name, th_key2 AS ai.principal")
