"""``tracehound normalize``."""

from __future__ import annotations

from pathlib import Path

import click

from tracehound.cli import _shared as shared


@click.command("normalize")
@shared.input_options
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write here, not to stdout."
)
@click.option("--format", "form", type=click.Choice(["ndjson"]), default="ndjson", help="Form of the output.")
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context,
    places: tuple[str, ...],
    source: str | None,
    dead_letter: Path | None,
    validate: bool,
    out: Path | None,
    form: str,
    config: Path | None,
    packs: tuple[Path, ...],
) -> None:
    """Turn raw logs into OCSF events, one JSON object a line.

    Reads JSON lines, arrays, envelopes, pretty-printed and concatenated JSON, plain or compressed with gzip or
    zstd; each record's source is found from the record. Several files are merged by the time of their records, so
    that an invocation finds its CloudTrail record.

    \b
    Example:
      tracehound normalize litellm.jsonl.gz --dead-letter dead.ndjson > events.ndjson
      kubectl logs gateway | tracehound normalize --source litellm
    """
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.pipeline import Pipeline

    settings = shared.settings_of(config, packs)
    dead = DeadLetters(dead_letter)
    pipeline = Pipeline(settings, dead, source=source, validate=validate)
    inputs = input_connector("file")
    found = tuple(inputs.find(places))
    with shared.progress(found, "normalize") as advance, shared.output(out) as target:
        for batch in pipeline.run_by_time([inputs.streams([place], advance) for place in found]):
            shared.write_lines(target, batch)
    ctx.exit(shared.report_dead(dead))
