"""One file of rules: its documents checked and compiled to ``Rule`` objects."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args
from uuid import UUID

from sigma.correlations import SigmaCorrelationRule
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from tracehound.errors import RuleError, nearest
from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Leaf, Node, conjunction, disjunction, fields_of, walk
from tracehound.matcher.leaves import Exists, Regex, Text
from tracehound.rules import mend, parse
from tracehound.rules.correlation import read_correlation
from tracehound.rules.documents import Document
from tracehound.rules.extras import read_extras
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.model import LEVELS, Rule
from tracehound.rules.report import Report
from tracehound.rules.tags import read_tags
from tracehound.schema.constants import Service

SERVICES: tuple[str, ...] = get_args(Service)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a rule is checked against."""

    check: FieldCheck
    lists: Mapping[str, Sequence[str]]
    filters: Sequence[SigmaFilter] = ()


@dataclass(frozen=True, slots=True)
class RuleFile:
    """The documents of one file, and what is the same for all rules in it."""

    documents: Sequence[Document]
    area: str
    version: str


def output_document(documents: Sequence[Document]) -> Document | None:
    """The document that raises findings: the correlation that no other rests on, else the only rule.

    None where that cannot be told.
    """
    correlations = [d for d in documents if "correlation" in d.data]
    used = {name for d in correlations for name in parse.referenced(d)}
    top = [d for d in correlations if not used & {str(d.data.get(key)) for key in ("name", "id")}]
    if correlations:
        return top[0] if len(top) == 1 else None
    return documents[0] if len(documents) == 1 else None


def build_rules(file: RuleFile, around: Surroundings, report: Report) -> tuple[list[Rule], list[SigmaFilter]]:
    """The rules of a file that raise findings, and the filters that fitted one. Raises ``Refused``."""
    output = output_document(file.documents)
    if output is None:
        line = file.documents[1].line() if len(file.documents) > 1 else None
        said = "holds several rules; one file, one rule (or one correlation and what it rests on)"
        raise report.refuse(said, line)
    for document in file.documents:
        parse.check_keys(document, report)
        _check_head(document, document is output, report)
    report.stop_if_wrong()
    parsed = parse.to_sigma(file.documents, report)
    if report.strict and not output.data.get("description"):
        report.error("has no description", output.line())
    used = parse.apply_filters(parsed, around.filters)
    singles: dict[int, Rule] = {}
    for sigma, document in zip(parsed, file.documents, strict=True):
        if isinstance(sigma, SigmaRule):
            singles[id(sigma)] = _single(sigma, document, file, around, report)
    report.stop_if_wrong()
    sigma = parsed[list(file.documents).index(output)]
    if not isinstance(sigma, SigmaCorrelationRule):
        return list(singles.values()), used
    documents = {id(one): document for one, document in zip(parsed, file.documents, strict=True)}
    rule = _Correlations(singles, documents, file, around, report).rule_of(sigma)
    return [rule, *_generated(rule)], used


def _generated(rule: Rule) -> list[Rule]:
    """The rules below a correlation that raise findings of their own: where ``generate`` says so, once each."""
    if rule.correlation is None:
        return []
    below = [r for base in rule.correlation.base for r in _generated(base)]
    found = [*rule.correlation.base, *below] if rule.correlation.generate else below
    return list({id(r): r for r in found}.values())


def _check_head(document: Document, output: bool, report: Report) -> None:
    """Title, id and level: findings are made of them."""
    data = document.data
    wanted = ("title", "id", "level") if output else ("title",)
    for key in wanted:
        if not data.get(key):
            report.error(f"has no {key}", document.line(key))
    if not output and not data.get("id") and not data.get("name"):
        report.error("a base rule needs a name (or an id) that the correlation refers to", document.line())
    if isinstance(data.get("level"), str) and data["level"] not in LEVELS:
        report.error(f"level {data['level']!r} is none of {', '.join(LEVELS)}", document.line("level"))
    try:
        UUID(str(data["id"])) if data.get("id") else None
    except ValueError:
        report.error(f"id {str(data['id'])[:60]!r} is no UUID", document.line("id"))


def _single(
    sigma: SigmaRule, document: Document, file: RuleFile, around: Surroundings, report: Report
) -> Rule:
    """A rule with a detection of its own."""
    service = _service(sigma, document, report)
    parse.expand_lists(sigma, around.lists, around.check.type_of, document, report)
    findings = FieldReport()
    for item in mend.items(sigma):
        around.check.item(item, findings)
    _say(findings, document, report)
    trees = parse.parsed_conditions(sigma, document, report)
    if findings.wrong:
        report.stop_if_wrong()
    types = {f: t for item in mend.items(sigma) if (f := item.field) and (t := around.check.type_of(f))}
    line = document.line("detection")
    try:
        condition = disjunction([compile_tree(tree, types) for tree in trees])
        _check_patterns(condition, line, report)
    except (RuleError, re.error) as error:
        raise report.refuse(str(error), line) from error
    condition = conjunction([_logsource(service), condition])
    return replace(
        _common(sigma, document, file, around, report),
        service=service,
        condition=condition,
        fields=tuple(sorted(fields_of(condition))),
        embedded_only=tuple(dict.fromkeys(findings.embedded_only)),
    )


