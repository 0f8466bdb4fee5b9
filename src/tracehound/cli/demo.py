"""``tracehound demo``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.demo.run import Outcome


@click.command("demo")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("tracehound-demo"),
    show_default=True, help="The folder that gets the store, the findings and the report.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson"]), default="table", show_default=True
)
@click.pass_context
def command(ctx: click.Context, out: Path, form: str) -> None:
    """Run a shipped day of raw AI logs through everything: events, findings, store and an HTML report.

    The day belongs to an invented company: some thousands of ordinary records from eight sources, and six
    attacks among them.

    \b
    Example:
      tracehound demo -o /tmp/demo
      tracehound hunt --store /tmp/demo/store "SELECT ai.source, count(*) FROM events GROUP BY 1"
    """
    from tracehound.demo import run

    with shared.progress(tuple(run.logs()), "sample day") as advance:
        outcome = run.run(out, advance)
    if form == "table":
        _show(outcome)
    else:
        with shared.output(None) as target:
            write = shared.write_json if form == "json" else shared.write_lines
            write(target, outcome.findings)
    ctx.exit(shared.report_dead(outcome.dead))


def _show(outcome: Outcome) -> None:
    from tracehound.cli import _tables

    latest = {f["finding_info"]["uid"]: f for f in outcome.findings}
    rows = sorted(latest.values(), key=lambda f: (-f["severity_id"], f["time"]))
    _tables.console().print(_tables.findings(rows))
    counts = outcome.counts
    click.echo()
    click.echo(
        f"{counts['records']:,} records -> {counts['events']:,} OCSF events -> {len(latest):,} findings "
        f"by {counts['rules']:,} rules in {counts['seconds']:.1f} s"
    )
    click.echo(f"report:  {outcome.report}")
    click.echo(f'store:   {outcome.store}   (ask it: tracehound hunt "SELECT ..." --store {outcome.store})')
    sys.stdout.flush()
