"""OCSF events pass as they are; what is not well-formed is refused."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from normalized import TIME_READ, all_events, cases, normalized, records

from tracehound import enrichers
from tracehound.config import Settings
from tracehound.encode import line
from tracehound.errors import RecordError
from tracehound.event import FINISHED
from tracehound.normalizers import registry
from tracehound.schema import constants

NORMALIZER = registry().by_name["ocsf"]
ENRICH = enrichers.build(Settings())
CASES = cases("ocsf")
HTTP = records(next(path for path in CASES if path.stem == "http_proxy"))[0]


def changed(**changes: Any) -> dict[str, Any]:
    """The HTTP event with attributes replaced; None takes one away."""
    data = copy.deepcopy(HTTP) | changes
    return {key: value for key, value in data.items() if value is not None}


def ours(**changes: Any) -> dict[str, Any]:
    """An event as we write it."""
    return normalized(NORMALIZER, HTTP)[0] | changes


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_events_are_right(path: Path, ocsf_problems: Callable[[Any], list[str]]) -> None:
    for event in all_events(NORMALIZER, path):
        assert ocsf_problems(event) == []


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_nothing_that_an_event_has_is_changed(path: Path) -> None:
    for data in records(path):
        event = normalized(NORMALIZER, data)[0]
        for key, value in _without_nulls(data).items():
            if key != "metadata":
                assert event[key] == value
        for key, value in _without_nulls(data["metadata"]).items():
            assert event["metadata"][key] == value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _without_nulls(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item is not None and item != [] and item != {}}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def test_a_uid_is_given_only_where_there_is_none() -> None:
    assert normalized(NORMALIZER, HTTP)[0]["metadata"]["uid"] == HTTP["metadata"]["uid"]
    bare = changed(metadata={"version": "1.5.0", "product": {"name": "P"}})
    first, again = normalized(NORMALIZER, bare, 0)[0], normalized(NORMALIZER, bare, 0)[0]
    other = normalized(NORMALIZER, bare, 900)[0]
    assert first["metadata"]["uid"] == again["metadata"]["uid"] != other["metadata"]["uid"]
    assert first["metadata"]["version"] == "1.5.0"


def test_extensions_of_others_stay() -> None:
    theirs = {"name": "win", "uid": "2", "version": "1.8.0"}
    event = normalized(NORMALIZER, changed(metadata=HTTP["metadata"] | {"extensions": [theirs]}))[0]
    assert event["metadata"]["extensions"] == [theirs, constants.EXTENSION]


def test_missing_numbers_are_filled_and_the_time_is_that_of_reading() -> None:
    event = normalized(
        NORMALIZER, changed(activity_id=None, type_uid=None, category_uid=None, time=None, severity_id=None)
    )[0]
    assert (event["activity_id"], event["type_uid"], event["category_uid"]) == (0, 400200, 4)
    assert (event["time"], event["severity_id"]) == (TIME_READ, 0)


@pytest.mark.parametrize("class_uid", [4002, 6003, 2004])
def test_an_event_of_ours_is_taken_as_it_is(class_uid: int) -> None:
    event = ours(class_uid=class_uid)
    made = normalized(NORMALIZER, event)[0]
    assert made.pop(FINISHED) is True
    assert made == event


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "class as text": (changed(class_uid="4002"), "wrong_shape"),
    "class as float": (changed(class_uid=4002.0), "wrong_shape"),
    "class is true": (changed(class_uid=True), "wrong_shape"),
    "class we do not read": (changed(class_uid=1001), "unsupported_class"),
    "metadata as list": (changed(metadata=[]) | {"metadata": []}, "wrong_shape"),
    "no version": (changed(metadata={"product": {"name": "P"}}), "wrong_shape"),
    "time in seconds": (changed(time=1764000123), "wrong_shape"),
    "time as text": (changed(time="2025-11-24T16:02:03Z"), "wrong_shape"),
    "activity as text": (changed(activity_id="6"), "wrong_shape"),
    "endpoint as text": (changed(dst_endpoint="api.openai.com"), "wrong_shape"),
    "url as text": (changed(http_request={"url": "https://api.openai.com"}), "wrong_shape"),
    "user as list": (changed(actor={"user": ["mira"]}), "wrong_shape"),
    "answers as object": (changed(answers={"rdata": "203.0.113.4"}), "wrong_shape"),
    "labels as text": (changed(metadata=HTTP["metadata"] | {"labels": "x"}), "wrong_shape"),
    "an ai object of others": (changed(ai={"model": "gpt"}), "wrong_shape"),
    "a transient key": (changed(_texts=[["prompt", "x", False]]), "wrong_shape"),
    "ours with an unknown class": (ours(class_uid=9999), "wrong_shape"),
    "ours with an unknown service": (
        ours(ai={"service": "x", "source": "y", "activity": "z"}),
        "wrong_shape",
    ),
    "ours without a uid": (
        ours(metadata={"version": "1.8.0", "extensions": [constants.EXTENSION]}),
        "wrong_shape",
    ),
    "ours without a time": (ours(time=0), "wrong_shape"),
}


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_refused(data: dict[str, Any], reason: str) -> None:
    with pytest.raises(RecordError) as error:
        normalized(NORMALIZER, data)
    assert error.value.reason == reason


@pytest.mark.parametrize("data", [{}, {"class_uid": 4002}, {"metadata": {}}, {"eventName": "InvokeModel"}])
def test_records_of_others_do_not_match(data: dict[str, Any]) -> None:
    assert not NORMALIZER.matches(data)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(HTTP)), value=ANYTHING)
def test_any_value_is_passed_or_refused(key: str, value: Any) -> None:
    try:
        outcome = str(len(normalized(NORMALIZER, copy.deepcopy(HTTP) | {key: value})))
    except RecordError as error:
        outcome = error.reason
    assert outcome in ("1", "wrong_shape", "unsupported_class")


@settings(deadline=None)
@given(at=st.data(), value=ANYTHING, key=st.sampled_from(["answers", "query", "resources", "process", "x"]))
def test_enrichers_take_whatever_passes(at: st.DataObject, value: Any, key: str) -> None:
    data = copy.deepcopy(HTTP)
    holder: dict[str, Any] = data
    for _ in range(at.draw(st.integers(0, 3))):
        inner = [item for item in holder.values() if isinstance(item, dict) and item]
        holder = at.draw(st.sampled_from(inner)) if inner else holder
    holder[at.draw(st.sampled_from([*sorted(holder), key]))] = value
    try:
        events = normalized(NORMALIZER, data)
    except RecordError:
        return
    if not events[0].pop(FINISHED, False):
        ENRICH(events)
    assert line(events)
