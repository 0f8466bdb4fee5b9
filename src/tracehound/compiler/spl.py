"""SPL: Splunk's search language. What terms of the base search cannot say follows in ``where``."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any, ClassVar

from sigma.backends.splunk.splunk import SplunkBackend
from sigma.conditions import ConditionAND
from sigma.conversion.state import ConversionState

from tracehound.compiler import regex
from tracehound.compiler.leaves import CannotSayError, SaysLeaves, anything, quoted, type_of, written
from tracehound.matcher.condition import Related
from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, LeafTest, Number, Regex, Text
from tracehound.matcher.values import number_text
from tracehound.schema import fields

INDEX_MACRO = "`tracehound_index`"
NUMERIC = ("long", "double", "date")
_MAPPED, _BITS = IPv6Network("::ffff:0:0/96"), 128
_META = frozenset("\\^$.|?*+()[]{}")


@cache
def spl_field(field: str) -> str:
    """The field as Splunk extracts it from JSON: ``{}`` behind each array."""
    within = fields()[field].within
    steps, path = [], ""
    for step in field.split("."):
        path = f"{path}.{step}" if path else step
        steps.append(f"{step}{{}}" if path in within else step)
    return ".".join(steps)


def searched(field: str) -> str:
    """The field's name in a base search."""
    name = spl_field(field)
    return f'"{name}"' if "{" in name else name


def evaluated(field: str) -> str:
    """The field's name in ``where`` and ``eval``."""
    name = spl_field(field)
    return f"'{name}'" if not name.isidentifier() else name


class NeedsWhereError(CannotSayError):
    """A test that the base search cannot say and ``where`` can."""


class _Terms(SaysLeaves, SplunkBackend):
    """Conditions as terms of the base search."""

    language = "SPL"

    def convert_condition_not(self, cond: Any, state: ConversionState) -> Any:
        """``NOT (...)``."""
        return f"NOT ({self.convert_condition(cond.args[0], state)})"

    def listed(self, field: str, tests: Sequence[LeafTest]) -> str | None:
        """``field IN ("a", "b*")``."""
        values = listed_values(field, tests) if type_of(field) == "keyword" else None
        return None if values is None else f"{searched(field)} IN ({', '.join(values)})"

    def leaf(self, field: str, test: LeafTest) -> str:
        """``field=value``. Raises ``NeedsWhereError``."""
        name, kind = searched(field), type_of(field)
        if isinstance(test, Exists) or anything(test):
            return f"{name}=*"
        if isinstance(test, Text) and not test.cased and _searchable(test):
            if kind == "double" and test.number is not None:
                return _size(field, number_text(test.number))
            if kind in NUMERIC and test.number is not None:
                return f"{name}={number_text(test.number)}"
            return f"{name}={quoted(_pattern(test))}"
        if isinstance(test, Number):
            if kind == "double":
                return _size(field, number_text(test.number))
            return f"{name}={number_text(test.number)}"
        if isinstance(test, Bool):
            return f'{name}="{"true" if test.truth else "false"}"'
        if isinstance(test, Address | Cidr):
            nets = [f'{name}="{net}"' for net in networks(test)]
            return nets[0] if len(nets) == 1 else f"({' OR '.join(nets)})"
        if isinstance(test, Compare) and test.op in ("<", "<=", ">", ">="):
            return f"{name}{test.op}{number_text(test.number)}"
        raise NeedsWhereError(f"the base search cannot say '{test}'", field)

    def related(self, node: Related) -> str:
        """Only ``where`` compares fields."""
        raise NeedsWhereError("the base search cannot compare fields", node.field)


class _Expressions(SaysLeaves, SplunkBackend):
    """The same conditions as expressions of ``where``: each leaf is true or false, never null."""

    language = "SPL"
    and_token: ClassVar[str] = "AND"

    def convert_condition_not(self, cond: Any, state: ConversionState) -> Any:
        """``NOT (...)``."""
        return f"NOT ({self.convert_condition(cond.args[0], state)})"

    def leaf(self, field: str, test: LeafTest) -> str:
        """``mvfind`` looks at each value of a field; it gives null where none fits."""
        name, kind = evaluated(field), type_of(field)
        if isinstance(test, Exists) or anything(test):
            return f"isnotnull({name})"
        if isinstance(test, Text):
            return found(name, ("" if test.cased else "(?i)") + "(?s)" + regex_of(test))
        if kind == "double" and isinstance(test, Number):
            return f"isnotnull(mvfilter(tonumber({name}) = {number_text(test.number)}))"
        if isinstance(test, Number | Bool):
            text = (
                number_text(test.number) if isinstance(test, Number) else ("true" if test.truth else "false")
            )
            return found(name, f"(?i)\\A{escaped(text)}\\z")
        if isinstance(test, Regex):
            return found(name, regex.pcre(field, test))
        if isinstance(test, Address | Cidr):
            said = " OR ".join(f"cidrmatch({quoted(net)}, {name})" for net in networks(test))
            return f"isnotnull(mvfilter({said}))"
        if isinstance(test, Compare) and kind in NUMERIC and test.op in ("<", "<=", ">", ">="):
            return f"isnotnull(mvfilter(tonumber({name}) {test.op} {number_text(test.number)}))"
        raise CannotSayError(f"SPL has no test '{test}'", field)

    def related(self, node: Related) -> str:
        """Some value of one field against some value of another."""
        known = fields()
        if known[node.field].array and known[node.other].array:
            raise CannotSayError("SPL compares an array with a single value, not with an array", node.field)
        if node.how == "contains":
            raise CannotSayError("SPL cannot ask whether a field contains another one", node.field)
        one, other = evaluated(node.field), evaluated(node.other)
        many, single = (one, other) if known[node.field].array else (other, one)
        left, right = f"lower(tostring({one}))", f"lower(tostring({other}))"
        said = {
            "equals": f"{left}=={right}",
            "startswith": f"substr({left}, 1, len({right}))=={right}",
            "endswith": f"len({left})>=len({right}) AND substr({left}, len({left})-len({right})+1)=={right}",
        }[node.how]
        if not (known[node.field].array or known[node.other].array):
            return f"coalesce({said}, false())"
        return f'(isnotnull({single}) AND isnotnull(mvfind(mvmap({many}, if({said}, 1, 0)), "1")))'


