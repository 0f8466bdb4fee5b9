"""Taking attributes by all the names that conventions have for one thing."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tracehound.record import whole

Attributes = dict[str, Any]


def text(attributes: Attributes, names: Sequence[str]) -> str | None:
    """Take the first of these attributes that is a text or number; the others go too if they say the same."""
    if attributes.keys().isdisjoint(names):
        return None
    found: str | None = None
    for name in names:
        if name not in attributes:
            continue
        said = attributes[name]
        kind = type(said)
        if kind is int or kind is float:
            said = str(said)
        elif kind is not str:
            continue
        if not said:
            continue
        if found is None:
            found = said
        elif said != found:
            continue
        del attributes[name]
    return found


def only(attributes: Attributes, name: str) -> str | None:
    """Take the attribute of this name if it is a text or number."""
    said = attributes.get(name)
    if said is None:
        return None
    kind = type(said)
    if kind is int or kind is float:
        said = str(said)
    elif kind is not str or not said:
        return None
    del attributes[name]
    return said


def number(attributes: Attributes, names: Sequence[str]) -> int | None:
    """Take the first of these attributes that is a whole number; the others go too if they say the same."""
    if attributes.keys().isdisjoint(names):
        return None
    found: int | None = None
    for name in names:
        if name not in attributes:
            continue
        value = whole(attributes[name])
        if value is None or (found is not None and value != found):
            continue
        found = value
        del attributes[name]
    return found


def count(attributes: Attributes, names: Sequence[str]) -> int | None:
    """A number that is not negative; a negative one stays."""
    if attributes.keys().isdisjoint(names):
        return None
    for name in names:
        if attributes.get(name) is not None:
            return None if (whole(attributes[name]) or 0) < 0 else number(attributes, names)
    return None


def decimal(attributes: Attributes, names: Sequence[str]) -> float | None:
    """Take the first of these attributes that is a number not below zero, text or not."""
    if attributes.keys().isdisjoint(names):
        return None
    for name in names:
        if name not in attributes:
            continue
        value = attributes[name]
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            continue
        try:
            made = float(value)
        except ValueError:
            continue
        if 0 <= made < 1e12:
            del attributes[name]
            return made
    return None


def anything(attributes: Attributes, names: Sequence[str]) -> Any:
    """Take all of these attributes, whatever they are; the first that says something is the value."""
    if attributes.keys().isdisjoint(names):
        return None
    found: Any = None
    for name in names:
        if name in attributes:
            value = attributes.pop(name)
            if found is None and value not in (None, "", [], {}):
                found = value
    return found


def address(value: Any) -> tuple[str | None, int | None]:
    """An IP address and a port from ``192.0.2.1``, ``192.0.2.1:443``, ``[2001:db8::1]:443``; None for names."""
    return _address(value) if isinstance(value, str) and 0 < len(value) <= 64 else (None, None)


@lru_cache(maxsize=8192)
def _address(value: str) -> tuple[str | None, int | None]:
    host, port = value.strip(), None
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = whole(rest.removeprefix(":"))
    elif host.count(":") == 1:
        host, _, rest = host.partition(":")
        port = whole(rest)
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return None, None
    mapped = getattr(parsed, "ipv4_mapped", None)
    if getattr(parsed, "scope_id", None):
        return None, None
    return str(mapped or parsed), port if port is not None and 0 < port <= 65535 else None
