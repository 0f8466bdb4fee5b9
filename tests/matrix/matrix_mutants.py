"""Rules changed a little: what the events of the matrix have to tell from the rule itself.

A mutant of the tree is a rule whose condition differs in one place and is compiled as any rule; a mutant of the
text is a compiled query that was changed as text.
"""

from __future__ import annotations

import copy
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from matrix_rules import Case
from sigma import types as st
from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR
from sigma.conversion.state import ConversionState

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.spl import INDEX_MACRO
from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Node
from tracehound.rules.fields import FieldCheck
from tracehound.rules.known import known_fields

Path = tuple[int, ...]
Tree = Any
MOST_OURS, MOST_PROBE = 14, 6


@dataclass(frozen=True)
class Mutant:
    """A changed condition; ``name`` tells rule, place and change."""

    case: str
    change: str
    tree: Tree
    number: int

    @property
    def name(self) -> str:
        return f"{self.case}: {self.change}"

    def condition(self) -> Node:
        """Its plain meaning."""
        check = FieldCheck(known_fields())
        types = {field: check.type_of(field) or "keyword" for field in _fields(self.tree)}
        return compile_tree(self.tree, types)

    def query(self, language: str) -> str:
        """The whole query. Raises ``CannotSayError``."""
        piece = self.piece(language)
        return {
            "esql": f"FROM {INDEX} METADATA _id, _index, _version\n| WHERE {piece}",
            "eql": f"any where {piece}",
            "splunk": f"{INDEX_MACRO} {piece}",
        }.get(language, piece)

    def piece(self, language: str) -> str:
        """The condition alone. Raises ``CannotSayError``."""
        return str(conditions.backend(language).convert_condition(self.tree, ConversionState()))


def mutants(case: Case, rng: random.Random) -> list[Mutant]:
    """Some of all mutants of a rule, always the same; every kind of change first."""
    found = list(_changes(conditions.tree(case.rule)))
    rng.shuffle(found)
    by_kind: dict[str, int] = {}
    order = []
    for change, tree in found:
        kind = change.partition(":")[0]
        by_kind[kind] = by_kind.get(kind, 0) + 1
        order.append((by_kind[kind], change, tree))
    order.sort(key=lambda item: item[0])
    most = MOST_PROBE if case.kind == "probe" else MOST_OURS
    return [Mutant(case.name, change, tree, at) for at, (_, change, tree) in enumerate(order[:most])]


def _fields(tree: Tree) -> Iterator[str]:
    if isinstance(tree, ConditionFieldEqualsValueExpression):
        yield tree.field
    for arg in getattr(tree, "args", []):
        if isinstance(arg, ConditionAND | ConditionOR | ConditionNOT | ConditionFieldEqualsValueExpression):
            yield from _fields(arg)


def _changes(tree: Tree) -> Iterator[tuple[str, Tree]]:
    for path, node in _walk(tree, ()):
        for change, made in _of(node):
            yield f"{change} at {'.'.join(map(str, path)) or 'the top'}", _with(tree, path, made)


def _walk(node: Tree, path: Path) -> Iterator[tuple[Path, Tree]]:
    yield path, node
    if isinstance(node, ConditionAND | ConditionOR | ConditionNOT):
        for at, arg in enumerate(node.args):
            yield from _walk(arg, (*path, at))


def _with(tree: Tree, path: Path, made: Tree) -> Tree:
    if not path:
        return made
    copied = copy.copy(tree)
    copied.args = list(tree.args)
    copied.args[path[0]] = _with(tree.args[path[0]], path[1:], made)
    return copied


def _of(node: Tree) -> Iterator[tuple[str, Tree]]:
    if isinstance(node, ConditionNOT):
        yield "not removed", node.args[0]
    elif isinstance(node, ConditionAND | ConditionOR):
        if len(node.args) > 1:
            other = ConditionOR if isinstance(node, ConditionAND) else ConditionAND
            yield f"{'or' if other is ConditionOR else 'and'} instead", other(list(node.args))
            for at in range(len(node.args)):
                rest = [arg for number, arg in enumerate(node.args) if number != at]
                yield f"term {at} dropped", rest[0] if len(rest) == 1 else type(node)(rest)
    elif isinstance(node, ConditionFieldEqualsValueExpression):
        for change, value in _values(node.value):
            made = copy.copy(node)
            made.value = value
            yield f"{change}: {node.field} {node.value}", made


