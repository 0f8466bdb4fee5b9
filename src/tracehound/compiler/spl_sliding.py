"""Correlations that are judged at each event (``gt``, ``gte``, expressions without ``not``), in SPL.

Each function takes rows in the order of time, one for each event in each group, and keeps those at which the
condition holds: of what came in less than the timespan up to and with the row, two events exactly the timespan
apart never together. ``time_window`` of streamstats is not used: Splunk's pages do not say whether its edge is
inside, and say that the calculations are "reset" after each window.

Counts and sums are kept by a sweep: each value comes as a row at its time (``th_s=1``) and goes as another one
when the timespan has passed (``th_s=-1``, before all that comes at that time), so that a running sum is the sum of
the window.
"""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.compiler.spl_measures import (
    chains,
    compared,
    ends,
    holds,
    how_many,
    many_values,
    percentile,
    scale,
    sortable,
    value_fields,
    values,
)
from tracehound.compiler.spl_rows import Node, is_array

MAX_WINDOW = 10_000
"""The longest ``window`` that streamstats takes (``max_stream_window`` of limits.conf)."""


def sliding(node: Node) -> Iterator[str]:
    """The rows at which a correlation holds. Raises ``NotInLanguageError``."""
    kind = node.link.kind
    yield from values(node)
    if kind == "event_count":
        yield from _count(node)
    elif kind == "value_count":
        yield from _distinct(node)
    elif kind in ("value_sum", "value_avg"):
        yield from _sum(node)
    elif kind in ("value_percentile", "value_median"):
        yield from _percentile(node)
    elif kind == "temporal":
        yield from _together(node)
    else:
        yield from _in_order(node)


def _count(node: Node) -> Iterator[str]:
    """So many events back in the group, the time was less than the timespan ago."""
    wanted = node.link.count + (node.link.op == "gt")
    if wanted > MAX_WINDOW:
        yield from _sweep(node)
        yield f"| streamstats sum(th_s) AS th_measure{node.by}"
        yield node.where("th_s=1")
        yield _evidence(node)
        yield node.where(f"th_measure>={wanted}")
        return
    yield (
        f"| streamstats window={wanted} global=f min(th_t) AS th_first count AS th_measure{node.by}"
        if node.by
        else f"| streamstats window={wanted} min(th_t) AS th_first count AS th_measure"
    )
    yield _evidence(node)
    yield node.where(f"th_measure={wanted} AND th_t - th_first<{node.span}")


def _distinct(node: Node) -> Iterator[str]:
    """A value comes in when the first event with it does, and goes out with the last."""
    own = value_fields(node)
    yield from _sweep(node)
    yield f"| streamstats sum(th_s) AS th_active{node.by_also(*own)}"
    yield "| eval th_d=case(th_s=1 AND th_active=1, 1, th_s=-1 AND th_active=0, -1, true(), 0)"
    change = "th_d"
    if many_values(node):
        keep = " keepempty=t" if node.chained else ""
        yield f"| eventstats sum(th_d) AS th_change{node.by_also('th_n', 'th_s')}"
        yield f"| dedup {' '.join(['th_n', 'th_s', *node.keys])}{keep}"
        change = "th_change"
    yield f"| streamstats sum({change}) AS th_measure{node.by}"
    yield node.where("th_s=1")
    yield _evidence(node)
    yield node.where(compared(node, "th_measure"))


def _sum(node: Node) -> Iterator[str]:
    """Whole numbers come in and go out again."""
    numbers = node.own("numbers") if is_array(node.link.field) else "1"
    yield from _sweep(node)
    yield f"| eval th_x=th_s * {node.own('value')}, th_y=th_s * {numbers}"
    yield f"| streamstats sum(th_x) AS th_sum sum(th_y) AS th_numbers{node.by}"
    yield node.where("th_s=1")
    yield _evidence(node)
    yield _whole(node)
    if node.link.kind == "value_sum":
        yield f"| eval th_measure=th_sum / {scale(node)}"
        yield node.where(compared(node, "th_sum", scale(node)))
    else:
        yield f"| eval th_measure=th_sum / th_numbers / {scale(node)}"
        yield node.where(compared(node, "th_sum", scale(node)) + " * th_numbers")


def _percentile(node: Node) -> Iterator[str]:
    """All numbers of the window, in their order.

    Each row is in two of the spans of time that follow one another, its own and the next, so that the numbers of
    the last timespan are all in the row's own, and no list grows beyond two timespans.
    """
    parts = scale(node) * 100
    own = f"floor(th_t / {node.span})"
    both = f"mvappend({own}, {own} + 1)"
    spans = f"if(isnull({node.keys[0]}), {own}, {both})" if node.chained else both
    yield f"| eval th_pair={sortable(node)}, th_span={spans}"
    yield "| mvexpand th_span"
    yield f"| streamstats values(th_pair) AS th_pairs{node.by_also('th_span')}"
    yield node.where(f"th_span={own}")
    yield _evidence(node)
    yield _whole(node)
    time = 'tonumber(mvindex(split(th_pairs, "|"), 1))'
    yield f"| eval th_pairs=mvmap(th_pairs, if({time}>th_t - {node.span}, th_pairs, null()))"
    yield f"| eval th_hundredfold={percentile(node, 'th_pairs')}"
    yield f"| eval th_measure=th_hundredfold / {parts}"
    yield node.where(compared(node, "th_hundredfold", parts))


def _together(node: Node) -> Iterator[str]:
    """Each base rule is there if it was met less than the timespan ago."""
    rules = range(len(node.link.base))
    yield f"| eval {', '.join(f'th_t{r}=if(th_m{r}=1, th_t, null())' for r in rules)}"
    yield f"| streamstats {' '.join(f'max(th_t{r}) AS th_last{r}' for r in rules)}{node.by}"
    yield _evidence(node)
    present = "coalesce(th_t - th_last{}, " + f"{node.span})<{node.span}"
    yield f"| eval th_measure={how_many(len(rules), present)}"
    if node.link.expression is not None:
        yield node.where(holds(node.link.expression, present))
    else:
        yield node.where(compared(node, "th_measure"))


def _in_order(node: Node) -> Iterator[str]:
    """The chain of rules in order that began last began less than the timespan ago."""
    rules, length = len(node.link.base), node.link.count + (node.link.op == "gt")
    yield from chains(node, length, node.by)
    last = ends(rules, length)
    most = " ".join(f"max(th_a{r}_{length}) AS th_c{r}" for r in last)
    yield f"| streamstats {most}{node.by}"
    yield _evidence(node)
    yield f"| eval th_measure={length}"
    yield node.where(" OR ".join(f"th_t - th_c{r}<{node.span}" for r in last))


def _sweep(node: Node) -> Iterator[str]:
    """Each row once more, when it leaves the window."""
    both = 'mvappend("1", "-1")'
    signs = f'if(isnull({node.keys[0]}), "1", {both})' if node.chained else both
    yield f"| eval th_s={signs}"
    yield "| mvexpand th_s"
    yield f"| eval th_t=if(th_s=-1, th_t + {node.span}, th_t)"
    yield "| sort 0 th_t th_s th_n"


def _whole(node: Node) -> str:
    """Keep the rows of which the whole window was searched: a part of it may hold where the whole does not."""
    return node.where(f"th_t - ({node.known_from})>={node.span}")


def _evidence(node: Node) -> str:
    """The group's last 100 events, of which those of the window are taken later."""
    by = f" global=f list(th_event) AS th_events{node.by}" if node.by else " list(th_event) AS th_events"
    return f"| streamstats window=100{by}"
