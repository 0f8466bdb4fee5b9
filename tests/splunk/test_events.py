"""What Splunk gets of an event: the fields that rules may test where it reads them, and nothing lost."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from elastic_push import day
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spl.options import Options
from splunk_index import Indexed

from tracehound.rules import filled_fields, load_rules
from tracehound.schema import fields
from tracehound.schema.constants import CLASSES, LONG_TEXTS
from tracehound.schema.generate.splunk import sourcetype as sourcetype_of_props

NAME = "tracehound.connectors.splunk"
EVENTS = importlib.import_module(f"{NAME}.events")
ARRANGE = importlib.import_module(f"{NAME}.arrange")
SETTINGS = importlib.import_module(f"{NAME}.settings").SplunkSettings
BYTES = 10_000
"""Splunk reads 10,240 characters of an event."""
MOST_FIELDS = 100
"""And makes so many fields of them, where a site has not raised ``[kv] limit``."""


@cache
def rule_fields() -> frozenset[str]:
    """The fields that a rule may test."""
    return frozenset(path for path, info in fields().items() if not info.text and info.type != "json")


def encoded(event: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The envelope, and the event as Splunk stores it."""
    line = EVENTS.Encoder(SETTINGS()).document(event).body
    envelope = orjson.loads(line)
    raw = line[line.index(b'"event":') + len(b'"event":') : -1]
    assert orjson.loads(raw) == envelope["event"]
    return envelope, raw


def values(event: Any, path: str) -> list[Any]:
    """The values at a path, through arrays."""
    if isinstance(event, list):
        return [value for item in event for value in values(item, path)]
    if not path:
        return [event]
    if not isinstance(event, dict):
        return []
    name, _, rest = path.partition(".")
    return values(event[name], rest) if name in event else []


def leaves(text: bytes) -> Iterator[tuple[str, int]]:
    """Each field with where its value ends, in the order of the text; read by a scanner of its own."""
    decoder = importlib.import_module("json").JSONDecoder()
    source = text.decode()

    def walk(at: int, path: str) -> Iterator[Any]:
        if source[at] not in "{[":
            _, end = decoder.raw_decode(source, at)
            yield path, end
            return
        close = {"{": "}", "[": "]"}[source[at]]
        at += 1
        while source[at] != close:
            name = path
            if close == "}":
                key, end = decoder.raw_decode(source, at)
                name, at = f"{path}.{key}" if path else key, end + 1
            for found in walk(at, name):
                yield found
                at = found[1]
            at += source[at] == ","
        yield None, at + 1

    at = 0
    for path, end in walk(0, ""):
        if path is not None:
            yield path, end if end > BYTES else len(source[:end].encode())
        at = end
    assert at == len(source)


def check(event: dict[str, Any]) -> None:
    """Every rule field lies in the first bytes, whole, or is named as cut; and nothing is lost."""
    _, raw = encoded(event)
    told = orjson.loads(raw)
    cut = told.get("tracehound.cut", [])
    ends: dict[str, int] = {}
    for path, end in leaves(raw):
        ends[path] = end
    for path in rule_fields():
        wanted = values(event, path)
        if not wanted or any(path == name or path.startswith(f"{name}.") for name in cut):
            continue
        if "..." in cut or path.partition(".")[0] in cut:
            continue
        assert values(told, path) == wanted, path
        if ends.get(path) is not None:
            assert ends[path] <= BYTES, f"{path} ends at {ends[path]}"
    if cut:
        assert raw.index(b'"tracehound.cut"') < BYTES
    document = EVENTS.Encoder(SETTINGS()).document(event)
    assert orjson.loads(EVENTS.original(document)) == event


