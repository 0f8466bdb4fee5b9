"""The languages that a panel is said in."""

from __future__ import annotations

from collections.abc import Callable

from tracehound.boards import esql, spl
from tracehound.boards.panel import Panel
from tracehound.boards.sql import query as sql_query

SAYS: dict[str, Callable[[Panel], str]] = {"esql": esql.query, "splunk": spl.query, "sql": sql_query}
