"""KQL: Kibana's query language, which Elasticsearch runs too (``kql`` query, ``KQL()`` in ES|QL)."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.conversion.state import ConversionState
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from tracehound.compiler.leaves import CannotSayError, SaysLeaves, anything, type_of, written
from tracehound.compiler.lucene import caseless
from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, LeafTest, Number, Text
from tracehound.matcher.values import number_text

_PLAIN = re.compile(r"[A-Za-z0-9_.\-/]")


def quoted(text: str) -> str:
    """A value in quotes: no wildcard, no syntax."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def escaped(text: str) -> str:
    """A piece of a pattern outside quotes: ASCII beyond letters and digits by its number."""
    return "".join(c if not c.isascii() or _PLAIN.match(c) else f"\\u{ord(c):04x}" for c in text)


class TracehoundKqlBackend(SaysLeaves, TextQueryBackend):
    """KQL, which pySigma has no backend for.

    Lists are written out (``a: x or a: y``): Elasticsearch 8.19 refuses ``a: (x or y)``, which Kibana takes.
    """

    name: ClassVar[str] = "Tracehound KQL"
    identifier = "tracehound_kql"
    language = "KQL"
    formats: ClassVar[dict[str, str]] = {"default": "Plain KQL queries"}
    requires_pipeline: ClassVar[bool] = True
    group_expression: ClassVar[str] = "({expr})"
    token_separator = " "
    or_token: ClassVar[str] = "or"
    and_token: ClassVar[str] = "and"
    not_token: ClassVar[str] = "not"
    or_word, not_word = "or", "not"

    def __init__(
        self,
        processing_pipeline: ProcessingPipeline | None = None,
        collect_errors: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(processing_pipeline, collect_errors, **options)

    def leaf(self, field: str, test: LeafTest) -> str:
        """``field: value``."""
        if isinstance(test, Exists) or anything(test):
            return f"{field}: *"
        if isinstance(test, Compare) and test.op in ("<", "<=", ">", ">="):
            return f"{field} {test.op} {quoted(number_text(test.number))}"
        value = _value(field, test)
        if value is None:
            raise CannotSayError(f"KQL has no test '{test}'", field)
        return f"{_name(field, test)}: {value}"

    def finalize_query_default(self, rule: SigmaRule, query: str, index: int, state: ConversionState) -> str:
        """The query alone."""
        return query


def _name(field: str, test: LeafTest) -> str:
    return field if isinstance(test, Text) and test.cased else caseless(field)


def _value(field: str, test: LeafTest) -> str | None:
    """What stands behind the colon for tests that are one value; None for others."""
    if isinstance(test, Text) and not anything(test):
        if test.form == "equals":
            return quoted(written(test))
        if all(isinstance(part, str) or part == ANY for part in test.parts):
            return "".join(escaped(part) if isinstance(part, str) else "*" for part in test.parts)
    if isinstance(test, Number):
        return quoted(number_text(test.number))
    if isinstance(test, Bool):
        return "true" if test.truth else "false"
    if isinstance(test, Address):
        return quoted(test.written)
    if isinstance(test, Cidr) and type_of(field) == "ip":
        return quoted(test.written)
    return None
