"""Sigma correlations, checked and brought to what the matcher evaluates.

``event_count``, ``value_count`` and ``temporal`` with ``gt`` or ``gte``; the other types are refused with the
reason, so that no rule is silently weaker than it reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sigma.correlations import (
    SigmaCorrelationCondition,
    SigmaCorrelationConditionOperator,
    SigmaCorrelationRule,
)
from sigma.rule import SigmaRule

from tracehound.rules.documents import Document
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.model import Correlation, Rule
from tracehound.rules.report import Report

KINDS = ("event_count", "value_count", "temporal")
MAX_COUNT = 100_000


def read_correlation(
    sigma: SigmaCorrelationRule,
    singles: Mapping[int, Rule],
    document: Document,
    check: FieldCheck,
    report: Report,
) -> Correlation:
    """The correlation of a document; ``singles`` are the file's rules by ``id()`` of their pySigma rule.

    Raises ``Refused``.
    """
    kind = sigma.type.name.lower()
    if kind not in KINDS:
        line = document.line("correlation", "type")
        raise report.refuse(f"correlation type {kind} is not evaluated yet; {', '.join(KINDS)} are", line)
    base = _base(sigma, singles, document, report)
    group_by = tuple(sigma.group_by or ())
    keys = tuple(_keys(sigma, group_by, ref.rule) for ref in sigma.referenced_rules)
    line = document.line("correlation", "group-by")
    for name in dict.fromkeys(name for names in keys for name in names):
        _known(name, check, line, report)
    count, field = _threshold(sigma, kind, len(base), document, report)
    if field:
        _known(field, check, document.line("correlation", "condition"), report)
    return Correlation(
        cast(Any, kind), base, group_by, keys, sigma.timespan.seconds, count, field, sigma.generate
    )


def _base(
    sigma: SigmaCorrelationRule, singles: Mapping[int, Rule], document: Document, report: Report
) -> tuple[Rule, ...]:
    base = []
    for reference in sigma.referenced_rules:
        if not isinstance(reference.rule, SigmaRule):
            line = document.line("correlation", "rules")
            raise report.refuse("correlations of correlations are not evaluated yet", line)
        base.append(singles[id(reference.rule)])
    if not base:
        raise report.refuse("the correlation names no rules", document.line("correlation"))
    return tuple(base)


def _keys(sigma: SigmaCorrelationRule, group_by: tuple[str, ...], rule: Any) -> tuple[str, ...]:
    """The event fields behind the group-by names for one base rule."""
    keys = []
    for name in group_by:
        alias = sigma.aliases.aliases.get(name)
        fields = {id(ref.rule): field for ref, field in alias.mapping.items()} if alias else {}
        keys.append(fields.get(id(rule), name))
    return tuple(keys)


def _threshold(
    sigma: SigmaCorrelationRule, kind: str, rules: int, document: Document, report: Report
) -> tuple[int, str]:
    """The smallest count that is enough, and the field whose values are counted."""
    line = document.line("correlation", "condition")
    condition = sigma.condition
    if not isinstance(condition, SigmaCorrelationCondition):
        raise report.refuse("temporal conditions with and, or, not are not evaluated yet", line)
    operators = SigmaCorrelationConditionOperator
    if condition.op not in (operators.GT, operators.GTE):
        raise report.refuse(
            f"condition {condition.op.name.lower()} is not evaluated yet; gt and gte are", line
        )
    count = condition.count + (condition.op is operators.GT)
    if not 1 <= count <= MAX_COUNT:
        raise report.refuse(f"the count must lie between 1 and {MAX_COUNT}", line)
    if kind == "temporal":
        if count > rules:
            raise report.refuse(f"asks for {count} rules and names {rules}", line)
        return count, ""
    field = condition.fieldref or ""
    if not isinstance(field, str):
        raise report.refuse("value_count over several fields is not evaluated yet", line)
    return count, field if kind == "value_count" else ""


def _known(name: str, check: FieldCheck, line: int, report: Report) -> None:
    found = FieldReport()
    check.name(name, found)
    for _, why in found.wrong:
        report.error(f"{name} {why}", line)
    for why in found.embedded_only:
        report.error(f"{why}; windows are kept over short fields only", line)
