"""One record on its way in: decoded data, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MIN_WHOLE, MAX_WHOLE = -(2**63), 2**63 - 1


@dataclass(slots=True)
class Record:
    """One decoded JSON object.

    ``data`` belongs to the normalizer: it takes out what it maps, and what is left becomes
    ``unmapped``. ``source`` is the file (or ``-``) for people, ``stream`` names the stream by the hash
    of its first record, so that a renamed or compressed copy gives the same event ids. ``offset`` is in
    bytes of the decompressed stream, ``index`` counts the records unwrapped from one envelope.
    """

    data: dict[str, Any]
    source: str = "-"
    stream: str = ""
    offset: int = 0
    index: int = 0
    time_read: int = 0
    """Epoch milliseconds at which the record was read: the time of an event whose log has none."""
    raw: bytes = b""
    """The record's bytes; of a record out of an envelope, its JSON."""


def take(data: Any, key: str, *below: str) -> Any:
    """Take the value at a path out of nested dicts, None where there is none."""
    if below:
        data, key = _holder(data, key, below), below[-1]
    return data.pop(key, None) if type(data) is dict else None


def take_dict(data: Any, key: str, *below: str) -> dict[str, Any]:
    """Take the dict at a path, else an empty one; a value of another type stays where it is."""
    if below:
        data, key = _holder(data, key, below), below[-1]
    if type(data) is dict and type(data.get(key)) is dict:
        found: dict[str, Any] = data.pop(key)
        return found
    return {}


def take_str(data: Any, key: str, *below: str) -> str | None:
    """Take a text that is not empty; numbers become text, a value of another type stays where it is."""
    if below:
        data, key = _holder(data, key, below), below[-1]
    if type(data) is not dict or (value := data.get(key)) is None:
        return None
    kind = type(value)
    if kind is not str:
        if kind is not int and kind is not float:
            return None
        value = str(value)
    del data[key]
    return value or None


def take_int(data: Any, key: str, *below: str) -> int | None:
    """Take a whole number; one written as text or float counts, a value of another type stays where it is."""
    if below:
        data, key = _holder(data, key, below), below[-1]
    if type(data) is not dict or (value := data.get(key)) is None:
        return None
    number = whole(value)
    if number is not None:
        del data[key]
    return number


def _holder(data: Any, key: str, below: tuple[str, ...]) -> Any:
    """What holds the last key of a path."""
    data = data.get(key) if type(data) is dict else None
    for part in below[:-1]:
        data = data.get(part) if type(data) is dict else None
    return data


def whole(value: Any) -> int | None:
    """A whole number from an int, a float or a decimal text, inside 64 bits; None for anything else."""
    kind = type(value)
    if kind is int:
        return int(value) if MIN_WHOLE <= value <= MAX_WHOLE else None
    if kind is not str and kind is not float:
        return None
    try:
        number = int(value) if kind is float else int(float(value) if "." in value else int(value))
    except (ValueError, OverflowError):
        return None
    return number if MIN_WHOLE <= number <= MAX_WHOLE else None
