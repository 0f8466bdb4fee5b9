"""Property: index, memo, triggers and plans say what the plain evaluation of a condition says."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.matcher.condition import And, Keyword, Leaf, Node, Not, Or, Related, holds
from tracehound.matcher.core import Matcher
from tracehound.matcher.glob import ANY, ONE, Glob
from tracehound.matcher.index import FieldIndex
from tracehound.matcher.leaves import Bool, Cidr, Compare, Exists, LeafTest, Number, Regex, Text, TimePart
from tracehound.matcher.values import fold

LETTERS = "aAbßİıΣςσ\n10.*é\U00010400"
WORDS = st.text(LETTERS, max_size=4)
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
    st.sampled_from([0, 1, 10, 1.0, 1.5, -1]),
    st.sampled_from(["10.0.0.1", "::1", "1.5"]),
)
KEYS = st.sampled_from(["a", "b", "c", "d", "a.b", "c.d"])
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


@settings(max_examples=600, deadline=None)
@given(st.lists(TESTS, max_size=8), st.lists(SCALARS.filter(lambda v: v is not None), min_size=1, max_size=6))
def test_index_agrees_with_each_test(tests: list[LeafTest], values: list[Any]) -> None:
    index = FieldIndex(dict(enumerate(tests)))
    for value in (*values, *values):
        assert index.hits(value) == {i for i, test in enumerate(tests) if test.holds(value)}


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
