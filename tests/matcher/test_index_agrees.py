"""Property: index, memo, triggers and plans say what the plain evaluation of a condition says."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, ip_address
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.matcher import core, index, substrings
from tracehound.matcher.condition import And, Keyword, Leaf, Node, Not, Or, Related, holds
from tracehound.matcher.core import Matcher
from tracehound.matcher.factors import coarse, of_regex
from tracehound.matcher.glob import ANY, ONE, Glob
from tracehound.matcher.leaves import Bool, Cidr, Compare, Exists, LeafTest, Number, Regex, Text, TimePart
from tracehound.matcher.lookup import Lookup
from tracehound.matcher.substrings import Substrings, searchable
from tracehound.matcher.triggers import ways
from tracehound.matcher.values import address, fold

LETTERS = "aAbßİıΣςσ\n10.*é\U00010400"
WORDS = st.one_of(
    st.text(LETTERS, max_size=4), st.sampled_from(["1e-07", "inf", "\x00a", "nan", "5.50", "-0"])
)
PARTS = st.lists(st.one_of(WORDS, st.just(ANY), st.just(ONE)), max_size=4).map(tuple)
TESTS: st.SearchStrategy[LeafTest] = st.one_of(
    st.just(Exists()),
    st.builds(Text, PARTS, st.booleans()),
    st.builds(Number, st.sampled_from([0, 1, 10, 1.5, 0.0, -1])),
    st.builds(Bool, st.booleans()),
    st.builds(Compare, st.sampled_from(["<", "<=", ">", ">=", "!="]), st.sampled_from([0, 1, 1.5])),
    st.builds(
        Regex, st.sampled_from(["a", "^A", "b$", "a.b", "1+"]), st.sampled_from([frozenset(), frozenset("i")])
    ),
    st.just(Cidr("10.0.0.0/8", (0xFFFF << 32) | (10 << 24), ((1 << 104) - 1) << 24)),
    st.builds(TimePart, st.just("hour"), st.just("="), st.sampled_from([0, 1])),
)
FIELDS = st.sampled_from(["a", "b", "a.b", "a.b.c", "c.d"])
LEAVES: st.SearchStrategy[Node] = st.one_of(
    st.builds(Leaf, FIELDS, TESTS),
    st.builds(Related, FIELDS, FIELDS, st.sampled_from(["equals", "contains"])),
    st.builds(Keyword, st.builds(Text, WORDS.map(lambda w: (ANY, w, ANY)))),
)
NODES: st.SearchStrategy[Node] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
SCALARS = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, 10, 1.0, 1.5, -1, 1e-07, float("inf"), float("nan"), 5.5, -0.0]),
    st.sampled_from(["10.0.0.1", "::1", "1.5"]),
)
KEYS = st.sampled_from(["a", "b", "c", "d", "a.b", "c.d", ""])
VALUES = st.recursive(
    SCALARS, lambda x: st.lists(x, max_size=3) | st.dictionaries(KEYS, x, max_size=3), max_leaves=6
)
EVENTS = st.dictionaries(KEYS, VALUES, max_size=4)


@settings(max_examples=600, deadline=None)
@given(st.lists(NODES, min_size=1, max_size=5), st.lists(EVENTS, min_size=1, max_size=3))
def test_matcher_agrees_with_the_plain_meaning(nodes: list[Node], events: list[dict[str, Any]]) -> None:
    matcher = Matcher(enumerate(nodes))
    for event in (*events, *events):
        assert matcher.match(event) == [i for i, node in enumerate(nodes) if holds(node, event)]


HASTY = {"TUNE_AT": (2, 5), "SAMPLE": 2, "WASTE": 0.0, "GUARD_FROM": 0.0, "GUARD_TIMES": 1e9, "GUARD_TO": 1e9}


@pytest.mark.parametrize("engine", ["hyperscan", "re2", "python"])
@settings(max_examples=300, deadline=None)
@given(st.lists(NODES, min_size=1, max_size=5), st.lists(EVENTS, min_size=8, max_size=8))
def test_tuning_and_engines_change_no_verdict(
    engine: str, nodes: list[Node], events: list[dict[str, Any]]
) -> None:
    if engine == "hyperscan":
        pytest.importorskip("hyperscan")
    with (
        patch.multiple(core, **HASTY),
        patch.multiple(substrings, BUILD_AFTER=0, ENGINE=engine),
        patch.multiple(index, MEMO_SIZE=2, MEMO_CHARS=2),
    ):
        matcher = Matcher(enumerate(nodes))
        said = [matcher.match(event) for event in events]
        assert said == [[i for i, node in enumerate(nodes) if holds(node, event)] for event in events]


@settings(max_examples=1500, deadline=None)
@given(TESTS, SCALARS.filter(lambda v: v is not None))
def test_whatever_passes_a_test_triggers(test: LeafTest, value: Any) -> None:
    leaf, event = Leaf("a", test), {"a": value}
    for keys in ways(leaf):
        found = Lookup({key: ((1,), frozenset()) for key in keys}).find(event)
        assert found or not test.holds(value)


HOSTILE = [
    "a'b",
    'a"b',
    "a\\",
    "a\nb",
    "#",
    "{a}",
    "a#.b'",
    "x')\nraise SystemExit('",
    " ",
    "\ud800",
    "a..b",
    ".",
]


@pytest.mark.parametrize("field", HOSTILE)
def test_names_of_fields_are_only_names(field: str) -> None:
    event: dict[str, Any] = {field: "x"}
    for step in reversed(field.split(".")[1:]):
        event = {field.split(".")[0]: {step: "x"}, **event}
    rule = Leaf(field, Text(("x",)))
    assert holds(rule, event)
    assert Matcher([(1, rule)]).match(event) == [1]
    assert Matcher([(1, rule)]).match({field + "y": "x"}) == []


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
def test_large_literals_and_many_of_them(engine: str) -> None:
    if engine == "hyperscan":
        pytest.importorskip("hyperscan")
    long, many = "x" * 100_000, [f"needle {number:05} in hay" for number in range(5000)]
    rules = [Leaf("a", Text((ANY, literal, ANY))) for literal in (long, *many)]
    with patch.multiple(substrings, BUILD_AFTER=0, ENGINE=engine):
        matcher = Matcher(enumerate(rules))
        for _ in range(2):
            assert matcher.match({"a": f"{long} and NEEDLE 00041 in hay, needle 04999 in hay"}) == [
                0,
                42,
                5000,
            ]
            assert matcher.match({"a": "x" * 99_999}) == []


def test_what_hyperscan_cannot_compile_re2_does() -> None:
    hyperscan = pytest.importorskip("hyperscan")

    def refuse(*_: object) -> None:
        raise hyperscan.error("too large")

    with patch.multiple(substrings, BUILD_AFTER=0, ENGINE="hyperscan", _hyperscan=refuse):
        found = Substrings({"ab": 1, "bc": 2})
        assert [sorted(found.find("xABCx")) for _ in range(2)] == [[1, 2], [1, 2]]


WORDY = st.text("asıkKſéß1.", max_size=5)
PATTERNS = st.recursive(
    st.one_of(
        st.text("ask1", min_size=1, max_size=3),
        st.sampled_from([".", r"\w", "[as]", r"\.", "^", "$", r"\b", "(?i:K)", r"\Aa", "[[:alpha:]]", "é"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.builds("({}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "+?"])),
    ),
    max_leaves=6,
)


@settings(max_examples=3000, deadline=None)
@given(PATTERNS, WORDY, st.sampled_from([frozenset(), frozenset("i"), frozenset("ims")]))
def test_what_an_expression_needs_is_in_every_text_it_matches(
    pattern: str, text: str, flags: frozenset[str]
) -> None:
    try:
        matched = Regex(pattern, flags).holds(text)
    except re.error:
        return
    for literals in of_regex(pattern):
        assert not matched or any(literal in coarse(text) for literal in literals)


@pytest.mark.parametrize("engine", ["hyperscan", "re2"])
@settings(max_examples=600, deadline=None)
@given(
    st.sets(WORDY.filter(searchable).map(coarse), min_size=1),
    st.lists(WORDY.map(lambda t: t * 3), min_size=2),
)
def test_automata_agree_with_searching_one_by_one(engine: str, literals: set[str], texts: list[str]) -> None:
    if engine == "hyperscan":
        pytest.importorskip("hyperscan")
    with patch.multiple(substrings, BUILD_AFTER=0):
        found = Substrings({literal: literal for literal in literals}, engine)
        for text in texts:
            assert set(found.find(text)) == {literal for literal in literals if literal in coarse(text)}


@settings(max_examples=600, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from("ab"), st.just(ANY), st.just(ONE)), max_size=7),
    st.text("ab", max_size=8),
)
def test_glob_agrees_with_a_naive_one(parts: list[Any], text: str) -> None:
    def naive(i: int, j: int) -> bool:
        if i == len(parts):
            return j == len(text)
        if parts[i] == ANY:
            return any(naive(i + 1, k) for k in range(j, len(text) + 1))
        return j < len(text) and (parts[i] == ONE or parts[i] == text[j]) and naive(i + 1, j + 1)

    assert Glob(tuple(parts)).fits(text) == naive(0, 0)


def test_a_glob_takes_no_exponential_time() -> None:
    pattern = Glob(("a", ANY) * 30 + ("b",))
    assert not pattern.fits("a" * 100_000)


@given(st.text())
def test_folding_keeps_length_and_happens_once(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)
    assert fold(text + text) == fold(text) * 2


def test_folding_is_lower_casing_for_every_character() -> None:
    differing = {c for c in map(chr, range(0x110000)) if fold(c) != c.lower()}
    assert differing == {"İ"}


@settings(max_examples=1000)
@given(st.one_of(st.text("0123456789abf.:%x ", max_size=16), st.ip_addresses().map(str)))
def test_addresses_are_those_of_the_standard_library(text: str) -> None:
    try:
        expected = ip_address(text)
    except (AddressValueError, ValueError):
        assert address(text) is None
    else:
        number = int(expected)
        assert address(text) == (number if expected.version == 6 else 0xFFFF << 32 | number)
