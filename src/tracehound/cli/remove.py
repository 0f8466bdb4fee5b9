"""``tracehound remove``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracehound.cli import _deploying as deploying


@click.command("remove")
@deploying.options
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context, /, target: str, form: str, out: Path | None, yes: bool, **options: Any
) -> None:
    """Take out of TARGET what Tracehound put there: everything, or the chosen rules.

    Shows what would go, with what analysts edited in it, and asks. What has no mark of Tracehound's stays.
    Events stay too, and with them their templates; on Splunk also what came with the files of an app.

    \b
    Example:
      tracehound remove elastic --rule bedrock_guardrail_deleted
      tracehound remove splunk --yes
    """
    from tracehound.deploy import apply, removal

    chosen = deploying.Chosen(target, options)
    changes = removal(chosen.deployment().parts)
    if form == "table":
        deploying.show(changes, form, out)
    go_on = deploying.ask(changes, yes, "remove")
    done, error = apply(changes) if go_on else ([], None)
    code = deploying.report(done, [], form, out) if go_on or form != "table" else 0
    if error is not None:
        raise error
    ctx.exit(code or chosen.code)