def _values(value: st.SigmaType) -> Iterator[tuple[str, st.SigmaType]]:
    if isinstance(value, st.SigmaString):
        yield from _strings(value)
    elif isinstance(value, st.SigmaNumber):
        yield "one more", st.SigmaNumber(value.number + 1)
        yield "one less", st.SigmaNumber(value.number - 1)
    elif isinstance(value, st.SigmaCompareExpression) and isinstance(value.number, st.SigmaNumber):
        for change, number in (("one more", value.number.number + 1), ("one less", value.number.number - 1)):
            yield change, st.SigmaCompareExpression(st.SigmaNumber(number), value.op, "")
    elif isinstance(value, st.SigmaBool):
        yield "the other one", st.SigmaBool(not value.boolean)
    elif isinstance(value, st.SigmaExists):
        yield "absent instead", st.SigmaExists(not value.exists)
    elif isinstance(value, st.SigmaNull):
        yield "present instead", st.SigmaExists(True)
    elif isinstance(value, st.SigmaCIDRExpression):
        net = ip_network(value.cidr)
        if net.prefixlen:
            yield "a wider network", st.SigmaCIDRExpression(str(net.supernet()))
        if net.prefixlen < net.max_prefixlen:
            yield "a narrower network", st.SigmaCIDRExpression(str(next(net.subnets())))


def _strings(value: st.SigmaString) -> Iterator[tuple[str, st.SigmaString]]:
    parts = list(value.s)
    for at, part in enumerate(parts):
        if isinstance(part, str):
            if len(part) > 1 and not _is_address(part):
                yield "value cut", _string(value, [*parts[:at], part[:-1], *parts[at + 1 :]])
                yield "value cut in front", _string(value, [*parts[:at], part[1:], *parts[at + 1 :]])
        elif len(parts) > 1:
            yield "wildcard dropped", _string(value, [*parts[:at], *parts[at + 1 :]])


def _string(value: st.SigmaString, parts: list[Any]) -> st.SigmaString:
    made, whole = type(value)(), list[Any]()
    for part in parts:
        if isinstance(part, str) and whole and isinstance(whole[-1], str):
            whole[-1] += part
        else:
            whole.append(part)
    made.s = whole
    return made


def _is_address(text: str) -> bool:
    return (
        re.fullmatch(r"[0-9a-fA-F]*[.:][0-9a-fA-F:.]+|true|false|-?[0-9.]+", text, re.IGNORECASE) is not None
    )


@dataclass(frozen=True)
class TextMutant:
    """A compiled query changed as text."""

    case: str
    change: str
    query: str


_TEXT: dict[str, tuple[tuple[str, str, str | Callable[[re.Match[str]], str]], ...]] = {
    "lucene": (
        ("and for or", r" OR ", " AND "),
        ("or for and", r" AND (?!NOT)", " OR "),
        ("not removed", r"\*:\* AND NOT ", "*:* AND "),
        ("value cut", r'([^\\"])"(?=[ )]|$)', '"'),
        ("wildcard dropped", r"(?<=[a-z0-9_.])\*(?=[ )]|$)", ""),
    ),
    "kql": (
        ("and for or", r" or ", " and "),
        ("or for and", r" and ", " or "),
        ("not removed", r"\(not ", "("),
        ("value cut", r'([a-z0-9])"(?=[ )]|$)', '"'),
        ("wildcard dropped", r"(?<=[a-z0-9_.])\*(?=[ )]|$)", ""),
    ),
    "splunk": (
        ("and for or", r" OR ", " "),
        ("not removed", r"NOT \(", "("),
        ("value cut", r'([a-z0-9])"(?=[ ,)]|$)', '"'),
        ("wildcard dropped", r'\*"(?=[ ,)]|$)', '"'),
    ),
    "eql": (
        ("and for or", r" or ", " and "),
        ("or for and", r" and ", " or "),
        ("not removed", r"\bnot \(", "("),
        ("value cut", r'([a-z0-9])"(?=[ ,)]|$)', '"'),
    ),
}
MOST_TEXT = 3


def text_mutants(case: Case, language: str, query: str, rng: random.Random) -> list[TextMutant]:
    """Some queries that differ from one in a single place."""
    found = []
    for change, pattern, instead in _TEXT[language]:
        places = list(re.finditer(pattern, query))
        if places:
            place = rng.choice(places)
            made = query[: place.start()] + str(instead) + query[place.end() :]
            found.append(TextMutant(case.name, f"{change} at {place.start()}", made))
    rng.shuffle(found)
    return found[:MOST_TEXT]
