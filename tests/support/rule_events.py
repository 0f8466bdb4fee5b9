"""Leaves of raw test records, and how many of them lie between two files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tracehound.decode.reader import Reader, Value

Leaf = tuple[tuple[str | int, ...], Any]
MISSING = object()


def values(path: Path) -> list[Any]:
    """The JSON values of a file, one or many."""
    with path.open("rb") as stream:
        return [item.data for item in Reader(stream.read) if isinstance(item, Value)]


def leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[Leaf]:
    """Every scalar with its place; an empty object or list counts as one."""
    inside = list(value.items()) if isinstance(value, dict) else None
    if isinstance(value, list):
        inside = list(enumerate(value))
    if not inside:
        yield place, value
        return
    for key, inner in inside:
        yield from leaves(inner, (*place, key))


def distance(one: Path, other: Path) -> int:
    """How many leaves differ, are missing or are too many."""
    first, second = dict(leaves(values(one))), dict(leaves(values(other)))
    return sum(
        first.get(place, MISSING) != second.get(place, MISSING) for place in first.keys() | second.keys()
    )
