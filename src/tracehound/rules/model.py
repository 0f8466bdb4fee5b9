"""Rules as the rest of Tracehound sees them: checked, with what Sigma and the ``tracehound`` key say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tracehound.errors import RuleError
from tracehound.matcher.condition import Node

if TYPE_CHECKING:
    from sigma.correlations import SigmaCorrelationRule
    from sigma.rule import SigmaRule

Level = Literal["informational", "low", "medium", "high", "critical"]
LEVELS: tuple[Level, ...] = ("informational", "low", "medium", "high", "critical")

UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class Suppress:
    """Repeats with equal values of ``by`` inside ``seconds`` are counted, not raised again."""

    by: tuple[str, ...]
    seconds: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """A value of ``of`` that was not seen for the values of ``by`` within ``seconds``."""

    type: Literal["first_seen"]
    of: str
    by: tuple[str, ...]
    seconds: int
    level: Level
    learn: int = 0
    """For so many seconds after an entity is first seen, what it shows is learned and not raised."""


Kind = Literal[
    "event_count",
    "value_count",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
    "temporal",
    "temporal_ordered",
]
Operator = Literal["gt", "gte", "lt", "lte", "eq", "neq"]
Expression = int | tuple[Any, ...]
"""A base rule's number, or ``("and" | "or" | "not", expression...)``."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """Several events as one: what ``kind`` measures in less than ``seconds``, compared with ``count``."""

    kind: Kind
    base: tuple[Rule, ...]
    """Rules, or correlations whose hits are the events."""
    group_by: tuple[str, ...]
    keys: tuple[tuple[str, ...], ...]
    """For each base rule, the fields behind ``group_by`` (aliases resolved)."""
    seconds: int
    count: int
    """What the measure is compared with (of counts, ``gt: 4`` is ``gte: 5``)."""
    field: str = ""
    """Whose values are counted or summed; of several fields (``value_count``) the first."""
    generate: bool = False
    """Whether the base rules raise findings of their own too."""
    op: Operator = "gte"
    fields: tuple[str, ...] = ()
    """All fields of ``value_count``: their combinations are counted."""
    percentile: int = 50
    expression: Expression | None = None
    """The condition of a ``temporal`` correlation that is written with and, or, not."""

    @property
    def at_close(self) -> bool:
        """Whether it is judged when a window closes, not at each event: more events may undo it."""
        return self.op not in ("gt", "gte") or (self.expression is not None and _negates(self.expression))


def _negates(expression: Expression) -> bool:
    if isinstance(expression, int):
        return False
    return expression[0] == "not" or any(_negates(item) for item in expression[1:])


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``condition`` is None for correlations, which have ``correlation`` instead."""

    id: str
    title: str
    level: Level
    sigma: SigmaRule | SigmaCorrelationRule | None = field(repr=False)
    """pySigma's rule; None for a rule from the cache (``tracehound.rules.loader.load_rules`` asks no cache)."""
    path: Path
    area: str = ""
    """The folder below ``detections/``: models, data, applications, agents, configuration, or a pack's."""
    name: str = ""
    status: str = ""
    description: str = ""
    author: str = ""
    tags: tuple[str, ...] = ()
    attack: tuple[str, ...] = ()
    """ATT&CK technique ids (``T1567.002``)."""
    attack_tactics: tuple[str, ...] = ()
    """ATT&CK tactics as the tags write them (``initial-access``)."""
    atlas: tuple[str, ...] = ()
    """ATLAS technique ids (``AML.T0051.000``)."""
    owasp: tuple[str, ...] = ()
    """OWASP ids with their edition (``LLM01:2025``, ``ASI01``)."""
    falsepositives: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    service: str = ""
    """``logsource.service``; empty when the rule is about several services."""
    version: str = ""
    """The first 12 hex digits of the SHA-256 of the rule's file."""
    fields: tuple[str, ...] = ()
    """The event fields that the rule reads, sorted; correlations: of all base rules and keys."""
    embedded_only: tuple[str, ...] = ()
    """Why no other target can run the rule (tests on long texts, keywords); empty: all can."""
    misses: tuple[str, ...] = ()
    triage: tuple[str, ...] = ()
    risk_entity: str = "ai.principal"
    suppress: Suppress | None = None
    baseline: Baseline | None = None
    condition: Node | None = field(default=None, repr=False)
    correlation: Correlation | None = None

    @property
    def finding_level(self) -> Level:
        """The level of what the rule raises; a baseline's own, since its Sigma part is informational."""
        return self.baseline.level if self.baseline else self.level

    @property
    def folder(self) -> Path:
        """The rule's folder, which holds ``events/``."""
        return self.path.parent


@dataclass(frozen=True, slots=True)
class RuleSet:
    """What was loaded, what was refused and what is doubtful; a refused rule keeps no other from loading."""

    rules: tuple[Rule, ...]
    errors: tuple[RuleError, ...] = ()
    warnings: tuple[RuleError, ...] = ()
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def find(self, name: str) -> Rule | None:
        """The rule with this id, name, title or folder name."""
        for rule in self.rules:
            if name in (rule.id, rule.name, rule.title, rule.folder.name, rule.path.stem):
                return rule
        return None

    def select(
        self,
        rules: Iterable[str] = (),
        tags: Iterable[str] = (),
        levels: Iterable[str] = (),
        areas: Iterable[str] = (),
    ) -> RuleSet:
        """The rules that fit every given kind of wish; within one kind, any. A tag may be a prefix."""
        names, tags, levels, areas = set(rules), tuple(t.lower() for t in tags), set(levels), set(areas)

        def wanted(rule: Rule) -> bool:
            own = {rule.id, rule.name, rule.title, rule.folder.name, rule.path.stem}
            return (
                (not names or bool(own & names))
                and (not tags or any(_tagged(rule, tag) for tag in tags))
                and (not levels or rule.finding_level in levels)
                and (not areas or rule.area in areas)
            )

        return replace(self, rules=tuple(r for r in self.rules if wanted(r)))


def _tagged(rule: Rule, wish: str) -> bool:
    return any(tag == wish or tag.startswith((f"{wish}.", f"{wish}-")) for tag in rule.tags)


def seconds(timespan: str) -> int:
    """``15m`` -> 900; the form is checked by the schema."""
    return int(timespan[:-1]) * UNIT_SECONDS[timespan[-1]]
