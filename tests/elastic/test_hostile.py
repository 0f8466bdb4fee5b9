"""Events of odd shapes: they are encoded whatever they hold, and real servers take all that can be taken."""

from __future__ import annotations

import copy
from typing import Any

import orjson
import pytest
from elastic_push import clean, day, part
from hypothesis import given, settings
from hypothesis import strategies as st

ecs, events, push = part("ecs"), part("events"), part("push")
KEYWORD, NUMBER = "actor.user.name", "ai.tokens.prompt"


def nested(levels: int, key: str = "a") -> Any:
    """Objects in objects."""
    value: Any = 1
    for _ in range(levels):
        value = {key: value}
    return value


TAKEN: dict[str, tuple[str, Any]] = {
    "a keyword at the edge": (KEYWORD, "x" * 8191),
    "one above it": (KEYWORD, "x" * 8192),
    "of three bytes a character, above Lucene's term": (KEYWORD, "漢" * 8191),
    "of four bytes a character": (KEYWORD, "😀" * 8191),
    "that grows in lower case": (KEYWORD, "İ" * 8191),
    "of 40,000 characters": (KEYWORD, "é" * 40_000),
    "of exactly one term": (KEYWORD, "x" * 32_766),
    "of one byte more": (KEYWORD, "x" * 32_767),
    "NUL": (KEYWORD, "a\0b"),
    "a list of long and short": (KEYWORD, ["x" * 9000, "y", None, ["z"]]),
    "a number for a text": (KEYWORD, 2**64 - 1),
    "the largest long": (NUMBER, 2**63 - 1),
    "above the largest long": (NUMBER, 2**63),
    "above any integer": (NUMBER, 2**70),
    "a fraction": (NUMBER, 1e300),
    "a word for a number": (NUMBER, "many"),
    "no address": ("src_endpoint.ip", "10.0.0.0/8"),
    "no date": ("start_time", "2026-13-45"),
    "a date in the far future": ("start_time", 2**53),
    "a text of one long word": ("ai.prompt_text", "x" * 40_000),
    "a large text": ("message", "é" * 1_000_000),
    "an attribute that nobody knows": ("something", nested(90)),
    "thousands of them": ("something", {f"k{n}": n for n in range(5000)}),
    "a name with dots": ("some.thing", 1),
    "unmapped: an empty name": ("unmapped", {"": 1, " ": 2, ".": 3, "a..b": 4, "a.": 5}),
    "unmapped: NUL in a name": ("unmapped", {"a\0b": {"\0": "x"}}),
    "unmapped: a name above Lucene's term": ("unmapped", {"k" * 40_000: "v" * 9000}),
    "unmapped: long names in one another": ("unmapped", nested(60, "k" * 2000)),
    "unmapped: long names of many bytes": ("unmapped", {"漢" * 16_000: [{"é" * 16_000: "漢" * 5000}]}),
    "unmapped: twice the same": ("unmapped", {"a.b": 1, "a": {"b": 2}}),
    "unmapped: deep": ("unmapped", nested(64)),
    "unmapped: lists in lists": ("unmapped", {"a": [[[[1, {"b": [None, "x", {"c": 1.5}]}]]]]}),
    "unmapped: 50,000 names": ("unmapped", {f"k{n}": n for n in range(50_000)}),
    "unmapped: long values": ("unmapped", {f"k{n}": "漢" * 9000 for n in range(20)}),
    "an attribute at a name of ECS": ("event", "x"),
    "an object at a name of ECS": ("host", {"name": [1], "x": {}}),
    "a number at a name of ECS": ("gen_ai", 3),
}
REFUSED: dict[str, tuple[str, Any]] = {
    "an object for a keyword": (KEYWORD, {"a": 1}),
    "a text for an object": ("actor", "root"),
    "a text for an inner object": ("actor.user", "root"),
    "an empty name": ("", 1),
    "a text for a list of objects": ("attacks", "T1059"),
}
"""Also ``null``: what no mapping takes is a dead letter with the server's reason."""


