"""What the tests of the matrix have found in this run, kept for the page (``summary.py``)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "summary.json"


@dataclass
class Judged:
    """One judge's part: how many rules and pairs of rule and event it judged, and left out for a named reason."""

    judge: str
    version: str
    language: str
    rules: int
    pairs: int
    left_out: int
    disagreements: int


@dataclass
class Report:
    """One run; what is empty was not run."""

    counts: dict[str, Any] = field(default_factory=dict)
    judges: dict[str, Judged] = field(default_factory=dict)
    gaps: dict[str, dict[str, str]] = field(default_factory=dict)
    checked: dict[str, Any] = field(default_factory=dict)
    teeth: dict[str, Any] = field(default_factory=dict)


@cache
def report() -> Report:
    """The report of this process."""
    return Report()


def merged() -> dict[str, Any]:
    """What was found now, over what was written before; parts that were not run stay as they are."""
    before: dict[str, Any] = json.loads(DATA.read_text("utf-8")) if DATA.exists() else {}
    now = asdict(report())
    return {key: {**before.get(key, {}), **now[key]} for key in now}
