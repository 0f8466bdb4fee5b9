"""All rules of our content and of packs: found, checked, the later pack winning over the earlier one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sigma.filters import SigmaFilter

from tracehound.content import content_root
from tracehound.errors import RuleError, nearest
from tracehound.rules import mend, parse
from tracehound.rules.build import RuleFile, Surroundings, build_rules, output_document
from tracehound.rules.documents import Document, read_text
from tracehound.rules.documents import parse as parse_yaml
from tracehound.rules.fields import FieldCheck, FieldReport
from tracehound.rules.known import Fields, known_fields
from tracehound.rules.lists import load_lists
from tracehound.rules.model import Rule, RuleSet
from tracehound.rules.report import Refused, Report
from tracehound.rules.thresholds import load_thresholds, unused, with_threshold

LIST_FOLDER = "lists"
FILTER_FOLDERS = ("detections", "filters")


@dataclass(slots=True)
class _File:
    """One file as read: whose it is, what it holds."""

    path: Path
    root: Path
    documents: list[Document]
    version: str
    report: Report

    @property
    def area(self) -> str:
        parts = self.path.relative_to(self.root / "detections").parts
        return parts[0] if len(parts) > 1 else ""

    @property
    def rule_id(self) -> str:
        output = output_document(self.documents)
        return str(output.data.get("id") or "").lower() if output else ""


def load_rules(
    packs: Sequence[Path] = (),
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
    fields: Fields | None = None,
    filled: Collection[str] | None = None,
    own: Path | None = None,
) -> RuleSet:
    """Load ``detections/**/*.yml`` of our content and of ``packs``, in that order.

    ``lists`` are the configuration's (they replace a pack's by name); ``fields`` the schema's, by default
    ``tracehound.schema.fields()``; ``filled`` the fields that normalizers and enrichers fill, where known:
    a rule on another one is refused in our content and warned of in a pack. ``own`` is our content's folder.

    Never raises for what a file holds: a refused rule is in ``RuleSet.errors`` with file, line and reason,
    and the others load.
    """
    first = own or content_root()
    roots = [first, *packs]
    known, list_errors = load_lists(roots, lists)
    check = FieldCheck(known_fields() if fields is None else fields, filled)
    errors, warnings = list(list_errors), []
    read = [_read(path, root, strict=root is first) for root in roots for path in _rule_files(root)]
    filters = _filters(read, Surroundings(check, known))
    around = Surroundings(check, known, [f for f, _ in filters])
    rules: list[Rule] = []
    used: set[int] = set()
    winners = _winners(read)
    errors += _apply_thresholds(winners, roots)
    for file in winners:
        built, fitting = _build(file, around)
        rules.extend(built)
        used.update(id(f) for f in fitting)
    for sigma_filter, file in filters:
        if id(sigma_filter) not in used:
            file.report.warn(_unused(sigma_filter, rules), 1)
    for file in read:
        errors.extend(file.report.errors)
        warnings.extend(file.report.warnings)
    return RuleSet(tuple(rules), tuple(errors), tuple(warnings), known)


def _rule_files(root: Path) -> Iterator[Path]:
    """Every ``.yml`` below ``detections/`` and ``filters/`` but the lists; ``.yaml`` is not Sigma's name."""
    for folder in FILTER_FOLDERS:
        for path in sorted((root / folder).glob("**/*.yml")):
            if LIST_FOLDER not in path.relative_to(root).parts[1:-1] and path.is_file():
                yield path


def _read(path: Path, root: Path, *, strict: bool) -> _File:
    report = Report(path, strict)
    try:
        text = read_text(path)
        documents = parse_yaml(text, path)
        if not documents:
            report.error("is empty")
    except RuleError as error:
        report.errors.append(error)
        text, documents = "", []
    return _File(path, root, documents, sha256(text.encode()).hexdigest()[:12], report)


