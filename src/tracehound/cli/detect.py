"""``tracehound detect``."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.deadletter import DeadLetters
    from tracehound.matcher import Engine
    from tracehound.matcher.state import StateDir
    from tracehound.pipeline import Pipeline
    from tracehound.rules import RuleSet


@click.command("detect")
@shared.input_options
@shared.rule_options
@click.option(
    "--store", "folder", type=click.Path(path_type=Path), help="Keep events and findings here for `hunt`."
)
@click.option(
    "--state",
    "state_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Remember here for the next run what is not finished: windows, baselines, joins.",
)
@click.option(
    "--baseline-from",
    "past",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="Let baselines learn from this store or these logs first; may be repeated.",
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
    folder: Path | None, state_folder: Path | None, past: tuple[Path, ...], out: Path | None, form: str | None,
    config: Path | None, packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Run the rules over raw logs or OCSF events and print the findings.

    Several files are read side by side, merged by the time of their records. Findings are OCSF Detection Findings.
    The exit code does not depend on what was found.

    With --state, the run goes on where the last one stopped, and the next one goes on from here: windows are not
    closed at the end of the input, and events count in the order of their times over both.

    \b
    Example:
      tracehound detect gateway.jsonl.gz cloudtrail/ --level high --level critical
      tracehound normalize logs/ | tracehound detect --store ./store > findings.ndjson
      tracehound detect --state ./state --baseline-from ./store today.jsonl
    """
    from tracehound import store
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.matcher.setup import engine_for
    from tracehound.matcher.state import StateDir
    from tracehound.pipeline import Pipeline

    settings = shared.settings_of(config, packs)
    ruleset, code = shared.rules_of(settings, names, tags, levels, areas)
    form = form or ("table" if out is None and sys.stdout.isatty() else "ndjson")
    dead = DeadLetters(dead_letter)
    pipeline = Pipeline(settings, dead, source=source, validate=validate)
    piped = not places or "-" in places
    engine = engine_for(
        ruleset, settings, live=state_folder is not None, early=piped or state_folder is not None
    )
    inputs = input_connector("file")
    found = tuple(inputs.find(places))
    shared.keep_inputs(found, dead_letter=dead_letter, out=out)
    kept: list[dict[str, Any]] = []
    keeping = store.Writer(folder) if folder else nullcontext()
    with StateDir(state_folder) if state_folder else nullcontext() as state:
        parts = _resume(state, engine, pipeline) if state else {}
        _learn(past, engine, ruleset, settings, dead)
        with shared.progress(found, "detect") as advance, shared.output(out) as target, keeping as writer:

            def emit(findings: list[dict[str, Any]]) -> None:
                if writer:
                    writer.add(findings)
                if form == "ndjson":
                    shared.write_lines(target, findings)
                else:
                    kept.extend(findings)

            for batch in shared.event_batches(pipeline, found, advance, engine, lines=folder is not None):
                if writer:
                    writer.add(batch)
                emit(engine.process(batch))
                del batch  # two of them at once are many megabytes
            emit([] if state else engine.flush())
            if form == "json":
                shared.write_json(target, kept)
        if state:  # after the findings are out: a run that is killed says them again rather than never
            state.save(parts | {"engine": engine.dump(), "join": pipeline.join.dump(engine.mask)})
    if form == "table":
        _show(kept)
        click.echo(
            f"{pipeline.counts.records:,} records, {pipeline.counts.events:,} events, "
            f"{engine.counts.findings:,} findings by {len(ruleset):,} rules",
            err=True,
        )
    ctx.exit(max(code, shared.report_dead(dead)))


def _resume(state: StateDir, engine: Engine, pipeline: Pipeline) -> dict[str, Any]:
    """Go on from the last run; says on stderr what of it cannot go on. Gives what was saved."""
    from tracehound.errors import StateError

    parts = state.load()
    try:
        if "join" in parts:
            pipeline.join.load(parts["join"])
        for word in engine.load(parts["engine"]) if "engine" in parts else ():
            click.echo(f"state: {shared.printable(word)}", err=True)
    except StateError as error:
        raise state.part_of(error) from error
    return parts


def _learn(
    past: tuple[Path, ...], engine: Engine, ruleset: RuleSet, settings: Settings, dead: DeadLetters
) -> None:
    """Let baselines learn from stores and logs."""
    from tracehound.connectors import input_connector
    from tracehound.matcher.seed import is_store, stored_events
    from tracehound.pipeline import Pipeline
    from tracehound.workers import settle_memory

    if past:
        settle_memory()
    for place in past:
        if is_store(place):
            batches = stored_events(place, ruleset)
        else:
            inputs = input_connector("file")
            found = [inputs.streams([name]) for name in inputs.find([str(place)])]
            batches = Pipeline(settings, dead).run_by_time(found)
        events = taken = 0
        for batch in batches:
            events, taken = events + len(batch), taken + engine.learn(batch)
        click.echo(f"baselines: {taken:,} times learned from {events:,} events of {place}", err=True)


def _show(findings: list[dict[str, Any]]) -> None:
    """One row a finding: an update replaces the finding that it updates."""
    from tracehound.cli import _tables

    latest = {f["finding_info"]["uid"]: f for f in findings}
    _tables.console().print(_tables.findings(sorted(latest.values(), key=lambda f: f["time"])))
