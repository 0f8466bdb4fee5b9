"""Patterns as one matcher: which of them a text may hold, and where exactly.

Expressions go into the matcher as they are. A pattern behind a gate is tried when the gate's expression
matched; one with context words only when one of the words is in the text at all. Both save work and lose nothing.

Expressions share a database by the directions they are for, so that an answer is not searched for injections
nor a prompt for commands. Those of secrets and personal data are matched in all directions: excerpts mask them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tracehound.errors import PatternError
from tracehound.scan import confirm
from tracehound.scan.matching import Expression, ExpressionRefusedError, Matcher, build_matcher, span_finder
from tracehound.scan.model import DIRECTIONS, MASKED_FAMILIES, Gate, Pattern


class Spans:
    """Where patterns match: RE2 on a hit, then the context words and confirm steps."""

    def __init__(self) -> None:
        self._finders: dict[str, tuple[Any, int]] = {}

    def find(self, pattern: Pattern, data: bytes, lowered: bytes) -> Iterator[tuple[int, int]]:
        """The pattern's confirmed values in ``data``: group 1 of the expression, else the whole match."""
        known = self._finders.get(pattern.id)
        if known is None:
            finder = span_finder(Expression(pattern.expression or b"", pattern.cased))
            known = self._finders[pattern.id] = (finder, finder.groups)
        finder, groups = known
        judged: dict[bytes, bool] = {}  # a repeated value is looked at once
        for match in finder.finditer(data if pattern.cased else lowered):
            start, end = _value_span(match, groups)
            if pattern.context and not confirm.in_context(pattern.context, lowered, *match.span()):
                continue
            if pattern.confirm:
                value = data[start:end]
                real = judged.get(value)
                if real is None:
                    real = confirm.confirmed(pattern.confirm, value.decode("utf-8", "replace"))
                    judged[value] = real
                if not real:
                    continue
            yield start, end


def _value_span(match: Any, groups: int) -> tuple[int, int]:
    """The first group that took part, else the whole match."""
    for group in range(1, groups + 1):
        start, end = match.span(group)
        if start >= 0:
            return start, end
    start, end = match.span()
    return start, end


def _directions(pattern: Pattern) -> frozenset[str]:
    return frozenset(DIRECTIONS) if pattern.family in MASKED_FAMILIES else pattern.directions


class Index:
    """The matcher over some patterns with their gates; raises PatternError for a refused expression."""

    def __init__(
        self,
        patterns: Iterable[Pattern],
        gates: Mapping[str, Gate],
        *,
        engine: str | None = None,
        cache: Path | None = None,
        gated: bool = True,
    ) -> None:
        self._sources: list[Pattern | Gate] = []
        self._expressions: list[Expression] = []
        self._patterns: dict[int, list[Pattern]] = defaultdict(list)
        self._context: dict[str, int] = {}
        self._directions: list[set[str]] = []
        at_gate: dict[str, int] = {}
        at_words: dict[tuple[str, ...], int] = {}
        for pattern in patterns:
            if pattern.expression is None:
                continue
            if pattern.gate is None or not gated:
                at = self._add(pattern, Expression(pattern.expression, pattern.cased))
            elif pattern.gate in at_gate:
                at = at_gate[pattern.gate]
            else:
                gate = gates[pattern.gate]
                at = at_gate[pattern.gate] = self._add(gate, Expression(gate.expression, gate.cased))
            self._patterns[at].append(pattern)
            self._directions[at] |= _directions(pattern)
            if pattern.context and gated:
                if pattern.context not in at_words:
                    at_words[pattern.context] = self._add(pattern, confirm.words_expression(pattern.context))
                words = self._context[pattern.id] = at_words[pattern.context]
                self._directions[words] |= _directions(pattern)
        self._groups = self._grouped()
        self.matcher = self._build(engine, cache)

    def candidates(self, data: bytes, direction: str | None = None) -> list[Pattern]:
        """The patterns whose expression (or gate, and context words) match, in a fixed order.

        With a ``direction``, those for others may be left out, except where their values are to be masked.
        """
        hits = self.matcher.match(data, self._groups.get(direction))
        if not hits:
            return []
        found = []
        present = set(hits)
        for at in hits:
            for pattern in self._patterns.get(at, ()):
                words = self._context.get(pattern.id)
                if words is None or words in present:
                    found.append(pattern)
        return found

    def _add(self, source: Pattern | Gate, expression: Expression) -> int:
        self._sources.append(source)
        self._expressions.append(expression)
        self._directions.append(set())
        return len(self._expressions) - 1

    def _grouped(self) -> dict[str | None, frozenset[str]]:
        """Give each expression its group; gives the groups that hold something for a direction.

        By folder, so that a pack's patterns leave our databases as they are. Cased ones match faster apart, and so
        do numbers that may begin at every word: they keep the engine from skipping from digit to digit.
        """
        used: dict[str | None, set[str]] = {direction: set() for direction in DIRECTIONS}
        for at, (source, expression) in enumerate(zip(self._sources, self._expressions, strict=True)):
            directions = self._directions[at]
            widest = next((one for one in ("system", "response", "prompt") if one in directions), "others")
            apart = widest == "system" and expression.source.startswith(b"\\b[")
            group = f"{source.file.parent} {expression.cased} {widest} {apart}"
            self._expressions[at] = replace(expression, group=group)
            for direction in directions:
                used[direction].add(group)
        return {direction: frozenset(groups) for direction, groups in used.items()}

    def _build(self, engine: str | None, cache: Path | None) -> Matcher:
        try:
            return build_matcher(self._expressions, engine, cache)
        except ExpressionRefusedError as error:
            source = self._sources[error.index]
            raise PatternError(f"{source.id}: {error}", file=source.file, line=source.line) from None
