"""Which of many literals does a text hold? One automaton for all of them.

Hyperscan answers in under a microsecond for thousands of literals; RE2's set of literals does where no
Hyperscan wheel exists. Both are built only after some texts were searched one literal at a time: a run over one
record should not pay for them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

import re2

from tracehound.matcher.factors import coarse

try:
    import hyperscan
except ImportError:  # no wheel for this interpreter or machine
    hyperscan = None  # type: ignore[assignment]

T = TypeVar("T")
Search = Callable[[str], list[T]]

ENGINE = "re2" if hyperscan is None else "hyperscan"
BUILD_AFTER = 5000
"""So many single searches cost about as much as an automaton."""


def searchable(literal: str) -> bool:
    """Whether an automaton can look for it: not empty, no lone surrogates."""
    try:
        return bool(literal.encode())
    except UnicodeEncodeError:
        return False


class Substrings(Generic[T]):
    """Coarsely folded literals, each with what stands behind it; ``engine`` is hyperscan, re2 or python."""

    __slots__ = ("_engine", "_literals", "_search", "_searched")

    def __init__(self, literals: Mapping[str, T], engine: str = "") -> None:
        self._literals = dict(literals)
        self._engine = engine or ENGINE
        self._search: Search[T] = self._one_by_one
        self._searched = 0

    def find(self, text: str) -> list[T]:
        """What stands behind the literals that the text holds, without case."""
        return self._search(text)

    def _one_by_one(self, text: str) -> list[T]:
        self._searched += len(self._literals)
        if self._searched > BUILD_AFTER and self._engine != "python":
            self._search = self._built()
        folded = coarse(text)
        return [behind for literal, behind in self._literals.items() if literal in folded]

    def _built(self) -> Search[T]:
        if self._engine == "hyperscan":
            with contextlib.suppress(hyperscan.error):  # more literals than it can take
                return _hyperscan(self._literals)
        return _re2(self._literals)


def _hyperscan(literals: Mapping[str, T]) -> Search[T]:
    count, behind = len(literals), list(literals.values())
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[literal.encode() for literal in literals],
        ids=list(range(count)),
        flags=[hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_CASELESS] * count,
        literal=True,
    )
    scan = database.scan
    hits: list[int] = []

    def note(place: int, _start: int, _end: int, _flags: int, _context: object) -> None:
        hits.append(place)

    def search(text: str) -> list[T]:
        # its case folding is ASCII's, so that other texts are folded before
        scan(text.encode() if text.isascii() else coarse(text).encode("utf-8", "surrogatepass"), note)
        if not hits:
            return []
        found = [behind[place] for place in hits]
        hits.clear()
        return found

    return search


def _re2(literals: Mapping[str, T]) -> Search[T]:
    options = re2.Options()
    options.literal = True
    options.log_errors = False
    options.max_mem = 64 << 20
    made, behind = re2.Set.SearchSet(options), list(literals.values())
    for literal in literals:
        made.Add(literal)
    made.Compile()

    def search(text: str) -> list[T]:
        return [behind[place] for place in made.Match(coarse(text).encode("utf-8", "replace")) or ()]

    return search
