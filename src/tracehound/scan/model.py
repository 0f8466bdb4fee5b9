"""What the scanner knows (patterns) and what it says (hits, verdicts)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DIRECTIONS = ("system", "prompt", "response", "tool_call", "tool_result", "tool_description", "document")
"""Where a text stood: the first part of each label."""

FAMILIES = (
    "injection",
    "jailbreak",
    "secret",
    "pii",
    "exfiltration",
    "obfuscation",
    "encoded",
    "command",
    "custom",
)
"""The second part of each label; ``custom`` is kept for a company's own patterns."""

MASKED_FAMILIES = frozenset({"secret", "pii"})
"""Families whose values are shown masked only, and taken out of stored text."""

Confidence = Literal["high", "review"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of a pattern file.

    ``expression`` is searched in the normalised text as bytes; ``detector`` names a Python step that
    reads what an expression cannot (hidden characters, encoded payloads), behind the expression when
    both are given. ``gate`` names an expression that has to match before this one is tried.
    """

    id: str
    family: str
    kind: str
    confidence: Confidence
    weight: int
    directions: frozenset[str]
    description: str
    expression: bytes | None = None
    cased: bool = False
    confirm: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    gate: str | None = None
    detector: str | None = None
    reference: str = ""
    match: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    file: Path = field(default=Path(), compare=False)
    line: int = field(default=0, compare=False)

    @property
    def label(self) -> str:
        """``<family>.<kind>``: the label without its direction."""
        return f"{self.family}.{self.kind}"


@dataclass(frozen=True, slots=True)
class Gate:
    """An expression that gives no label: it decides whether the patterns behind it are tried."""

    id: str
    expression: bytes
    cased: bool
    file: Path = field(default=Path(), compare=False)
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Hit:
    """One pattern found in one text. ``masked`` never holds enough of a secret to use it."""

    label: str
    pattern_id: str
    confidence: Confidence
    weight: int
    masked: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one text in one direction holds.

    ``labels`` and ``destinations`` are sorted and unique; ``score`` (0-100) never falls when a hit is
    added; ``hits`` has one entry per pattern, in the order of labels.
    """

    labels: tuple[str, ...] = ()
    hits: tuple[Hit, ...] = ()
    score: int = 0
    destinations: tuple[str, ...] = ()


EMPTY = Verdict()


def risk(hits: Iterable[Hit]) -> int:
    """The risk of hits together, 0 to 100: 100 x (1 - product of (1 - weight / 100)) over their labels.

    Each label counts once, with the heaviest of its hits. Monotone: one more hit never lowers it.
    """
    weights: dict[str, int] = {}
    for hit in hits:
        weights[hit.label] = max(weights.get(hit.label, 0), hit.weight)
    left = 1.0
    for label in sorted(weights):
        left *= 1.0 - weights[label] / 100.0
    return min(100, round(100.0 * (1.0 - left)))
