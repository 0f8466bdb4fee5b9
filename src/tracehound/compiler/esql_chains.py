"""Correlations over correlations, in ES|QL: the hits of the one below are rows that the one over it takes.

A hit counts as the event that completed it. Events of other rules that the upper one takes go along in lanes of
their own, past the conditions of the one below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tracehound.compiler.esql_taken import NUMERIC, Other, Taken, aliased, stats, taken
from tracehound.compiler.leaves import type_of
from tracehound.compiler.model import NotInLanguageError
from tracehound.rules.model import Correlation

Hits = Callable[[Correlation, Sequence[Other]], tuple[list[str], Taken]]


def taken_by(link: Correlation, hits: Hits) -> Taken:
    """The rows of a correlation; ``hits`` gives the lines of one below, and its rows."""
    below = [number for number, base in enumerate(link.base) if base.correlation is not None]
    if not below:
        return taken(link)
    if len(below) > 1 or link.kind.startswith("value_"):
        raise NotInLanguageError(
            "ES|QL cannot nest a correlation over several others, or one of values, over correlations"
        )
    (place,) = below
    inner = link.base[place].correlation
    if inner is None or any(name not in inner.group_by for name in link.keys[place]):
        raise NotInLanguageError("ES|QL cannot nest a correlation under one that groups by other fields")
    others = [Other(n, base, link.keys[n]) for n, base in enumerate(link.base) if n != place]
    lines, rows = hits(inner, others)
    return _over(link, place, inner, others, Taken(tuple(lines), rows.keys, rows.passes))


def _over(link: Correlation, place: int, inner: Correlation, others: Sequence[Other], rows: Taken) -> Taken:
    lane = "th_lane == 0" if others else "true"
    keys, columns = [], []
    for number, name in enumerate(link.keys[place], 1):
        column = f"th_key_{inner.group_by.index(name) + 1}"
        keys.append(f"th_over_{number}")
        outer = f"CASE({lane}, {column}, th_outer_{number})" if others else column
        columns.append(f"th_over_{number} = {outer}")
    flags = [f"th_{place} = MAX(CASE({lane}, 1, 0))"]
    flags += [f"th_{other.number} = MAX(CASE(th_lane == {other.number + 1}, 1, 0))" for other in others]
    return Taken(
        (
            *rows.lines,
            "| MV_EXPAND th_ends",
            "| EVAL " + ", ".join(["th_uid = SUBSTRING(th_ends, 15)", *columns]),
            stats(["th_time = MIN(th_end)", *flags], ["th_uid", *keys]),
            *(f"| EVAL th_key_{number} = {key}" for number, key in enumerate(keys, 1)),
        ),
        tuple(f"th_key_{number}" for number in range(1, len(keys) + 1)),
    )


def check(inner: Correlation, others: Sequence[Other]) -> None:
    """Refuse what cannot go along with other rules."""
    if others and (
        inner.at_close or inner.kind == "temporal_ordered" or inner.kind in NUMERIC or aliased(inner)
    ):
        raise NotInLanguageError(f"ES|QL cannot nest {inner.kind} ({inner.op}) beside other rules")
    for other in others:
        kinds = [
            (type_of(name), type_of(field)) for name, field in zip(inner.group_by, other.keys, strict=False)
        ]
        if any(one != another for one, another in kinds):
            raise NotInLanguageError("ES|QL cannot nest correlations whose groups differ in type")
