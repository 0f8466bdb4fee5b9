"""EQL as the tests run it: values, several values, absent fields, sequences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

EVENTS: list[dict[str, Any]] = [
    {"time": 0, "u": "a", "ai": {"signals": ["Prompt.Injection", "prompt.secret"], "n": 4}},
    {"time": 1_000, "u": "b", "ai": {"signals": ["prompt.secret"], "ip": "10.1.2.3"}},
    {"time": 2_000, "u": "a", "ai": {"n": 5}},
    {"time": 400_000, "u": "a", "parts": [{"name": "x"}, {"name": "y"}]},
]

CASES = {
    "one of several values": ('any where ai.signals : "prompt.injection"', [[0]]),
    "a pattern": ('any where ai.signals like~ ("*.secret")', [[0], [1]]),
    "a list": ('any where ai.signals in~ ("prompt.secret", "other")', [[0], [1]]),
    "not, several values": ('any where not ai.signals : "prompt.injection"', [[1], [2], [3]]),
    "not equal": ('any where ai.signals != "prompt.secret"', [[2], [3]]),
    "numbers in a list": ("any where ai.n in (4, 6)", [[0]]),
    "a range": ("any where ai.n > 4", [[2]]),
    "cidr": ('any where cidrMatch(ai.ip, "10.0.0.0/8")', [[1]]),
    "null": ("any where ai.signals == null", [[2], [3]]),
    "through objects": ('any where parts.name : "Y"', [[3]]),
    "sequence": ("sequence by u with maxspan=5m [any where ai.n == 4] [any where true]", [[0, 2]]),
    "sequence too far apart": ("sequence by u with maxspan=5m [any where ai.n == 5] [any where true]", []),
    "runs": ("sequence by u [any where true] with runs=3", [[0, 2, 3]]),
}


@pytest.mark.parametrize("case", CASES)
def test_matches(case: str, eql_matches: Callable[..., list[list[int]]]) -> None:
    query, wanted = CASES[case]
    assert eql_matches(query, EVENTS) == wanted


def test_refused_with_a_reason(eql_matches: Callable[..., list[list[int]]]) -> None:
    import eql  # type: ignore[import-untyped]

    with pytest.raises(eql.EqlError, match="Expected string not number"):
        eql_matches("any where ai.n : 4", EVENTS)
