"""The numbers of a board, from the embedded store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tracehound import store
from tracehound.boards import sql
from tracehound.boards.panel import Panel
from tracehound.errors import StoreError

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a panel shows: rows of ``[time] key.. value``, times in epoch milliseconds."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@contextmanager
def asking(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a store, for the panels of a board. Raises ``StoreError``."""
    with store.connect(folder) as link:
        yield link


def numbers(link: duckdb.DuckDBPyConnection, panel: Panel, span: tuple[int, int]) -> Numbers:
    """A panel's numbers for a range of epoch milliseconds, its end not included. Raises ``StoreError``."""
    import duckdb

    start, end = span
    try:
        found = link.execute(sql.query(panel, span), {"start": start, "end": end})
        return Numbers(tuple(column[0] for column in found.description or ()), tuple(found.fetchall()))
    except duckdb.Error as error:
        raise StoreError(f"panel {panel.spec.id}: the store refused the query: {error}") from error
