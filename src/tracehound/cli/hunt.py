"""``tracehound hunt``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from tracehound.cli import _shared as shared

DEMO_STORE = Path("tracehound-demo/store")


@click.command("hunt")
@click.argument("sql")
@click.option(
    "--store", "folder", type=click.Path(path_type=Path), default=DEMO_STORE, show_default=True,
    help="The store that `detect --store` or `demo` wrote.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson"]),
    help="Form of the output.  [default: table on a terminal, else ndjson]",
)  # fmt: skip
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout."
)
def command(sql: str, folder: Path, form: str | None, out: Path | None) -> None:
    """Ask the embedded store in SQL (DuckDB). Views: events, findings. Objects are structs: ai.principal.

    \b
    Example:
      tracehound hunt "SELECT ai.principal, count(DISTINCT metadata.uid) AS n
                       FROM events WHERE list_contains(ai.signals, 'prompt.injection.instruction_override')
                       GROUP BY 1 ORDER BY n DESC"
    """
    from tracehound import store

    names, rows = store.query(folder, sql)
    form = form or ("table" if out is None and sys.stdout.isatty() else "ndjson")
    if form == "table":
        from tracehound.cli import _tables

        _tables.console().print(_tables.rows(names, rows))
        return
    items = [dict(zip(names, map(_plain, row), strict=True)) for row in rows]
    with shared.output(out) as target:
        if form == "json":
            shared.write_json(target, items)
        else:
            shared.write_lines(target, items)


def _plain(value: Any) -> Any:
    """A value that JSON can hold: keys of maps and numbers beyond 64 bits become text, bytes hexadecimal text."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    return value.hex() if isinstance(value, bytes) else value
