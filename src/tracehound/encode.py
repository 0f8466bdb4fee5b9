"""Events and findings as JSON lines, whatever is in them."""

from __future__ import annotations

from typing import Any

import orjson

OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def line(item: Any) -> bytes:
    """One JSON object and a line end; what JSON has no type for (a decimal of a query) becomes text.

    Records are read by a strict parser, so that lone surrogates and numbers above 64 bits come from code of
    others or from numbers that a log writes as text. They are replaced here, where encoding fails, and not
    searched for in every event.
    """
    try:
        return orjson.dumps(item, default=str, option=OPTIONS)
    except TypeError:
        return orjson.dumps(encodable(item), default=str, option=OPTIONS)


def encodable(value: Any) -> Any:
    """A value without lone surrogates and numbers above 64 bits, which JSON encoders of targets refuse."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(key) if isinstance(key, str) else key: encodable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encodable(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value


def _text(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
