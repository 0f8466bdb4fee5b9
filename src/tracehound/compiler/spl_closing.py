"""Correlations that are judged when a window closes (``lt``, ``eq``, ``neq``, ``not``), in SPL.

A window opens with the first event of its group and holds what comes less than the timespan after it; the
next opens with the first event after that. So rows are sorted by group, each is told when the next one comes, and
streamstats starts anew (``reset_after``) behind the last of a window: ``th_start`` is then when its window
opened. Only windows that have passed are judged; their hits are at their ends.

Where a window opens depends on all before it, up to the last time at which the group paused for the timespan. So
those of a group are judged from its first pause on in the time searched (``th_paused``), before which it counts as
busy.
"""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.compiler.spl_measures import (
    chains,
    compared,
    holds,
    how_many,
    percentile,
    scale,
    sortable,
    value_fields,
    values,
)
from tracehound.compiler.spl_rows import Node, is_array

BEFORE = 1_000_000_000
"""Taken from the place of a hit, so that it comes before the events at the end of its window."""


def closing(node: Node) -> Iterator[str]:
    """The last rows of the windows for which a correlation holds. Raises ``NotInLanguageError``."""
    yield from values(node)
    yield from _windows(node)
    by = node.by_also("th_start")
    yield from _measures(node, by)
    over = f"isnull(th_next) OR th_next - th_start>={node.span}"
    yield f"| streamstats window=100 global=f list(th_event) AS th_events{by}"
    yield node.where(f"({over}) AND th_paused>0")
    yield from _judged(node)
    yield f"| eval {', '.join(_moved(node))}"
    yield node.where("th_t<=min(now(), info_max_time) * 1000")


def _moved(node: Node) -> Iterator[str]:
    """A hit's time is the end of its window, and it comes first there."""
    for name, value in (("th_t", f"th_start + {node.span}"), ("th_n", f"th_n - {BEFORE}")):
        yield f"{name}=if(isnull({node.keys[0]}), {name}, {value})" if node.chained else f"{name}={value}"


def _windows(node: Node) -> Iterator[str]:
    """When the row's window opened, and when the next row of the group comes."""
    each = f" global=f last(th_t) AS th_next{node.by}" if node.by else " last(th_t) AS th_next"
    yield "| streamstats count AS th_row"
    yield "| sort 0 -th_t -th_n -th_row"
    yield f"| streamstats current=f window=1{each}"
    yield "| sort 0 th_t th_n th_row"
    before = each.replace("th_next", "th_previous")
    yield f"| streamstats current=f window=1{before}"
    pause = f"th_t - coalesce(th_previous, {node.known_from})>={node.span}"
    yield f"| eval th_pause=if({pause}, 1, 0)"
    yield f"| streamstats sum(th_pause) AS th_paused{node.by}"
    keys = node.keys
    if node.chained:
        keys = [f"th_by{place}" for place in range(len(node.keys))]
        said = (f'{by}=coalesce({key}, "")' for by, key in zip(keys, node.keys, strict=True))
        yield f"| eval {', '.join(said)}"
    yield f"| sort 0 {' '.join([*(f'str({key})' for key in keys), 'th_t', 'th_n', 'th_row'])}"
    change = " reset_on_change=t" if node.by else ""
    reset = f'reset_after="("isnull(th_next) OR th_next - th_start>={node.span}")"'
    yield f"| streamstats{change} {reset} min(th_t) AS th_start{node.by}"


def _measures(node: Node, by: str) -> Iterator[str]:
    """What has come in the window so far, which at its last row is all."""
    kind, rules = node.link.kind, len(node.link.base)
    if kind == "event_count":
        yield f"| streamstats count AS th_measure{by}"
    elif kind == "value_count":
        joined = '." | ".'.join(value_fields(node))
        yield f"| eval th_value={joined}"
        yield f"| streamstats dc(th_value) AS th_measure{by}"
    elif kind in ("value_sum", "value_avg"):
        numbers = f"sum({node.own('numbers')})" if is_array(node.link.field) else "count"
        yield f"| streamstats sum({node.own('value')}) AS th_sum {numbers} AS th_numbers{by}"
    elif kind in ("value_percentile", "value_median"):
        yield f"| eval th_pair={sortable(node)}"
        yield f"| streamstats values(th_pair) AS th_pairs{by}"
    elif kind == "temporal":
        yield f"| streamstats {' '.join(f'max(th_m{r}) AS th_met{r}' for r in range(rules))}{by}"
    else:
        yield from chains(node, rules, by, shorter=True)
        sizes = range(1, rules + 1)
        most = (f"max(th_a{r}_{size}) AS th_c{r}_{size}" for size in sizes for r in range(size - 1, rules))
        yield f"| streamstats {' '.join(most)}{by}"


def _judged(node: Node) -> Iterator[str]:
    kind, parts, rules = node.link.kind, scale(node), len(node.link.base)
    if kind == "temporal":
        yield f"| eval th_measure={how_many(rules, 'th_met{}=1')}"
        if node.link.expression is not None:
            yield node.where(holds(node.link.expression, "th_met{}=1"))
            return
    elif kind == "value_sum":
        yield f"| eval th_measure=th_sum / {parts}"
        yield node.where(compared(node, "th_sum", parts))
        return
    elif kind == "value_avg":
        yield f"| eval th_measure=th_sum / th_numbers / {parts}"
        yield node.where(compared(node, "th_sum", parts) + " * th_numbers")
        return
    elif kind in ("value_percentile", "value_median"):
        yield f"| eval th_hundredfold={percentile(node, 'th_pairs')}"
        yield f"| eval th_measure=th_hundredfold / {parts * 100}"
        yield node.where(compared(node, "th_hundredfold", parts * 100))
        return
    elif kind == "temporal_ordered":
        yield f"| eval th_measure={_length(rules)}"
    yield node.where(compared(node, "th_measure"))


def _length(rules: int) -> str:
    """The length of the longest chain."""
    cases = []
    for length in range(rules, 0, -1):
        found = " OR ".join(f"th_c{r}_{length}>0" for r in range(length - 1, rules))
        cases.append(f"{found}, {length}")
    return f"case({', '.join(cases)})"
