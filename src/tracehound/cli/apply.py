"""``tracehound apply``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from tracehound.cli import _deploying as deploying


@click.command("apply")
@deploying.options
@click.option("--overwrite", is_flag=True, help="Take back what analysts edited, in the chosen rules.")
@click.option(
    "--enable", is_flag=True, help="New rules are switched on; those that are there stay as they are."
)
@click.option(
    "--rollback", is_flag=True,
    help="Only go back to the mapping of the events before this one; it stays until --overwrite.",
)  # fmt: skip
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def command(
    ctx: click.Context, /, target: str, form: str, out: Path | None, overwrite: bool, enable: bool,
    rollback: bool, yes: bool, **options: Any,
) -> None:  # fmt: skip
    """Bring TARGET to what the pack says: rules, boards, and what they rest on.

    That is on Elastic the templates of the events, on Splunk macros and lookups. Shows the plan and asks.
    Only objects that carry Tracehound's mark are changed, and of these only what no analyst edited;
    exceptions, actions and whether a rule is on are theirs from the start.
    Each object is read again before it is written. It may be run again at any time; what failed is
    tried again then.

    Exit code 1 when an object could not be written.

    \b
    Example:
      tracehound apply elastic
      tracehound apply splunk --rule bedrock_guardrail_deleted --yes
    """
    from tracehound.deploy import apply, plan

    chosen = deploying.Chosen(target, options)
    if rollback:
        back = chosen.target.part("rollback")
        if not yes and not (
            deploying.on_terminal() and click.confirm("go back to the mapping before?", err=True)
        ):
            raise click.UsageError("--rollback: --yes says so where there is no terminal to ask on")
        for line in back(chosen.target_settings):
            click.echo(line, err=True)
        return
    more = {"enabled": True} if enable else {}
    changes = plan(chosen.deployment(**more).parts, overwrite=overwrite)
    if form == "table":
        deploying.show(changes, form, out)
    go_on = deploying.ask(changes, yes, "apply")
    done, error = apply(changes, overwrite=overwrite) if go_on else ([], None)
    code = deploying.report(done, [c for c in changes if not c.writes], form, out) if go_on else 0
    if not go_on and form != "table":
        deploying.show(changes, form, out)
    if error is not None:
        raise error
    ctx.exit(code or chosen.code)
