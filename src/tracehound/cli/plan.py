"""``tracehound plan``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracehound.cli import _deploying as deploying


@click.command("plan")
@deploying.options
@click.option("--overwrite", is_flag=True, help="Plan to take back what analysts edited.")
@click.pass_context
def command(
    ctx: click.Context, /, target: str, form: str, out: Path | None, overwrite: bool, **options: Any
) -> None:
    """Show what apply would change in TARGET, and change nothing.

    Each object is compared three ways: as it should be, as it is, and as it was when Tracehound last
    applied it. What an analyst edited stays theirs. With --rule, --tag, --level or --area only those
    rules are looked at. What the target's version or licence lacks is listed with the reason.

    \b
    Example:
      tracehound plan elastic
      tracehound plan splunk --area agents --format json
    """
    from tracehound.deploy import plan

    chosen = deploying.Chosen(target, options)
    changes = plan(chosen.deployment().parts, overwrite=overwrite)
    deploying.show(changes, form, out)
    ctx.exit(chosen.code)
