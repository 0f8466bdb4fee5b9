"""Records out of what they are delivered in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tracehound.decode.envelopes import MAX_ENVELOPES, unwrap

A, B = {"a": 1}, {"b": [2]}
TEXT = json.dumps(A)

CASES: dict[str, tuple[Any, list[Any]]] = {
    "record": (A, [A]),
    "array": ([A, B], [A, B]),
    "CloudTrail": ({"Records": [A, B]}, [A, B]),
    "Azure": ({"records": [A]}, [A]),
    "no records": ({"Records": []}, []),
    "records that are none": ({"records": [1, A]}, [{"records": [1, A]}]),
    "page": ({"object": "list", "data": [A, B], "has_more": False}, [A, B]),
    "data of a record": ({"data": [A], "model": "m"}, [{"data": [A], "model": "m"}]),
    "CloudWatch Logs": ({"logGroup": "g", "logEvents": [{"id": "1", "message": TEXT}]}, [A]),
    "CloudWatch Logs, no JSON": (
        {"logGroup": "g", "logEvents": [{"message": "plain"}]},
        [{"message": "plain"}],
    ),
    "aws logs filter-log-events": (
        {"events": [{"message": TEXT, "eventId": "1"}], "searchedLogStreams": []},
        [A],
    ),
    "aws cloudtrail lookup-events": ({"Events": [{"EventId": "1", "CloudTrailEvent": TEXT}]}, [A]),
    "events of a record": ({"events": [{"name": "x"}], "id": 1}, [{"events": [{"name": "x"}], "id": 1}]),
    "no events": ({"events": []}, [{"events": []}]),
    "webhook": ({"headers": {}, "body": json.dumps([A, B])}, [A, B]),
    "webhook of one": ({"headers": {}, "body": TEXT}, [{"headers": {}, "body": TEXT}]),
    "inside each other": (
        [{"logGroup": "g", "logEvents": [{"message": json.dumps({"Records": [A, B]})}]}],
        [A, B],
    ),
}


@pytest.mark.parametrize(("data", "records"), CASES.values(), ids=CASES.keys())
def test_unwrap(data: Any, records: list[Any]) -> None:
    assert list(unwrap(data)) == records


def test_depth_is_bounded() -> None:
    deep: Any = A
    for _ in range(MAX_ENVELOPES + 3):
        deep = [deep]
    (left,) = unwrap(deep)
    assert isinstance(left, list)