class TracehoundSplunkBackend(SaysLeaves, SplunkBackend):
    """pySigma's Splunk backend, mended (docs/compiler.md, "Defects of the backends")."""

    name: ClassVar[str] = "Tracehound Splunk SPL"
    identifier = "tracehound_splunk"
    language = "SPL"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._terms, self._expressions = _Terms(), _Expressions()

    def convert_condition(self, cond: Any, state: ConversionState) -> str:
        """Terms of the base search, and a ``where`` with what they cannot say."""
        terms, expression = self._split(cond, state)
        return f"{terms}\n| where {expression}" if expression else terms

    def _split(self, cond: Any, state: ConversionState) -> tuple[str, str]:
        try:
            return str(self._terms.convert_condition(cond, state)), ""
        except NeedsWhereError:
            if not isinstance(cond, ConditionAND):
                return "", self.expression(cond, state)
        parts = [self._split(arg, state) for arg in cond.args]
        return " ".join(f"({s})" for s, _ in parts if s), " AND ".join(f"({w})" for _, w in parts if w)

    def expression(self, cond: Any, state: ConversionState) -> str:
        """A whole condition as an expression for ``where`` and ``eval``."""
        return str(self._expressions.convert_condition(cond, state))

    def finish_query(self, rule: Any, query: Any, state: ConversionState) -> str:
        """With the macro that names the indexes in front: it is what a site changes."""
        return f"{INDEX_MACRO} {query}"


def _size(field: str, number: str) -> str:
    """``=`` compares texts, and ``5.0`` is not ``5``; by size both are one."""
    if fields()[field].within:
        raise NeedsWhereError("the base search cannot compare one of several values by size", field)
    return f"({searched(field)}>={number} {searched(field)}<={number})"


def networks(test: Address | Cidr) -> list[str]:
    """Blocks for ``=`` and ``cidrmatch``, which take an address as written: IPv4 also as ``::ffff:0:0/96``."""
    if isinstance(test, Address):
        first, length = test.number, _BITS
    else:
        first, length = test.first, test.mask.bit_count()
    whole = IPv6Network((first, length))
    if _MAPPED.overlaps(whole):
        inside = IPv4Network((first & 0xFFFFFFFF, length - 96)) if length >= 96 else IPv4Network((0, 0))
        return [str(inside), str(whole)]
    return [str(whole)]


def found(name: str, regex: str) -> str:
    """Whether some value of a field fits a regular expression."""
    return f"isnotnull(mvfind({name}, {quoted(regex)}))"


def escaped(text: str) -> str:
    """A text inside a regular expression of PCRE."""
    return "".join("\\x60" if c == "`" else f"\\{c}" if c in _META else c for c in text)


def regex_of(test: Text) -> str:
    """A Sigma string as an anchored regular expression."""
    said = "".join(escaped(part) if isinstance(part, str) else (".*", ".")[part] for part in test.parts)
    return f"\\A{said}\\z"


def listed_values(field: str, tests: Sequence[LeafTest]) -> list[str] | None:
    """What stands in ``field IN (...)`` for tests any of which may hold; None: the base search cannot say one."""
    values: list[str] = []
    for test in tests:
        if isinstance(test, Text) and type_of(field) == "keyword" and not test.cased and _searchable(test):
            values.append(quoted(_pattern(test)))
        elif isinstance(test, Address | Cidr) and type_of(field) == "ip":
            values += [quoted(net) for net in networks(test)]
        else:
            return None
    return values


def _searchable(test: Text) -> bool:
    """Whether a base search can say it: ``*`` cannot be escaped there, ``?`` is none, back-quotes are macros.

    Nor a text that is an address block, which it reads as one.
    """
    literal = written(test)
    if "*" in literal or "`" in literal or _is_block(literal):
        return False
    return all(isinstance(p, str) or p == ANY for p in test.parts)


def _pattern(test: Text) -> str:
    return "".join(part if isinstance(part, str) else "*" for part in test.parts)


def _is_block(text: str) -> bool:
    if "/" not in text:
        return False
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
