"""What holds for every normalizer: one matches, events are whole, nothing is lost, nothing breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kept import lost
from normalized import DATA, cases, normalized, records
from recordings import files, recorded

from tracehound.errors import RecordError
from tracehound.event import TRANSIENT
from tracehound.normalizers import Normalizer, registry
from tracehound.record import Record
from tracehound.schema import validate

Data = dict[str, Any]

REGISTRY = registry()
INPUTS: dict[str, list[Data]] = {
    f"{source}/{path.stem}": records(path)
    for source in sorted(REGISTRY.by_name)
    for path in (cases(source) if (DATA / source).is_dir() else ())
} | {f"recorded/{name}": recorded(name) for name in files() if REGISTRY.find(recorded(name)[0])}
ANYTHING: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    2**70,
    "",
    "text",
    "\ud800",
    [],
    [None],
    ["x"],
    [{}],
    {},
    {"a": 1},
)
"""One value of each JSON type and the awkward ones of each: a number beyond 64 bits, half a surrogate pair."""

every_input = pytest.mark.parametrize("name", INPUTS)


def owner(data: Data) -> Normalizer:
    found = REGISTRY.find(data)
    assert found is not None
    return found


def samples() -> Iterator[tuple[str, Normalizer, Data]]:
    """The first record of each input."""
    for name, found in INPUTS.items():
        if found:
            yield name, owner(found[0]), found[0]


SAMPLES = list(samples())
every_sample = pytest.mark.parametrize(
    ("normalizer", "data"), [(n, data) for _, n, data in SAMPLES], ids=[name for name, _, _ in SAMPLES]
)


def bare(event: Data) -> Data:
    """The event without what only travels inside."""
    return {key: value for key, value in event.items() if key not in TRANSIENT}


def broken(normalizer: Normalizer, data: Data) -> list[Data]:
    """The events of a damaged record that still looks like one of the source; each is valid, or it is refused.

    What is OCSF already keeps the faults that it came with.
    """
    if not normalizer.matches(copy.deepcopy(data)):
        return []
    try:
        events = normalized(normalizer, data)
    except RecordError:
        return []
    for event in () if normalizer.passthrough else events:
        assert validate(bare(event)) == []
    return events


@pytest.mark.parametrize("name", sorted(REGISTRY.by_name))
def test_every_normalizer_has_inputs(name: str) -> None:
    assert any(owner(data).name == name for found in INPUTS.values() for data in found)


@pytest.mark.parametrize("name", files())
def test_every_recorded_record_is_known(name: str) -> None:
    assert [data for data in recorded(name) if REGISTRY.find(data) is None] == []


@every_input
def test_exactly_one_normalizer_knows_a_record(name: str) -> None:
    for data in INPUTS[name]:
        sure = [
            n.name for n in REGISTRY.by_name.values() if not n.fallback and n.matches(copy.deepcopy(data))
        ]
        assert len(sure) <= 1
        folder = name.partition("/")[0]
        if folder != "recorded":
            assert owner(data).name == folder


@every_input
def test_events_are_whole(name: str, ocsf_problems: Callable[[Any], list[str]]) -> None:
    uids: list[str] = []
    for at, data in enumerate(INPUTS[name]):
        normalizer = owner(data)
        for event in normalized(normalizer, data, at * 1000):
            assert ocsf_problems(bare(event)) == []
            assert list(_empty(bare(event))) == []
            assert event["time"] > 0
            assert event["ai"]["source"] == normalizer.name or normalizer.passthrough
            assert event["ai"]["activity"]
            if not normalizer.passthrough:
                assert event["raw_data_hash"]["value"]
            uids.append(event["metadata"]["uid"])
    assert len(set(uids)) == len(uids)


def _empty(value: Any, path: str = "") -> Iterator[str]:
    """Paths of what is null or an empty object or list."""
    if value is None or value == {} or value == []:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _empty(item, f"{path}.{key}")


@every_input
def test_same_record_same_events(name: str) -> None:
    """Whatever was normalized before: no state, and the record that is passed in is not changed."""
    first = [normalized(owner(data), data, at) for at, data in enumerate(INPUTS[name])]
    before = orjson.dumps(INPUTS[name])
    backwards = [normalized(owner(data), data, at) for at, data in reversed(list(enumerate(INPUTS[name])))]
    assert backwards[::-1] == first
    assert orjson.dumps(INPUTS[name]) == before


@every_input
def test_the_first_event_is_nobody_elses(name: str) -> None:
    """It is completed in place: no object in it stands elsewhere in it, in the record, or in the next record's."""
    for data in INPUTS[name]:
        before: dict[int, Any] = {}
        for _ in range(2):
            record = Record(copy.deepcopy(data), time_read=1, raw=b"{}")
            event = next(iter(list(owner(data).normalize(record))))
            found = list(_containers(bare(event)))
            assert len({id(value) for value in found}) == len(found)
            assert {id(value) for value in found}.isdisjoint(map(id, _containers(record.data)))
            assert {id(value) for value in found}.isdisjoint(before)
            before = {id(value): value for value in found}


