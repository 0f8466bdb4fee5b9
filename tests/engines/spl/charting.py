"""timechart and xyseries: a column for each series.

Source: Search Reference, timechart ("Syntax", "bins", "where clause"), xyseries. Of timechart the forms with one
aggregate are here: ``span=`` or ``bins=``, ``limit=N`` (the series with the largest sums) or ``WHERE max|sum in
topN``, always without OTHER and NULL. Steps without rows are filled in, over the search's range where one is given.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spl.aggregates import Aggregate, lexical, parse_aggregate
from spl.arguments import Args
from spl.context import Command, Context
from spl.errors import SplError
from spl.events import Row, number_text
from spl.times import span_seconds

STEPS = (1, 5, 10, 30, 60, 300, 600, 1800, 3600, 86400)
"""The steps that ``bins=`` chooses from, without months."""
DEFAULT_LIMIT = 10


@dataclass
class Chart:
    """What stands behind timechart."""

    column: Aggregate | None = None
    by: str = ""
    span: int = 0
    bins: int = 100
    limit: int = DEFAULT_LIMIT
    rank: Callable[[Iterable[float]], float] = sum
    other: bool = True
    null: bool = True


def timechart(args: Args, context: Context) -> Command:
    """One row for each step, ``_time`` and a column for each series."""
    plan = _plan(args, context)
    column = plan.column
    if column is None:
        raise args.refuse("a stats function is missing")
    if plan.by and (plan.other or plan.null):
        raise args.refuse("timechart BY without useother=f usenull=f is not in the subset")

    def run(rows: list[Row]) -> list[Row]:
        times = [float(row["_time"][0]) for row in rows]
        known = context.latest is not None
        if not rows and not known:
            return []
        first = context.earliest if known and context.earliest else min(times, default=context.earliest)
        last = context.latest if context.latest is not None else max(times) + 1e-6
        span = plan.span or next((s for s in STEPS if -(-last // s) - first // s <= plan.bins), STEPS[-1])
        cells: dict[tuple[str, float], list[Row]] = {}
        for time, row in zip(times, rows, strict=True):
            for name in _series(row, plan.by):
                cells.setdefault((name, time // span * span), []).append(row)
        found = {cell: column.compute(members) for cell, members in cells.items()}
        names = _largest(plan, found) if plan.by else [column.name]
        empty = ["0"] if column.compute([]) == ["0"] else []
        made = []
        step = first // span * span
        while step < last:
            row = {"_time": [number_text(step)]}
            for name in names:
                value = found.get((name if plan.by else "", step), empty)
                if value:
                    row[name] = value
            made.append(row)
            step += span
        return made

    return run


def _plan(args: Args, context: Context) -> Chart:
    plan = Chart()
    while not args.done():
        before = args.at
        option = args.option()
        if option == "span":
            plan.span = span_seconds(args.word("a span")) or 0
            if not plan.span:
                raise args.refuse("the span is not in the subset")
        elif option in ("bins", "limit"):
            setattr(plan, option, args.count())
        elif option in ("useother", "usenull"):
            setattr(plan, option.removeprefix("use"), args.flag())
        elif option is not None:
            args.at = before
            raise args.refuse(f"the option {option}= is not in the subset")
        elif args.keyword("by"):
            plan.by = args.word("a field")
        elif args.keyword("where"):
            _where(args, plan)
        elif plan.column is None:
            plan.column = parse_aggregate(args, context.clock)
        else:
            raise args.refuse("timechart with several functions is not in the subset")
    return plan


def _where(args: Args, plan: Chart) -> None:
    how = args.word("sum or max")
    if how not in ("sum", "max") or not args.keyword("in"):
        raise args.refuse("only WHERE sum|max in topN is in the subset")
    text = args.word("topN")
    if not text.startswith("top") or not text[3:].isdigit():
        raise args.refuse("only WHERE sum|max in topN is in the subset")
    plan.rank, plan.limit = (max if how == "max" else sum), int(text[3:])


def _series(row: Row, by: str) -> list[str]:
    if not by:
        return [""]
    values = row.get(by, [])
    if len(values) > 1:
        raise SplError("timechart BY a field with several values is not in the subset")
    return ["VALUE" + value if value.startswith("_") else value for value in values]


def _largest(plan: Chart, found: dict[tuple[str, float], list[str]]) -> list[str]:
    """Names of the series that are drawn, in lexicographical order; limit=0: all. Ties by name."""
    points: dict[str, list[float]] = {}
    for (name, _), values in found.items():
        points.setdefault(name, []).extend(map(float, values))
    ranked = sorted(points, key=lambda name: (-plan.rank(points[name] or [0.0]), lexical(name)))
    return sorted(ranked[: plan.limit or None], key=lexical)


def xyseries(args: Args, context: Context) -> Command:
    """``xyseries x names values``: one row for each x, in the order of first appearance."""
    names = args.fields()
    if len(names) != 3:
        raise args.refuse("xyseries wants three fields")
    x, series, value = names

    def run(rows: list[Row]) -> list[Row]:
        made: dict[str, Row] = {}
        for row in rows:
            if not (row.get(x) and row.get(series)):
                continue
            if any(len(row[name]) > 1 for name in (x, series)):
                raise SplError("xyseries of several values is not in the subset")
            line = made.setdefault(row[x][0], {x: row[x]})
            line[row[series][0]] = row.get(value, [])
        return list(made.values())

    return run
