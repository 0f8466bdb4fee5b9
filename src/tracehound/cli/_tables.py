"""Findings and rows as tables on a terminal; every value is shown as text, control characters too."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracehound.cli._shared import printable

LEVEL_STYLES = {1: "dim", 2: "cyan", 3: "yellow", 4: "bold red", 5: "bold white on red"}
LEVEL_NAMES = {1: "info", 2: "low", 3: "medium", 4: "high", 5: "critical"}


def console() -> Console:
    """Standard output; markup, emoji codes and links in log text are not obeyed."""
    return Console(file=sys.stdout, markup=False, emoji=False, highlight=False)


def clock(ms: int | None) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S") if ms else ""


def findings(items: Iterable[dict[str, Any]]) -> Table:
    """One row a finding: when, how bad, what, who, how many events."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, wide in (("time (UTC)", 19), ("level", 8)):
        table.add_column(name, width=wide, no_wrap=True)
    table.add_column("finding", ratio=3, overflow="fold")
    table.add_column("principal", ratio=2, overflow="fold")
    table.add_column("events", justify="right", no_wrap=True)
    for item in items:
        info, ai = item.get("finding_info", {}), item.get("ai", {})
        severity = item.get("severity_id", 0)
        table.add_row(
            clock(item.get("time")),
            Text(LEVEL_NAMES.get(severity, "?"), style=LEVEL_STYLES.get(severity, "")),
            Text(printable(str(info.get("title", "")))),
            Text(printable(str(ai.get("principal") or ""))),
            f"{info.get('related_events_count', 1):,}",
        )
    return table


def rows(names: Sequence[str], values: Iterable[Sequence[Any]]) -> Table:
    """Rows of a query."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(Text(printable(name)), overflow="fold")
    for value in values:
        table.add_row(*(Text("" if cell is None else printable(str(cell), 2000)) for cell in value))
    return table