def _winners(read: Sequence[_File]) -> list[_File]:
    """The rule files, without those whose id a later pack has too; an id twice in one pack is an error."""
    by_id: dict[str, _File] = {}
    found: list[_File] = []
    folders: dict[Path, _File] = {}
    for file in read:
        if file.report.errors or _is_filter(file):
            continue
        if file.path.relative_to(file.root).parts[0] != "detections":
            file.report.error("is no Sigma Filter; rules lie under detections/")
            continue
        neighbour = folders.setdefault(file.path.parent, file)
        if neighbour is not file:
            file.report.doubt(f"lies beside {neighbour.path.name}; one folder, one rule")
        earlier = by_id.get(file.rule_id) if file.rule_id else None
        if earlier is not None and earlier.root == file.root:
            line = file.documents[0].line("id")
            file.report.error(f"id {file.rule_id} is that of {earlier.path.name} too", line)
            continue
        if earlier is not None:
            found.remove(earlier)
        by_id[file.rule_id] = file
        found.append(file)
    return found


def _apply_thresholds(files: Sequence[_File], roots: Sequence[Path]) -> list[RuleError]:
    """Put the packs' own counts and timespans into the correlations; gives what was refused."""
    wished, errors = load_thresholds(roots)
    used: set[str] = set()
    names: list[str] = []
    for file in files:
        output = output_document(file.documents)
        if output is None:
            continue
        own = [file.path.parent.name, file.rule_id, str(output.data.get("title"))]
        names += own
        for name in (name for name in own if name in wished):
            used.add(name)
            try:
                changed = with_threshold(output, wished[name])
            except RuleError as error:
                errors.append(error)
                continue
            file.documents[file.documents.index(output)] = changed
            numbers = f"{file.version} {wished[name].count} {wished[name].timespan}"
            file.version = sha256(numbers.encode()).hexdigest()[:12]
    return [*errors, *unused(wished, used, names)]


def _build(file: _File, around: Surroundings) -> tuple[list[Rule], list[SigmaFilter]]:
    try:
        rules, used = build_rules(RuleFile(file.documents, file.area, file.version), around, file.report)
    except Refused:
        return [], []
    return ([] if file.report.errors else rules), used


def _is_filter(file: _File) -> bool:
    return any("filter" in document.data for document in file.documents)


def _filters(read: Sequence[_File], around: Surroundings) -> list[tuple[SigmaFilter, _File]]:
    """The Sigma Filters of all packs, each checked by itself so that a broken one refuses no rule."""
    found: list[tuple[SigmaFilter, _File]] = []
    for file in read:
        if file.report.errors or not _is_filter(file):
            continue
        try:
            found.extend((f, file) for f in _read_filters(file, around))
        except Refused:
            continue
    return found


def _read_filters(file: _File, around: Surroundings) -> list[SigmaFilter]:
    report = file.report
    for document in file.documents:
        if "filter" not in document.data:
            report.error("holds a filter and something else; put them into two files", document.line())
        parse.check_keys(document, report)
    report.stop_if_wrong()
    filters = [f for f in parse.to_sigma(file.documents, report) if isinstance(f, SigmaFilter)]
    for sigma_filter, document in zip(filters, file.documents, strict=True):
        rule = parse.as_rule(sigma_filter)
        parse.expand_lists(rule, around.lists, around.check.type_of, document, report)
        findings = FieldReport()
        for item in mend.items(rule):
            around.check.item(item, findings)
        for name, why in findings.wrong:
            report.error(f"{name} {why}", document.line_of_field(name, "filter"))
        parse.parsed_conditions(rule, document, report)
    report.stop_if_wrong()
    return filters


def _unused(sigma_filter: SigmaFilter, rules: Sequence[Rule]) -> str:
    named = sigma_filter.filter.rules
    if isinstance(named, str):
        return "the filter's logsource fits no rule"
    names = [n for rule in rules for n in (rule.id, rule.name) if n]
    wanted = ", ".join(reference.reference for reference in named)
    for rule in rules:
        if rule.correlation and {rule.id, rule.name} & {r.reference for r in named}:
            base = ", ".join(b.name or b.id for b in rule.correlation.base)
            return f"filters apply to the base rules of a correlation; name {base} instead of {wanted}"
    return f"the filter fits no rule: {wanted}{nearest(named[0].reference, names) if named else ''}"
