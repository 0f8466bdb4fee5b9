"""Values shown without giving them away."""

from __future__ import annotations

ELLIPSIS = "…"
_MAX_EXCERPT = 80


def mask(value: str) -> str:
    """Enough to recognise a value by, never enough to use it.

    Long values keep four characters in front and two behind, shorter ones less, short ones nothing;
    at least two thirds are always hidden.
    """
    size = len(value)
    head, tail = (4, 2) if size >= 20 else (2, 2) if size >= 13 else (1, 1) if size >= 7 else (0, 0)
    shown = value[:head] + ELLIPSIS + (value[size - tail :] if tail else "")
    return shown if shown.isprintable() else "".join(c if c.isprintable() else "?" for c in shown)


def excerpt(value: str) -> str:
    """A short, printable piece of matched text that holds no secret."""
    value = value[: 4 * _MAX_EXCERPT]
    if not value.isprintable():
        value = "".join(c if c.isprintable() else " " for c in value)
    flat = " ".join(value.split())
    return flat if len(flat) <= _MAX_EXCERPT else flat[: _MAX_EXCERPT - 1] + ELLIPSIS
