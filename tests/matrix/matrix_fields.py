"""Fields of events put in and taken out as the schema shapes them, and values that pass or fail a test."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any

from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, LeafTest, Number, Text
from tracehound.schema import FieldInfo, fields

Event = dict[str, Any]
NUMERIC = ("long", "double", "date")
OTHERS: dict[str, tuple[Any, ...]] = {
    "keyword": ("zz-other", "Another Value"),
    "long": (0, 7, 77, -3),
    "double": (0.25, 7.75, -3.5, 4.0),
    "date": (1_600_000_000_000, 1_900_000_000_000),
    "boolean": (True, False),
    "ip": ("198.51.100.9", "2001:db8:ffff::9", "::ffff:198.51.100.10", "fe80::1"),
}
ALWAYS = frozenset({"time", "metadata.uid"})
"""Fields that every event has, as themselves: the connectors send by them."""
LONGEST = 8191
"""Longer texts are not indexed by Elastic (``ignore_above``)."""


def info(field: str) -> FieldInfo:
    return fields()[field]


def many(field: str) -> bool:
    """Whether the schema lets the field have several values: it, or an object around it, is an array."""
    return bool(info(field).within)


def with_field(event: Event, field: str, values: Sequence[Any]) -> Event:
    """A copy of an event where the field has these values; none of them takes it out."""
    made = copy.deepcopy(event)
    steps = field.split(".")
    take_out(made, steps)
    if values:
        assert len(values) == 1 or many(field), (field, values)
        _put(made, steps, "", frozenset(info(field).within), list(values))
    return made


def take_out(node: Any, steps: list[str]) -> None:
    """Remove a field wherever it is."""
    if isinstance(node, list):
        for item in node:
            take_out(item, steps)
    elif isinstance(node, dict) and steps[0] in node:
        if len(steps) == 1:
            del node[steps[0]]
        else:
            take_out(node[steps[0]], steps[1:])


def _put(node: Event, steps: list[str], before: str, within: frozenset[str], values: list[Any]) -> None:
    step, rest = steps[0], steps[1:]
    path = f"{before}{step}"
    if not rest:
        node[step] = values if path in within else values[0]
        return
    if path not in within:
        if not isinstance(node.get(step), dict):
            node[step] = {}
        _put(node[step], rest, f"{path}.", within, values)
        return
    items = [item for item in node.get(step) or [] if isinstance(item, dict)]
    deeper = any(other.startswith(f"{path}.") for other in within)
    parts = [values] if deeper else [[value] for value in values]
    items += [{} for _ in range(len(parts) - len(items))]
    for item, part in zip(items, parts, strict=False):
        _put(item, rest, f"{path}.", within, part)
    node[step] = items


def with_raw(event: Event, field: str, value: Any) -> Event:
    """A copy where the place of the field holds something that is no value, such as null or ``[]``."""
    made = with_field(event, field, [OTHERS[info(field).type][0]])
    node: Any = made
    *steps, last = field.split(".")
    for step in steps:
        node = node[step]
        node = node[0] if isinstance(node, list) else node
    node[last] = value
    return made


def fitting(test: LeafTest, kind: str) -> Iterator[Any]:
    """Values that pass a test on a field of this type, and neighbours of such values."""
    if isinstance(test, Text):
        yield from _texts(test, kind)
    elif isinstance(test, Number):
        yield from _numbers(test.number, kind)
    elif isinstance(test, Compare):
        for step in (0, 1, -1, 0.5, -0.5, 1000, -1000):
            if kind == "double" or isinstance(test.number + step, int):
                yield test.number + step
        if kind != "double" and isinstance(test.number, float):
            yield from (int(test.number), int(test.number) + 1)
    elif isinstance(test, Bool):
        yield from (("true", "false", "True") if kind == "keyword" else (True, False))
    elif isinstance(test, Address):
        plain = ip_address(test.written)
        yield from {test.written: 0, str(plain): 0, plain.exploded: 0, plain.exploded.upper(): 0}
        yield str(plain + 1)
        yield from _other_forms(str(plain))
    elif isinstance(test, Cidr):
        yield from _addresses(test)


def _texts(test: Text, kind: str) -> Iterator[Any]:
    if kind == "boolean":
        yield from (True, False)
        return
    if kind in NUMERIC:
        yield from _numbers(test.number or 0, kind)
        return
    for star, one in (("", "q"), ("xyz", "Q"), (" ", " "), ("é🦊", "ß")):
        text = "".join(p if isinstance(p, str) else star if p == ANY else one for p in test.parts)
        yield from (text, text[1:], text[:-1], text + "x", "x" + text)
        if ANY not in test.parts:
            break
    yield from (text.upper(), text.swapcase())


def _numbers(number: float, kind: str) -> Iterator[Any]:
    if kind == "keyword":
        text = str(int(number)) if float(number).is_integer() else str(number)
        yield from (text, text + "0", "0" + text, text + ".0", "-" + text)
    elif kind == "double":
        yield from (float(number), number, number + 1, number - 0.5)
    elif float(number).is_integer():
        yield from (int(number), int(number) + 1, int(number) - 1)
    else:
        yield from (int(number), int(number) + 1)


def _addresses(test: Cidr) -> Iterator[str]:
    first, last = test.first, test.first | (~test.mask & ((1 << 128) - 1))
    for number in (first, last, (first + last) // 2, first - 1, last + 1):
        if 0 <= number < 1 << 128:
            address = ip_address(number.to_bytes(16, "big"))
            mapped = address.ipv4_mapped  # type: ignore[union-attr]
            yield str(mapped or address)
            if mapped:
                yield f"::ffff:{mapped}"
            yield address.exploded


def _other_forms(written: str) -> Iterator[str]:
    address = ip_address(written)
    if address.version == 4:
        yield f"::ffff:{address}"
        yield f"0:0:0:0:0:ffff:{address}"
    elif address.ipv4_mapped:
        yield str(address.ipv4_mapped)


def usable(value: Any, kind: str) -> bool:
    """Whether the schema and the targets take a value for a field of this type."""
    if kind == "keyword":
        return isinstance(value, str) and len(value) <= LONGEST
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "double":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "date":
        return isinstance(value, int) and 0 < value < 4_000_000_000_000
    if kind == "long":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)
