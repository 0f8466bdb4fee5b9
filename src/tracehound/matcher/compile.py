"""From pySigma's parsed condition to the tree that is matched.

Apart from the tree itself, since rules that come from the cache need no pySigma.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigma import conditions as sc
from sigma import types as st

from tracehound.errors import RuleError
from tracehound.matcher import leaves
from tracehound.matcher.condition import Keyword, Leaf, Node, Not, Related, conjunction, disjunction
from tracehound.matcher.glob import ANY, ONE, Part
from tracehound.matcher.leaves import Text
from tracehound.matcher.values import address, network

OPERATORS = {
    st.CompareOperators.LT: "<",
    st.CompareOperators.LTE: "<=",
    st.CompareOperators.GT: ">",
    st.CompareOperators.GTE: ">=",
    st.CompareOperators.NEQ: "!=",
}
REGEX_FLAGS = {
    st.SigmaRegularExpressionFlag.IGNORECASE: "i",
    st.SigmaRegularExpressionFlag.MULTILINE: "m",
    st.SigmaRegularExpressionFlag.DOTALL: "s",
}


def compile_tree(tree: Any, types: Mapping[str, str]) -> Node:
    """pySigma's condition tree (``SigmaCondition.parsed``) as a ``Node``.

    ``types`` gives the schema's type of a field where it is known; strings on ``ip`` fields are compared as
    addresses. Raises ``RuleError`` for what cannot be matched.
    """
    if isinstance(tree, sc.ConditionAND):
        return conjunction([compile_tree(a, types) for a in tree.args])
    if isinstance(tree, sc.ConditionOR):
        return disjunction([compile_tree(a, types) for a in tree.args])
    if isinstance(tree, sc.ConditionNOT):
        return Not(compile_tree(tree.args[0], types))
    if isinstance(tree, sc.ConditionFieldEqualsValueExpression):
        return _field_test(tree.field, tree.value, types.get(tree.field))
    if isinstance(tree, sc.ConditionValueExpression):
        return _keyword(tree.value)
    raise RuleError(f"the condition holds {type(tree).__name__}, which has no meaning here")


def _field_test(field: str, value: st.SigmaType, kind: str | None) -> Node:
    if isinstance(value, st.SigmaExpansion):
        return disjunction([_field_test(field, v, kind) for v in value.values])
    if isinstance(value, st.SigmaNull):
        return Not(Leaf(field, leaves.Exists()))
    if isinstance(value, st.SigmaExists):
        there = Leaf(field, leaves.Exists())
        return there if value.exists else Not(there)
    if isinstance(value, st.SigmaFieldReference):
        start, end = value.starts_with, value.ends_with
        how: Any = "contains" if start and end else "startswith" if start else "endswith" if end else "equals"
        return Related(field, value.field, how)
    return Leaf(field, _test(value, kind))


def _test(value: st.SigmaType, kind: str | None = None) -> leaves.LeafTest:
    """The leaf test for one value of a rule."""
    if isinstance(value, st.SigmaString):
        return _text(value, kind)
    if isinstance(value, st.SigmaTimestampPart):
        return leaves.TimePart(value.timestamp_part.name.lower(), "=", value.number)
    if isinstance(value, st.SigmaNumber):
        return leaves.Number(value.number)
    if isinstance(value, st.SigmaBool):
        return leaves.Bool(value.boolean)
    if isinstance(value, st.SigmaRegularExpression):
        return leaves.Regex(str(value.regexp), frozenset(REGEX_FLAGS[f] for f in value.flags))
    if isinstance(value, st.SigmaCIDRExpression):
        return leaves.Cidr(value.cidr, *network(value.network))
    if isinstance(value, st.SigmaCompareExpression):
        op, number = OPERATORS[value.op], value.number
        if isinstance(number, st.SigmaTimestampPart):
            return leaves.TimePart(number.timestamp_part.name.lower(), op, number.number)
        return leaves.Compare(op, number.number)
    raise RuleError(f"values of type {type(value).__name__} have no meaning here")


def _text(value: st.SigmaString, kind: str | None) -> leaves.LeafTest:
    parts = pattern(value)
    if kind == "ip" and len(parts) == 1 and isinstance(parts[0], str):
        number = address(parts[0])
        if number is None:
            raise RuleError(f"{parts[0]!r} is no IP address; for a network write |cidr")
        return leaves.Address(parts[0], number)
    return Text(parts, isinstance(value, st.SigmaCasedString))


def pattern(value: st.SigmaString) -> tuple[Part, ...]:
    """The parts of a Sigma string, repeated ``*`` merged."""
    parts: list[Part] = []
    for part in value.s:
        if isinstance(part, str):
            parts.append(part)
        elif part is st.SpecialChars.WILDCARD_SINGLE:
            parts.append(ONE)
        elif part is st.SpecialChars.WILDCARD_MULTI:
            if not parts or parts[-1] != ANY:
                parts.append(ANY)
        else:
            raise RuleError(f"placeholder %{part.name}% was not expanded")
    return tuple(parts)


def _keyword(value: st.SigmaType) -> Node:
    """A keyword is searched anywhere in a text, so a plain string becomes a ``contains``."""
    if isinstance(value, st.SigmaExpansion):
        return disjunction([_keyword(v) for v in value.values])
    if isinstance(value, st.SigmaString):
        parts = pattern(value)
        head = () if parts[:1] == (ANY,) else (ANY,)
        tail = () if parts[-1:] == (ANY,) else (ANY,)
        anywhere = (*head, *parts, *tail) if parts else (ANY,)
        return Keyword(Text(anywhere, isinstance(value, st.SigmaCasedString)))
    if isinstance(value, st.SigmaNumber) and not isinstance(value, st.SigmaTimestampPart):
        return Keyword(Text((ANY, str(value.number), ANY)))
    if isinstance(value, st.SigmaRegularExpression):
        return Keyword(_test(value))
    raise RuleError("keywords are text, numbers or regular expressions")
