"""Leaving out what says nothing, in one pass over an event or over what is left of a record."""

from __future__ import annotations

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
        if kind is dict:
            inner = prune(item, depth + 1)
            if inner:
                kept[key] = inner
        elif kind is list:
            items = _prune_list(item, depth + 1)
            if items:
                kept[key] = items
        elif item is not None:
            kept[key] = item
    return kept


def leftover(value: dict[str, Any], depth: int) -> dict[str, Any]:
    """What a normalizer left of a record, without what says nothing: None and everything empty."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept = {}
    for key, item in value.items():
        kind = type(item)
        if kind is dict:
            item = leftover(item, depth + 1)
        elif kind is list:
            item = _leftover_list(item, depth + 1)
        if item is not None and item != "" and item != {} and item != []:
            kept[key] = item
    return kept


def _prune_list(value: list[Any], depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept = []
    for item in value:
        kind = type(item)
        if kind is dict:
            item = prune(item, depth + 1)
        elif kind is list:
            item = _prune_list(item, depth + 1)
        if item is not None and item != {} and item != []:
            kept.append(item)
    return kept


def _leftover_list(value: list[Any], depth: int) -> list[Any]:
    if depth > MAX_DEPTH:
        raise _too_deep()
    kept = []
    for item in value:
        kind = type(item)
        if kind is dict:
            item = leftover(item, depth + 1)
        elif kind is list:
            item = _leftover_list(item, depth + 1)
        if item is not None and item != {} and item != []:
            kept.append(item)
    return kept


def _too_deep() -> RecordError:
    return RecordError(f"nested more than {MAX_DEPTH} levels deep", reason="too_deep")
