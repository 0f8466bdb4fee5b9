"""What correlations measure, in SPL: the values of an event as rows, and how a measure is compared."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracehound.compiler.model import NotInLanguageError
from tracehound.compiler.spl import evaluated
from tracehound.compiler.spl_rows import MAX_VALUES, Node, folded, is_array
from tracehound.rules.model import Expression
from tracehound.schema import fields

COMPARED = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "=", "neq": "!="}
NUMBERS = ("value_sum", "value_avg", "value_percentile", "value_median")
PERCENTILES = ("value_percentile", "value_median")
DECIMALS = 1_000_000
"""Numbers with a decimal point are counted in millionths, since whole numbers add up exactly."""
SHIFT = 500_000_000_000_000
"""Added to a number before it is written with 15 digits, so that texts are in the order of the numbers."""


def scale(node: Node) -> int:
    """How many of what is counted make 1."""
    if node.link.kind not in NUMBERS:
        return 1
    return DECIMALS if fields()[node.link.field].type == "double" else 1


def values(node: Node) -> Iterator[str]:
    """One row for each value that an event brings; events without one are left out."""
    if node.link.kind == "value_count":
        yield from _texts(node)
    elif node.link.kind in NUMBERS:
        yield from _numbers(node)


def _texts(node: Node) -> Iterator[str]:
    names = value_fields(node)
    said = (f"{own}={node.only(folded(name))}" for own, name in zip(names, node.link.fields, strict=True))
    yield f"| eval {', '.join(said)}"
    yield node.where(" AND ".join(f"isnotnull({own})" for own in names))
    for own, name in zip(names, node.link.fields, strict=True):
        if is_array(name):
            yield f"| mvexpand {own} limit={MAX_VALUES}"


def value_fields(node: Node) -> list[str]:
    """The fields that hold what a ``value_count`` counts."""
    return [node.own(f"value{place + 1}") for place in range(len(node.link.fields))]


def many_values(node: Node) -> bool:
    """Whether an event may bring several values."""
    return any(is_array(name) for name in node.link.fields)


def _numbers(node: Node) -> Iterator[str]:
    own, name = node.own("value"), node.link.field
    if is_array(name):
        if node.link.kind in PERCENTILES:
            raise NotInLanguageError(f"SPL: a percentile of {name}, which holds several numbers")
        yield f"| eval {own}={node.only(evaluated(name))}"
        yield f"| mvexpand {own} limit={MAX_VALUES}"
    number = f"tonumber({own if is_array(name) else evaluated(name)})"
    yield f"| eval {own}={f'round({number} * {DECIMALS})' if scale(node) > 1 else number}"
    yield node.where(f"isnotnull({own})")
    if is_array(name):
        added = f"sum({own}) AS {own} count({own}) AS {node.own('numbers')}"
        yield f"| eventstats {added}{node.by_also('th_n')}"
        yield f"| dedup {' '.join(['th_n', *node.keys])}{' keepempty=t' if node.chained else ''}"


def sortable(node: Node) -> str:
    """The number with 15 digits, its time and its event: texts in the order of the numbers, each different."""
    digits = f'substr("000000000000000".({node.own("value")} + {SHIFT}), -15)'
    return f'{digits}."|".th_t."|".th_n'


def percentile(node: Node, texts: str) -> str:
    """An eval that makes 100 times the percentile of ``sortable`` texts: interpolated between neighbours."""
    count, percent = f"mvcount({texts})", node.link.percentile
    place = f"{percent} * ({count} - 1)"

    def at(place: str) -> str:
        return f'(tonumber(mvindex(split(mvindex({texts}, {place}), "|"), 0)) - {SHIFT})'

    low, high = at(f"floor(({place}) / 100)"), at(f"ceiling(({place}) / 100)")
    rest = f"(({place}) % 100)"
    return f"{low} * (100 - {rest}) + {high} * {rest}"


def holds(expression: Expression, present: str) -> str:
    """An expression over base rules; ``present`` says with its number whether one is there."""
    if isinstance(expression, int):
        return present.format(expression)
    word, *items = expression
    said = [holds(item, present) for item in items]
    return f"NOT ({said[0]})" if word == "not" else "(" + f" {word.upper()} ".join(said) + ")"


def how_many(rules: int, present: str) -> str:
    """How many base rules are there."""
    return " + ".join(f"if({present.format(number)}, 1, 0)" for number in range(rules))


def compared(node: Node, measure: str, parts: int = 1) -> str:
    """The condition on a measure, which is counted in so many parts of 1."""
    return f"{measure}{COMPARED[node.link.op]}{node.link.count * parts}"


def chains(node: Node, length: int, by: str, *, shorter: bool = False) -> Iterator[str]:
    """Of rows marked ``th_m0``.. : for each length, when the latest chain of rules in their order began.

    ``th_a<rule>_<length>`` is set where an event is the last of such a chain (0: it is not). Unless ``shorter``
    chains are wanted too, only rules are followed from which the whole length can be reached. Chains are of
    different events, which come one after another.
    """
    rules = len(node.link.base)
    sizes = range(1, length + 1)
    ends = [range(size - 1, rules if shorter else rules - (length - size)) for size in sizes]
    yield f"| eval {', '.join(f'th_a{r}_1=if(th_m{r}=1, th_t, 0)' for r in ends[0])}"
    for size, last in enumerate(ends[1:], 2):
        before = ends[size - 2]
        most = (f"max(th_a{r}_{size - 1}) AS th_b{r}_{size - 1}" for r in before)
        yield f"| streamstats current=f {' '.join(most)}{by}"
        said = (f"th_a{r}_{size}=if(th_m{r}=1, {_latest(r, before, size - 1)}, 0)" for r in last)
        yield f"| eval {', '.join(said)}"


def _latest(rule: int, before: range, size: int) -> str:
    found = [f"coalesce(th_b{r}_{size}, 0)" for r in before if r < rule]
    return found[0] if len(found) == 1 else f"max({', '.join(found)})"


def ends(rules: int, length: int) -> Sequence[int]:
    """The rules with which a chain of the whole length can end."""
    return range(length - 1, rules)
