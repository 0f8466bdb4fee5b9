"""Every modifier of the Sigma specification 2.1.0, appendix "Modifiers", by name."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from sigma.modifiers import modifier_mapping

V = "value"
DAY = 1_764_000_000_000  # 2025-11-24T16:00:00Z, a Monday of ISO week 48


def b64(data: bytes) -> str:
    return b64encode(data).decode()


CASES: list[tuple[str, dict[str, Any], Any, bool]] = [
    # Rules specification, "Detection item": plain values, lists, wildcards
    ("plain equal", {"f": "Value"}, "vALUE", True),
    ("plain is not contains", {"f": "val"}, V, False),
    ("list is or", {"f": ["x", V]}, V, True),
    ("star", {"f": "v*e"}, V, True),
    ("star takes nothing", {"f": "val*ue"}, V, True),
    ("question mark is one", {"f": "v?lue"}, V, True),
    ("question mark is not none", {"f": "v?alue"}, V, False),
    ("two stars", {"f": "*a*u*"}, V, True),
    ("order of pieces", {"f": "*u*a*"}, V, False),
    ("anchored at the start", {"f": "a*"}, V, False),
    ("pieces do not overlap", {"f": "aba*aba"}, "ababa", False),
    ("wildcards go over line ends", {"f": "a*b?c"}, "a\nx\nb\nc", True),
    # Rules specification, "Escaping"
    ("escaped star is a star", {"f": r"a\*b"}, "a*b", True),
    ("escaped star is no wildcard", {"f": r"a\*b"}, "axb", False),
    ("escaped question mark", {"f": r"a\?"}, "a?", True),
    ("escaped question mark is no wildcard", {"f": r"a\?"}, "ab", False),
    ("plain backslash stays", {"f": r"c:\dir"}, r"C:\DIR", True),
    ("double backslash before a star", {"f": r"c:\\*"}, r"c:\x", True),
    ("contains with escaped star", {"f|contains": r"\*"}, "2*3", True),
    ("contains with escaped star, none there", {"f|contains": r"\*"}, "23", False),
    # "Generic modifiers"
    ("contains", {"f|contains": "ALU"}, V, True),
    ("contains not", {"f|contains": "ulA"}, V, False),
    ("contains with an inner wildcard", {"f|contains": "a*u"}, "xxabbbuxx", True),
    ("startswith", {"f|startswith": "VAL"}, V, True),
    ("startswith not", {"f|startswith": "alue"}, V, False),
    ("endswith", {"f|endswith": "LUE"}, V, True),
    ("endswith not before a newline", {"f|endswith": "lue"}, "value\n", False),
    ("endswith the newline itself", {"f|endswith": "lue\n"}, "value\n", True),
    ("all", {"f|contains|all": ["va", "ue"]}, V, True),
    ("all, one missing", {"f|contains|all": ["va", "xx"]}, V, False),
    ("all over an array: each by any element", {"f|all": ["a", "b"]}, ["b", "c", "a"], True),
    ("exists", {"f|exists": True}, V, True),
    ("exists, empty text is a value", {"f|exists": True}, "", True),
    ("exists, null", {"f|exists": True}, None, False),
    ("exists, empty array", {"f|exists": True}, [], False),
    ("exists false", {"f|exists": False}, None, True),
    ("exists false, false is a value", {"f|exists": False}, False, False),
    ("neq", {"f|neq": "x"}, V, True),
    ("neq equal", {"f|neq": V}, V, False),
    ("neq is no-value-matches", {"f|neq": "a"}, ["a", "b"], False),
    ("neq of an absent field", {"f|neq": "a"}, None, True),
    ("cased", {"f|cased": "Value"}, "Value", True),
    ("cased, other case", {"f|cased": "Value"}, "value", False),
    ("cased contains", {"f|contains|cased": "AL"}, "vALue", True),
    ("cased contains, other case", {"f|contains|cased": "AL"}, "value", False),
    ("cased with inner wildcard", {"f|cased": "V*e"}, "value", False),
    ("cased survives windash", {"f|cased|windash|contains": "-Enc"}, "x /enc y", False),
    ("cased with windash", {"f|cased|windash|contains": "-Enc"}, "x /Enc y", True),
    # "String modifiers": re, with i m s
    ("re is searched", {"f|re": "al"}, V, True),
    ("re counts case", {"f|re": "AL"}, V, False),
    ("re i", {"f|re|i": "AL"}, V, True),
    ("re dot and newline", {"f|re": "a.b"}, "a\nb", False),
    ("re s", {"f|re|s": "a.b"}, "a\nb", True),
    ("re m", {"f|re|m": "^b"}, "a\nb", True),
    ("re without m", {"f|re": "^b"}, "a\nb", False),
    ("re long flag names", {"f|re|ignorecase|multiline|dotall": "^B.c"}, "a\nb\nc", True),
    ("re on a number's text", {"f|re": "^4.4$"}, 404, True),
    ("re with look-ahead", {"f|re": "a(?=b)"}, "xab", True),
    ("re with a star", {"f|re": "^va*l"}, "vaaal", True),
    ("re over a lone surrogate", {"f|re": "b$"}, "a\ud800b", True),
    # "String modifiers": encodings
    ("base64", {"f|base64": "hello"}, b64(b"hello"), True),
    ("base64 contains", {"f|base64|contains": "hel"}, "xx" + b64(b"hel") + "yy", True),
    ("base64 of an escaped star", {"f|base64": r"a\*b"}, b64(b"a*b"), True),
    ("base64offset, offset 0", {"f|base64offset|contains": "secret"}, b64(b"secret!"), True),
    ("base64offset, offset 1", {"f|base64offset|contains": "secret"}, b64(b"1secret!"), True),
    ("base64offset, offset 2", {"f|base64offset|contains": "secret"}, b64(b"12secret!"), True),
    ("base64offset beyond ASCII", {"f|base64offset|contains": "gehör"}, b64("1gehört".encode()), True),
    ("base64offset not there", {"f|base64offset|contains": "secret"}, b64(b"sacred"), False),
    ("wide", {"f|wide|base64offset|contains": "ab"}, b64("xab".encode("utf-16le")), True),
    ("utf16 has the mark of its byte order", {"f|utf16|base64": "a"}, b64(b"\xff\xfea\x00"), True),
    ("utf16be", {"f|utf16be|base64": "a"}, b64(b"\x00a"), True),
    ("wide without base64", {"f|wide|contains": "ab"}, "xa\x00b\x00", True),
    ("windash", {"f|windash|contains": " -s"}, "cmd /s", True),
    ("windash keeps the dash", {"f|windash|contains": " -s"}, "cmd -s", True),
    ("windash en dash", {"f|windash|contains": " -s"}, "cmd \u2013s", True),
    # "Numeric modifiers"
    ("gt", {"f|gt": 4}, 5, True),
    ("gt equal", {"f|gt": 5}, 5, False),
    ("gte equal", {"f|gte": 5}, 5, True),
    ("lt", {"f|lt": 5}, 4.5, True),
    ("lte", {"f|lte": 5}, 5.0, True),
    ("gt on decimal text", {"f|gt": 4}, "5", True),
    ("gt on other text", {"f|gt": 4}, "five", False),
    ("gt is no test for booleans", {"f|gt": 0}, True, False),
    ("gt any element", {"f|gt": 4}, [1, 9], True),
    ("gt absent", {"f|gt": -1}, None, False),
    ("minute", {"f|minute": 0}, DAY, True),
    ("hour in UTC", {"f|hour": 16}, DAY, True),
    ("hour of ISO text", {"f|hour": 16}, "2025-11-24T18:00:00+02:00", True),
    ("hour gte", {"f|hour|gte": 17}, DAY, False),
    ("hour lt", {"f|hour|lt": 17}, DAY, True),
    ("day", {"f|day": 24}, DAY, True),
    ("week is ISO's", {"f|week": 48}, DAY, True),
    ("month", {"f|month": 11}, DAY, True),
    ("year", {"f|year": 2025}, DAY, True),
    ("hour of no time", {"f|hour": 16}, "noon", False),
    ("hour out of range", {"f|hour": 16}, 1e30, False),
    # "IP addresses"
    ("cidr", {"f|cidr": "10.0.0.0/8"}, "10.255.0.1", True),
    ("cidr outside", {"f|cidr": "10.0.0.0/8"}, "11.0.0.1", False),
    ("cidr IPv6", {"f|cidr": "2001:db8::/32"}, "2001:0DB8:0:0::1", True),
    ("cidr, IPv4 in IPv6", {"f|cidr": "10.0.0.0/8"}, "::ffff:10.0.0.1", True),
    ("cidr list", {"f|cidr": ["192.168.0.0/16", "fd00::/8"]}, "fd12::1", True),
    ("cidr of no address", {"f|cidr": "0.0.0.0/0"}, "example.com", False),
    ("cidr /32", {"f|cidr": "1.2.3.4/32"}, "1.2.3.4", True),
    # "Field reference"
    ("fieldref", {"f|fieldref": "g"}, "OTHER", True),
    ("fieldref not equal", {"f|fieldref": "g"}, "another", False),
    ("fieldref startswith", {"f|fieldref|startswith": "g"}, "other one", True),
    ("fieldref endswith", {"f|fieldref|endswith": "g"}, "any other", True),
    ("fieldref contains", {"f|fieldref|contains": "g"}, "an other one", True),
    ("fieldref absent", {"f|fieldref": "h"}, "x", False),
    # Rules specification, "Null values and empty strings"
    ("null", {"f": None}, None, True),
    ("null and a value", {"f": None}, "", False),
    ("null in a list", {"f": [None, "x"]}, [], True),
    ("empty text", {"f": ""}, "", True),
    ("empty text and none", {"f": ""}, None, False),
    ("star is any value", {"f": "*"}, "", True),
    ("star and none", {"f": "*"}, None, False),
]


@pytest.mark.parametrize(("item", "value", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_modifier(matches: Any, item: dict[str, Any], value: Any, expected: bool) -> None:
    assert matches(item, {"f": value, "g": "other"}) is expected


def test_every_modifier_of_pysigma_has_a_case() -> None:
    used = {m for _, item, _, _ in CASES for key in item for m in key.split("|")[1:]}
    assert set(modifier_mapping) - used == {"expand"}  # tests/rules/test_lists.py


@pytest.mark.parametrize(
    ("detection", "event", "expected"),
    [
        (["error"], {"message": "an ERROR here"}, True),
        (["error"], {"a": {"b": [{"c": "Error!"}]}}, True),
        (["error"], {"error": "a key is no value"}, False),
        ({"|all": ["one", "two"]}, {"message": "two", "x": "one"}, True),
        ({"|all": ["one", "two"]}, {"message": "one"}, False),
        ({"|re": "e.ror"}, {"m": "error"}, True),
        ([404], {"m": "status 404"}, True),
        (["er*or"], {"m": "x erXXor x"}, True),
    ],
)
def test_keywords_search_every_text(
    matches: Any, detection: Any, event: dict[str, Any], expected: bool
) -> None:
    assert matches(detection, event) is expected
