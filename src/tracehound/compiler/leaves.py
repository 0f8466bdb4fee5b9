"""What our pySigma backends share: each leaf of a condition is said from the test the embedded matcher runs.

pySigma walks the condition (and, or, not, brackets); a leaf becomes ``tracehound.matcher``'s own test first, so
that every language starts from one meaning: strings without case, arrays by membership, absent fields.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from ipaddress import IPv6Address, ip_network
from typing import Any

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionOR
from sigma.conversion.state import ConversionState

from tracehound.errors import RuleError
from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Leaf, Node, Not, Or, Related
from tracehound.matcher.glob import ANY
from tracehound.matcher.leaves import Address, Bool, Cidr, LeafTest, Number, Regex, Text
from tracehound.matcher.values import fold, number_text
from tracehound.rules.fields import FieldCheck
from tracehound.rules.known import known_fields

_V4_BITS = 96


class CannotSayError(RuleError):
    """The language lacks what the rule asks; ``field`` is where, if it is one field's test."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@cache
def _check() -> FieldCheck:
    return FieldCheck(known_fields())


def type_of(field: str) -> str:
    """The schema's type of a field. Raises ``CannotSayError`` for a field the schema does not have."""
    kind = _check().type_of(field)
    if kind is None:
        raise CannotSayError(f"{field} is no field of the schema", field)
    return kind


def leaf_of(cond: ConditionFieldEqualsValueExpression) -> Node:
    """pySigma's field test as the matcher's node."""
    return compile_tree(cond, {cond.field: type_of(cond.field)})


def anything(test: LeafTest) -> bool:
    """Whether the test is ``*`` alone: any value, the empty one too."""
    return isinstance(test, Text) and test.parts == (ANY,)


def written(test: Text) -> str:
    """The literal text of a test, as the rule writes it."""
    return "".join(part for part in test.parts if isinstance(part, str))


def refuse_halves(leaf: Leaf) -> None:
    """Raise ``CannotSayError`` for a text with a lone surrogate, which no query can be encoded with."""
    test = leaf.test
    text = written(test) if isinstance(test, Text) else test.pattern if isinstance(test, Regex) else ""
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise CannotSayError("the value holds half of a character (a lone surrogate)", leaf.field)


def boolean_text(test: Text) -> str:
    """``true`` or ``false`` as a rule writes it for a field that is a boolean."""
    return fold(written(test))


def network_text(test: Cidr) -> str:
    """A network as every engine takes it: one inside ``::ffff:0:0/96`` holds IPv4 addresses and is written so."""
    net = ip_network(test.written, strict=False)
    first = net.network_address
    if net.version == 6 and net.prefixlen >= _V4_BITS and (mapped := IPv6Address(int(first)).ipv4_mapped):
        return f"{mapped}/{net.prefixlen - _V4_BITS}"
    return str(net)


def quoted(text: str, backslash: str = "\\\\") -> str:
    """A text in quotes: nothing in it is read as syntax. ``backslash`` is what stands for one."""
    return '"' + text.replace("\\", backslash).replace('"', '\\"') + '"'


def quoted_line(text: str, backslash: str = "\\\\") -> str:
    """``quoted`` for languages whose strings end with their line: line ends and tabs by their escapes."""
    said = quoted(text, backslash)
    return said.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def single_value(field: str, test: LeafTest, quote: Callable[[str], str]) -> str | None:
    """What stands behind ``field:`` in Lucene and KQL for a test that is one value; None for texts and others."""
    if isinstance(test, Number):
        return quote(number_text(test.number))
    if isinstance(test, Bool):
        return "true" if test.truth else "false"
    if isinstance(test, Address):
        return quote(test.written)
    if isinstance(test, Cidr) and type_of(field) == "ip":
        return quote(network_text(test))
    return None


class SaysLeaves:
    """Mixin before a pySigma ``TextQueryBackend``: subclasses give ``leaf`` and ``related``.

    What ``leaf`` gives needs no brackets around it, wherever it stands.
    """

    language = ""
    parenthesize = True
    or_word, not_word = "OR", "NOT"

    def leaf(self, field: str, test: LeafTest) -> str:
        """One test of one field in the language. Raises ``CannotSayError``."""
        raise NotImplementedError

    def related(self, node: Related) -> str:
        """Two fields compared."""
        raise CannotSayError(f"{self.language} cannot compare two fields", node.field)

    def negated(self, said: str) -> str:
        """The negation of a leaf."""
        return f"({self.not_word} {said})"

    def listed(self, field: str, tests: Sequence[LeafTest]) -> str | None:
        """Several tests of one field, any of which may hold, in a shorter form; None where there is none."""
        return None

    def node(self, node: Node) -> str:
        """A leaf, or what pySigma's one leaf stands for (an absent field, a list of values)."""
        if isinstance(node, Leaf):
            refuse_halves(node)
            return self.leaf(node.field, node.test)
        if isinstance(node, Not):
            return self.negated(self.node(node.item))
        if isinstance(node, Or):
            said = self._as_list(node.items)
            return (
                said if said is not None else "(" + f" {self.or_word} ".join(map(self.node, node.items)) + ")"
            )
        if isinstance(node, Related):
            return self.related(node)
        raise CannotSayError("searches keywords; prompts and the like are matched once, by the enrichers")

    def _as_list(self, items: Sequence[Node]) -> str | None:
        leaves = [item for item in items if isinstance(item, Leaf)]
        for leaf in leaves:
            refuse_halves(leaf)
        if len(leaves) < len(items) or len({leaf.field for leaf in leaves}) != 1:
            return None
        return self.listed(leaves[0].field, [leaf.test for leaf in leaves])

    def convert_condition_field_eq_val(
        self, cond: ConditionFieldEqualsValueExpression, state: ConversionState
    ) -> str:
        """pySigma's dispatcher over kinds of values."""
        return self.node(leaf_of(cond))

    def decide_convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> bool:
        """Whether an OR is one list."""
        if not isinstance(cond, ConditionOR):
            return False
        if not all(isinstance(arg, ConditionFieldEqualsValueExpression) for arg in cond.args):
            return False
        items = [leaf_of(arg) for arg in cond.args]  # type: ignore[arg-type]
        return self._as_list(items) is not None

    def convert_condition_as_in_expression(
        self, cond: ConditionOR | ConditionAND, state: ConversionState
    ) -> Any:
        """An OR that is one list."""
        return self._as_list([leaf_of(arg) for arg in cond.args])  # type: ignore[arg-type]

    def convert_condition_val(self, cond: Any, state: ConversionState) -> str:
        """Keywords."""
        raise CannotSayError("searches keywords; prompts and the like are matched once, by the enrichers")
