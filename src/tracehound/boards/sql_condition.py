"""Conditions in SQL of the embedded store (DuckDB): each leaf said from the test that the embedded matcher runs."""

from __future__ import annotations

from functools import cache
from ipaddress import IPv4Network, ip_network
from typing import Any, ClassVar

from sigma.conversion.base import TextQueryBackend
from sigma.conversion.state import ConversionState

from tracehound import store
from tracehound.compiler import conditions
from tracehound.compiler.leaves import CannotSayError, SaysLeaves, type_of
from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, LeafTest, Number, Regex, Text
from tracehound.matcher.values import number_text
from tracehound.rules import Rule
from tracehound.schema import fields

TABLE = "e"
NUMERIC = ("long", "double", "date")


def condition(rule: Rule) -> str:
    """The rule's condition over a row of ``events AS e``; true or false, never null. Raises ``CannotSayError``."""
    return str(_backend().convert_condition(conditions.tree(rule), ConversionState()))


def literal(text: str) -> str:
    """A string of SQL. Raises ``CannotSayError`` for what no query can hold."""
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise CannotSayError("SQL of the store cannot hold this text")
    return "'" + text.replace("'", "''") + "'"


@cache
def column(field: str) -> str:
    """The field as one value (a list for what can have several), of the type that tests see."""
    path, rest = _place(field)
    name = f"{TABLE}." + ".".join(f'"{step}"' for step in path)
    kind = type_of(field)
    if rest is not None:
        found = f"json_extract_string({name}, {literal(rest)})"
        if kind in NUMERIC:
            return f"list_transform({found}, lambda x: TRY_CAST(x AS DOUBLE))"
        return found if kind != "boolean" else f"list_transform({found}, lambda x: x = 'true')"
    return f"epoch_ms({name})" if kind == "date" and not fields()[field].array else name


@cache
def many(field: str) -> bool:
    """Whether a row can have several values of it."""
    info = fields()[field]
    return bool(info.array or info.within)


@cache
def _place(field: str) -> tuple[tuple[str, ...], str | None]:
    """The way to the field's column, and the JSON path inside it where a list of objects is one column of JSON."""
    within = fields()[field].within
    level: Any = store.columns()
    steps = field.split(".")
    at = 0
    while level:
        level = level[steps[at]].inner
        at += 1
    if at == len(steps):
        return tuple(steps), None
    path = "$"
    for length in range(at, len(steps) + 1):
        path += f'."{steps[length - 1]}"' if length > at else ""
        path += "[*]" if ".".join(steps[:length]) in within else ""
    return tuple(steps[:at]), path


class _Sql(SaysLeaves, TextQueryBackend):
    """pySigma walks and, or, not."""

    name: ClassVar[str] = "Tracehound SQL"
    language = "SQL"
    formats: ClassVar[dict[str, str]] = {"default": "Conditions"}
    group_expression: ClassVar[str] = "({expr})"
    token_separator = " "
    or_token: ClassVar[str] = "OR"
    and_token: ClassVar[str] = "AND"
    not_token: ClassVar[str] = "NOT"

    def leaf(self, field: str, test: LeafTest) -> str:
        """One test; of a list, whether some value passes."""
        name = column(field)
        if isinstance(test, Exists):
            return f"(coalesce(len({name}), 0) > 0)" if many(field) else f"({name} IS NOT NULL)"
        if not many(field):
            return f"coalesce({_test(field, name, test)}, false)"
        return f"(coalesce(len(list_filter({name}, lambda x: {_test(field, 'x', test)})), 0) > 0)"


@cache
def _backend() -> _Sql:
    return _Sql()


def _test(field: str, name: str, test: LeafTest) -> str:
    kind = type_of(field)
    if isinstance(test, Text):
        if kind in NUMERIC and test.number is not None:
            return f"{name} = {number_text(test.number)}"
        if kind == "boolean":
            return f"CAST({name} AS VARCHAR) = {literal(test.literal)}"
        if kind not in NUMERIC:
            return _text(name, test)
    if isinstance(test, Number):
        return f"{name} = " + (
            number_text(test.number) if kind in NUMERIC else literal(number_text(test.number))
        )
    if isinstance(test, Bool):
        truth = "true" if test.truth else "false"
        return f"{name} = {truth}" if kind == "boolean" else f"lower({name}) = '{truth}'"
    if isinstance(test, Compare) and kind in NUMERIC and test.op in ("<", "<=", ">", ">="):
        return f"{name} {test.op} {number_text(test.number)}"
    if isinstance(test, Regex) and kind == "keyword" and test.linear:
        return f"regexp_matches({name}, {literal(test.pattern)}, {literal(''.join(sorted(test.flags)))})"
    if isinstance(test, Address | Cidr):
        return _network(field, name, test.written)
    raise CannotSayError(f"SQL of the store has no test '{test}'", field)


def _text(name: str, test: Text) -> str:
    folded = name if test.cased else f"lower({name})"
    if test.form == "equals":
        return f"{folded} = {literal(test.literal)}"
    if test.form != "pattern":
        word = {"startswith": "starts_with", "endswith": "ends_with", "contains": "contains"}[test.form]
        return f"{word}({folded}, {literal(test.literal)})"
    said = "".join(
        _escaped(part, test.cased) if isinstance(part, str) else ("%" if part == ANY else "_")
        for part in test.parts
    )
    return f"{folded} LIKE {literal(said)} ESCAPE '\\'"


def _escaped(part: str, cased: bool) -> str:
    folded = part if cased else Text((part,)).literal
    return folded.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _network(field: str, name: str, written: str) -> str:
    """IPv4 by arithmetic: DuckDB's own addresses are an extension, which is not there offline."""
    net = ip_network(written)
    if not isinstance(net, IPv4Network):
        raise CannotSayError("SQL of the store tests IPv4 addresses only", field)
    parts = "".join(
        f"{' + ' if n else ''}CAST(split_part({name}, '.', {n + 1}) AS BIGINT) * {256 ** (3 - n)}"
        for n in range(4)
    )
    first, last = int(net.network_address), int(net.broadcast_address)
    plain = f"regexp_full_match({name}, '[0-9]{{1,3}}(\\.[0-9]{{1,3}}){{3}}')"
    return f"CASE WHEN {plain} THEN {parts} BETWEEN {first} AND {last} ELSE false END"
