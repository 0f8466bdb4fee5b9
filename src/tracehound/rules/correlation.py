"""Sigma correlations, checked and brought to what the matcher evaluates.

All types of Sigma 2.1, with what it leaves open settled as docs/correlations.md says. What can never hold, and
what Sigma's tools would quietly change (a threshold of 0.5 becomes 0), is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sigma.correlations import (
    CorrelationConditionAND,
    CorrelationConditionItem,
    CorrelationConditionOR,
    SigmaCorrelationCondition,
    SigmaCorrelationRule,
    SigmaExtendedCorrelationCondition,
    SigmaRuleReference,
)

from tracehound.rules.documents import Document
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.model import Correlation, Expression, Rule
from tracehound.rules.report import Report

COUNTS = ("event_count", "value_count", "temporal", "temporal_ordered")
"""What gives whole numbers of at least 1, so that ``gt: 4`` is ``gte: 5``."""
NUMERIC = ("value_sum", "value_avg", "value_percentile", "value_median")
NUMBER_TYPES = ("long", "double")
MAX_COUNT = 100_000
MAX_RULES = 32
MAX_FIELDS = 4


def read_correlation(
    sigma: SigmaCorrelationRule,
    rule_of: Callable[[Any], Rule],
    document: Document,
    check: FieldCheck,
    report: Report,
) -> Correlation:
    """The correlation of a document; ``rule_of`` gives our rule for pySigma's object. Raises ``Refused``."""
    kind = sigma.type.name.lower()
    base = tuple(rule_of(reference.rule) for reference in sigma.referenced_rules)
    if not base:
        raise report.refuse("the correlation names no rules", document.line("correlation"))
    if len(base) > MAX_RULES or len({id(rule) for rule in base}) < len(base):
        line = document.line("correlation", "rules")
        raise report.refuse(f"rules must name at most {MAX_RULES} different rules", line)
    group_by = tuple(sigma.group_by or ())
    keys = tuple(_keys(sigma, group_by, ref.rule) for ref in sigma.referenced_rules)
    line = document.line("correlation", "group-by")
    for name in dict.fromkeys(n for rule, names in zip(base, keys, strict=True) for n in _own(rule, names)):
        _known(name, check, line, report)
    condition = _condition(sigma, kind, base, document, report)
    for name in condition.get("fields", ()):
        line = document.line("correlation", "condition")
        _known(name, check, line, report)
        if kind in NUMERIC and (found := check.type_of(name)) and found not in NUMBER_TYPES:
            report.error(f"{name} is no number ({found}); {kind} adds and compares numbers", line)
    return Correlation(
        cast(Any, kind), base, group_by, keys, sigma.timespan.seconds, generate=sigma.generate, **condition
    )


def _keys(sigma: SigmaCorrelationRule, group_by: tuple[str, ...], rule: Any) -> tuple[str, ...]:
    """The event fields behind the group-by names for one base rule."""
    keys = []
    for name in group_by:
        alias = sigma.aliases.aliases.get(name)
        fields = {id(ref.rule): field for ref, field in alias.mapping.items()} if alias else {}
        keys.append(fields.get(id(rule), name))
    return tuple(keys)


def _own(rule: Rule, names: tuple[str, ...]) -> list[str]:
    """The names that must be fields: a correlation below may have grouped by an alias of its own."""
    grouped = rule.correlation.group_by if rule.correlation else ()
    return [name for name in names if name not in grouped]


def _condition(
    sigma: SigmaCorrelationRule, kind: str, base: tuple[Rule, ...], document: Document, report: Report
) -> dict[str, Any]:
    """What the measure is compared with, and what is measured."""
    line = document.line("correlation", "condition")
    condition = sigma.condition
    if isinstance(condition, SigmaExtendedCorrelationCondition):
        if kind == "temporal_ordered":
            raise report.refuse(
                "and, or, not say nothing of an order; use a list of rules, or temporal", line
            )
        names = [reference.reference for reference in sigma.referenced_rules]
        return {"op": "gte", "count": 1, "expression": _expression(condition.parsed, names)}
    _whole(document, line, report)
    op, count = condition.op.name.lower(), condition.count
    if kind in COUNTS:
        op, count = ("gte", count + 1) if op == "gt" else ("lt", count + 1) if op == "lte" else (op, count)
        _possible(kind, op, count, len(base), line, report)
    fields = _fields(condition, kind, line, report)
    found: dict[str, Any] = {"op": op, "count": count, "fields": fields, "field": fields[0] if fields else ""}
    if kind == "value_percentile":
        if condition.percentile is None or not 0 <= condition.percentile <= 100:
            raise report.refuse("value_percentile needs a percentile between 0 and 100", line)
        found["percentile"] = condition.percentile
    return found


def _whole(document: Document, line: int, report: Report) -> None:
    """Thresholds are whole numbers: pySigma cuts others off without a word."""
    raw = document.data["correlation"].get("condition")
    for name, value in raw.items() if isinstance(raw, dict) else ():
        if name != "field" and (isinstance(value, bool) or str(value) != str(int(value))):
            raise report.refuse(f"{name} must be a whole number; Sigma's tools cut the rest off", line)


def _possible(kind: str, op: str, count: int, rules: int, line: int, report: Report) -> None:
    """Refuse what never holds: a window has one event at least, and so many rules at most."""
    least, most = 1, rules if kind.startswith("temporal") else MAX_COUNT
    if op in ("gte", "neq", "eq") and not least <= count <= most:
        if kind.startswith("temporal") and count > rules:
            raise report.refuse(f"asks for {count} rules and names {rules}", line)
        raise report.refuse(f"the count must lie between 1 and {MAX_COUNT}", line)
    if op == "lt" and count <= least:
        raise report.refuse("never holds: a window has at least one event", line)
    if op == "lt" and count > MAX_COUNT:
        raise report.refuse(f"the count must lie between 1 and {MAX_COUNT}", line)


def _fields(condition: SigmaCorrelationCondition, kind: str, line: int, report: Report) -> tuple[str, ...]:
    """The fields that are counted, or the one whose numbers are taken."""
    if not kind.startswith("value_"):
        return ()
    named = condition.fieldref or ()
    fields = (named,) if isinstance(named, str) else tuple(str(name) for name in named)
    if not fields or len(fields) > (MAX_FIELDS if kind == "value_count" else 1):
        most = f"one to {MAX_FIELDS} fields" if kind == "value_count" else "one field"
        raise report.refuse(f"{kind} needs {most}", line)
    return fields


def _expression(node: CorrelationConditionItem | SigmaRuleReference, names: list[str]) -> Expression:
    """pySigma's tree of a condition with the numbers of the base rules in it."""
    if isinstance(node, SigmaRuleReference):
        return names.index(node.reference)
    words = {CorrelationConditionAND: "and", CorrelationConditionOR: "or"}
    return (words.get(cast(Any, type(node)), "not"), *(_expression(item, names) for item in node.args))


def _known(name: str, check: FieldCheck, line: int, report: Report) -> None:
    found = FieldReport()
    check.name(name, found)
    for _, why in found.wrong:
        report.error(f"{name} {why}", line)
    for why in found.embedded_only:
        report.error(f"{why}; windows are kept over short fields only", line)
