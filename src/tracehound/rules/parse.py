"""From a checked document to pySigma's objects: what pySigma says or raises becomes words with a line."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyparsing import ParseBaseException
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.modifiers import modifier_mapping
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import ValueListPlaceholderTransformation
from sigma.rule import SigmaRule
from sigma.types import Placeholder, SigmaExpansion, SigmaRegularExpression, SigmaString, SigmaType

from tracehound.errors import nearest
from tracehound.rules import mend
from tracehound.rules.documents import Document
from tracehound.rules.report import Refused, Report

PYSIGMA_RAISES = (
    SigmaError,
    ParseBaseException,
    re.error,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    NotImplementedError,
    AssertionError,
)
"""What pySigma lets out when a rule is odd: mostly its own errors, sometimes Python's."""

SIGMA_KEYS = frozenset(
    {
        "action",
        "author",
        "correlation",
        "date",
        "description",
        "detection",
        "falsepositives",
        "fields",
        "filter",
        "id",
        "level",
        "license",
        "logsource",
        "modified",
        "name",
        "references",
        "regression_tests_path",
        "related",
        "scope",
        "simulation",
        "status",
        "tags",
        "taxonomy",
        "title",
        "tracehound",
    }
)
MAX_CONDITION = 4000
MAX_EXPRESSION, MAX_BRACKETS = 500, 6
"""pySigma's parser of a correlation's expression takes very long over nested brackets."""
_WORD = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_SIGMA_NAME = re.compile(r"(?:Detection|Rule) '([^']*)' not (?:defined|found)")


def check_keys(document: Document, report: Report) -> None:
    """Misspelt keys, ``action`` documents, modifiers that do not exist, conditions out of proportion."""
    for key in document.data:
        hint = "" if key in SIGMA_KEYS else nearest(key, SIGMA_KEYS)
        if hint:
            report.error(f"unknown key {key!r}{hint}", document.line(key))
    if "action" in document.data:
        report.error(
            "'action' documents are not part of Sigma 2; write each rule out", document.line("action")
        )
    for place, line in document.lines.items():
        last = place[-1] if len(place) > 1 else None
        if place[:1] in (("detection",), ("filter",)) and isinstance(last, str) and "|" in last:
            for modifier in last.split("|")[1:]:
                if modifier not in modifier_mapping:
                    report.error(f"unknown modifier {modifier!r}{nearest(modifier, modifier_mapping)}", line)
    for section in ("detection", "filter"):
        body = document.data.get(section)
        if isinstance(body, dict) and len(str(body.get("condition", ""))) > MAX_CONDITION:
            report.error("the condition is too long", document.line(section, "condition"))
    said = _expression(document)
    if len(said) > MAX_EXPRESSION or said.count("(") > MAX_BRACKETS:
        report.error("the condition is too long", document.line("correlation", "condition"))


def _expression(document: Document) -> str:
    """The condition of a correlation, where it is an expression."""
    section = document.data.get("correlation")
    condition = section.get("condition") if isinstance(section, dict) else None
    return condition if isinstance(condition, str) else ""


def referenced(document: Document) -> list[str]:
    """The names and ids that a correlation's document refers to."""
    section = document.data.get("correlation")
    rules = section.get("rules") if isinstance(section, dict) else None
    named = [rules] if isinstance(rules, str) else rules if isinstance(rules, list) else []
    return [name for name in named if isinstance(name, str)] + _WORD.findall(_expression(document))


Parsed = SigmaRule | SigmaCorrelationRule | SigmaFilter


def to_sigma(documents: Sequence[Document], report: Report) -> list[Parsed]:
    """pySigma's object for each document of a file; references are resolved inside it. Raises ``Refused``."""
    found: list[Parsed] = []
    for document in documents:
        try:
            one = SigmaCollection.from_dicts(
                [copy.deepcopy(document.data)], collect_filters=True, resolve_references=False
            )
            for rule in [*one.rules, *(as_rule(f) for f in one.filters)]:
                if isinstance(rule, SigmaRule):
                    mend.mend_encodings(rule)
            found += [*one.rules, *one.filters]
        except PYSIGMA_RAISES as error:
            report.error(_words(error, document), _line(error, document))
    report.stop_if_wrong()
    try:
        collection = SigmaCollection(list(found), collect_filters=True)
        for correlation in collection.rules:
            if isinstance(correlation, SigmaCorrelationRule):  # pySigma leaves this to its backends
                correlation.aliases.resolve_rule_references(collection)
    except PYSIGMA_RAISES as error:
        last = next(d for d in documents if "correlation" in d.data)
        names = [str(d.data[key]) for d in documents for key in ("name", "id") if d.data.get(key)]
        raise report.refuse(_words(error, last, names), last.line("correlation", "rules")) from error
    return found


