"""How often a rule's search runs and how far it looks back, the same for every SIEM."""

from __future__ import annotations

from hashlib import sha256

from tracehound.rules import Rule

INTERVAL = 300
"""Seconds between two runs."""


def span(rule: Rule) -> int:
    """The seconds that a rule's windows cover together; 0 for single events.

    A window that is judged when it closes is preceded by a pause as long, after which it is sure to open.
    """
    link = rule.correlation
    if link is None:
        return 0
    return link.seconds * (1 + link.at_close) + max((span(base) for base in link.base), default=0)


def look_back(rule: Rule, lateness: int) -> int:
    """Seconds from now to the earliest event that a run must see: its windows, late events, and the interval."""
    return span(rule) + lateness + INTERVAL


def minute(rule: Rule) -> int:
    """The minute within the interval at which a rule runs, so that not all run at once."""
    return sha256(rule.id.encode()).digest()[0] % (INTERVAL // 60)
