"""The one front: checked rules in, queries of a language out; what cannot be said is named, never passed over."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sigma.exceptions import SigmaError

from tracehound.compiler import conditions, eql_sequences, esql_windows, spl_windows
from tracehound.compiler.cost import cost_of
from tracehound.compiler.leaves import CannotSayError
from tracehound.compiler.model import Compilation, Gap, NotInLanguageError, Query, Said
from tracehound.errors import RuleError
from tracehound.rules import Rule
from tracehound.rules.documents import parse, read_text

_Window = Callable[[Rule], Said]
_CORRELATIONS: dict[str, _Window] = {
    "splunk": spl_windows.correlation,
    "esql": esql_windows.correlation,
    "eql": eql_sequences.correlation,
}
SELECTS = (
    "selects the events of the baseline; a new_terms rule of Kibana (--format kibana) finds the first of them"
)


def _selection(language: str) -> _Window:
    """For languages that know no history: the events, for a rule type of Kibana that does."""
    return lambda rule: Said(conditions.query(rule, language), (SELECTS,))


_BASELINES: dict[str, _Window] = {
    "splunk": spl_windows.baseline,
    "esql": esql_windows.baseline,
    "eql": eql_sequences.baseline,
    "kql": _selection("kql"),
    "lucene": _selection("lucene"),
}
NAMES = {"splunk": "SPL", "esql": "ES|QL", "kql": "KQL", "lucene": "Lucene", "eql": "EQL"}


def compile_rules(rules: Iterable[Rule], language: str) -> Compilation:
    """All rules in one language. The rules carry pySigma's objects (``tracehound.rules.loader.load_rules``)."""
    queries: list[Query] = []
    gaps: list[Gap] = []
    errors: list[tuple[Rule, RuleError]] = []
    for rule in rules:
        try:
            queries.append(compile_rule(rule, language))
        except NotInLanguageError as gap:
            gaps.append(Gap(rule, language, str(gap)))
        except RuleError as error:
            errors.append((rule, error))
    return Compilation(tuple(queries), tuple(gaps), tuple(errors))


def compile_rule(rule: Rule, language: str) -> Query:
    """One rule. Raises ``NotInLanguageError`` for a gap, ``RuleError`` (file, line, reason) for a refusal."""
    try:
        if rule.embedded_only:
            why = rule.embedded_only[0]
            raise CannotSayError(f"{why}, which only the embedded engine does", why.rpartition(" ")[2])
        said = _said(rule, language)
    except CannotSayError as error:
        raise RuleError(error.message, file=rule.path, line=_line(rule, error.field)) from error
    except SigmaError as error:
        raise RuleError(str(error), file=rule.path) from error
    return Query(
        rule=rule,
        language=language,
        query=said.query,
        needs=rule.fields,
        approximate=said.approximate,
        cost=cost_of(rule, language),
        companions=said.companions,
        lookups=said.lookups,
    )


def _said(rule: Rule, language: str) -> Said:
    if rule.correlation is not None:
        return _window(_CORRELATIONS, rule, language, "correlations")
    if rule.baseline is not None:
        return _window(_BASELINES, rule, language, "baselines")
    return Said(conditions.query(rule, language))


def _window(table: dict[str, _Window], rule: Rule, language: str, what: str) -> Said:
    if language not in table:
        raise NotInLanguageError(f"{NAMES[language]} has no {what}")
    return table[language](rule)


def _line(rule: Rule, field: str) -> int | None:
    """The line of the field's test in the rule's file."""
    documents = parse(read_text(rule.path), rule.path) if field else []
    lines = [document.line_of_field(field) for document in documents if "detection" in document.data]
    return max(lines, default=None)
