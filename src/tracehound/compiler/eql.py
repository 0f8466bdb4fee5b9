"""EQL: Elastic's event query language; single events as ``any where ...``."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar

from sigma.backends.elasticsearch.elasticsearch_eql import EqlBackend
from sigma.conditions import ConditionNOT
from sigma.conversion.state import ConversionState

from tracehound.compiler import regex
from tracehound.compiler.leaves import (
    CannotSayError,
    SaysLeaves,
    anything,
    boolean_text,
    network_text,
    quoted_line,
    type_of,
    written,
)
from tracehound.matcher.leaves import Address, Bool, Cidr, Compare, Exists, LeafTest, Number, Regex, Text
from tracehound.matcher.values import number_text
from tracehound.schema import fields

_MAPPED = IPv6Network("::ffff:0:0/96")


class TracehoundEqlBackend(SaysLeaves, EqlBackend):
    """pySigma's EQL backend, mended (docs/compiler.md, "Defects of the backends")."""

    name: ClassVar[str] = "Tracehound EQL"
    identifier = "tracehound_eql"
    language = "EQL"
    or_word, not_word = "or", "not"
    _negations = 0

    def convert_condition_not(self, cond: ConditionNOT, state: ConversionState) -> Any:
        """``not (...)``."""
        self._negations += 1
        try:
            return f"not ({self.convert_condition(cond.args[0], state)})"
        finally:
            self._negations -= 1

    def compare_precedence(self, outer: Any, inner: Any) -> bool:
        """pySigma's own, without this backend's exception for null."""
        return super(EqlBackend, self).compare_precedence(outer, inner)

    def listed(self, field: str, tests: Sequence[LeafTest]) -> str | None:
        """``field in~ ("a", "b")``, or ``like~`` with wildcards."""
        if not tests or not all(isinstance(t, Text) and not t.cased and not anything(t) for t in tests):
            return None
        if type_of(field) != "keyword":
            return None
        texts = [test for test in tests if isinstance(test, Text)]
        if all(test.form == "equals" for test in texts):
            return f"{field} in~ ({', '.join(quoted_line(written(test)) for test in texts)})"
        if any(_has_wildcards(test) for test in texts):
            return None
        return f"{field} like~ ({', '.join(quoted_line(_pattern(test)) for test in texts)})"

    def leaf(self, field: str, test: LeafTest) -> str:
        """One test."""
        if isinstance(test, Exists) or anything(test):
            return f"?{field} != null"
        if isinstance(test, Text):
            return self._text(field, test)
        if isinstance(test, Number):
            text = number_text(test.number)
            return f"{field} == {text if type_of(field) in ('long', 'double', 'date') else quoted_line(text)}"
        if isinstance(test, Bool):
            truth = "true" if test.truth else "false"
            return (
                f"{field} == {truth}"
                if type_of(field) == "boolean"
                else f"{field} in~ ({quoted_line(truth)})"
            )
        if isinstance(test, Address | Cidr) and type_of(field) == "ip":
            return f"cidrMatch({field}, {', '.join(map(quoted_line, _networks(test)))})"
        if isinstance(test, Compare) and test.op in ("<", "<=", ">", ">="):
            return self._compare(field, test)
        if isinstance(test, Regex) and type_of(field) == "keyword":
            return f"{field} regex {quoted_line(regex.lucene(field, test))}"
        raise CannotSayError(f"EQL has no test '{test}'", field)

    def _compare(self, field: str, test: Compare) -> str:
        """``field >= 5``; under ``not``, which EQL resolves by turning it round, only where the field is there."""
        said = f"{field} {test.op} {number_text(test.number)}"
        if not self._negations:
            return said
        if fields()[field].within:
            raise CannotSayError(
                "EQL turns a negated comparison round, which is wrong for several values", field
            )
        return f"(?{field} != null and {said})"

    def _text(self, field: str, test: Text) -> str:
        if type_of(field) in ("long", "double", "date"):
            return f"{field} == {number_text(test.number or 0)}"
        if type_of(field) == "boolean":
            return f"{field} == {boolean_text(test)}"
        if test.form == "equals":
            return (
                f"{field} == {quoted_line(written(test))}"
                if test.cased
                else f"{field} in~ ({quoted_line(written(test))})"
            )
        if _has_wildcards(test):
            raise CannotSayError(f"EQL cannot tell a written * or ? from a wildcard ({test})", field)
        return f"{field} {'like' if test.cased else 'like~'} {quoted_line(_pattern(test))}"


def _networks(test: Address | Cidr) -> list[str]:
    """Blocks for ``cidrMatch``: those in ``::ffff:0:0/96`` as IPv4, which is how an address field holds them."""
    if isinstance(test, Cidr):
        written = network_text(test)
        net = ip_network(written)
        return [written, "0.0.0.0/0"] if net.version == 6 and _MAPPED.subnet_of(net) else [written]
    address = ip_address(test.written.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else address
    return [f"{mapped}/32" if mapped else f"{address}/128"]


def _has_wildcards(test: Text) -> bool:
    """Whether a pattern holds ``*`` or ``?`` as text, which EQL cannot escape."""
    return test.form != "equals" and any(c in written(test) for c in "*?")


def _pattern(test: Text) -> str:
    return "".join(part if isinstance(part, str) else "*?"[part] for part in test.parts)
