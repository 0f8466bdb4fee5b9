"""How values are compared, the same on every target: case, arrays, absence, numbers, paths."""

from __future__ import annotations

from typing import Any

import pytest

CASES: list[tuple[str, Any, dict[str, Any], bool]] = [
    # case: Unicode lower-casing, one character for one, no folding
    ("umlaut", {"f": "STRAẞE Ä"}, {"f": "straße ä"}, True),
    ("ß is not ss", {"f": "strasse"}, {"f": "straße"}, False),
    ("İ is i", {"f": "istanbul"}, {"f": "İstanbul"}, True),
    ("İ counts as one character", {"f": "?stanbul"}, {"f": "İstanbul"}, True),
    ("ı stays itself", {"f": "i"}, {"f": "ı"}, False),
    ("final sigma", {"f": "ΟΔΟΣ"}, {"f": "οδοσ"}, True),
    ("final sigma is another letter", {"f": "ΟΔΟΣ"}, {"f": "οδος"}, False),
    ("sigma inside a longer text", {"f|contains": "ΟΔΟΣ"}, {"f": "Η ΟΔΟΣΑ"}, True),
    ("Cyrillic", {"f": "АБВ"}, {"f": "абв"}, True),
    ("Cyrillic A is no Latin A", {"f": "A"}, {"f": "А"}, False),
    ("Kelvin sign", {"f": "k"}, {"f": "\u212a"}, True),
    ("beyond the first plane", {"f": "\U00010400"}, {"f": "\U00010428"}, True),
    # arrays: any element; negation: no element
    ("array", {"f": "b"}, {"f": ["a", "B"]}, True),
    ("array negated", {"sel": {"f": "b"}, "condition": "not sel"}, {"f": ["a", "b"]}, False),
    ("absent negated", {"sel": {"f": "b"}, "condition": "not sel"}, {}, True),
    ("array in an array", {"f": "b"}, {"f": [["a"], ["b"]]}, True),
    ("two tests, two elements", {"f|startswith": "a", "f|endswith": "z"}, {"f": ["ab", "yz"]}, True),
    # arrays of objects: any element of the path
    ("array of objects", {"a.b": "x"}, {"a": [{"b": "y"}, {"b": "x"}]}, True),
    ("array of objects and arrays", {"a.b.c": "x"}, {"a": [{"b": [{"c": ["x"]}]}]}, True),
    ("nested arrays of objects", {"a.b": "x"}, {"a": [[{"b": "x"}]]}, True),
    (
        "array of objects negated",
        {"sel": {"a.b": "x"}, "condition": "not sel"},
        {"a": [{"b": "y"}, {}]},
        True,
    ),
    ("objects and scalars mixed", {"a.b": "x"}, {"a": ["b", {"b": "x"}]}, True),
    # null, [] and absent are one; '' is a value
    ("null in an array", {"f": None}, {"f": [None]}, True),
    ("null beside a value", {"f": None}, {"f": [None, "x"]}, False),
    ("null on a path", {"a.b": None}, {"a": [{"b": None}, {}]}, True),
    ("null below a scalar", {"a.b": None}, {"a": "text"}, True),
    ("empty object", {"f|exists": True}, {"f": {}}, False),
    ("object of nothing", {"f|exists": True}, {"f": {"a": [None]}}, False),
    ("object with a value", {"f|exists": True}, {"f": {"a": 0}}, True),
    ("object is no text", {"f": "*"}, {"f": {"a": 0}}, False),
    # numbers, decimal text, booleans
    ("number", {"f": 5}, {"f": 5}, True),
    ("number and decimal text", {"f": 5}, {"f": "5"}, True),
    ("number and other text", {"f": 5}, {"f": "5.0"}, False),
    ("number and float", {"f": 5}, {"f": 5.0}, True),
    ("number is no prefix", {"f": 5}, {"f": 55}, False),
    ("float", {"f": 0.5}, {"f": "0.5"}, True),
    ("text and number", {"f": "5"}, {"f": 5}, True),
    ("text and float", {"f": "5"}, {"f": 5.0}, True),
    ("decimal text and number", {"f": "5.50"}, {"f": 5.5}, True),
    ("prefix of a number", {"f|startswith": "4"}, {"f": 404}, True),
    ("one is not true", {"f": 1}, {"f": True}, False),
    ("true is not one", {"f": True}, {"f": 1}, False),
    ("true", {"f": True}, {"f": True}, True),
    ("true and its text", {"f": True}, {"f": "True"}, True),
    ("text true and a boolean", {"f": "true"}, {"f": True}, True),
    ("false is not absent", {"f": False}, {}, False),
    ("false is not null", {"f": None}, {"f": False}, False),
    ("large number", {"f": "9007199254740993"}, {"f": 9007199254740993}, True),
    # paths: nested first, then the literal flat key
    ("flat key", {"a.b": "x"}, {"a.b": "x"}, True),
    ("nested wins over flat", {"a.b": "x"}, {"a": {"b": "y"}, "a.b": "x"}, False),
    ("flat where nested is null", {"a.b": "x"}, {"a": {"b": None}, "a.b": "x"}, True),
    ("flat array", {"a.b": "x"}, {"a.b": ["y", "x"]}, True),
    ("flat null", {"a.b": None}, {"a.b": None}, True),
    # conditions
    ("1 of", {"s1": {"f": "a"}, "s2": {"f": "b"}, "condition": "1 of s*"}, {"f": "b"}, True),
    ("all of", {"s1": {"f": "a"}, "s2": {"g": "b"}, "condition": "all of s*"}, {"f": "a"}, False),
    (
        "all of them",
        {"s1": {"f": "a"}, "s2": {"g": "b"}, "condition": "all of them"},
        {"f": "a", "g": "b"},
        True,
    ),
    (
        "precedence",
        {"a": {"f": 1}, "b": {"f": 2}, "c": {"f": 3}, "condition": "a or b and c"},
        {"f": 1},
        True,
    ),
    ("nested not", {"a": {"f": 1}, "b": {"g": 1}, "condition": "not (a or not b)"}, {"g": 1}, True),
    ("list of maps is or", {"sel": [{"f": 1}, {"g": 1}], "condition": "sel"}, {"g": 1}, True),
    ("map is and", {"sel": {"f": 1, "g": 1}, "condition": "sel"}, {"g": 1}, False),
    ("several conditions are or", {"a": {"f": 1}, "b": {"f": 2}, "condition": ["a", "b"]}, {"f": 2}, True),
    ("not and or with fields", {"a": {"f": 1}, "b": {"g": 1}, "condition": "a or not b"}, {}, True),
]


@pytest.mark.parametrize(
    ("detection", "event", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_comparing(matches: Any, detection: Any, event: dict[str, Any], expected: bool) -> None:
    assert matches(detection, event) is expected


ADDRESSES = [
    ("equal", "10.0.0.1", "10.0.0.1", True),
    ("IPv6 in two spellings", "2001:db8::1", "2001:0DB8:0:0:0:0:0:1", True),
    ("IPv4 written in IPv6", "10.0.0.1", "::ffff:10.0.0.1", True),
    ("other", "10.0.0.1", "10.0.0.10", False),
    ("no address", "10.0.0.1", "localhost", False),
    ("array", "10.0.0.1", ["::1", "10.0.0.1"], True),
]


@pytest.mark.parametrize(
    ("rule", "value", "expected"), [a[1:] for a in ADDRESSES], ids=[a[0] for a in ADDRESSES]
)
def test_address(matches: Any, rule: str, value: Any, expected: bool) -> None:
    assert matches({"f": rule}, {"f": value}, {"f": "ip"}) is expected
