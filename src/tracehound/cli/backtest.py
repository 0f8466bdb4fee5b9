"""``tracehound backtest``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _deploying as deploying
from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.deploy.backtest import Counted


@click.command("backtest")
@deploying.options
@click.option(
    "--from", "start", default="7d", show_default=True, help="A date or time (UTC), or so long ago."
)
@click.option("--to", "end", help="A date or time, without it.  [default: now]")
def command(target: str, form: str, out: Path | None, start: str, end: str | None, **options: Any) -> None:
    """Count what the rules would have raised in TARGET, by day, and for whom most.

    Reads the events that are in TARGET; writes nothing and raises nothing. The noisiest rule comes first.
    "grouped" is what is left where repeats are put together, as the rule's suppression says.

    \b
    Example:
      tracehound backtest elastic --from 30d
      tracehound backtest splunk --from 2026-01-01 --to 2026-02-01 --level high --format json
    """
    from tracehound.deploy.backtest import Range, backtest

    over = Range.parse(start, end, datetime.now(UTC))
    chosen = deploying.Chosen(target, options)
    tester = chosen.target.part("backtest")(chosen.target_settings, chosen.settings, chosen.rules.rules)
    with deploying.counting(len(chosen.rules), "rules") as advance:
        found = backtest(tester, chosen.rules.rules, over, lambda _counted: advance())
    if form == "table":
        names = ("alerts", "grouped", "most in a day", "level", "rule", "noisiest")
        deploying.table(names, [_row(one) for one in found if one.alerts], out)
    else:
        deploying.write([one.item() for one in found], form, out)
    for one in found:
        if one.problem:
            click.echo(shared.printable(f"not counted: {one.rule.title}: {one.problem}"), err=True)
    silent = sum(not one.alerts and not one.problem for one in found)
    days = f"{over.start:%Y-%m-%d %H:%M} to {over.end:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{sum(one.alerts for one in found):,} alerts, {silent} rules without, {days}", err=True)
    click.get_current_context().exit(chosen.code)


def _row(counted: Counted) -> tuple[str, str, str, str, str, str]:
    day, most = max(counted.days, key=lambda one: one[1])
    who = "; ".join(f"{value} ({count:,})" for value, count in counted.noisiest)
    grouped = "" if counted.grouped is None else f"{counted.grouped:,}"
    level = counted.rule.finding_level
    return f"{counted.alerts:,}", grouped, f"{most:,} ({day})", level, counted.rule.title, who
