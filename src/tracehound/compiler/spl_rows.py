"""Rows of events for correlations in SPL: the base search, which event is of which correlation, and its groups.

Every search reads the events once. Fields that begin with ``th_`` are ours: ``th_t`` is the time in whole
milliseconds (``_time`` is a decimal number), ``th_n`` the event's place among all. Where base rules of one
correlation have different keys, or a correlation rests on another, an event becomes one row for each base rule that
it meets (``th_at``: ``correlation.rule``), and the rows of one event in one group are put together again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from sigma.conversion.state import ConversionState

from tracehound.compiler import conditions
from tracehound.compiler.model import NotInLanguageError
from tracehound.compiler.spl import INDEX_MACRO, evaluated, spl_field
from tracehound.rules import Rule
from tracehound.rules.model import Correlation
from tracehound.schema import fields

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.{}-]{0,200}")
MAX_GROUPS, MAX_VALUES = 64, 1000
"""As the embedded engine: so many groups an event is in, so many of its values are counted."""


@dataclass
class Node:
    """One correlation of a rule: itself (the last), or one that it rests on. ``over``: where its hits go."""

    number: int
    rule: Rule
    link: Correlation
    below: dict[int, Node]
    chained: bool = False
    split: bool = False
    """Whether each base rule that an event meets makes a row of its own."""
    over: list[str] = field(default_factory=list)

    def own(self, name: str) -> str:
        """A field of this correlation's, which rows of others do not have."""
        return f"th_{name}_{self.number}" if self.chained else f"th_{name}"

    @cached_property
    def keys(self) -> list[str]:
        """The fields that hold the group. In a chain there is one at least: other rows lack it and pass."""
        found = [self.own(f"key{place + 1}") for place in range(len(self.link.group_by))]
        return found or ([self.own("all")] if self.chained else [])

    @property
    def by(self) -> str:
        """The BY clause, with a blank before it."""
        return self.by_also()

    def by_also(self, *more: str) -> str:
        names = [*self.keys, *more]
        return f" BY {' '.join(names)}" if names else ""

    @property
    def known_from(self) -> str:
        """The time, in milliseconds, from which on all its events are seen: below it, windows may be cut."""
        below = self.depth()
        return "info_min_time * 1000" + (f" + {below}" if below else "")

    def depth(self) -> int:
        """How long hits from below may be missed: the timespans one upon the other, twice where windows close."""
        below = ((c.span * (1 + c.link.at_close) + c.depth()) for c in self.below.values())
        return max(below, default=0)

    @property
    def span(self) -> int:
        """The timespan in milliseconds."""
        return self.link.seconds * 1000

    def where(self, condition: str) -> str:
        """Keep the rows that meet a condition, and those of other correlations."""
        return f"| where isnull({self.keys[0]}) OR ({condition})" if self.chained else f"| where {condition}"

    def only(self, expression: str) -> str:
        """A value in the rows of this correlation; null in others."""
        return f"if(isnull({self.keys[0]}), null(), {expression})" if self.chained else expression

    def places(self) -> list[str]:
        """``th_at`` of its rows, by base rule."""
        return [f"{self.number}.{base}" for base in range(len(self.link.base))]


def nodes_of(rule: Rule) -> list[Node]:
    """The correlations of a rule, those below first. Raises ``ValueError`` for a rule that is none."""
    found: dict[int, Node] = {}

    def visit(rule: Rule) -> Node:
        if id(rule) in found:
            return found[id(rule)]
        if rule.correlation is None:
            raise ValueError(f"rule {rule.id} is no correlation")
        below = {n: visit(base) for n, base in enumerate(rule.correlation.base) if base.correlation}
        node = found[id(rule)] = Node(len(found) + 1, rule, rule.correlation, below)
        for base, child in below.items():
            child.over.append(f"{node.number}.{base}")
        return node

    visit(rule)
    nodes = list(found.values())
    for node in nodes:
        node.chained = len(nodes) > 1
        node.split = node.chained or len(set(node.link.keys)) > 1
    return nodes


def leaves_of(nodes: Iterable[Node]) -> list[tuple[str, Rule]]:
    """The base rules that events meet, each with its place."""
    return [
        (place, base)
        for node in nodes
        for place, base in zip(node.places(), node.link.base, strict=True)
        if base.correlation is None
    ]


def base_search(rules: Sequence[Rule]) -> tuple[str, bool]:
    """A search that finds the events of any of the rules; whether all that it finds are.

    What terms cannot say is left to expressions; a rule without any term makes it read everything.
    """
    backend = conditions.backend("splunk")
    parts = [backend._split(conditions.tree(rule), ConversionState()) for rule in rules]
    whole = not any(expression for _, expression in parts)
    terms = list(dict.fromkeys(term for term, _ in parts))
    if "" in terms:
        return INDEX_MACRO, False
    return f"{INDEX_MACRO} {terms[0] if len(terms) == 1 else ' OR '.join(f'({t})' for t in terms)}", whole


