"""``tracehound verify``."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _deploying as deploying
from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.deploy.verify import Verdict


@click.command("verify")
@deploying.options
@click.pass_context
def command(ctx: click.Context, /, target: str, form: str, out: Path | None, **options: Any) -> None:
    """See whether the rules in TARGET find their own test events.

    Each rule's own raw records go through the whole pipeline, with their times moved to now, into a place
    that no rule looks at; then the query that is deployed is run on them. No alert comes of it, and all of
    it is removed in the end. A rule that is not deployed is checked as it would be.

    Exit code 1 when a rule did not fire, or fired on events that it must not.

    \b
    Example:
      tracehound verify elastic
      tracehound verify splunk --rule bedrock_guardrail_deleted --format json
    """
    from tracehound.deploy.verify import verify

    chosen = deploying.Chosen(target, options)
    verifier = chosen.target.part("verify")(chosen.target_settings, chosen.settings, chosen.rules.rules)
    with ended_in_order(), deploying.counting(len(chosen.rules), "rules") as advance:
        now = int(time.time() * 1000)
        found = verify(verifier, chosen.rules.rules, chosen.settings, now, lambda _verdict: advance())
    for note in verifier.notes:
        click.echo(shared.printable(note), err=True)
    if form == "table":
        deploying.table(("verdict", "rule", "query", "details"), [_row(one) for one in found], out)
    else:
        deploying.write([one.item() for one in found], form, out)
    click.echo(deploying.summary(one.status for one in found), err=True)
    ctx.exit(1 if any(not one.good for one in found) else chosen.code)


def _row(verdict: Verdict) -> tuple[str, str, str, str]:
    return verdict.status, verdict.rule.title, verdict.source, verdict.reason


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A polite end of the process (``kill``, a closed terminal) still takes away what was put there."""

    def stop(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {}
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None:
            before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
