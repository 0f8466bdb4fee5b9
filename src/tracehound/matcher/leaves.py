"""The tests at the leaves of a condition: one value in, true or false out.

Each is a small frozen object, equal to another when it asks the same, so that a question which many rules
ask of a field is answered once. ``holds`` is the meaning; ``tracehound.matcher.index`` only finds the same
answer faster.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, Protocol

import re2

from tracehound.matcher.glob import ANY, ONE, Glob, Part
from tracehound.matcher.values import address, decimal, fold, number_text, text_of

Form = Literal["equals", "startswith", "endswith", "contains", "pattern"]


class LeafTest(Protocol):
    """What every leaf can do."""

    def holds(self, value: Any) -> bool:
        """Whether one (not null) value passes."""
        ...


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there: not null, not ``[]``; ``''`` is a value."""

    def holds(self, value: Any) -> bool:
        return value is not None

    def __str__(self) -> str:
        return "is present"


@dataclass(frozen=True)
class Text:
    """A Sigma string with wildcards, without case unless ``cased``."""

    parts: tuple[Part, ...]
    cased: bool = False

    @cached_property
    def form(self) -> Form:
        """The cheapest way to ask the same."""
        literal = [p for p in self.parts if isinstance(p, str)]
        shape = tuple("t" if isinstance(p, str) else p for p in self.parts)
        if len(literal) <= 1 and ONE not in shape:
            if shape in ((), ("t",)):
                return "equals"
            if shape == ("t", ANY):
                return "startswith"
            if shape == (ANY, "t"):
                return "endswith"
            if shape in ((ANY,), (ANY, "t", ANY)):
                return "contains"
        return "pattern"

    @cached_property
    def literal(self) -> str:
        """The literal text, folded unless ``cased``; for all forms but ``pattern``."""
        text = "".join(p for p in self.parts if isinstance(p, str))
        return text if self.cased else fold(text)

    @cached_property
    def number(self) -> int | float | None:
        """The number that a plain value writes, if it does: it equals numbers too."""
        return decimal(self.literal) if self.form == "equals" else None

    @cached_property
    def _glob(self) -> Glob:
        folded = tuple(fold(p) if isinstance(p, str) else p for p in self.parts)
        return Glob(self.parts if self.cased else folded)

    def holds(self, value: Any) -> bool:
        if self.number is not None and isinstance(value, int | float) and not isinstance(value, bool):
            return value == self.number
        text = text_of(value)
        return text is not None and self.holds_text(text if self.cased else fold(text))

    def holds_text(self, text: str) -> bool:
        """Whether a text passes that is folded already (or original, if ``cased``)."""
        form = self.form
        if form == "equals":
            return text == self.literal
        if form == "contains":
            return self.literal in text
        if form == "startswith":
            return text.startswith(self.literal)
        if form == "endswith":
            return text.endswith(self.literal)
        return self._glob.fits(text)

    def __str__(self) -> str:
        written = "".join(p if isinstance(p, str) else "*?"[p] for p in self.parts)
        how = "=" if self.form == "equals" else "is like"
        return f"{how} {written!r}{' (case counts)' if self.cased else ''}"


@dataclass(frozen=True, slots=True)
class Number:
    """A rule's number: equals a number or its decimal text; never a boolean."""

    number: int | float

    def holds(self, value: Any) -> bool:
        if isinstance(value, str):
            return value == number_text(self.number)
        return isinstance(value, int | float) and not isinstance(value, bool) and value == self.number

    def __str__(self) -> str:
        return f"= {number_text(self.number)}"


@dataclass(frozen=True, slots=True)
class Bool:
    """A rule's boolean: equals a boolean or the text ``true`` or ``false``."""

    truth: bool

    def holds(self, value: Any) -> bool:
        if isinstance(value, str):
            return fold(value) == ("true" if self.truth else "false")
        return isinstance(value, bool) and value is self.truth

    def __str__(self) -> str:
        return "= true" if self.truth else "= false"


@dataclass(frozen=True, slots=True)
class Address:
    """Equality of addresses, however they are written (``::1`` and ``0:0:0:0:0:0:0:1``)."""

    written: str
    number: int = field(compare=True)

    def holds(self, value: Any) -> bool:
        return isinstance(value, str) and address(value) == self.number

    def __str__(self) -> str:
        return f"= address {self.written}"


@dataclass(frozen=True, slots=True)
class Cidr:
    """The address lies in a network; IPv4 also when written as IPv4 in IPv6."""

    written: str
    first: int
    mask: int

    def holds(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        number = address(value)
        return number is not None and number & self.mask == self.first

    def __str__(self) -> str:
        return f"is in {self.written}"


@dataclass(frozen=True)
class Regex:
    """A regular expression, searched (not anchored) in the original text.

    RE2 runs it, in time linear in the text; a pattern that only Python's ``re`` takes (look-around,
    back-references) runs there, and the loader warns of it.
    """

    pattern: str
    flags: frozenset[str] = frozenset()

    @cached_property
    def linear(self) -> bool:
        """Whether RE2 takes the pattern."""
        return not isinstance(self._compiled, re.Pattern)

    @cached_property
    def _compiled(self) -> Any:
        prefix = f"(?{''.join(sorted(self.flags))})" if self.flags else ""
        options = re2.Options()
        options.log_errors = False
        try:
            return re2.compile(prefix + self.pattern, options)
        except re2.error:
            return re.compile(prefix + self.pattern)

    def holds(self, value: Any) -> bool:
        text = text_of(value)
        if text is None:
            return False
        if self.linear and not text.isascii():  # RE2 works on UTF-8, which has no lone surrogates
            text = text.encode("utf-8", "replace").decode()
        return self._compiled.search(text) is not None

    def __str__(self) -> str:
        return f"matches /{self.pattern}/{''.join(sorted(self.flags))}"


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "!=": operator.ne,
    "=": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Compare:
    """``gt gte lt lte`` on numbers and on decimal text."""

    op: str
    number: int | float

    def holds(self, value: Any) -> bool:
        if isinstance(value, str):
            value = decimal(value)
        if value is None or isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return COMPARE[self.op](value, self.number)

    def __str__(self) -> str:
        return f"{self.op} {number_text(self.number)}"


_PARTS: dict[str, Callable[[datetime], int]] = {
    "minute": lambda t: t.minute,
    "hour": lambda t: t.hour,
    "day": lambda t: t.day,
    "week": lambda t: t.isocalendar().week,
    "month": lambda t: t.month,
    "year": lambda t: t.year,
}


@dataclass(frozen=True, slots=True)
class TimePart:
    """A part of a time (minute, hour, day of month, ISO week, month, year), in UTC.

    Times are epoch milliseconds, as in OCSF, or ISO 8601 text (UTC where it names no zone).
    """

    part: str
    op: str
    number: int | float

    def holds(self, value: Any) -> bool:
        moment = _moment(value)
        return moment is not None and COMPARE[self.op](_PARTS[self.part](moment), self.number)

    def __str__(self) -> str:
        return f"{self.part} (UTC) {self.op} {number_text(self.number)}"


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str) and (number := decimal(value)) is not None:
        value = number
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
