"""stats, eventstats and streamstats.

Source: Search Reference, the three pages. stats BY gives one row for each distinct value, so an event with
several values of a BY field is in each of their rows, once per occurrence unless dedup_splitvals=t; rows
without a BY field are left out. eventstats and streamstats keep such rows as they are.
"""

import itertools
import re
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from spl.aggregates import Aggregate, lexical, parse_aggregate
from spl.arguments import Args
from spl.context import Command, Context
from spl.errors import SplError
from spl.events import Row
from spl.expression import Expr, parse_expression
from spl.scan import Stage
from spl.times import span_seconds
from spl.values import truth

STREAM_LIMIT = 10_000
CLOSE = re.compile(r'(?<!\\)"\)"')


@dataclass
class Plan:
    """What stands behind a command of the stats family."""

    columns: list[Aggregate] = field(default_factory=list)
    by: list[str] = field(default_factory=list)
    options: dict[str, object] = field(default_factory=dict)


def _plan(args: Args, now: Callable[[], float], options: dict[str, Callable[[Args], object]]) -> Plan:
    plan = Plan()
    while not args.done():
        before = args.at
        name = args.option()
        if name is not None:
            if name not in options:
                args.at = before
                raise args.refuse(f"the option {name}= is not in the subset")
            plan.options[name] = options[name](args)
        elif args.keyword("by"):
            _by(args, plan, options)
        elif plan.by:
            raise args.refuse("only options follow the BY clause")
        else:
            plan.columns.append(parse_aggregate(args, now))
            args.mark(",")
    if not plan.columns:
        raise args.refuse("a stats function is missing")
    names = [column.name for column in plan.columns] + plan.by
    if len(set(names)) < len(names):
        raise args.refuse("two columns have the same name")
    return plan


def _by(args: Args, plan: Plan, options: dict[str, Callable[[Args], object]]) -> None:
    while not args.done():
        before = args.at
        if plan.by and args.option() is not None:
            args.at = before
            break
        args.at = before
        name = args.word("a BY field")
        if "*" in name:
            raise args.refuse("wildcards in a BY clause are not supported by Splunk")
        plan.by.append(name)
        args.mark(",")
    if not plan.by:
        raise args.refuse("a BY field is missing")


def stats(args: Args, context: Context) -> Command:
    """One row per group, in lexicographical order of the BY fields."""
    plan = _plan(args, context.clock, {"dedup_splitvals": Args.flag})
    once = bool(plan.options.get("dedup_splitvals"))

    def run(rows: list[Row]) -> list[Row]:
        groups: dict[tuple[str, ...], list[Row]] = {} if plan.by else {(): rows}
        for row in rows if plan.by else ():
            for key in _keys(row, plan.by, once):
                groups.setdefault(key, []).append(row)
        ordered = sorted(groups.items(), key=lambda item: [lexical(text) for text in item[0]])
        return [_summary(plan, key, members) for key, members in ordered]

    return run


def _keys(row: Row, by: list[str], once: bool) -> Iterable[tuple[str, ...]]:
    values = [row.get(name, []) for name in by]
    return itertools.product(*([list(dict.fromkeys(v)) for v in values] if once else values))


def _summary(plan: Plan, key: tuple[str, ...], members: Sequence[Row]) -> Row:
    row = {name: [text] for name, text in zip(plan.by, key, strict=True)}
    row.update(_columns(plan, members))
    return row


def _columns(plan: Plan, members: Sequence[Row]) -> Row:
    found = {column.name: column.compute(members) for column in plan.columns}
    return {name: values for name, values in found.items() if values}


def _key(row: Row, by: list[str], what: str) -> tuple[str, ...] | None:
    values = [row.get(name, []) for name in by]
    if any(len(texts) > 1 for texts in values):
        raise SplError(f"{what} BY a field with several values is not documented; mvexpand it first")
    return None if any(not texts for texts in values) else tuple(texts[0] for texts in values)


def _with(row: Row, plan: Plan, found: Row) -> Row:
    return {**{name: v for name, v in row.items() if all(name != c.name for c in plan.columns)}, **found}


