"""Whether a rule's fields and values fit the schema, and what only the embedded matcher can do."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sigma import types as st
from sigma.rule import SigmaDetectionItem

from tracehound.errors import nearest
from tracehound.matcher.values import address, decimal, fold
from tracehound.rules.known import LONG_TEXTS, Fields

NUMERIC = frozenset({"long", "double", "date"})


MAX_STEPS = 64
"""No event is nested deeper than a record may be, and no rule needs to look deeper than this."""
EXACT = 2**53
"""Numbers beyond are rounded by pySigma, and by JSON in many a target."""


@dataclass(slots=True)
class FieldReport:
    """What was found about one rule's fields."""

    wrong: list[tuple[str, str]] = field(default_factory=list)
    """(field, reason)."""
    unfilled: list[str] = field(default_factory=list)
    embedded_only: list[str] = field(default_factory=list)
    not_portable: list[str] = field(default_factory=list)
    """Tests that some target's language lacks; our own rules use none."""


class FieldCheck:
    """Checks items against the schema; ``filled`` names the fields that something fills, if known."""

    def __init__(self, fields: Fields, filled: Collection[str] | None = None) -> None:
        self._fields = fields
        self._filled = filled

    def type_of(self, name: str) -> str | None:
        """The type of a field; what lies in a ``json`` field has type ``json``; None: no such field."""
        info = self._fields.get(name)
        if info is not None:
            return info.type
        if name.count(".") >= MAX_STEPS:
            return None
        parent = name
        while "." in parent:
            parent = parent.rpartition(".")[0]
            info = self._fields.get(parent)
            if info is not None:
                return "json" if info.type == "json" else None
        return None

    def name(self, name: str, report: FieldReport) -> str | None:
        """Check a field's name; gives its type, or None if it is refused."""
        kind = self.type_of(name)
        if kind is None:
            why = "is no field of the schema"
            if any(known.startswith(f"{name}.") for known in self._fields):
                why = f"is an object; name one of its fields, such as {self._below(name)}"
            report.wrong.append((name, why + (nearest(name, self._fields) if "object" not in why else "")))
            return None
        if name in LONG_TEXTS or kind == "json" or name.split(".")[0] in LONG_TEXTS:
            report.embedded_only.append(f"tests the long text {name}")
        elif self._filled is not None and name not in self._filled:
            report.unfilled.append(name)
        return kind

    def _below(self, name: str) -> str:
        return ", ".join(sorted(k for k in self._fields if k.startswith(f"{name}."))[:3])

    def item(self, item: SigmaDetectionItem, report: FieldReport) -> None:
        """Check one detection item: its field, and each value against the field's type."""
        if item.field is None:
            report.embedded_only.append("searches keywords")
            return
        kind = self.name(item.field, report)
        for value in _values(item.value):
            if isinstance(value, st.SigmaFieldReference):
                report.not_portable.append(f"{item.field} compares two fields")
                other = self.name(value.field, report)
                if kind and other and "ip" in (kind, other) and (value.starts_with or value.ends_with):
                    report.wrong.append(
                        (item.field, "is an address, or compared with one: no string modifiers")
                    )
            elif kind is not None:
                self._value(item.field, kind, value, report)

    def _value(self, name: str, kind: str, value: st.SigmaType, report: FieldReport) -> None:
        why = _misfit(kind, value) or self._outside(name, value)
        if why:
            report.wrong.append((name, why))
        if isinstance(value, st.SigmaRegularExpression):
            report.not_portable.append(f"{name} is tested by a regular expression")
        elif isinstance(value, st.SigmaString) and st.SpecialChars.WILDCARD_SINGLE in value.s:
            report.not_portable.append(f"{name} is tested with '?'")

    def _outside(self, name: str, value: st.SigmaType) -> str:
        """Why a plain value can never be in a closed set of ours; OCSF's sets grow, so they are not held."""
        enum = getattr(self._fields.get(name), "enum", None)
        if not enum or not name.startswith("ai.") or not isinstance(value, st.SigmaString):
            return ""
        if value.contains_special() or fold(str(value)) in {fold(str(key)) for key in enum}:
            return ""
        valid = [str(key) for key in enum]
        return f"is never {str(value)!r}{nearest(str(value), valid) or '; it is one of ' + ', '.join(valid)}"


def _values(values: list[st.SigmaType]) -> Iterator[st.SigmaType]:
    for value in values:
        if isinstance(value, st.SigmaExpansion):
            yield from _values(value.values)
        else:
            yield value


def _misfit(kind: str, value: st.SigmaType) -> str:
    """Why a value can never be right for a field of this type; empty: it can."""
    if isinstance(value, st.SigmaNull | st.SigmaExists):
        return ""
    number = value.number if isinstance(value, st.SigmaCompareExpression) else value
    if isinstance(number, st.SigmaNumber) and abs(number.number) >= EXACT:
        return "is compared with a number beyond 2^53, which is not exact; write it in quotes"
    timed = isinstance(value, st.SigmaTimestampPart) or (
        isinstance(value, st.SigmaCompareExpression) and isinstance(value.number, st.SigmaTimestampPart)
    )
    if timed:
        return "" if kind in ("date", "long", "json") else f"has type {kind}, not a time"
    if kind == "ip":
        return _misfit_ip(value)
    if isinstance(value, st.SigmaCIDRExpression):
        return "" if kind in ("keyword", "json") else f"has type {kind}, which holds no addresses"
    if isinstance(value, st.SigmaCompareExpression):
        return "" if kind in NUMERIC or kind == "json" else f"has type {kind}: gt, gte, lt, lte want numbers"
    if kind in NUMERIC:
        return _misfit_number(kind, value)
    if kind == "boolean":
        plain = isinstance(value, st.SigmaString) and str(value).lower() in ("true", "false")
        return "" if plain or isinstance(value, st.SigmaBool) else "is true or false"
    return ""


def _misfit_ip(value: st.SigmaType) -> str:
    if isinstance(value, st.SigmaCIDRExpression):
        return ""
    if not isinstance(value, st.SigmaString) or value.contains_special() or len(value.s) != 1:
        return "is an address: equality and |cidr only, no string modifiers"
    text = str(value)
    hint = "; for a network write |cidr" if "/" in text else ""
    return "" if address(text) is not None else f"is an address, and {text!r} is none{hint}"


def _misfit_number(kind: str, value: st.SigmaType) -> str:
    if isinstance(value, st.SigmaNumber):
        return ""
    if isinstance(value, st.SigmaString) and not value.contains_special() and decimal(str(value)) is not None:
        return ""
    return f"has type {kind}: a number, gt, gte, lt, lte, null or exists"
