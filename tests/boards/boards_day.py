"""The demo day in every engine: the embedded store, a real Elasticsearch, the SPL evaluator; some events twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from engines_index import Index, QueryError, reason
from spl.engine import Event as SplEvent
from spl.engine import Options, run

from tracehound import store
from tracehound.boards import Board, Panel, esql, load_boards, read, spl, sql
from tracehound.compiler.leaves import type_of
from tracehound.config import load_settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.demo.run import DAY, logs
from tracehound.matcher.setup import engine_for
from tracehound.pipeline import Pipeline
from tracehound.rules import load_rules

Event = dict[str, Any]
SPAN = (1_794_960_000_000, 1_795_046_400_000)
TWICE = 400
"""So many events are stored a second time, as after a rollover: no number may change."""
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Day:
    """Events and findings of the day, and where they are stored."""

    events: list[Event]
    folder: Path


def day(folder: Path) -> Day:
    """The day's logs through the whole engine, into a store in ``folder``."""
    settings = load_settings(DAY / "approved.yml")
    dead = DeadLetters(folder / "dead.ndjson")
    pipeline = Pipeline(settings, dead)
    engine = engine_for(load_rules(lists=settings.lists), settings)
    inputs = input_connector("file")
    events: list[Event] = []
    findings: list[Event] = []
    for batch in pipeline.run_by_time([inputs.streams([log], lambda _size: None) for log in logs()]):
        events += batch
        findings += engine.process(batch)
    findings += engine.flush()
    dead.close()
    whole = orjson.loads(orjson.dumps(events + findings))
    with store.Writer(folder / "store") as writer:
        writer.add(whole)
    with store.Writer(folder / "store") as writer:
        writer.add(again(whole))
    return Day(whole, folder / "store")


def again(events: Sequence[Event]) -> list[Event]:
    """Those that are stored twice: every so many-th, so that each kind is among them."""
    return list(events[:: max(len(events) // TWICE, 1)])


def overview() -> Board:
    """The shipped board."""
    found = load_boards()
    assert not found.errors, found.errors
    return next(board for board in found.boards if board.name == "overview")


def by_sql(day: Day, panel: Panel, span: tuple[int, int] = SPAN, *, ranked: bool = False) -> Rows:
    """By the store; ``ranked``: percentiles by nearest rank, as Splunk's are, without what lies between."""
    with read.asking(day.folder) as link:
        if ranked:
            text = sql.query(panel, span).replace("quantile_cont", "quantile_disc")
            asked = link.execute(text, {"start": span[0], "end": span[1]})
            return [tuple(map(plain, row)) for row in asked.fetchall()]
        return [tuple(map(plain, row)) for row in read.numbers(link, panel, span).rows]


def by_esql(index: Index, panel: Panel, span: tuple[int, int] = SPAN) -> Rows | QueryError:
    body = {
        "query": esql.query(panel),
        "params": [{"_tstart": moment(span[0])}, {"_tend": moment(span[1])}],
        "filter": {"term": {"_index": index.name}},
    }
    status, found = index.http.send("POST", "/_query", orjson.dumps(body))
    if status >= 400:
        return QueryError(reason(found), status)
    names = [column["name"] for column in found["columns"]]
    assert names == [*esql.columns(panel.spec), "value"]
    rows = [tuple(row) for row in found["values"]]
    if panel.spec.interval:
        rows = [(epoch(row[0]), *row[1:]) for row in rows]
    return [tuple(map(plain, row)) for row in rows]


_SPL: dict[Path, list[tuple[int, SplEvent]]] = {}


def spl_events(day: Day) -> list[tuple[int, SplEvent]]:
    """What Splunk would hold, made once; some events twice."""
    if day.folder not in _SPL:
        _SPL[day.folder] = [
            (event["time"], SplEvent(event, event["time"] / 1000))
            for event in [*day.events, *again(day.events)]
        ]
    return _SPL[day.folder]


def by_spl(day: Day, panel: Panel, span: tuple[int, int] = SPAN) -> Rows:
    """By the evaluator; raises its ``SplError`` for what lies outside its subset."""
    kept = [one for time, one in spl_events(day) if span[0] <= time < span[1]]
    options = Options(kv_maxchars=None)
    rows = run(spl.query(panel, span), kept, macros={"tracehound_index": "index=*"}, options=options)
    names = [*(["_time"] if panel.spec.interval else []), *map(esql.column, panel.spec.by), "value"]
    made: Rows = []
    for row in rows:
        values: list[Any] = [row[name][0] if row.get(name) else None for name in names]
        keyed = len(panel.spec.by) + 1
        for at, by in enumerate(panel.spec.by, len(values) - keyed):
            values[at] = int(values[at]) if type_of(by.field) == "long" else values[at]
        if panel.spec.interval:
            values[0] = round(float(values[0]) * 1000)
        values[-1] = None if values[-1] is None else float(values[-1])
        made.append(tuple(map(plain, values)))
    return made


def moment(time: int) -> str:
    """As Kibana writes the ends of its time picker."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time / 1000, UTC).isoformat().replace("+00:00", "Z")


def epoch(text: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def plain(value: Any) -> Any:
    """Booleans as words; numbers that are whole as such."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def equal(panel: Panel, one: Rows, other: Rows, share: float | None = None) -> None:
    """Counts exactly, sums and means but for rounding, percentiles within two of a hundred."""
    how = panel.spec.measure.how
    share = share or {"count": 0.0, "distinct": 0.0, "sum": 1e-9, "avg": 1e-9}.get(how, 0.02)
    if share:
        one, other = sorted(one, key=keys), sorted(other, key=keys)
    assert [row[:-1] for row in one] == [row[:-1] for row in other]
    for left, right in zip(one, other, strict=True):
        same = left[-1] == right[-1] or math.isclose(left[-1], right[-1], rel_tol=share)  # None is None
        assert same, (left, right)


def keys(row: tuple[Any, ...]) -> tuple[str, ...]:
    return tuple(map(str, row[:-1]))
