"""What an engine counts, for the summary of a run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EngineCounts:
    """What happened, for the summary of a run."""

    events: int = 0
    hits: int = 0
    findings: int = 0
    updates: int = 0
    suppressed: int = 0
    late: int = 0
    """Events later than the allowed lateness: they met single-event rules only."""
    future: int = 0
    """Events that name a time far in the future: they met single-event rules only."""
    evicted: int = 0
    """Groups, windows, entries and values that were given up because there were too many."""