def eventstats(args: Args, context: Context) -> Command:
    """Each row, with the columns of its group."""
    plan = _plan(args, context.clock, {})

    def run(rows: list[Row]) -> list[Row]:
        keys = [_key(row, plan.by, "eventstats") for row in rows]
        groups: dict[tuple[str, ...], list[Row]] = {}
        for key, row in zip(keys, rows, strict=True):
            if key is not None:
                groups.setdefault(key, []).append(row)
        columns = {key: _columns(plan, members) for key, members in groups.items()}
        return [
            row if key is None else _with(row, plan, columns[key])
            for key, row in zip(keys, rows, strict=True)
        ]

    return run


def _span(args: Args) -> float:
    found = span_seconds(args.word("a span"))
    if found is None:
        raise args.refuse("not a span of seconds, minutes, hours, days or weeks")
    return float(found)


def _reset(now: Callable[[], float]) -> Callable[[Args], object]:
    """``"("expression")"``, the documented form: quotation marks inside are escaped."""

    def parse(args: Args) -> object:
        text = args.stage.text
        closing = CLOSE.search(text, args.at + 3)
        if not text.startswith('"("', args.at) or closing is None:
            raise args.refuse('a reset condition is written "("condition")"')
        end = closing.start()
        inner = text[args.at + 3 : end].replace('\\"', '"')
        stage = Stage(inner, 0, len(inner))
        args.at = end + 3
        args.skip()
        return parse_expression(stage, 0, len(inner), now).run

    return parse


def streamstats(args: Args, context: Context) -> Command:
    """Each row, with the columns computed over the rows seen so far, in the order they come."""
    reset = _reset(context.clock)
    plan = _plan(
        args,
        context.clock,
        {
            "window": Args.count,
            "time_window": _span,
            "current": Args.flag,
            "global": Args.flag,
            "reset_on_change": Args.flag,
            "reset_before": reset,
            "reset_after": reset,
        },
    )
    stream = Stream(plan, context)
    return stream.run


class Stream:
    """The state of one streamstats: a single window (global=t) or one for each group (global=f)."""

    def __init__(self, plan: Plan, context: Context) -> None:
        self.plan, self.context = plan, context
        options = plan.options
        self.window = _number(options.get("window"))
        self.span = _number(options.get("time_window"))
        self.current = options.get("current", True) is True
        self.apart = options.get("global", True) is False and self.window > 0
        self.on_change = options.get("reset_on_change", False) is True
        self.before, self.after = (
            _condition(options.get("reset_before")),
            _condition(options.get("reset_after")),
        )

    def run(self, rows: list[Row]) -> list[Row]:
        if self.span:
            _check_sorted(rows)
        if len(rows) > STREAM_LIMIT:
            raise SplError(f"streamstats over more than {STREAM_LIMIT} rows meets max_stream_window")
        windows: dict[tuple[str, ...], deque[tuple[tuple[str, ...], Row]]] = {}
        out, previous = [], None
        for row in rows:
            key = _key(row, self.plan.by, "streamstats")
            changed = self.on_change and key is not None and previous is not None and key != previous
            previous = key if key is not None else previous
            if changed or (self.before is not None and truth(self.before(row)) is True):
                windows.clear()
            if key is None:
                out.append(row)
                continue
            window = windows.setdefault(key if self.apart else (), deque())
            out.append(self._step(window, key, row))
            if self.after is not None and truth(self.after(out[-1])) is True:
                windows.clear()
        return out

    def _step(self, window: deque[tuple[tuple[str, ...], Row]], key: tuple[str, ...], row: Row) -> Row:
        if self.current:
            window.append((key, row))
        while self.window and len(window) > self.window:
            window.popleft()
        while window and self.span and self._outside(window[0][1], row):
            window.popleft()
        found = _columns(self.plan, [member for group, member in window if group == key])
        if not self.current:
            window.append((key, row))
        return _with(row, self.plan, found)

    def _outside(self, first: Row, row: Row) -> bool:
        apart = abs(float(row["_time"][0]) - float(first["_time"][0]))
        if apart == self.span and self.context.options.window_edge == "refuse":
            raise SplError("an event exactly time_window away: not documented whether it counts")
        return apart > self.span or (apart == self.span and self.context.options.window_edge == "outside")


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def _condition(value: object) -> Expr | None:
    return value if callable(value) else None


def _check_sorted(rows: list[Row]) -> None:
    if any("_time" not in row for row in rows):
        raise SplError("time_window needs _time in every row")
    times = [float(row["_time"][0]) for row in rows]
    if times != sorted(times) and times != sorted(times, reverse=True):
        raise SplError("time_window needs rows sorted by time, ascending or descending")
