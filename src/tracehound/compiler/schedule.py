"""How often a rule's search runs and how far it looks back."""

from __future__ import annotations

from hashlib import sha256

from tracehound.rules import Rule

INTERVAL = 300
"""Seconds between two runs, where a SIEM's rules all run alike."""
PERIODS = {"informational": 3600, "low": 1800, "medium": 900, "high": 300, "critical": 300}
"""Seconds between two runs by level, where runs are spread over the hour: what can wait is searched less often."""


def span(rule: Rule) -> int:
    """The seconds that a rule's windows cover together; 0 for single events.

    A window that is judged when it closes is preceded by a pause as long, after which it is sure to open.
    """
    link = rule.correlation
    if link is None:
        return 0
    return link.seconds * (1 + link.at_close) + max((span(base) for base in link.base), default=0)


def look_back(rule: Rule, lateness: int, interval: int = INTERVAL) -> int:
    """Seconds from now to the earliest event that a run must see: its windows, late events, and the interval."""
    return span(rule) + lateness + interval


def period(rule: Rule) -> int:
    """Seconds between two runs of a rule, by its level; they divide the hour."""
    return PERIODS[rule.finding_level]


def cron(rule: Rule) -> str:
    """When a rule's search runs: every ``period``, from a minute of its own on, so that not all run at once."""
    minutes = period(rule) // 60
    first = int.from_bytes(sha256(rule.id.encode()).digest()[:4], "big") % minutes
    return f"{first} * * * *" if minutes == 60 else f"{first}-59/{minutes} * * * *"
