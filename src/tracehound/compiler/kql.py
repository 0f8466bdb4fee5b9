"""KQL: Kibana's query language, which Elasticsearch runs too (``kql`` query, ``KQL()`` in ES|QL).

Elasticsearch's own parser (seen on 8.19 and 9.5) takes a ``*`` for a wildcard only where no backslash stands
before it in the same word, takes no list behind a field's name inside brackets, and reads ``?`` as a wildcard. What
is said here avoids all three.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.conversion.state import ConversionState
from sigma.processing.pipeline import ProcessingPipeline
from sigma.rule import SigmaRule

from tracehound.compiler.leaves import (
    CannotSayError,
    SaysLeaves,
    anything,
    boolean_text,
    quoted_line,
    single_value,
    type_of,
    written,
)
from tracehound.compiler.lucene import caseless
from tracehound.matcher.glob import ANY, ONE
from tracehound.matcher.leaves import Compare, Exists, LeafTest, Regex, Text
from tracehound.matcher.values import fold, number_text
from tracehound.schema import fields

_PLAIN = re.compile(r"[A-Za-z0-9_.\-/]")
_AS_IT_IS = re.compile(
    r"""(?:[A-Za-z0-9_.\-/=+@#,;%&|!~^$'\[\]`]|[^\x00-\xa0\s\ud800-\udfff])+(?:[ ](?=[^ ])|[ ]\Z)?""",
)
_OPERATOR = re.compile(r"(?i)(?<![^ ])(?:and|or|not)(?![^ ])")
_TWICE = {"*": "\\\\\\*", "?": "\\\\?", "\\": "\\\\\\\\"}
_LAST, _SURROGATES = 0x10FFFF, range(0xD800, 0xE000)


def quoted(text: str) -> str:
    """A value in quotes: no wildcard, no syntax.

    A backslash by its number: Elasticsearch reads the last two of ``"a\\\\"`` as a quote inside the value when
    another quote follows anywhere, and the value would swallow what stands between.
    """
    return quoted_line(text, "\\u005c")


def escaped(text: str) -> str:
    """A piece of a pattern behind its first ``*``: what is no letter, digit or astral character by its number.

    A written ``*``, ``?`` or backslash is escaped twice: for KQL, and for the wildcard query that it becomes.
    """
    return "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    if char in _TWICE:
        return _TWICE[char]
    return char if _PLAIN.match(char) or ord(char) > 0xFFFF else f"\\u{ord(char):04x}"


def bare(text: str) -> bool:
    """Whether a text can begin a pattern as it is: no escapes, single spaces, no word that is an operator."""
    return re.fullmatch(f"(?:{_AS_IT_IS.pattern})*", text) is not None and not _OPERATOR.search(text)


class TracehoundKqlBackend(SaysLeaves, TextQueryBackend):
    """KQL, which pySigma has no backend for."""

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
        if isinstance(test, Text) and test.form != "equals":
            return _pattern(_name(field, test), field, test)
        value = _value(field, test)
        if isinstance(test, Regex):
            raise CannotSayError("KQL has no regular expressions", field)
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
    if isinstance(test, Text):
        return quoted(boolean_text(test) if type_of(field) == "boolean" else written(test))
    return single_value(field, test, quoted)


def _pattern(name: str, field: str, test: Text) -> str:
    """``name: head*tail``; a head that needs escapes becomes the range of the texts that begin so."""
    if ONE in test.parts:
        raise CannotSayError("KQL has no wildcard for a single character", field)
    at = test.parts.index(ANY)
    head = "".join(part for part in test.parts[:at] if isinstance(part, str))
    tail = "".join(escaped(part) if isinstance(part, str) else "*" for part in test.parts[at:])
    if bare(head):
        return f"{name}: {head}{tail}"
    before, _, word = head.rpartition(" ")
    if before and not before.endswith(" ") and not _OPERATOR.fullmatch(before) and bare(word):
        return f"{name}: {escaped(before)} {word}{tail}"
    if fields()[field].within:
        raise CannotSayError(
            f"Elasticsearch's KQL cannot say that one of several values begins with {head!r}", field
        )
    said = _begins(name, head if test.cased else fold(head))
    return said if tail == "*" else f"({said} and {name}: *{escaped(head)}{tail})"


def _begins(name: str, head: str) -> str:
    """A range: from the head itself to the text that follows all that begin with it."""
    last = ord(head[-1]) + 1
    while last in _SURROGATES:
        last += 1
    if last > _LAST:
        raise CannotSayError(f"KQL has no words for a beginning like {head!r}")
    return f"({name} >= {quoted(head)} and {name} < {quoted(head[:-1] + chr(last))})"