def huge(size: int = 200_000) -> dict[str, Any]:
    """An event of the sample day with long texts in every place that may have one."""
    event: dict[str, Any] = orjson.loads(orjson.dumps(day(600)[0]))
    for path in LONG_TEXTS[:5]:
        *above, last = path.split(".")
        node = event
        for name in above:
            node = node.setdefault(name, {})
        node[last] = 'prompt \U0001f50d injection "quoted"\n' * (size // 30)
    event["unmapped"] = {f"key {n}": {"deep": [n] * 10} for n in range(size // 100)}
    event["api"]["request"]["data"] = {"messages": ["x" * size]}
    event["raw_data"] = "r" * size
    return event


def test_every_event_of_the_day() -> None:
    """Each large one, and some of the others."""
    events = day(6000)
    large = [event for event in events if len(orjson.dumps(event)) > BYTES]
    assert large
    for event in (*large, *events[::12]):
        check(event)


def test_a_small_event_is_ocsf_as_it_is() -> None:
    for event in day(600):
        envelope, raw = encoded(event)
        if len(raw) <= BYTES:
            assert envelope["event"] == event


def test_rule_fields_are_among_the_first_hundred_fields() -> None:
    used = {name for rule in load_rules(filled=filled_fields()).rules for name in rule.fields} | {
        "metadata.uid"
    }
    for event in day(2000):
        names = list(dict.fromkeys(path for path, _ in leaves(encoded(event)[1])))
        late = used.intersection(names[MOST_FIELDS:])
        assert not late, late


def long_texts() -> dict[str, Any]:
    return huge()


def many_signals() -> dict[str, Any]:
    event = huge(5000)
    event["ai"]["signals"] = [f"prompt.injection.kind_{n}" for n in range(10_000)]
    return event


def long_command() -> dict[str, Any]:
    event = huge(5000)
    event["actor"]["process"] = {"cmd_line": "curl " + "\\u0000é" * 30_000, "name": "bash"}
    return event


def many_resources() -> dict[str, Any]:
    event = huge(5000)
    event["resources"] = [{"name": f"r{n}", "uid": "u" * 50, "labels": ["a", "b"]} for n in range(5000)]
    return event


def one_large_resource() -> dict[str, Any]:
    event = huge(5000)
    event["resources"] = [{"name": "n" * 50_000, "data": {"x": "y" * 50_000}, "labels": ["l"] * 9000}]
    return event


def data_in_a_list() -> dict[str, Any]:
    event = huge(100)
    event["resources"] = [{"name": "n", "data": {"x": "y" * 50_000}}]
    return event


def attributes_of_others() -> dict[str, Any]:
    event = huge(100)
    event |= {f"of_others_{n}": "v" * 100 for n in range(500)}
    event["actor"]["no such attribute"] = {"a.b": ["c" * 9000]}
    event["with.dots"] = {"and \\ more": 1}
    event["tracehound.cut"] = ["ai.signals"]
    event["tracehound.whole"] = {"ai.signals": []}
    return event


def everything_is_large() -> dict[str, Any]:
    """A text of some length in every field that the schema has."""
    event = huge(100)
    for path, info in fields().items():
        if info.within or info.type != "keyword" or path in LONG_TEXTS:
            continue
        *above, last = path.split(".")
        node = event
        for name in above:
            node = node.setdefault(name, {}) if isinstance(node, dict) else {}
        if isinstance(node, dict):
            node.setdefault(last, f"{path} " * 8)
    return event


HOSTILE = {
    made.__name__: made
    for made in (
        long_texts, many_signals, long_command, many_resources, one_large_resource, data_in_a_list,
        attributes_of_others, everything_is_large,
    )
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_events(name: str) -> None:
    check(HOSTILE[name]())


def test_long_texts_alone_cut_nothing() -> None:
    told = orjson.loads(encoded(huge())[1])
    assert "tracehound.cut" not in told
    assert told["ai.prompt_text"].startswith("prompt")
    assert list(told)[-2:] == ["unmapped", "raw_data"]


def test_extraction_finds_every_rule_field_of_an_event_with_long_texts() -> None:
    """By the stand-in's extraction, which ends after 10,240 characters: the same fields as of the event without."""

    def extracted(event: dict[str, Any]) -> dict[str, list[str]]:
        row = Indexed(encoded(event)[1].decode(), 0.0).row(Options(kv_maxchars=None))
        plain = {name.replace("{}", ""): found for name, found in row.items()}
        return {name: found for name, found in plain.items() if name in rule_fields()}

    long = "Ignore all of this. \n" * 4000
    for event in day(600)[::6]:
        large = orjson.loads(orjson.dumps(event))
        large["message"] = large["unmapped"] = large["raw_data"] = long
        large["ai"] |= {"prompt_text": long, "response_text": long}
        large["ai"].setdefault("tool", {}).update(arguments_text=long, result_text=long)
        assert extracted(large) == extracted(event)


def test_what_is_cut_is_named_and_counted() -> None:
    encoder = EVENTS.Encoder(SETTINGS())
    told = orjson.loads(encoder.body(many_signals()))
    assert told["tracehound.cut"] == ["ai.signals"]
    assert told["ai"]["signals"] == [f"prompt.injection.kind_{n}" for n in range(len(told["ai"]["signals"]))]
    assert len(told["ai"]["signals"]) > 50
    assert len(told["tracehound.whole"]["ai.signals"]) == 10_000
    assert encoder.cut == 1


def test_there_are_no_nulls() -> None:
    event = {
        **day(600)[0],
        "unmapped": {"a": None, "b": [1, None, {"c": None, "d": "null"}], "e": float("nan")},
        "status_detail": None,
    }
    _, raw = encoded(event)
    told = orjson.loads(raw)
    assert told["unmapped"] == {"b": [1, {"d": "null"}]}
    assert "status_detail" not in told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def _absent(value: Any) -> Any:
    """What is left of a value when JSON has no nulls."""
    return ARRANGE.without_nulls(value)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        st.sampled_from(
            ["ai", "actor", "resources", "api", "unmapped", "a.b", "x", "metadata.uid", "\\", "."]
        ),
        JSON,
        max_size=6,
    ),
    st.integers(0, 30_000),
    st.randoms(use_true_random=False),
)
def test_any_event_is_restored(more: dict[str, Any], size: int, chance: random.Random) -> None:
    event = {**day(600)[chance.randrange(100)], **more, "message": "m" * size}
    document = EVENTS.Encoder(SETTINGS()).document(event)
    wanted = orjson.loads(ARRANGE.dumps(_absent(event)))
    assert orjson.loads(EVENTS.original(document)) == wanted


def test_the_envelope() -> None:
    event = {
        "metadata": {"uid": "u-1"}, "class_uid": 6003, "time": 1_700_000_000_007, "ai": {"source": "litellm"},
        "device": {"hostname": "hf-ws-1"},
    }  # fmt: skip
    document = EVENTS.Encoder(SETTINGS(indexes={"api_activity": "ai_calls"})).document(event)
    assert (document.uid, document.route) == ("u-1", "ai_calls tracehound:ocsf:api_activity")
    envelope = orjson.loads(document.body)
    assert b'"time":1700000000.007,' in document.body
    assert envelope.pop("event") == event
    assert envelope == {
        "host": "hf-ws-1", "source": "tracehound:litellm", "sourcetype": "tracehound:ocsf:api_activity",
        "index": "ai_calls", "time": 1_700_000_000.007,
    }  # fmt: skip


TIMES = {
    "none": (None, None), "text": ("yesterday", None), "negative": (-1, None), "far": (10**18, None),
    "a number with a fraction": (1.5, None), "true": (True, None), "zero": (0, 0.0), "one": (1, 0.001),
}  # fmt: skip


@pytest.mark.parametrize("name", TIMES)
def test_times(name: str) -> None:
    given_time, wanted = TIMES[name]
    envelope, _ = encoded({"metadata": {"uid": "u"}, "class_uid": 6003, "time": given_time})
    assert envelope.get("time") == wanted


def test_odd_events_are_encoded() -> None:
    for odd in (
        {"class_uid": [1]},
        {"ai": []},
        {"ai": {"source": [1]}},
        {"device": {"hostname": {"a": 1}}},
        {"class_uid": 77},
    ):
        event = {"metadata": {"uid": "u"}, **odd}
        envelope, _ = encoded(event)
        assert envelope["event"] == event
        assert envelope["sourcetype"] == "tracehound:ocsf:other" if "class_uid" in odd else True


def test_overrides() -> None:
    encoder = EVENTS.Encoder(
        SETTINGS(), index="elsewhere", source="tracehound:verify:1", fields={"sample": "7"}
    )
    document = encoder.document(day(600)[0])
    envelope = orjson.loads(document.body)
    assert (envelope["index"], envelope["source"]) == ("elsewhere", "tracehound:verify:1")
    assert envelope["fields"] == {"sample": "7"}
    assert orjson.loads(EVENTS.original(document)) == day(600)[0]


def test_sourcetypes_are_those_of_props() -> None:
    for uid in CLASSES:
        assert EVENTS.sourcetype(uid) == sourcetype_of_props(uid)


def test_envelopes_do_not_pile_up() -> None:
    encoder = EVENTS.Encoder(SETTINGS())
    for n in range(EVENTS.MOST_ENVELOPES + 10):
        encoder.document({"metadata": {"uid": "u"}, "device": {"hostname": f"h{n}"}})
    assert len(encoder._envelopes) <= EVENTS.MOST_ENVELOPES