def parsed_conditions(rule: SigmaRule, document: Document, report: Report) -> list[Any]:
    """pySigma's condition trees of a rule (several mean: any of them). Raises ``Refused``."""
    line = document.line("detection", "condition")
    try:
        trees = [condition.parsed for condition in rule.detection.parsed_condition]
    except PYSIGMA_RAISES as error:
        raise report.refuse(_words(error, document), line) from error
    if not trees or any(tree is None for tree in trees):
        raise report.refuse("the condition selects none of the rule's detections", line)
    return trees


def as_rule(sigma_filter: SigmaFilter) -> SigmaRule:
    """A filter in the shape of a rule, so that its items are checked and mended alike."""
    return SigmaRule(
        title=sigma_filter.title, logsource=sigma_filter.logsource, detection=sigma_filter.filter
    )


def apply_filters(rules: Sequence[Parsed], filters: Sequence[SigmaFilter]) -> list[SigmaFilter]:
    """Apply pySigma's filters to the rules of a file; gives those that fitted one."""
    used = []
    for sigma_filter in filters:
        for rule in rules:
            if isinstance(rule, SigmaRule) and sigma_filter._should_apply_on_rule(rule):
                copy.deepcopy(sigma_filter).apply_on_rule(rule)
                used.append(sigma_filter)
    return used


def expand_lists(
    rule: SigmaRule,
    lists: Mapping[str, Sequence[str]],
    type_of: Callable[[str], str | None],
    document: Document,
    report: Report,
) -> None:
    """Replace ``|expand`` placeholders by the values of lists; ``type_of`` tells which fields are addresses.

    Raises ``Refused``.
    """
    before = len(report.errors)
    names = [n for item in mend.items(rule) for value in item.value for n in _placeholders(value)]
    for name in dict.fromkeys(names):
        line = next((n for p, n in document.lines.items() if f"%{name}%" in str(_at(document.data, p))), None)
        if name not in lists:
            hint = nearest(name, lists) or "; put one value a line into lists/" + name + ".txt of your pack"
            report.error(f"placeholder %{name}% has no list{hint}", line)
        elif not lists[name]:
            report.error(f"the list {name!r} behind %{name}% is empty; give it at least one value", line)
    if len(report.errors) > before:
        raise Refused
    if names:
        variables = {name: list(lists[name]) for name in names}
        step = ProcessingItem(transformation=ValueListPlaceholderTransformation())
        try:
            ProcessingPipeline(items=[step], vars=variables).apply(rule)
            mend.networks_of_lists(rule, type_of)
        except PYSIGMA_RAISES as error:
            raise report.refuse(_words(error, document), document.line("detection")) from error
    mend.mend_case(rule)


def _placeholders(value: SigmaType) -> list[str]:
    if isinstance(value, SigmaExpansion):
        return [name for v in value.values for name in _placeholders(v)]
    text = value.regexp if isinstance(value, SigmaRegularExpression) else value
    return [p.name for p in text.s if isinstance(p, Placeholder)] if isinstance(text, SigmaString) else []


def _at(data: Any, place: Sequence[str | int]) -> Any:
    """What lies at a place, if it is a scalar."""
    for step in place:
        data = data[step]
    return data if not isinstance(data, dict | list) else ""


def _words(error: BaseException, document: Document, names: Sequence[str] = ()) -> str:
    """pySigma's reason in one line, with the nearest valid name where it misses one."""
    text = str(error.args[0] if error.args else error) if isinstance(error, SigmaError) else str(error)
    text = " ".join(text.split())[:300]
    if not isinstance(error, SigmaError | ParseBaseException | re.error):
        text = f"has a value of the wrong type or shape ({type(error).__name__}: {text})"
    missing = _SIGMA_NAME.search(text)
    body = document.data.get("detection") or document.data.get("filter")
    if missing:
        text += nearest(missing[1], names or [key for key in body or () if key != "condition"])
    return text


def _line(error: BaseException, document: Document) -> int:
    """The section that pySigma's error is about, by the word in its name."""
    name = type(error).__name__.lower()
    sections = {
        "condition": ("correlation" if "correlation" in document.data else "detection", "condition"),
        "correlation": ("correlation",),
        "timespan": ("correlation", "timespan"),
        "filter": ("filter",),
        "logsource": ("logsource",),
        "level": ("level",),
        "status": ("status",),
        "tag": ("tags",),
        "identifier": ("id",),
        "date": ("date",),
        "modified": ("modified",),
        "title": ("title",),
        "related": ("related",),
    }
    for word, place in sections.items():
        if word in name:
            return document.line(*place)
    return document.line("detection" if "detection" in document.data else "correlation")
