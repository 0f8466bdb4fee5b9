"""Events of the past, from which baselines learn before the first event is judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from tracehound import store
from tracehound.matcher.hits import Event
from tracehound.rules.model import Rule

ROWS = 2000
ALWAYS = ("time", "type_uid", "metadata", "ai")


def is_store(folder: Path) -> bool:
    """Whether a folder holds stored events (``detect --store``), not logs."""
    return folder.is_dir() and any(folder.glob("class_uid=*/day=*/*.parquet"))


def stored_events(folder: Path, rules: Iterable[Rule]) -> Iterator[list[Event]]:
    """The events of a store in the order of time, in batches, with the fields that baselines read."""
    baselines = [rule for rule in rules if rule.baseline is not None]
    wanted = {f.partition(".")[0] for rule in baselines for f in _fields(rule)} | {*ALWAYS}
    columns = store.columns()
    names = [name for name in columns if name in wanted and name != "time"]
    plain = {name for name in names if columns[name].kind == "json" and not columns[name].inner}
    chosen = ", ".join(f'"{name}"' for name in names)
    with store.connect(folder) as link:
        query = f"SELECT epoch_ms(time), {chosen} FROM events WHERE class_uid <> 2004 ORDER BY time"
        found = link.execute(query)
        while rows := found.fetchmany(ROWS):
            yield [_event(names, plain, row) for row in rows]


def _event(names: list[str], plain: set[str], row: tuple[Any, ...]) -> Event:
    event: Event = {"time": row[0]}
    for name, value in zip(names, row[1:], strict=True):
        if value is not None:
            event[name] = orjson.loads(value) if name in plain else value
    return event


def _fields(rule: Rule) -> tuple[str, ...]:
    return rule.fields + ((rule.baseline.of, *rule.baseline.by) if rule.baseline else ())
