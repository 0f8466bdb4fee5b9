"""Generated searches and hostile values: the evaluator agrees with a naive one and fails only by refusing."""

import contextlib
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from spl.engine import Event, SplError, parse, run

Test = Callable[[dict[str, list[str]]], bool]
VALUES = ["a", "B", "ab", "5", "10"]
leaves = st.tuples(
    st.sampled_from(["x", "y{}"]), st.sampled_from(VALUES), st.sampled_from(["=", "IN", "*", "!*"])
)
trees: st.SearchStrategy[Any] = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("NOT"), inner),
        st.tuples(st.sampled_from(["AND", "OR", " "]), inner, inner),
    ),
    max_leaves=12,
)
raws = st.fixed_dictionaries(
    {}, optional={"x": st.sampled_from(VALUES), "y": st.lists(st.sampled_from(VALUES), max_size=3)}
)
hostile = st.text(alphabet=st.sampled_from("ab\"'\\*|[]`(){}%_?= \n\0ä\ud800$"), max_size=8) | st.text(
    max_size=8
)


def write(tree: Any) -> str:
    """A tree as SPL, with parentheses everywhere."""
    if tree[0] == "NOT":
        return f"NOT ({write(tree[1])})"
    if tree[0] in ("AND", "OR", " "):
        return f"({write(tree[1])}) {tree[0]} ({write(tree[2])})"
    field, value, how = tree
    return {
        "=": f"{field}={value}",
        "IN": f"{field} IN (zz, {value})",
        "*": f'{field}="{value}*"',
        "!*": f"NOT {field}=*",
    }[how]


def naive(tree: Any, raw: dict[str, Any]) -> bool:
    """What a tree means, without the evaluator."""
    if tree[0] == "NOT":
        return not naive(tree[1], raw)
    if tree[0] == "OR":
        return naive(tree[1], raw) or naive(tree[2], raw)
    if tree[0] in ("AND", " "):
        return naive(tree[1], raw) and naive(tree[2], raw)
    field, value, how = tree
    found = raw.get(field[0], [])
    values = [text.lower() for text in (found if isinstance(found, list) else [found])]
    if how == "!*":
        return not values
    return any(text.startswith(value.lower()) if how == "*" else text == value.lower() for text in values)


@given(trees, st.lists(raws, max_size=6))
def test_boolean_trees_agree_with_a_naive_evaluation(tree: Any, events: list[dict[str, Any]]) -> None:
    kept = run(write(tree), [Event(raw, float(i)) for i, raw in enumerate(events)])
    assert [int(row["_time"][0]) for row in kept] == [i for i, raw in enumerate(events) if naive(tree, raw)]


@given(
    st.lists(st.sampled_from(["x=a", "x=5", "y{}=B", "NOT x=ab"]), min_size=1, max_size=7), st.data(), raws
)
def test_without_parentheses_or_binds_tighter(
    terms: list[str], data: st.DataObject, raw: dict[str, Any]
) -> None:
    joints = [data.draw(st.sampled_from([" OR ", " AND ", " "])) for _ in terms[1:]]
    flat, grouped = terms[0], f"({terms[0]}"
    for joint, term in zip(joints, terms[1:], strict=True):
        flat += joint + term
        grouped += f" OR {term}" if joint == " OR " else f") AND ({term}"
    event = [Event(raw, 1)]
    assert bool(run(flat, event)) is bool(run(grouped + ")", event))


@given(hostile, hostile)
def test_a_quoted_value_finds_itself_whatever_it_holds(value: str, other: str) -> None:
    text = value.replace("*", "+").replace("/", "+")
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    query = f'f="{quoted}"'
    assert run(query, [Event({"f": text}, 1)])
    assert bool(run(query, [Event({"f": other}, 1)])) is (other.lower() == text.lower())
    where = f'* | where f="{quoted}"'
    assert run(where, [Event({"f": text}, 1)])


PIPELINES = [
    'f="*a*" OR NOT f>5 | stats count, dc(f), values(f) BY f | where count>0',
    '* | where like(f,"a%") OR match(f,"(?i)a") OR lower(f)="a" OR len(f)>3',
    "* | eval g=mvjoin(mvsort(mvdedup(mvappend(f,f))),f), h=tonumber(f), i=substr(f,2,1) | sort 0 g",
    "* | streamstats count by f | eventstats max(f) | dedup f | table f, count",
    "* | bin _time span=5m | mvexpand f | rename f AS g | search g=*",
]


@given(
    st.lists(st.none() | hostile | st.integers() | st.lists(hostile, max_size=3), max_size=4),
    st.sampled_from(PIPELINES),
)
def test_hostile_values_are_kept_dropped_or_refused(values: list[Any], query: str) -> None:
    events = [Event({"f": value}, float(i)) for i, value in enumerate(values)]
    compiled = parse(query)
    try:
        rows = compiled.run(events)
    except SplError:
        return
    assert all(
        isinstance(v, list) and v and all(isinstance(t, str) for t in v) for row in rows for v in row.values()
    )


@given(
    st.text(
        alphabet=st.sampled_from("ab=!\"'\\*|()[],.<>`NOT AND OR IN where eval stats count by{}+-"),
        max_size=40,
    )
)
def test_any_text_compiles_or_is_refused(query: str) -> None:
    with contextlib.suppress(SplError):
        parse(query)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda x: st.lists(x) | st.dictionaries(st.text(max_size=3), x),
        max_leaves=10,
    )
)
def test_any_json_can_be_an_event(value: Any) -> None:
    text = json.dumps(value)
    row = run("*", [Event(text, 1.0)])[0]
    assert row["_raw"] == [text]
