"""SPL searches of correlations and baselines, run by the evaluator over streams of events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from spl.engine import Compiled, Lookup, Options, Row, parse
from spl.engine import Event as Stored
from window_streams import T0, Event, Firing, Stream, streams_of
from window_streams_more import BASELINES, MORE, SHAPES, more_streams

from tracehound.compiler import schedule, spl_windows
from tracehound.compiler.model import Said
from tracehound.compiler.schedule import look_back
from tracehound.rules import Rule

MACROS = {"tracehound_index": "index=*"}
OPTIONS = Options(json_null="absent", kv_maxchars=None)
LATER = 4_000_000_000.0
CORRELATIONS = [shape for shape in (*SHAPES, *MORE) if not shape.cell.startswith("first_seen")]
FIRST_SEEN = [shape for shape in (*SHAPES, *BASELINES) if shape.cell.startswith("first_seen")]


def said(rule: Rule) -> Said:
    return spl_windows.baseline(rule) if rule.baseline else spl_windows.correlation(rule)


@cache
def compiled(query: str) -> Compiled:
    return parse(query, macros=MACROS, options=OPTIONS)


def stored(events: Iterable[Event]) -> list[Stored]:
    """Events as they lie in an index, in the order of arrival."""
    return [Stored(one, one["time"] / 1000) for one in events]


def milliseconds(row: Row, name: str = "_time") -> int:
    return round(float(row[name][0]) * 1000)


def found(rule: Rule, rows: Iterable[Row]) -> frozenset[Firing]:
    """What the rows of a search say: group and time."""
    names = rule.correlation.group_by if rule.correlation else rule.baseline.by if rule.baseline else ()
    listed = [(group_of(row, names), milliseconds(row), row["metadata.uid"][0]) for row in rows]
    assert len(set(listed)) == len(listed), "a hit is there twice"
    return frozenset((group, time) for group, time, _ in listed)


def group_of(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(value_of(row, name) for name in names)


def value_of(row: Row, name: str) -> str:
    (value,) = row.get(name) or row[f"{name}{{}}"]
    return value


def run(query: str, events: Sequence[Event], **options: Any) -> list[Row]:
    return compiled(query).run(stored(events), **({"now": LATER} | options))


def differs(stream: Stream, query: str, want: frozenset[Firing], got: frozenset[Firing]) -> str:
    """Rule, stream, query and both answers, for whoever has to find out why."""
    events = "\n".join(map(str, stream.events))
    return (
        f"{stream.name}\n{stream.rule or stream.path}\n{query}\n{events}\n"
        f"only the embedded engine: {sorted(want - got)}\nonly SPL: {sorted(got - want)}"
    )


def lookups(rule: Rule, query: Said) -> dict[str, Lookup]:
    by = [f"by{place}" for place in range(1, len(rule.baseline.by if rule.baseline else ()) + 1)]
    return {name: Lookup(fields=[*by, "value", "first", "last"]) for name in query.lookups}


def all_streams(shape: Any) -> Iterator[Stream]:
    if shape in SHAPES:
        yield from streams_of(shape)
    yield from more_streams(shape)


INTERVAL, LATENESS = 7, 4


def scheduled(rule: Rule, query: str, events: Sequence[Event]) -> frozenset[Firing]:
    """What runs every 7 seconds say together, each over the time that it has to look back on."""
    back = look_back(rule, LATENESS) - schedule.INTERVAL + INTERVAL
    got: set[Firing] = set()
    times = [one["time"] // 1000 for one in events]
    for run_at in range(min(times), max(times) + 3 * back, INTERVAL):
        seen = [one for one in events if run_at - back <= one["time"] / 1000 < run_at]
        got |= found(rule, run(query, seen, now=float(run_at), earliest=float(run_at - back)))
    return frozenset(got)


@dataclass(frozen=True)
class Plan:
    """How the two searches of a baseline are run: every so many hours, in which order, over how much more."""

    hours: int
    keep_first: bool
    late: int

    def run(self, rule: Rule, events: Sequence[Event], change: Callable[[str], str] = str) -> set[Firing]:
        query = said(rule)
        tables, (kept,) = lookups(rule, query), query.companions
        search, keep = change(query.query), change(kept.query)
        step, late = self.hours * 3600, self.late * 3600
        got: set[Firing] = set()
        last = max(one["time"] for one in events) // 1000
        for run_at in range(T0 // 1000, last + 2 * step, step):
            seen = [one for one in events if run_at - step - late <= one["time"] / 1000 < run_at]
            options: dict[str, Any] = {"lookups": tables, "now": float(run_at)}
            if self.keep_first:
                run(keep, seen, **options)
            got |= found(rule, run(search, seen, **options))
            run(keep, seen, **options)
        return got
