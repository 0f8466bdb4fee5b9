"""Values of an event as rules see them: folding, decimal text, addresses, and the way through nested objects.

The comparing rules are the same for every target: case by simple Unicode lower-casing (one character for one,
as Elastic's ``lowercase`` filter does), ``null`` and ``[]`` like an absent field, any element of an array.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Network, IPv6Address, IPv6Network
from socket import AF_INET, AF_INET6, inet_pton
from typing import Any

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?")
_V4_MAPPED = 0xFFFF << 32
_V6_BITS = 128
SCALARS = frozenset({str, int, float, bool})
MAX_ADDRESS = 64
"""Longer texts are no addresses, zone included."""


def fold(text: str) -> str:
    """``text`` in lower case, one character for one.

    ``str.lower`` knows two mappings that depend on more than the character: a final sigma and the dotted
    capital I, which becomes two characters. With them, ``contains`` would depend on what follows, and Elastic
    (which maps characters one by one) would disagree. ``ß`` stays itself: this is lower-casing, not folding.
    """
    if text.isascii():
        return text.lower()
    return text.replace("\u0130", "i").replace("\u03a3", "\u03c3").lower()


def number_text(number: int | float) -> str:
    """The decimal text of a number: ``5`` for ``5`` and for ``5.0``."""
    if isinstance(number, float) and number.is_integer():
        return str(int(number))
    return str(number)


def decimal(text: str) -> int | float | None:
    """The number that a plain decimal text writes, or None (no exponent, no sign but minus, no spaces)."""
    if not _DECIMAL.fullmatch(text):
        return None
    return float(text) if "." in text else int(text)


def text_of(value: object) -> str | None:
    """The text that string tests see: numbers as decimal text, booleans as ``true`` and ``false``."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return None


def address(text: str) -> int | None:
    """An IPv4 or IPv6 address as a number in the IPv6 space (IPv4 as ``::ffff:a.b.c.d``), or None."""
    if len(text) > MAX_ADDRESS or not text:
        return None
    return _address(text)


@lru_cache(maxsize=8192)
def _address(text: str) -> int | None:
    try:
        if ":" not in text:
            return _V4_MAPPED | int.from_bytes(inet_pton(AF_INET, text), "big")
        if "%" not in text:
            return int.from_bytes(inet_pton(AF_INET6, text), "big")
        return int(IPv6Address(text))  # with a zone
    except (AddressValueError, OSError, ValueError):
        return None


def network(net: IPv4Network | IPv6Network) -> tuple[int, int]:
    """A network as (first address, mask) in the same space as ``address``."""
    first, length = int(net.network_address), net.prefixlen
    if isinstance(net, IPv4Network):
        first, length = _V4_MAPPED | first, length + 96
    return first, ((1 << length) - 1) << (_V6_BITS - length)


def values_at(event: dict[str, Any], field: str) -> list[Any]:
    """All values of a field: nested path first, then the literal flat key; scalars and non-empty objects.

    Arrays are gone through at every step; ``null`` and empty arrays give nothing.
    """
    path = split(field)
    node: Any = event
    for step in path:  # the usual case: objects down to a scalar
        if node.__class__ is not dict:
            break
        node = node.get(step)
        if node is None:
            break
    else:
        if node.__class__ in SCALARS:
            return [node]
    found: list[Any] = []
    if node is not None:
        _walk(event, path, 0, found)
    if not found and len(path) > 1 and field in event:
        _take(event[field], found)
    return found


@lru_cache(maxsize=65_536)
def split(field: str) -> tuple[str, ...]:
    """A field's steps."""
    return tuple(field.split("."))


def _walk(node: Any, path: tuple[str, ...], at: int, found: list[Any]) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(item, path, at, found)
    elif at == len(path):
        _take(node, found)
    elif isinstance(node, dict) and path[at] in node:
        _walk(node[path[at]], path, at + 1, found)


def _take(value: Any, found: list[Any]) -> None:
    if isinstance(value, list):
        for item in value:
            _take(item, found)
    elif value is not None and (not isinstance(value, dict) or has_value(value)):
        found.append(value)


def has_value(value: Any) -> bool:
    """Whether anything but null and empty containers lies in ``value``."""
    if isinstance(value, dict):
        return any(has_value(item) for item in value.values())
    if isinstance(value, list):
        return any(has_value(item) for item in value)
    return value is not None


def strings_in(value: Any) -> Iterator[str]:
    """Every text in an event (numbers as decimal text), for keyword searches."""
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            todo.extend(node.values())
        elif isinstance(node, list):
            todo.extend(node)
        else:
            text = text_of(node)
            if text is not None:
                yield text
