"""What compiling gives: a query per rule and language, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tracehound.errors import RuleError
from tracehound.rules import Rule

LANGUAGES = ("splunk", "esql", "kql", "lucene", "eql")
"""The languages that the matrix of docs/matrix.md holds to the embedded engine's verdict."""
Cost = Literal["indexed", "class", "all"]
"""What a search must read: index structures only, the raw events of some classes, all raw events."""


class NotInLanguageError(Exception):
    """A language has no way to say a kind of rule (a gap, not a fault of the rule)."""


@dataclass(frozen=True, slots=True)
class Companion:
    """A search that has to run beside a rule's own, such as one that keeps a lookup; ``name`` tells its purpose."""

    name: str
    query: str
    purpose: str
    earliest: str = ""
    """How far it looks back, in seconds with ``s`` (``2592000s``); empty: as the rule's own search."""


@dataclass(frozen=True, slots=True)
class Said:
    """A rule in the words of a language."""

    query: str
    approximate: tuple[str, ...] = ()
    """Where the query may differ from the embedded engine's verdict; empty: nowhere."""
    companions: tuple[Companion, ...] = ()
    lookups: tuple[str, ...] = ()
    """The lookups that have to exist."""


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled rule."""

    rule: Rule
    language: str
    query: str
    needs: tuple[str, ...]
    """The event fields that it reads, sorted."""
    approximate: tuple[str, ...]
    cost: Cost
    companions: tuple[Companion, ...] = ()
    lookups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gap:
    """A rule that a language has no way to say."""

    rule: Rule
    language: str
    reason: str


@dataclass(frozen=True, slots=True)
class Compilation:
    """All that came of some rules in one language, in their order."""

    queries: tuple[Query, ...] = ()
    gaps: tuple[Gap, ...] = ()
    errors: tuple[tuple[Rule, RuleError], ...] = ()
    """Rules refused: they ask for what the language cannot say, or only the embedded engine may run them."""

    @property
    def reasons(self) -> dict[str, str]:
        """Rule id -> why it has no query."""
        said = {gap.rule.id: gap.reason for gap in self.gaps}
        return said | {rule.id: error.message for rule, error in self.errors}
