"""Leaving out what says nothing, in one pass over an event or over what is left of a record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tracehound.errors import RecordError

MAX_DEPTH = 64


def prune(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """A copy without None, empty dicts and empty lists."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        kind = type(item)
        if kind is str or kind is int:
            kept[key] = item
        elif item is None:
            continue
        elif kind is dict:
            if item and (inner := prune(item, depth + 1)):
                kept[key] = inner
        elif kind is list:
            if item and (items := _list(item, depth + 1, prune)):
                kept[key] = items
        else:
            kept[key] = item
    return kept


def leftover(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """What a normalizer left of a record, without what says nothing: None and everything empty."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if not item:
            if item is False or item == 0:
                kept[key] = item
            continue
        kind = type(item)
        if kind is dict:
            item = leftover(item, depth + 1)
        elif kind is list:
            item = _list(item, depth + 1, leftover)
        if item:
            kept[key] = item
    return kept


def _list(value: list[Any], depth: int, inside: Callable[[dict[str, Any], int], dict[str, Any]]) -> list[Any]:
    """The items of a list that are left, dicts in it treated by ``inside``."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept = []
    for item in value:
        kind = type(item)
        if kind is dict:
            item = inside(item, depth + 1)
        elif kind is list:
            item = _list(item, depth + 1, inside)
        if item is not None and item != {} and item != []:
            kept.append(item)
    return kept


def _too_deep() -> RecordError:
    return RecordError(f"nested more than {MAX_DEPTH} levels deep", reason="too_deep")
