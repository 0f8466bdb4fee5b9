"""Lucene: Elasticsearch's and OpenSearch's ``query_string``, on the mapping made from the schema."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.conditions import ConditionNOT
from sigma.conversion.state import ConversionState

from tracehound.compiler import regex
from tracehound.compiler.leaves import (
    CannotSayError,
    SaysLeaves,
    anything,
    boolean_text,
    quoted,
    single_value,
    type_of,
    written,
)
from tracehound.matcher.glob import Part
from tracehound.matcher.leaves import Compare, Exists, LeafTest, Regex, Text
from tracehound.matcher.values import number_text

SPECIAL = frozenset('+-=&|!(){}[]^"~*?:\\/<> \t\n\r\f\v\u3000')
"""What the query parser reads as more than a letter, white space with it."""
RANGES = {">": "{{{} TO *]", ">=": "[{} TO *]", "<": "[* TO {}}}", "<=": "[* TO {}]"}


def caseless(field: str) -> str:
    """The twin of a string field that holds its values in lower case; other fields have none."""
    return f"{field}.caseless" if type_of(field) == "keyword" else field


def escaped(parts: Sequence[Part]) -> str:
    """A pattern: ``*`` and ``?`` where the rule has them, all else escaped."""
    return "".join(
        "".join(f"\\{c}" if c in SPECIAL else c for c in part) if isinstance(part, str) else "*?"[part]
        for part in parts
    )


class TracehoundLuceneBackend(SaysLeaves, LuceneBackend):
    """pySigma's Lucene backend, mended (docs/compiler.md, "Defects of the backends")."""

    name: ClassVar[str] = "Tracehound Lucene"
    identifier = "tracehound_lucene"
    language = "Lucene"
    or_word, not_word = "OR", "NOT"

    def convert_condition_not(self, cond: ConditionNOT, state: ConversionState) -> Any:
        """``a OR NOT b`` means ``a AND NOT b`` to this parser: what is negated is taken from everything."""
        inner = str(self.convert_condition(cond.args[0], state))
        return self.negated(f"({inner})")

    def compare_precedence(self, outer: Any, inner: Any) -> bool:
        """A negation brings its own brackets."""
        return isinstance(inner, ConditionNOT) or super(LuceneBackend, self).compare_precedence(outer, inner)

    def negated(self, said: str) -> str:
        """All documents but those."""
        return f"(*:* AND NOT {said})"

    def listed(self, field: str, tests: Sequence[LeafTest]) -> str | None:
        """``field:(a OR b)``."""
        names = {_name(field, test) for test in tests}
        values = [_value(field, test) for test in tests]
        if len(names) != 1 or any(v is None for v in values):
            return None
        return f"{names.pop()}:({' OR '.join(v for v in values if v)})"

    def leaf(self, field: str, test: LeafTest) -> str:
        """``field:value``."""
        if isinstance(test, Exists) or anything(test):
            return f"_exists_:{field}"
        if isinstance(test, Regex):
            if type_of(field) != "keyword":
                raise CannotSayError("Lucene's regular expressions are for texts", field)
            return f"{field}:/{regex.lucene(field, test)}/"
        value = _value(field, test)
        if value is None:
            raise CannotSayError(f"Lucene has no test '{test}'", field)
        return f"{_name(field, test)}:{value}"


def _name(field: str, test: LeafTest) -> str:
    if isinstance(test, Exists | Regex) or anything(test) or (isinstance(test, Text) and test.cased):
        return field
    return caseless(field)


def _value(field: str, test: LeafTest) -> str | None:
    """What stands behind the colon for tests that are one term; None for others."""
    if isinstance(test, Text):
        if anything(test):
            return None
        if type_of(field) == "boolean":
            return boolean_text(test)
        return quoted(written(test)) if test.form == "equals" else escaped(test.parts)
    if isinstance(test, Compare) and test.op in RANGES:
        return RANGES[test.op].format(number_text(test.number))
    return single_value(field, test, quoted)
