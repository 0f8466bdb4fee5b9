"""Time modifiers (``-24h@h``, ``now``, epoch seconds) and spans (``5m``). The user's time zone is UTC.

Source: Search Reference, "Time modifiers"; bin, "Span options"; streamstats, time_window.
"""

import re

UNITS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
STEP = re.compile(r"([+-])(\d*)([a-z]+)|@([a-z]+)")


def span_seconds(text: str) -> int | None:
    """Seconds of a span such as ``5m`` or ``300``; None when it is not one of the subset."""
    match = re.fullmatch(r"(\d+)([a-z]*)", text)
    if match is None or int(match[1]) == 0 or (match[2] and match[2] not in UNITS):
        return None
    return int(match[1]) * UNITS[match[2] or "s"]


def resolve(text: str, now: float) -> float | None:
    """The epoch seconds that a time modifier means; None when it is not one of the subset."""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    rest = text.removeprefix("now").removesuffix("()")
    if re.fullmatch(f"(?:{STEP.pattern})*", rest) is None or not text:
        return None
    for sign, count, unit, snap in STEP.findall(rest):
        if (snap or unit) not in UNITS or (snap and UNITS[snap] > 86400):
            return None
        if snap:
            now -= now % UNITS[snap]
        else:
            now += (1 if sign == "+" else -1) * int(count or 1) * UNITS[unit]
    return now
