"""The step that ``interval: auto`` means: the smallest of these that cuts a range into at most so many."""

from __future__ import annotations

MOST = 75
DAY = 86_400
WEEK, MONTH = 7 * DAY, 30 * DAY
"""Weeks begin on Monday and months are the calendar's; the numbers only name them."""
STEPS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 43_200, DAY, WEEK, MONTH)
"""Seconds; the steps that ES|QL's ``BUCKET`` chooses from, but for those below a second."""


def automatic(start: int, end: int) -> int:
    """Seconds for a range in epoch milliseconds, its end not included."""
    for seconds in STEPS[:-1]:
        step = seconds * 1000
        if -(-end // step) - start // step <= MOST:
            return seconds
    return MONTH
