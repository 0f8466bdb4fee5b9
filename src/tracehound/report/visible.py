"""Text of a log made harmless for the eye: what hides, reorders or controls is shown as its code point."""

from __future__ import annotations

import unicodedata

HIDDEN = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
LIMIT = 600


def visible(value: object, limit: int = LIMIT) -> str:
    """``value`` as text: controls, bidirectional overrides, zero-width and tag characters as ``[U+XXXX]``.

    A run of hidden characters is shown once with its length. HTML is escaped by the template, not here.
    """
    text = "" if value is None else str(value)
    if text.isascii() and text.isprintable():
        return _cut(text, limit)
    shown: list[str] = []
    run: list[str] = []
    for char in text:
        if char not in "\n\t" and unicodedata.category(char) in HIDDEN:
            run.append(char)
            continue
        _close(run, shown)
        shown.append(char)
    _close(run, shown)
    return _cut("".join(shown), limit)


def _close(run: list[str], shown: list[str]) -> None:
    if run:
        more = f" and {len(run) - 1} more hidden" if len(run) > 1 else ""
        shown.append(f"[U+{ord(run[0]):04X}{more}]")
        run.clear()


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit:,} more characters)"
