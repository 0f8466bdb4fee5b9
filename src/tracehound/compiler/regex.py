"""Regular expressions of rules in the dialects of the targets.

Python's own parser reads the pattern; what RE2 (the embedded engine) takes and every dialect can say is written
anew, with classes spelled out, so that nothing hangs on what ``\\d`` or ``.`` mean to an engine. The rest is
refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from tracehound.compiler.leaves import CannotSayError
from tracehound.matcher.leaves import Regex

_REPEATED_MOST = 1000
_LUCENE_SPECIAL = frozenset('.?+*|{}[]()"\\#@&<>~^$-/')
_PCRE_SPECIAL = frozenset("\\^$.|?*+()[]{}-/")
Range = tuple[int, int]
_CATEGORIES: dict[Any, tuple[Range, ...]] = {
    sre.CATEGORY_DIGIT: ((48, 57),),
    sre.CATEGORY_WORD: ((48, 57), (65, 90), (95, 95), (97, 122)),
    sre.CATEGORY_SPACE: ((9, 10), (12, 13), (32, 32)),
}
_NEGATED = {
    sre.CATEGORY_NOT_DIGIT: sre.CATEGORY_DIGIT,
    sre.CATEGORY_NOT_WORD: sre.CATEGORY_WORD,
    sre.CATEGORY_NOT_SPACE: sre.CATEGORY_SPACE,
}
# RE2's case folding joins these with an ASCII letter.
_FOLDED = {"k": "\u212a", "s": "\u017f"}


def lucene(field: str, test: Regex) -> str:
    """The pattern for Lucene, which anchors it: what is searched gets ``.*`` on both sides."""
    return _Writer(field, test, _lucene_char).anchored()


def pcre(field: str, test: Regex) -> str:
    """The pattern for PCRE, searched as it is."""
    return _Writer(field, test, _pcre_char).searched()


def _lucene_char(char: str) -> str:
    return f"\\{char}" if char in _LUCENE_SPECIAL else char


def _pcre_char(char: str) -> str:
    if char == "`":
        return "\\x60"  # a back-quote would begin a macro
    if char == '"' or ord(char) < 32:
        return f"\\x{ord(char):02x}"
    return f"\\{char}" if char in _PCRE_SPECIAL else char


class _Writer:
    """One pattern written anew. Raises ``CannotSayError`` with the reason."""

    def __init__(self, field: str, test: Regex, char: Callable[[str], str]) -> None:
        self.field, self.char = field, char
        self.folds, self.dot_all = "i" in test.flags, "s" in test.flags
        self.many_lines = "m" in test.flags
        if not test.linear:
            raise self.refuse(
                "only a backtracking engine takes it (look-around, back-references, long repeats)"
            )
        if "[[:" in test.pattern or "{," in test.pattern:
            raise self.refuse("engines read [[: and {, differently")
        try:
            self.parsed = _parser.parse(test.pattern)
        except (re.error, OverflowError, RecursionError) as problem:
            raise self.refuse(str(problem)) from problem
        flags = self.parsed.state.flags
        if flags & (re.VERBOSE | re.LOCALE | re.ASCII):
            raise self.refuse("of the flags only i, m and s are known everywhere")
        self.folds |= bool(flags & re.IGNORECASE)
        self.dot_all |= bool(flags & re.DOTALL)
        self.many_lines |= bool(flags & re.MULTILINE)

    def refuse(self, why: str) -> CannotSayError:
        return CannotSayError(f"a regular expression that cannot be carried over: {why}", self.field)

    def anchored(self) -> str:
        """For an engine whose pattern is the whole value."""
        said = []
        for items in self._alternatives():
            start, items, end = self._ends(items)
            said.append(
                ("" if start else self._any()) + self.sequence(items, 0) + ("" if end else self._any())
            )
        return said[0] if len(said) == 1 else "(" + "|".join(said) + ")"

    def searched(self) -> str:
        """For an engine that searches; line ends mean nothing to the anchors."""
        said = []
        for items in self._alternatives():
            start, items, end = self._ends(items)
            said.append(("\\A" if start else "") + self.sequence(items, 0) + ("\\z" if end else ""))
        return said[0] if len(said) == 1 else "(?:" + "|".join(said) + ")"

    def _any(self) -> str:
        return ".*"

    def _alternatives(self) -> list[list[Any]]:
        items = list(self.parsed)
        while len(items) == 1 and items[0][0] is sre.SUBPATTERN and not any(items[0][1][1:3]):
            items = list(items[0][1][3])
        if len(items) == 1 and items[0][0] is sre.BRANCH:
            return [list(branch) for branch in items[0][1][1]]
        return [items]

    def _ends(self, items: list[Any]) -> tuple[bool, list[Any], bool]:
        start = bool(items) and items[0] in ((sre.AT, sre.AT_BEGINNING), (sre.AT, sre.AT_BEGINNING_STRING))
        items = items[1:] if start else items
        end = bool(items) and items[-1] == (sre.AT, sre.AT_END)
        if (start or end) and self.many_lines:
            raise self.refuse("the flag m with ^ or $")
        return start, items[:-1] if end else items, end

    def sequence(self, items: Any, depth: int) -> str:
        return "".join(self.item(code, argument, depth) for code, argument in items)

    def item(self, code: Any, argument: Any, depth: int) -> str:
        """One node of the parsed pattern; ``depth`` counts the unbounded repeats around it."""
        if code is sre.LITERAL:
            return self._set([(argument, argument)]) if self._cased(argument) else self.char(chr(argument))
        if code is sre.NOT_LITERAL:
            return self._set([(argument, argument)], negate=True)
        if code is sre.ANY:
            return self._dot()
        if code is sre.IN:
            return self._in(argument)
        if code is sre.BRANCH:
            return self._group("|".join(self.sequence(branch, depth) for branch in argument[1]))
        if code is sre.SUBPATTERN:
            _, add, remove, inner = argument
            if add or remove:
                raise self.refuse("flags for a part of it")
            return self._group(self.sequence(inner, depth))
        if code in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self._repeat(argument, depth)
        if code is sre.AT:
            raise self.refuse("anchors and word boundaries inside it are not known everywhere")
        raise self.refuse(f"{str(code).lower()} is not known everywhere")

    def _dot(self) -> str:
        if not self.dot_all:
            return self._set([(10, 10)], negate=True)
        return "." if self.char is _lucene_char else "(?:.|\\n)"

    def _group(self, inner: str) -> str:
        return f"({inner})" if self.char is _lucene_char else f"(?:{inner})"

    def _repeat(self, argument: Any, depth: int) -> str:
        """Lazy repeats match the same texts as greedy ones."""
        least, most, inner = argument
        endless = most == sre.MAXREPEAT
        if endless and depth:
            raise self.refuse("an unbounded repeat inside another one can take exponential time")
        if not endless and most > _REPEATED_MOST:
            raise self.refuse(f"more than {_REPEATED_MOST} repeats")
        said = self._group(self.sequence(inner, depth + endless))
        if endless:
            return said + {0: "*", 1: "+"}.get(least, f"{{{least},}}")
        return said + ("?" if (least, most) == (0, 1) else f"{{{least},{most}}}")

    def _in(self, items: list[tuple[Any, Any]]) -> str:
        ranges: list[Range] = []
        negate = False
        if len(items) == 1 and items[0][1] in _NEGATED:
            return self._set(list(_CATEGORIES[_NEGATED[items[0][1]]]), negate=True, folds=False)
        for code, argument in items:
            if code is sre.NEGATE:
                negate = True
            elif code is sre.LITERAL:
                ranges.append((argument, argument))
            elif code is sre.RANGE:
                ranges.append(argument)
            elif argument in _CATEGORIES:
                ranges += _CATEGORIES[argument]
            else:
                raise self.refuse("a negated class inside a class")
        return self._set(ranges, negate=negate)

    def _cased(self, code: int) -> bool:
        char = chr(code)
        if self.folds and not char.isascii() and char.lower() != char.upper():
            raise self.refuse("letters beyond ASCII without case")
        return self.folds and char.isalpha()

    def _folded(self, ranges: list[Range]) -> list[Range]:
        if not self.folds:
            return ranges
        if any(last > 127 for _, last in ranges):
            raise self.refuse("classes beyond ASCII without case")
        found = list(ranges)
        for first, last in ranges:
            for lower in range(97, 123):
                upper = lower - 32
                if first <= lower <= last or first <= upper <= last:
                    found += [(lower, lower), (upper, upper)]
                    found += [(ord(c), ord(c)) for c in _FOLDED.get(chr(lower), "")]
        return found

    def _set(self, ranges: list[Range], *, negate: bool = False, folds: bool = True) -> str:
        """A class of characters, written out."""
        merged = _merged(self._folded(ranges) if folds else ranges)
        said = "".join(
            self._class_char(a) if a == b else f"{self._class_char(a)}-{self._class_char(b)}"
            for a, b in merged
        )
        return f"[{'^' if negate else ''}{said}]"

    def _class_char(self, code: int) -> str:
        if self.char is _pcre_char and code > 0xFFFF:
            return f"\\x{{{code:x}}}"
        return self.char(chr(code))


def _merged(ranges: Any) -> list[Range]:
    found: list[Range] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found