def opening(nodes: Sequence[Node], kept: Iterable[str]) -> Iterator[str]:
    """From the base search to rows in the order of time, marked by the base rules that they meet.

    ``kept`` are the event fields that are needed later on.
    """
    leaves = leaves_of(nodes)
    top = nodes[-1]
    search, whole = base_search([rule for _, rule in leaves])
    yield search
    said = [conditions.expression(rule) for _, rule in leaves]
    ours = ["th_t", "th_n"]
    if top.split:
        marks = [f'if({e}, "{place}", null())' for e, (place, _) in zip(said, leaves, strict=True)]
        yield f"| eval th_at=mvappend({', '.join(marks)})"
        yield "| where isnotnull(th_at)"
        ours.append("th_at")
    elif top.link.kind.startswith("temporal"):
        marks = [f"th_m{number}=if({e}, 1, 0)" for number, e in enumerate(said)]
        yield f"| eval {', '.join(marks)}"
        yield f"| where {' OR '.join(f'th_m{number}=1' for number in range(len(said)))}"
        ours += [f"th_m{number}" for number in range(len(said))]
    elif not whole:
        yield f"| where {' OR '.join(f'({e})' for e in said)}"
    yield "| dedup metadata.uid keepempty=t"
    yield "| eval th_t=round(_time * 1000)"
    yield "| sort 0 th_t"
    yield "| streamstats count AS th_n"
    yield f"| fields {', '.join(['_time', *ours, *kept_names(kept)])}"
    yield "| fields - _raw"
    if any(needs_range(node) for node in nodes):
        yield "| addinfo"
    if top.split:
        yield "| mvexpand th_at"


def needs_range(node: Node) -> bool:
    """Whether a window that the search's time range cuts could hold where the whole window does not."""
    kind = node.link.kind
    return node.link.at_close or (kind.startswith("value_") and kind != "value_count")


def kept_names(names: Iterable[str]) -> list[str]:
    """Event fields as a list of commands takes them."""
    return list(dict.fromkeys(named(spl_field(name)) for name in ("metadata.uid", *names)))


def named(name: str) -> str:
    """A field's name, or an alias, as an argument of a command. Raises ``NotInLanguageError``."""
    if not NAME.fullmatch(name):
        raise NotInLanguageError(f"SPL: the name {name!r} of a group is no name of a field")
    return f'"{name}"' if "{" in name or "-" in name else name


def is_array(name: str) -> bool:
    """Whether a field may hold several values."""
    return bool(fields()[name].within)


def folded(name: str) -> str:
    """A field's values in lower case, each once; 2 and 2.0 are one."""
    field = evaluated(name)
    said = f"lower({field})"
    if fields()[name].type == "double":
        said = f"coalesce(tonumber({field}), {said})"
        said = f"mvmap({field}, {said})" if is_array(name) else said
    return f"mvdedup({said})" if is_array(name) else said


def grouping(node: Node) -> Iterator[str]:
    """Put rows into their groups: one row for each, none for what lacks a key."""
    if node.below:
        yield "| sort 0 th_t th_n"
    if node.keys:
        yield from _keys(node)
    if node.split:
        yield from _together(node)
    yield """| eval th_event=th_t."|".'metadata.uid'"""


def _keys(node: Node) -> Iterator[str]:
    places = dict(zip(node.places(), node.link.keys, strict=True))
    said, arrays = [], []
    for at, key in enumerate(node.keys):
        by_value: dict[str, list[str]] = {}
        for place, names in places.items():
            value = _key(node, place, names[at]) if names else '"all"'
            by_value.setdefault(value, []).append(place)
        if any(value.startswith("mvdedup(") for value in by_value):
            arrays.append(key)
        if node.split:
            cases = (f"{_at(own)}, {value}" for value, own in by_value.items())
            said.append(f"{key}=case({', '.join(cases)})")
        else:
            said.append(f"{key}={next(iter(by_value))}")
    yield f"| eval {', '.join(said)}"
    present = " AND ".join(f"isnotnull({key})" for key in node.keys)
    yield f"| where NOT ({_at(places)}) OR ({present})" if node.chained else f"| where {present}"
    for key in arrays:
        yield f"| mvexpand {key} limit={MAX_GROUPS}"


def _key(node: Node, place: str, name: str) -> str:
    """A key's value in the rows of one base rule: of a hit, the value of its own group where that has the name."""
    child = node.below.get(int(place.partition(".")[2]))
    if child is not None and name in child.link.group_by:
        return child.keys[child.link.group_by.index(name)]
    return folded(name)


def _at(places: Iterable[str]) -> str:
    return " OR ".join(f'th_at="{place}"' for place in places)


def _together(node: Node) -> Iterator[str]:
    """One row for each event in each group, with the marks of all base rules that it meets."""
    if node.link.kind.startswith("temporal"):
        marks = [f'th_m{number}=if(th_at="{place}", 1, 0)' for number, place in enumerate(node.places())]
        yield f"| eval {', '.join(marks)}"
        most = [f"max(th_m{number}) AS th_m{number}" for number in range(len(marks))]
        yield f"| eventstats {' '.join(most)}{node.by_also('th_n')}"
    if any(child.link.at_close for child in node.below.values()):
        # A hit at the close of a window counts as an event that may have been taken before, if that is long ago.
        yield f"| streamstats current=f max(th_t) AS th_taken{node.by_also('metadata.uid')}"
        yield node.where(f"isnull(th_taken) OR th_t - th_taken>={node.span}")
    else:
        keep = " keepempty=t" if node.chained else ""
        yield f"| dedup {' '.join(['metadata.uid', *node.keys])}{keep}"


def passing_on(node: Node) -> Iterator[str]:
    """The rows that are left are hits: events of the correlations over it."""
    here = f"isnotnull({node.keys[0]})"
    above = ", ".join(f'"{place}"' for place in node.over)
    above = f"mvappend({above})" if len(node.over) > 1 else above
    yield f"| eval th_at=if({here}, {above}, th_at)"
    if len(node.over) > 1:
        yield "| mvexpand th_at"