def event(name: str, path: str, value: Any) -> dict[str, Any]:
    """A tool call of the sample day with one attribute changed; its id is the case."""
    base = next(one for one in day() if one["class_uid"] == 6003 and "actor" in one)
    made: dict[str, Any] = copy.deepcopy(dict(base))
    made["metadata"]["uid"] = name
    node = made
    *above, last = [path] if path in ("", "some.thing") else path.split(".")
    for step in above:
        node = node.setdefault(step, {})
    node[last] = value
    return made


@pytest.mark.parametrize("engine", ["elasticsearch8", "elasticsearch9", "opensearch"])
def test_servers_take_what_can_be_taken(engine: str, request: pytest.FixtureRequest) -> None:
    encoder = events.Encoder()
    documents = [encoder.document(event(name, *case)) for name, case in (TAKEN | REFUSED).items()]
    with clean(request.getfixturevalue(engine)) as cluster:
        cluster.install()
        answer = push.BulkTransport(cluster.client, cluster.settings, cluster.server).send(documents)
        refused = {documents[one.place].uid: one for one in answer.rejected}
        found = cluster.ids()
    assert list(answer.retry) == []
    assert {name: one.message for name, one in refused.items() if name in TAKEN} == {}
    if engine != "opensearch":  # it lets an object for a keyword pass where malformed values are ignored
        assert set(refused) == set(REFUSED)
    assert {one.reason for one in refused.values()} == {"mapping"}
    assert found == sorted(set(TAKEN | REFUSED) - set(refused))


def test_names_that_are_cut_stay_apart() -> None:
    long = "k" * 1000
    made = events.storable({long: 1, long + "x": 2, "short": {long: 3}, "a\0b": 4})
    names = list(made)
    assert len(set(names)) == 4
    assert all(len(name.encode()) <= events.MOST_KEY_BYTES for name in names)
    assert names[0].startswith("kkkk")
    assert made["a\ufffdb"] == 4
    assert events.storable({"ü" * 120: 1}) == {"ü" * 120: 1}


def test_an_attribute_at_a_name_of_ecs_is_kept_beside() -> None:
    odd = event("odd", "event", "x") | {"rule": {"id": 7}}
    before = copy.deepcopy(odd)
    document = ecs.with_ecs(odd, "tracehound.x", "default")
    assert odd == before
    assert document["event"]["kind"] == "event"
    assert document["unmapped"]["event"] == "x"
    assert document["unmapped"]["rule"] == {"id": 7}


SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=8),
    st.just("\ud800"),
)
ANYTHING = st.recursive(
    SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["uid", "name", "", "a.b", "x"]), inner)
    ),
    max_leaves=6,
)
PLACES = sorted(
    {
        *(source for _, source in (*part("ecs_table").COPIED, *part("ecs_table").COLLECTED)),
        *(source.rpartition(".")[0] or source for _, source in part("ecs_table").COPIED),
        *ecs.OWN_ROOTS, "class_uid", "ai.activity", "api.request", "finding_info.attacks", "attacks", "file.hashes",
        "duration", "status_id", "disposition_id", "unmapped", "ai",
    } - {"metadata.uid", "metadata"}
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(PLACES), ANYTHING), min_size=1, max_size=6))
def test_anything_anywhere_is_encoded_and_left_as_it_was(changes: list[tuple[str, Any]]) -> None:
    odd = event("odd", "message", "m")
    for path, value in changes:
        node = odd
        *above, last = path.split(".")
        for step in above:
            if not isinstance(node.get(step), dict):
                node[step] = {}
            node = node[step]
        node[last] = value
    before = repr(odd)
    document = events.Encoder().document(odd)
    assert repr(odd) == before
    assert orjson.loads(document.body)["data_stream"]["type"] == "logs"
    events.original(document)
