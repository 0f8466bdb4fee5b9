"""A panel's filter as a Sigma rule, and its fields, checked as those of rules are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracehound.boards.model import PanelSpec
from tracehound.rules import Rule
from tracehound.rules.build import RuleFile, Surroundings, build_rules
from tracehound.rules.documents import Document, Place
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.known import filled_fields, known_fields
from tracehound.rules.report import Report
from tracehound.schema import fields

FINDING = {"class_uid": 2004, "ai.source": "tracehound"}
CREATED = {"activity_id": 1}
"""A finding is raised once; the Update that closes its window is no other finding."""
OF, SELECTION = "_of", "selection"
"""The underscore keeps it out of ``1 of them``."""
FINDING_FIELDS = frozenset({
    "count", "is_alert", "observables.value", "risk_score", "status", "finding_info.analytic.name",
    "finding_info.analytic.uid", "finding_info.attacks.tactic.name", "finding_info.attacks.technique.name",
    "finding_info.attacks.technique.uid", "finding_info.data_sources", "finding_info.related_events_count",
    "finding_info.tags.name", "finding_info.tags.value", "finding_info.title", "finding_info.types",
    "finding_info.uid",
})  # fmt: skip
"""What our findings have beside the fields that normalizers and enrichers fill."""
GROUPS = ("keyword", "ip", "boolean", "long")
NUMBERS = ("long", "double")


@dataclass(frozen=True, slots=True)
class Checks:
    """What a board is checked against."""

    lists: Mapping[str, Sequence[str]]
    report: Report
    document: Document
    version: str


def field_check() -> FieldCheck:
    """The check that rules go through, with the fields of findings as filled ones."""
    return FieldCheck(known_fields(), filled_fields() | FINDING_FIELDS)


def check_fields(checks: Checks, names: Sequence[str], place: Place, *, numeric: bool = False) -> None:
    """Fields that are shown or measured: in the schema, short, of a type that can be."""
    for name in names:
        found = FieldReport()
        kind = field_check().name(name, found)
        line = checks.document.line(*place)
        for _, why in found.wrong:
            checks.report.error(f"{name} {why}", line)
        for why in found.embedded_only:
            checks.report.error(f"{why}; boards show short fields only", line)
        for unfilled in found.unfilled:
            checks.report.doubt(f"{unfilled} is filled by no normalizer or enricher", line)
        if kind is None or found.embedded_only:
            continue
        info = fields()[name]
        if numeric and (kind not in NUMBERS or info.array or info.within):
            checks.report.error(f"{name} has type {kind}: sum, avg and percentiles want single numbers", line)
        if not numeric and kind not in GROUPS:
            checks.report.error(f"{name} has type {kind}, which makes no groups", line)


def panel_rule(spec: PanelSpec, place: Place, uid: str, checks: Checks) -> Rule:
    """The rule whose condition is the panel's filter. Raises ``Refused``."""
    detection, lines = _detection(spec, place, checks.document)
    data = {
        "title": spec.title[:256],
        "id": uid,
        "description": spec.description or spec.title,
        "level": "informational",
        "logsource": {"product": "ai"},
        "detection": detection,
    }
    file = RuleFile([Document(data, lines)], "", checks.version)
    rules, _ = build_rules(file, Surroundings(field_check(), checks.lists), checks.report)
    for why in rules[0].embedded_only if not checks.report.strict else ():
        line = lines[("detection",)]
        checks.report.error(f"panel {spec.id} {why}, which only the embedded engine does", line)
    return rules[0]


def _detection(spec: PanelSpec, place: Place, document: Document) -> tuple[dict[str, Any], dict[Place, int]]:
    """Sigma's detection, and where its lines are in the board's file."""
    own = spec.filter
    named = isinstance(own, dict) and "condition" in own
    lines: dict[Place, int] = {(): document.line(*place), ("detection",): document.line(*place, "filter")}
    below = ("detection",) if named else ("detection", SELECTION)
    start = (*place, "filter")
    for known, line in document.lines.items():
        if known[: len(start)] == start:
            lines[(*below, *known[len(start) :])] = line
    found = FINDING if spec.of == "events" else FINDING | CREATED
    wanted = f"not {OF}" if spec.of == "events" else OF
    if own is None:
        return {OF: found, "condition": wanted}, lines
    if not named:
        return {SELECTION: own, OF: found, "condition": f"{SELECTION} and {wanted}"}, lines
    assert isinstance(own, dict)
    said = own["condition"]
    parts = said if isinstance(said, list) else [said]
    whole = " or ".join(f"({part})" for part in parts)
    return {**own, OF: found, "condition": f"({whole}) and {wanted}"}, lines
