"""Regular expressions in the dialects of the targets, and the reasons why one is refused."""

from __future__ import annotations

import pytest

from tracehound.compiler import regex
from tracehound.compiler.leaves import CannotSayError
from tracehound.matcher.leaves import Regex

FIELD = "ai.tool.name"


@pytest.mark.parametrize(
    ("pattern", "flags", "lucene", "pcre"),
    [
        ("abc", "", ".*abc.*", "abc"),
        ("^abc$", "", "abc", "\\Aabc\\z"),
        ("^a|b$", "", "(a.*|.*b)", "(?:\\Aa|b\\z)"),
        ("a.b", "", ".*a[^\n]b.*", "a[^\\x0a]b"),
        ("a.b", "s", ".*a.b.*", "a(?:.|\\n)b"),
        ("\\d", "", ".*[0-9].*", "[0-9]"),
        ("sk", "i", ".*[Ss\u017f][Kk\u212a].*", "[Ss\u017f][Kk\u212a]"),
        ('`"/', "", '.*`\\"\\/.*', "\\x60\\x22\\/"),
    ],
)
def test_written_anew(pattern: str, flags: str, lucene: str, pcre: str) -> None:
    test = Regex(pattern, frozenset(flags))
    assert regex.lucene(FIELD, test) == lucene
    assert regex.pcre(FIELD, test) == pcre


@pytest.mark.parametrize(
    ("pattern", "flags", "why"),
    [
        ("(a+)+", "", "exponential"),
        ("(?:a*b?)*", "", "exponential"),
        ("(a)\\1", "", "backtracking"),
        ("(?=a)b", "", "backtracking"),
        ("(?<!a)b", "", "backtracking"),
        ("\\bab", "", "word boundaries"),
        ("a$b", "", "anchors"),
        ("^a", "m", "flag m"),
        ("[[:alpha:]]", "", "differently"),
        ("a{,3}", "", "differently"),
        ("(?i:a)b", "", "flags for a part"),
        ("é", "i", "beyond ASCII"),
        ("[\\Da]", "", "negated class"),
    ],
)
def test_refused_with_the_reason(pattern: str, flags: str, why: str) -> None:
    for say in (regex.lucene, regex.pcre):
        with pytest.raises(CannotSayError, match=why) as caught:
            say(FIELD, Regex(pattern, frozenset(flags)))
        assert caught.value.field == FIELD
