"""Leaving out what says nothing, in one pass over an event or over what is left of a record.

These loops see every value of every event. Texts and numbers, which are most of them, are told first and cost
nothing further, and where nothing is to go nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracehound.errors import RecordError

MAX_DEPTH = 64


def prune(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """A copy without None, empty dicts and empty lists."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept = value.copy()
    for key, item in value.items():
        kind = item.__class__
        if kind is str or kind is int:
            continue
        if kind is dict:
            if item and (item := prune(item, depth + 1)):
                kept[key] = item
                continue
        elif kind is list:
            if item and (item := _list(item, depth + 1, prune)):
                kept[key] = item
                continue
        elif item is not None:
            continue
        del kept[key]
    return kept


def prune_own(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """``prune`` without the copy, for a dict that nobody else holds: it is changed in place and given back."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    gone: list[str] | None = None
    for key, item in value.items():
        kind = item.__class__
        if kind is str or kind is int:
            continue
        if kind is dict:
            if item and prune_own(item, depth + 1):
                continue
        elif kind is list:
            if item and (item := _list(item, depth + 1, prune_own)):
                value[key] = item
                continue
        elif item is not None:
            continue
        if gone is None:
            gone = [key]
        else:
            gone.append(key)
    if gone is not None:
        for key in gone:
            del value[key]
    return value


def leftover(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """A copy of what a normalizer left of a record: None and everything empty goes, zero and false stay.

    Records of one envelope may hold the same object, such as a resource's attribute: it stays as it is.
    """
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if item is None:
            continue
        kind = item.__class__
        if kind is dict:
            if item and (item := leftover(item, depth + 1)):
                kept[key] = item
        elif kind is list:
            if item and (item := _list(item, depth + 1, leftover)):
                kept[key] = item
        elif item or kind is not str:
            kept[key] = item
    return kept


def _list(value: list[Any], depth: int, inside: Callable[[dict[str, Any], int], dict[str, Any]]) -> list[Any]:
    """The items of a list that are left, dicts in it treated by ``inside``."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept: list[Any] = []
    for item in value:
        kind = item.__class__
        if kind is dict:
            if item and (item := inside(item, depth + 1)):
                kept.append(item)
        elif kind is list:
            if item and (inner := _list(item, depth + 1, inside)):
                kept.append(inner)
        elif item is not None:
            kept.append(item)
    return kept


def _too_deep() -> RecordError:
    return RecordError(f"nested more than {MAX_DEPTH} levels deep", reason="too_deep")
