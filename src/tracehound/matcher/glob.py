"""Patterns of literals, ``*`` and ``?``, matched without backtracking."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

Part = str | Literal[0, 1]
"""A piece of a pattern: literal text, ``ANY`` (``*``) or ``ONE`` (``?``)."""
ANY: Literal[0] = 0
ONE: Literal[1] = 1


class Glob:
    """A pattern of literals, ``*`` and ``?``, matched in time proportional to text times pattern at worst.

    Leftmost placement of each piece between stars is enough for globs, so nothing is ever tried twice;
    a regular expression for the same could take exponential time on hostile text.
    """

    __slots__ = ("_chunks", "_head_fixed", "_tail_fixed")

    def __init__(self, parts: tuple[Part, ...]) -> None:
        chunks: list[list[Part]] = [[]]
        for part in parts:
            if part == ANY:
                chunks.append([])
            else:
                chunks[-1].append(part)
        self._head_fixed = bool(chunks[0]) or len(chunks) == 1
        self._tail_fixed = bool(chunks[-1])
        self._chunks = [_chunk(c) for c in chunks if c]

    def fits(self, text: str) -> bool:
        """Whether the whole text fits the pattern."""
        at, chunks = 0, self._chunks
        if not chunks:
            return not self._head_fixed or not text
        last = len(chunks) - 1
        for i, (find, length) in enumerate(chunks):
            if i == last and self._tail_fixed:
                start = len(text) - length
                fixed_head = i == 0 and self._head_fixed
                return start >= at and (not fixed_head or start == 0) and find(text, start) == start
            found = find(text, at)
            if found < 0 or (i == 0 and self._head_fixed and found != 0):
                return False
            at = found + length
        return True


def _chunk(parts: list[Part]) -> tuple[Callable[[str, int], int], int]:
    """A function that finds the chunk at or after a position (-1: nowhere), and the chunk's length."""
    length = sum(len(p) if isinstance(p, str) else 1 for p in parts)
    if all(isinstance(p, str) for p in parts):
        literal = "".join(str(p) for p in parts)
        return lambda text, at: text.find(literal, at), length
    compiled = re.compile("".join(re.escape(p) if isinstance(p, str) else "." for p in parts), re.DOTALL)

    def find(text: str, at: int) -> int:
        hit = compiled.search(text, at)
        return hit.start() if hit else -1

    return find, length
