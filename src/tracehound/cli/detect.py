"""``tracehound detect``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from tracehound.cli import _shared as shared


@click.command("detect")
@shared.input_options
@shared.rule_options
@click.option(
    "--store", "folder", type=click.Path(path_type=Path), help="Keep events and findings here for `hunt`."
)
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout."
)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson"]),
    help="Form of the output.  [default: table on a terminal, else ndjson]",
)  # fmt: skip
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context, places: tuple[str, ...], source: str | None, dead_letter: Path | None, validate: bool,
    names: tuple[str, ...], tags: tuple[str, ...], levels: tuple[str, ...], areas: tuple[str, ...],
    folder: Path | None, out: Path | None, form: str | None, config: Path | None, packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Run the rules over raw logs or OCSF events and print the findings.

    Several files are read side by side, merged by the time of their records. Findings are OCSF Detection Findings.
    The exit code does not depend on what was found.

    \b
    Example:
      tracehound detect gateway.jsonl.gz cloudtrail/ --level high --level critical
      tracehound normalize logs/ | tracehound detect --store ./store > findings.ndjson
    """
    from tracehound import store
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.matcher.setup import engine_for
    from tracehound.pipeline import Pipeline

    settings = shared.settings_of(config, packs)
    ruleset, code = shared.rules_of(settings, names, tags, levels, areas)
    form = form or ("table" if out is None and sys.stdout.isatty() else "ndjson")
    dead = DeadLetters(dead_letter)
    pipeline = Pipeline(settings, dead, source=source, validate=validate)
    engine = engine_for(ruleset, settings)
    inputs = input_connector("file")
    found = tuple(inputs.find(places))
    kept: list[dict[str, Any]] = []
    keeping = store.Writer(folder) if folder else nullcontext()
    with shared.progress(found, "detect") as advance, shared.output(out) as target, keeping as writer:

        def emit(findings: list[dict[str, Any]]) -> None:
            if writer:
                writer.add(findings)
            if form == "ndjson":
                shared.write_lines(target, findings)
            else:
                kept.extend(findings)

        for batch in pipeline.run_by_time([inputs.streams([place], advance) for place in found]):
            if writer:
                writer.add(batch)
            emit(engine.process(batch))
        emit(engine.flush())
        if form == "json":
            shared.write_json(target, kept)
    if form == "table":
        _show(kept)
        click.echo(
            f"{pipeline.counts.records:,} records, {pipeline.counts.events:,} events, "
            f"{engine.counts.findings:,} findings by {len(ruleset):,} rules",
            err=True,
        )
    ctx.exit(max(code, shared.report_dead(dead)))


def _show(findings: list[dict[str, Any]]) -> None:
    """One row a finding: an update replaces the finding that it updates."""
    from tracehound.cli import _tables

    latest = {f["finding_info"]["uid"]: f for f in findings}
    _tables.console().print(_tables.findings(sorted(latest.values(), key=lambda f: f["time"])))
