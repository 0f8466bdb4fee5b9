"""Times as logs write them, to epoch milliseconds."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

MIN_MS = 100_000_000_000  # March 1973: what lies before is no time of a log, and the schema refuses it
MAX_MS = 4_102_444_800_000  # 2100-01-01: what lies after is no time of a log


def epoch_ms(value: Any) -> int | None:
    """Epoch milliseconds of an ISO 8601 text or of an epoch number in s, ms, us or ns (told by its size).

    None for anything that is no time between 1973 and 2100. A text without an offset is UTC.
    """
    kind = type(value)
    if kind is int:
        return _whole(value)
    if kind is str and value.isdecimal() and len(value) <= 19:
        return _whole(int(value))  # nanoseconds have more digits than a float holds
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        try:
            if text.isdecimal() and len(text) <= 19:
                return _number(int(text))  # nanoseconds have more digits than a float holds
            return _number(float(text)) if "-" not in text[1:] and ":" not in text else _iso(text)
        except (ValueError, OverflowError):
            return None
    if isinstance(value, (int, float)):
        return _number(value)
    return None


def _iso(text: str) -> int | None:
    if text.endswith(" UTC"):
        text = text[:-4]
    whole_part, dot, fraction = text.partition(".")
    if dot:  # fromisoformat takes at most six digits
        digits = "".join(c for c in fraction[:9] if c.isdigit())
        rest = fraction[len(digits) :].lstrip("0123456789")
        text = f"{whole_part}.{digits[:6].ljust(6, '0')}{rest}"
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return _bounded(int(moment.timestamp() * 1000 + 0.5))


def _number(value: float) -> int | None:
    if value != value or value in (float("inf"), float("-inf")):
        return None
    size = abs(value)
    if size < 1e11:
        return _bounded(round(value * 1000))
    if size < 1e14:
        return _bounded(int(value))
    if size < 1e17:
        return _bounded(int(value) // 1000)
    return _bounded(int(value) // 1_000_000)


def _whole(value: int) -> int | None:
    size = abs(value)
    if size >= 10**17:
        return _bounded(value // 1_000_000)
    if size >= 10**14:
        return _bounded(value // 1000)
    return _bounded(value if size >= 10**11 else value * 1000)


def _bounded(ms: int) -> int | None:
    return ms if MIN_MS <= ms < MAX_MS else None
