"""The embedded event store: Parquet files by class and day, read through DuckDB.

    DIR/class_uid=6003/day=2026-11-18/<hash>.parquet

Columns are typed from the schema: objects are structs (``ai.principal`` in SQL), lists of scalars are lists,
lists of objects and ``unmapped`` are JSON. What a column cannot hold goes into ``unmapped``, under its path.
A file is named by the hash of its events' ids, so that writing the same events again replaces the file.
Views: ``events`` (all) and ``findings`` (class 2004 raised by Tracehound).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from tracehound.encode import encodable
from tracehound.errors import StoreError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Event = dict[str, Any]

ROWS_A_FILE = 50_000
LEFT = "unmapped"


@dataclass(slots=True)
class _Column:
    """One node of the column tree: a struct where it has ``inner``, else a leaf of ``kind``."""

    kind: str = "json"
    array: bool = False
    inner: dict[str, _Column] = field(default_factory=dict)


@cache
def columns() -> dict[str, _Column]:
    """The column tree, from the schema's field table; a list of objects is one JSON column."""
    from tracehound import schema

    root: dict[str, _Column] = {}
    for path, info in schema.fields().items():
        level = root
        *parents, last = path.split(".")
        for part in parents:
            level = level.setdefault(part, _Column()).inner
        level[last] = _Column(info.type, info.array)
    return {name: _collapse(node) for name, node in root.items()}


def _collapse(node: _Column) -> _Column:
    if not node.inner:
        return _Column("json") if node.kind == "json" else node
    inner = {name: _collapse(child) for name, child in node.inner.items()}
    if _all_arrays(node):
        return _Column("json")
    return _Column(inner=inner)


def _all_arrays(node: _Column) -> bool:
    """A list of objects: everything below it is told as a list."""
    return all(_all_arrays(child) if child.inner else child.array for child in node.inner.values())


@cache
def arrow_schema() -> pa.Schema:
    import pyarrow as pa

    scalars = {
        "keyword": pa.string(), "text": pa.string(), "ip": pa.string(), "json": pa.string(), "long": pa.int64(),
        "double": pa.float64(), "boolean": pa.bool_(), "date": pa.timestamp("ms"),
    }  # fmt: skip

    def typed(node: _Column) -> pa.DataType:
        if node.inner:
            return pa.struct([pa.field(name, typed(child)) for name, child in node.inner.items()])
        scalar = scalars[node.kind]
        return pa.list_(scalar) if node.array else scalar

    return pa.schema([pa.field(name, typed(node)) for name, node in columns().items()])


_FITS: dict[str, tuple[type, ...]] = {
    "keyword": (str,), "text": (str,), "ip": (str,), "long": (int,), "double": (int, float), "boolean": (bool,),
    "date": (int,),
}  # fmt: skip


def row(event: Event) -> dict[str, Any]:
    """An event as a row: values in their columns, the rest under its path in ``unmapped``."""
    left: dict[str, Any] = {}
    made = _struct(event, columns(), "", left)
    if left:
        unmapped = event.get(LEFT)
        made[LEFT] = _json((unmapped if isinstance(unmapped, dict) else {}) | left)
    return made


def _struct(
    value: dict[str, Any], level: dict[str, _Column], place: str, left: dict[str, Any]
) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in value.items():
        node = level.get(key)
        if node is None:
            left[place + key] = item
        elif node.inner:
            if isinstance(item, dict):
                made[key] = _struct(item, node.inner, f"{place}{key}.", left)
            else:
                left[place + key] = item
        elif node.kind == "json":
            made[key] = _json(item)
        elif _fits(item, node):
            made[key] = item
        else:
            left[place + key] = item
    return made


def _fits(item: Any, node: _Column) -> bool:
    wanted = _FITS[node.kind]
    if node.array:
        return isinstance(item, list) and all(_scalar_fits(i, wanted) for i in item)
    return _scalar_fits(item, wanted)


def _scalar_fits(item: Any, wanted: tuple[type, ...]) -> bool:
    if isinstance(item, bool):
        return bool in wanted
    return isinstance(item, wanted) and not (isinstance(item, int) and not -(2**63) <= item < 2**63)


def _encodable(event: Event) -> Event:
    """An event that Parquet takes: one that no JSON encoder refuses."""
    try:
        orjson.dumps(event, default=str)
    except TypeError:
        made: Event = encodable(event)
        return made
    return event


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Writer:
    """Collects events and writes them by class and day; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
        self._ids: dict[tuple[int, str], Any] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{folder}: cannot be made: {error.strerror}") from error

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, events: Iterable[Event]) -> None:
        for event in map(_encodable, events):
            day = datetime.fromtimestamp(event["time"] / 1000, UTC).date().isoformat()
            part = (event["class_uid"], day)
            rows = self._rows[part]
            rows.append(row(event))
            self._ids.setdefault(part, blake2b(digest_size=12)).update(event["metadata"]["uid"].encode())
            if len(rows) >= ROWS_A_FILE:
                self._write(part)

    def close(self) -> None:
        for part in list(self._rows):
            self._write(part)

    def _write(self, part: tuple[int, str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        rows, name = self._rows.pop(part), self._ids.pop(part).hexdigest()
        folder = self.folder / f"class_uid={part[0]}" / f"day={part[1]}"
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f".{name}.tmp"
        pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema()), unfinished, compression="zstd")
        unfinished.replace(folder / f"{name}.parquet")


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with the views; it reads files of the store only and cannot be set otherwise."""
    import duckdb

    if not any(folder.glob("class_uid=*/day=*/*.parquet")):
        raise StoreError(
            f"{folder}: no events are stored there; `tracehound demo` or `detect --store` stores some"
        )
    link = duckdb.connect(":memory:")
    place = str(folder.resolve()).replace("'", "''")
    json_columns = [name for name, node in columns().items() if node.kind == "json" and not node.inner]
    casts = ", ".join(f'"{name}"::JSON AS "{name}"' for name in json_columns)
    source = f"read_parquet('{place}/class_uid=*/day=*/*.parquet', hive_partitioning = false)"
    link.execute("SET TimeZone = 'UTC'")
    link.execute(f"CREATE VIEW events AS SELECT * REPLACE ({casts}) FROM {source}")
    link.execute(
        "CREATE VIEW findings AS SELECT * FROM events WHERE class_uid = 2004 AND ai.source = 'tracehound'"
    )
    link.execute(f"SET allowed_directories = ['{place}']")
    link.execute("SET enable_external_access = false")
    link.execute("SET lock_configuration = true")
    return link


def query(folder: Path, sql: str) -> tuple[Sequence[str], list[tuple[Any, ...]]]:
    """Column names and rows of one SQL query over the store. It reads: COPY, ATTACH, SET... are refused.

    The second column of one name is called ``name_2``, so that names are keys.
    """
    import duckdb

    with connect(folder) as link:
        try:
            asked = link.extract_statements(sql)
            if [one.type for one in asked] != [duckdb.StatementType.SELECT]:
                raise StoreError("the query was refused: one SELECT is asked at a time, and nothing else")
            result = link.execute(asked[0])
            rows = result.fetchall()
        except duckdb.Error as error:
            raise StoreError(f"the query was refused: {error}") from error
        return _unique([column[0] for column in result.description or ()]), rows


def _unique(names: Sequence[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        number, free = 1, name
        while free in made:
            number += 1
            free = f"{name}_{number}"
        made.append(free)
    return made