def _containers(value: Any) -> Iterator[Any]:
    """The objects and lists in it, which some code could change."""
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, (dict, list)):
            yield item
            yield from _containers(item)


@every_input
def test_nothing_is_lost(name: str) -> None:
    for at, data in enumerate(INPUTS[name]):
        normalizer = owner(data)
        assert lost(normalizer.name, data, normalized(normalizer, data, at)) == []


@pytest.mark.parametrize("normalizer", REGISTRY.by_name.values(), ids=REGISTRY.by_name)
def test_an_empty_record_is_nobodys(normalizer: Normalizer) -> None:
    assert not normalizer.matches({})


@every_sample
def test_a_record_of_nulls(normalizer: Normalizer, data: Data) -> None:
    broken(normalizer, dict.fromkeys(data))
    broken(normalizer, {key: {} for key in data})
    for key in data:
        broken(normalizer, {name: value if name == key else None for name, value in data.items()})


@every_sample
def test_top_level_values_of_any_type(normalizer: Normalizer, data: Data) -> None:
    for key in data:
        for value in ANYTHING:
            broken(normalizer, {**data, key: value})
        broken(normalizer, {name: value for name, value in data.items() if name != key})


@every_sample
def test_nested_values_of_any_type(normalizer: Normalizer, data: Data) -> None:
    """Each object and list inside emptied, made null, a text, a number: a path at a time."""
    places = [path for path, value in _places(data) if isinstance(value, (dict, list)) and path]
    for path in places[:150]:
        for value in (None, {}, [], "text", 7, [None, 1, "x", {}]):
            broken(normalizer, _replaced(data, path, value))


@every_sample
def test_leaves_of_any_type(normalizer: Normalizer, data: Data) -> None:
    """Each number and text inside replaced by a value of each type, at about a hundred places of a record."""
    places = [path for path, value in _places(data) if len(path) > 1 and not isinstance(value, (dict, list))]
    for path in places[:: len(places) // 100 + 1]:
        for value in (None, True, -7, 2**70, "text", "\ud800", [], {}, ["x", {}], {"a": 1}):
            broken(normalizer, _replaced(data, path, value))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(st.data())
def test_a_random_leaf_is_random_json(draw: st.DataObject) -> None:
    _, normalizer, data = draw.draw(st.sampled_from(SAMPLES))
    places = [path for path, _ in _places(data) if path]
    path = draw.draw(st.sampled_from(places))
    leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    value = st.recursive(
        leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner)
    )
    broken(normalizer, _replaced(data, path, draw.draw(value)))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Every place in the record with its value."""
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _replaced(data: Data, path: tuple[Any, ...], value: Any) -> Data:
    made = copy.deepcopy(data)
    target: Any = made
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = copy.deepcopy(value)
    return made
