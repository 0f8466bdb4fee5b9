"""Compiled rules as plain JSON items: what scripts and other tools read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tracehound.compiler.model import Compilation
from tracehound.rules import Rule


def items(found: Compilation, order: list[str]) -> list[dict[str, Any]]:
    """One item per rule, in the order of ``order`` (rule ids): its query, or its gap, or why it is refused."""
    listed: dict[str, dict[str, Any]] = {}
    for query in found.queries:
        listed[query.rule.id] = {
            **_head(query.rule, query.language),
            "query": query.query,
            "needs": list(query.needs),
            "lookups": list(query.lookups),
            "companions": [asdict(companion) for companion in query.companions],
            "approximate": list(query.approximate),
            "cost": query.cost,
        }
    for gap in found.gaps:
        listed[gap.rule.id] = {**_head(gap.rule, gap.language), "query": None, "gap": gap.reason}
    for rule, error in found.errors:
        listed[rule.id] = {**_head(rule, ""), "query": None, "refused": str(error)}
    return [listed[name] for name in order if name in listed]


def _head(rule: Rule, language: str) -> dict[str, Any]:
    return {
        "rule_id": rule.id,
        "name": rule.folder.name,
        "title": rule.title,
        "area": rule.area,
        "level": rule.finding_level,
        "version": rule.version,
        **({"language": language} if language else {}),
    }
