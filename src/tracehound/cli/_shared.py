"""What several verbs share: options, progress, the words about dead letters, JSON lines."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click
import orjson

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.deadletter import DeadLetters
    from tracehound.matcher import Engine
    from tracehound.pipeline import Pipeline
    from tracehound.rules import RuleSet

F = TypeVar("F", bound=Callable[..., Any])
WORKERS = "tracehound.workers"
IN_UTC = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
"""Times that the store gives have no zone: they are UTC, and written so."""


def config_options(function: F) -> F:
    """``--config`` and ``--pack``."""
    pack = click.option(
        "--pack", "packs", multiple=True, type=click.Path(path_type=Path),
        help="A folder of your own content (rules, patterns, lists...); may be repeated.",
    )  # fmt: skip
    config = click.option(
        "--config", type=click.Path(path_type=Path), envvar="TRACEHOUND_CONFIG",
        help="The configuration file.  [default: tracehound.yml here, if there is one]",
    )  # fmt: skip
    return config(pack(function))


def input_options(function: F) -> F:
    """Inputs, ``--source``, ``--dead-letter``, ``--validate`` and ``--workers`` (for ``event_batches``)."""
    places = click.argument("places", metavar="[FILE|DIR|-]...", nargs=-1)
    source = click.option("--source", help="The normalizer for all records, instead of finding it by record.")
    dead = click.option(
        "--dead-letter", type=click.Path(path_type=Path, dir_okay=False),
        help="Where records go that cannot become events.",
    )  # fmt: skip
    validate = click.option("--validate", is_flag=True, help="Check each event against the schema (slower).")
    workers = click.option(
        "--workers", type=click.IntRange(1, 64), default=1, show_default=True, expose_value=False,
        callback=lambda ctx, _option, value: ctx.meta.__setitem__(WORKERS, value),
        help="Processes that read, normalize, enrich and match; the output does not depend on it.",
    )  # fmt: skip
    return places(source(dead(validate(workers(function)))))


def settings_of(config: Path | None, packs: tuple[Path, ...]) -> Settings:
    from tracehound.config import load_settings  # pydantic: not needed to say how a verb is used

    return load_settings(config, packs)


@contextmanager
def progress(places: tuple[str, ...], what: str) -> Iterator[Callable[[int], None]]:
    """A progress bar over input bytes on stderr, when that is a terminal; gives the function that advances it."""
    if not sys.stderr.isatty():
        yield lambda _size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    total = sum(os.path.getsize(p) for p in places if p != "-" and stat.S_ISREG(os.stat(p).st_mode))  # noqa: PTH116,PTH202
    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total or None)
        yield lambda size: bar.advance(task, size)


def keep_inputs(found: Iterable[str], **written: Path | None) -> None:
    """Refuse to write a file that is read in the same run: what it holds would be lost."""
    from tracehound.errors import ConfigError

    read = {Path(place).resolve(): place for place in found if place != "-"}
    for option, path in written.items():
        if path is not None and path.resolve() in read:
            flag = option.replace("_", "-")
            raise ConfigError(f"--{flag} {path}: is one of the inputs; name another file")


@contextmanager
def output(path: Path | None) -> Iterator[IO[bytes]]:
    """``-o FILE``, else standard output, as bytes."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with path.open("wb") as file:
            yield file


def write_lines(file: IO[bytes], items: Iterable[Any]) -> None:
    """One JSON object a line; bytes are lines."""
    from tracehound.encode import line

    file.write(b"".join(item if isinstance(item, bytes) else line(item) for item in items))


def event_batches(
    pipeline: Pipeline, found: Sequence[str], advance: Callable[[int], None], engine: Engine | None = None,
    *, lines: bool = True,
) -> Iterator[list[Any]]:  # fmt: skip
    """The batches of all inputs, with ``--workers`` processes where more than one are asked for.

    With an ``engine`` the events of a batch are what it has to be given; ``lines`` says whether somebody else needs
    them whole too. Without one they may be JSON lines (bytes).
    """
    from tracehound.connectors import input_connector
    from tracehound.workers import Job, Workers, settle_memory
    from tracehound.workers import lines as lines_of

    settle_memory()
    inputs = input_connector("file")
    streams = [inputs.streams([place], advance) for place in found]
    count = click.get_current_context().meta.get(WORKERS, 1)
    if count == 1:
        yield from pipeline.run_by_time(streams)
        return
    rules = tuple(engine.rules) if engine is not None else ()
    job = Job(pipeline.settings, pipeline.source, pipeline.validate, rules, lines)
    with Workers(pipeline, job, count, engine) as workers:
        for batch in workers.run_by_time(streams):
            yield batch if engine is not None else list(lines_of(batch))


def write_json(file: IO[bytes], items: Any) -> None:
    """One JSON document, indented."""
    file.write(
        orjson.dumps(items, default=str, option=IN_UTC | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )


def report_dead(dead: DeadLetters) -> int:
    """Say on stderr what went to the dead letters; the exit code that follows from it."""
    dead.close()
    if not len(dead):
        return 0
    where = f"; they are in {dead.path}" if dead.path else "; --dead-letter FILE keeps them"
    click.echo(f"tracehound: {len(dead):,} record(s) could not become events{where}", err=True)
    for reason, count in dead.reasons.most_common():
        click.echo(f"  {count:,} {reason}: last at {printable(dead.last[reason])}", err=True)
    return 1


def printable(text: str, limit: int = 300) -> str:
    """Text of a log for a terminal: control characters (ANSI escapes too) are shown, not obeyed."""
    shown = text if text.isprintable() else "".join(c if c.isprintable() else _code(c) for c in text)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _code(char: str) -> str:
    number = ord(char)
    return (
        f"\\x{number:02x}"
        if number < 0x100
        else f"\\u{number:04x}"
        if number < 0x10000
        else f"\\U{number:08x}"
    )


def rule_options(function: F) -> F:
    """``--rule``, ``--tag``, ``--level`` and ``--area`` select rules."""
    names = click.option(
        "--rule", "names", multiple=True, help="Only the rule with this id, title or folder name."
    )
    tags = click.option("--tag", "tags", multiple=True, help="Only rules with this tag or a tag below it.")
    levels = click.option(
        "--level", "levels", multiple=True, help="Only rules of this level.",
        type=click.Choice(["informational", "low", "medium", "high", "critical"]),
    )  # fmt: skip
    areas = click.option(
        "--area", "areas", multiple=True, help="Only rules of this area (a folder of detections/)."
    )
    return names(tags(levels(areas(function))))


def rules_of(
    settings: Settings, names: Iterable[str], tags: Iterable[str], levels: Iterable[str], areas: Iterable[str]
) -> tuple[RuleSet, int]:
    """The selected rules, and the exit code that refused ones call for; refusals are said on stderr."""
    from tracehound.errors import ConfigError, nearest
    from tracehound.rules import filled_fields, load_rules

    loaded = load_rules(settings.packs, lists=settings.lists, filled=filled_fields())
    for warning in loaded.warnings:
        click.echo(f"warning: {printable(str(warning))}", err=True)
    for error in loaded.errors:
        click.echo(f"refused: {printable(str(error))}", err=True)
    for name in names:
        if loaded.find(name) is None:
            known = [n for rule in loaded for n in (rule.id, rule.folder.name, rule.title)]
            raise ConfigError(f"--rule {name}: no such rule{nearest(name, known)}")
    return loaded.select(names, tags, levels, areas), 1 if loaded.errors else 0
