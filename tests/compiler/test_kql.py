"""What the parser of Elasticsearch asks of KQL: seen on the real one by tests/matrix, pinned here."""

from __future__ import annotations

import pytest

from tracehound.compiler.kql import TracehoundKqlBackend, bare, quoted
from tracehound.compiler.leaves import CannotSayError
from tracehound.matcher.glob import ANY, ONE, Part
from tracehound.matcher.leaves import Regex, Text


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("a", ANY), "ai.tool.name.caseless: a*"),
        (("arn:A", ANY), '(ai.tool.name.caseless >= "arn:a" and ai.tool.name.caseless < "arn:b")'),
        (
            ("a:", ANY, "b"),
            (
                '((ai.tool.name.caseless >= "a:" and ai.tool.name.caseless < "a;") and '
                "ai.tool.name.caseless: *a\\u003a*b)"
            ),
        ),
        (("a:b c", ANY), "ai.tool.name.caseless: a\\u003ab c*"),
        ((ANY, "a*b\\", ANY), "ai.tool.name.caseless: *a\\\\\\*b\\\\\\\\*"),
        ((ANY, " and ", ANY), "ai.tool.name.caseless: *\\u0020and\\u0020*"),
    ],
)
def test_patterns(parts: tuple[Part, ...], said: str) -> None:
    assert TracehoundKqlBackend().leaf("ai.tool.name", Text(parts)) == said


def test_a_backslash_does_not_stand_before_the_closing_quote() -> None:
    assert quoted("a\\") == '"a\\u005c"'
    assert quoted('a"') == '"a\\""'


@pytest.mark.parametrize(
    "text", ["not x", "or", "a  b", " a", "a:b", "a(b", "a\\", "a\tb", "a\u3000b", "a*", "a?"]
)
def test_what_cannot_stand_as_it_is(text: str) -> None:
    assert not bare(text)


@pytest.mark.parametrize(
    ("field", "test"),
    [
        ("ai.destinations", Text(("a:", ANY))),
        ("ai.tool.name", Text(("a", ONE))),
        ("ai.tool.name", Regex("a")),
    ],
)
def test_gaps_are_named(field: str, test: Text | Regex) -> None:
    with pytest.raises(CannotSayError) as caught:
        TracehoundKqlBackend().leaf(field, test)
    assert caught.value.field == field
