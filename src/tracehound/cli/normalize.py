"""``tracehound normalize``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.matcher.state import StateDir
    from tracehound.pipeline import Pipeline


@click.command("normalize")
@shared.input_options
@click.option(
    "--state", "state_folder", type=click.Path(path_type=Path, file_okay=False),
    help="Remember here for the next run which requests wait for their responses.",
)  # fmt: skip
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
    state_folder: Path | None,
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
    from tracehound.matcher.state import StateDir
    from tracehound.pipeline import Pipeline

    settings = shared.settings_of(config, packs)
    dead = DeadLetters(dead_letter)
    pipeline = Pipeline(settings, dead, source=source, validate=validate)
    inputs = input_connector("file")
    found = tuple(inputs.find(places))
    shared.keep_inputs(found, dead_letter=dead_letter, out=out)
    with StateDir(state_folder) if state_folder else nullcontext() as state:
        parts = resume(state, pipeline) if state else {}
        with shared.progress(found, "normalize") as advance, shared.output(out) as target:
            for batch in shared.event_batches(pipeline, found, advance):
                shared.write_lines(target, batch)
                del batch  # two of them at once are many megabytes
        if state:
            state.save(parts | {"join": pipeline.join.dump(_mask(settings))})
    ctx.exit(shared.report_dead(dead))


def resume(state: StateDir, pipeline: Pipeline) -> dict[str, Any]:
    """Go on from the last run; gives what was saved."""
    from tracehound.errors import StateError

    parts = state.load()
    try:
        if "join" in parts:
            pipeline.join.load(parts["join"])
    except StateError as error:
        raise state.part_of(error) from error
    return parts


def _mask(settings: Settings) -> Callable[[str], str]:
    from tracehound.scan import scanner_for

    return scanner_for(settings.packs).redact if settings.privacy.redact else str
