"""The reader finds JSON values in every form of input, and reports what is none."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracehound.decode import reader
from tracehound.decode.reader import Bad, Reader, Value


def read(content: bytes) -> list[Value | Bad]:
    return list(Reader(io.BytesIO(content).read))


def values(found: Iterable[Value | Bad]) -> list[Any]:
    return [item.data for item in found if isinstance(item, Value)]


def reasons(found: Iterable[Value | Bad]) -> list[str]:
    return [item.reason for item in found if isinstance(item, Bad)]


FORMS = {
    "lines": b'{"a":1}\n{"b":2}\n',
    "no newline at the end": b'{"a":1}\n{"b":2}',
    "windows line ends": b'{"a":1}\r\n{"b":2}\r\n',
    "blank lines": b'\n\n{"a":1}\n   \n{"b":2}\n\n',
    "concatenated": b'{"a":1}{"b":2}',
    "concatenated with spaces": b'{"a":1}   {"b":2} \n',
    "pretty-printed, concatenated": b'{\n  "a": 1\n}{\n  "b": 2\n}\n',
    "pretty-printed, one after the other": b'{\n "a":\n 1\n}\n{\n"b" : 2}\n',
    "byte order mark": b'\xef\xbb\xbf{"a":1}\n{"b":2}',
    "comma after each line": b'{"a":1},\n{"b":2},\n',
}


@pytest.mark.parametrize("content", FORMS.values(), ids=FORMS)
def test_forms(content: bytes) -> None:
    found = read(content)
    assert values(found) == [{"a": 1}, {"b": 2}]
    assert reasons(found) == []
    for item in found:
        assert content[item.offset :].lstrip().startswith(item.raw)


@pytest.mark.parametrize(
    "content", [b'[{"a":1},{"b":2}]', b'[\n{"a":1},\n{"b":2}\n]\n', b'[\n {\n"a":1},{"b":2}\n]']
)
def test_an_array_is_one_value(content: bytes) -> None:
    assert values(read(content)) == [[{"a": 1}, {"b": 2}]]


BROKEN = {
    "truncated line": (b'{"a": {"b": 1}\n{"c":1}\n{"d":1}\n', ["truncated"], [{"c": 1}, {"d": 1}]),
    "truncated after a colon": (b'{"a":\n{"c":1}\n{"d":1}\n', ["truncated"], [{"c": 1}, {"d": 1}]),
    "truncated in a text": (b'{"a":"x\n{"c":1}\n', ["truncated"], [{"c": 1}]),
    "truncated at the end": (b'{"c":1}\n{"a":"x', ["truncated"], [{"c": 1}]),
    "array without its end": (b'[\n{"c":1},\n{"d":1},\n', ["truncated"], [{"c": 1}, {"d": 1}]),
    "no JSON": (b'hello\n{"c":1}\n', ["not_json"], [{"c": 1}]),
    "words after a value": (b'{"c":1} xyz\n{"d":1}', ["not_json"], [{"c": 1}, {"d": 1}]),
    "binary": (b"\x00\x01\x02\n\x03\n", ["not_json", "not_json"], []),
    "invalid UTF-8": (b'{"a":"\xff"}\n{"c":1}', ["invalid_utf8"], [{"c": 1}]),
    "lone surrogate": (b'{"a":"\\ud800"}\n{"c":1}', ["lone_surrogate"], [{"c": 1}]),
    "lone surrogate, pretty-printed": (b'{\n"a":"\\ud800"\n}{"c":1}', ["lone_surrogate"], [{"c": 1}]),
    "2,000 levels": (b"[" * 2000 + b"]" * 2000 + b'\n{"c":1}', ["too_deep"], [{"c": 1}]),
    "2,000 levels over lines": (b'{"a":\n' * 2000 + b"1" + b"}" * 2000, None, []),
    "NaN": (b'{"a":NaN}\n{"c":1}', ["invalid_json"], [{"c": 1}]),
    "empty": (b"", [], []),
}


@pytest.mark.parametrize(("content", "expected", "kept"), BROKEN.values(), ids=BROKEN)
def test_broken(content: bytes, expected: list[str] | None, kept: list[Any]) -> None:
    found = read(content)
    assert values(found) == kept
    if expected is None:
        assert reasons(found)
    else:
        assert reasons(found) == expected


def test_a_value_above_the_limit_is_skipped_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_VALUE", 3 * reader.BLOCK)
    long = b'{"a":"' + b"x" * (10 * reader.BLOCK) + b'"}'
    found = read(b'{"b":1}\n' + long + b'\n{"c":1}\n')
    assert values(found) == [{"b": 1}, {"c": 1}]
    (bad,) = (item for item in found if isinstance(item, Bad))
    assert (bad.reason, bad.offset) == ("too_large", 8)
    assert bad.size >= len(long)
    assert len(bad.raw) == reader.EXCERPT


def test_memory_is_bounded_by_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_VALUE", 2 * reader.BLOCK)
    asked: list[int] = []
    stream = io.BytesIO(b"x" * (30 * reader.BLOCK))

    def watched(size: int) -> bytes:
        asked.append(size)
        return stream.read(size)

    line = Reader(watched)
    assert reasons(line) == ["too_large"]
    assert max(asked) <= 4 * reader.BLOCK


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), json_values, max_size=4)


@given(
    st.lists(objects, max_size=6), st.sampled_from(["", "\n", " ", "\n\n"]), st.booleans(), st.integers(1, 40)
)
def test_what_was_written_is_read(items: list[Any], between: str, pretty: bool, block: int) -> None:
    option = orjson.OPT_INDENT_2 if pretty else 0
    content = between.encode().join(orjson.dumps(item, option=option) for item in items)
    stream = io.BytesIO(content)
    found = list(Reader(lambda size: stream.read(min(size, block))))
    assert values(found) == items
    assert reasons(found) == []


@given(st.binary(max_size=300) | st.text('{}[]",:\\ \n0aé', max_size=200).map(str.encode))
@settings(max_examples=300)
def test_nothing_is_lost_and_nothing_raises(content: bytes) -> None:
    """Whatever comes in, each byte is in a value, in a bad place, or is a separator."""
    covered = bytearray(len(content))
    for item in read(content):
        start = content.index(item.raw, item.offset)
        covered[start : start + len(item.raw)] = b"\1" * len(item.raw)
    left = bytes(byte for byte, seen in zip(content, covered, strict=True) if not seen)
    assert not left.translate(None, b" \t\r\n\x0b\x0c,]\xef\xbb\xbf")