def _say(findings: FieldReport, document: Document, report: Report) -> None:
    """Put what the field check found into the report, with lines."""
    for name, why in findings.wrong:
        report.error(f"{name} {why}", document.line_of_field(name))
    for name in findings.unfilled:
        report.doubt(f"{name} is filled by no normalizer or enricher", document.line_of_field(name))
    if report.strict:
        for why in dict.fromkeys(findings.embedded_only + findings.not_portable):
            report.error(f"{why}: our own rules run on every target", document.line("detection"))


def _check_patterns(condition: Node, line: int, report: Report) -> None:
    """Compile regular expressions now, and warn of those that can be slow."""
    for leaf in walk(condition):
        test = getattr(leaf, "test", None)
        if isinstance(test, Regex) and not test.linear:
            report.warn(
                f"/{test.pattern[:60]}/ needs a backtracking engine: hostile text can make it slow", line
            )


def _service(sigma: SigmaRule, document: Document, report: Report) -> str:
    """``logsource`` of an AI rule: product ai, and a service or none."""
    source, line = sigma.logsource, document.line("logsource")
    if source.product != "ai":
        said = f"product {source.product!r}" if source.product else "no product"
        report.error(f"logsource has {said}; rules on AI events have product: ai", line)
    if source.category:
        report.error("logsource category has no meaning with product: ai; use service", line)
    service = source.service or ""
    if service and service not in SERVICES:
        hint = nearest(service, SERVICES) or f"; valid are {', '.join(SERVICES)}"
        report.error(f"logsource service {service!r} does not exist{hint}", line)
    return service


def _logsource(service: str) -> Leaf:
    return Leaf("ai.service", Text((service,)) if service else Exists())


@dataclass(slots=True)
class _Correlations:
    """Builds the correlations of a file, those below first; ``rules`` are the others by pySigma's object."""

    rules: dict[int, Rule]
    documents: Mapping[int, Document]
    file: RuleFile
    around: Surroundings
    report: Report
    building: list[int] = field(default_factory=list)

    def rule_of(self, sigma: Any) -> Rule:
        """Our rule for an object of pySigma's. Raises ``Refused``."""
        if id(sigma) not in self.rules:
            document = self.documents[id(sigma)]
            if id(sigma) in self.building:
                line = document.line("correlation", "rules")
                raise self.report.refuse("the correlation rests on itself", line)
            self.building.append(id(sigma))
            self.rules[id(sigma)] = self._build(sigma, document)
        return self.rules[id(sigma)]

    def _build(self, sigma: SigmaCorrelationRule, document: Document) -> Rule:
        correlation = read_correlation(sigma, self.rule_of, document, self.around.check, self.report)
        self.report.stop_if_wrong()
        below = correlation.base
        own = {key for base, keys in zip(below, correlation.keys, strict=True) for key in keys
               if not base.correlation or key not in base.correlation.group_by}  # fmt: skip
        services = {base.service for base in below}
        return replace(
            _common(sigma, document, self.file, self.around, self.report),
            service=services.pop() if len(services) == 1 else "",
            correlation=correlation,
            fields=tuple(sorted({f for base in below for f in base.fields} | own | {*correlation.fields})),
            embedded_only=tuple(dict.fromkeys(why for base in below for why in base.embedded_only)),
        )


def _common(
    sigma: SigmaRule | SigmaCorrelationRule,
    document: Document,
    file: RuleFile,
    around: Surroundings,
    report: Report,
) -> Rule:
    """What every kind of rule has."""
    tags = read_tags(str(tag) for tag in sigma.tags)
    for tag, why in tags.wrong:
        report.error(f"tag {tag}: {why}", document.line("tags"))
    for tag in tags.foreign:
        report.doubt(f"tag {tag} has a namespace that Sigma does not know", document.line("tags"))
    extras = read_extras(document, around.check, report)
    report.stop_if_wrong()
    identity = str(sigma.id) if sigma.id else f"{report.path.stem}/{sigma.name}"
    return Rule(
        id=identity,
        title=str(sigma.title),
        name=sigma.name or "",
        level=_level(document),
        status=str(sigma.status).lower() if sigma.status else "",
        description=" ".join((sigma.description or "").split()),
        author=sigma.author or "",
        sigma=sigma,
        path=report.path,
        area=file.area,
        tags=tuple(str(tag) for tag in sigma.tags),
        attack=tuple(tags.attack),
        attack_tactics=tuple(tags.attack_tactics),
        atlas=tuple(tags.atlas),
        owasp=tuple(tags.owasp),
        falsepositives=tuple(str(f) for f in sigma.falsepositives),
        references=tuple(str(r) for r in sigma.references),
        version=file.version,
        **extras,
    )


def _level(document: Document) -> Any:
    return document.data.get("level") or "informational"
