"""What the verbs that deploy and check share: their options, the plan as a table, asking."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tracehound.cli import _shared as shared
from tracehound.cli._targets import target_of, target_options

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.deploy import Change, Deployment, Done
    from tracehound.rules import RuleSet

F = TypeVar("F", bound=Callable[..., Any])
STYLES = {"create": "green", "update": "yellow", "remove": "red", "orphaned": "red", "conflict": "magenta"}


def options(function: F) -> F:
    """TARGET and how it is reached, the rules, ``--format``, ``-o`` and ``--config``."""
    form = click.option(
        "--format", "form", type=click.Choice(["table", "json", "ndjson"]), default="table", show_default=True
    )
    out = click.option(
        "-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file."
    )
    return target_options(shared.rule_options(form(out(shared.config_options(function)))))


class Chosen:
    """The settings, the target's settings and the rules that a verb was called for."""

    def __init__(self, target: str, options: dict[str, Any]) -> None:
        self.settings: Settings = shared.settings_of(options["config"], options["packs"])
        self.target, self.target_settings = target_of(target, self.settings)
        wishes = [options[name] for name in ("names", "tags", "levels", "areas")]
        self.complete = not any(wishes)
        self.rules: RuleSet
        self.rules, self.code = shared.rules_of(self.settings, *wishes)

    def deployment(self, **more: Any) -> Deployment:
        """What is wanted; says what the target is."""
        made: Deployment = self.target.part("deploy")(
            self.target_settings, self.settings, self.rules, self.complete, **more
        )
        for note in made.notes:
            click.echo(shared.printable(note), err=True)
        return made


def show(changes: Sequence[Change], form: str, out: Path | None) -> None:
    """The plan: all of it as JSON, as a table what is not as it should be."""
    if form != "table":
        write([change.item() for change in changes], form, out)
        return
    shown = [_row(change) for change in changes if change.action != "unchanged" or change.kept]
    table(("action", "kind", "what", "details"), shown, out)
    click.echo(summary(change.action for change in changes), err=True)
    for note, count in Counter(n for c in changes if c.wanted for n in c.wanted.notes).items():
        click.echo(f"note ({count}): {shared.printable(note)}", err=True)


def _row(change: Change) -> tuple[str, str, str, str]:
    details = []
    if change.action == "update":
        details.append(", ".join([*change.fields, *(f"-{name}" for name in change.dropped)]) or "version")
    if change.conflicts:
        details.append(f"changed by both, theirs is kept: {', '.join(change.conflicts)}")
    if change.kept:
        details.append(f"edited by an analyst: {', '.join(change.kept)}")
    if change.reason:
        details.append(change.reason)
    return change.action, change.kind, change.title, "; ".join(details)


def summary(words: Iterable[str]) -> str:
    """``3 create, 60 unchanged``."""
    counted = Counter(words)
    return ", ".join(f"{count:,} {word}" for word, count in counted.items()) or "nothing"


def ask(changes: Sequence[Change], yes: bool, what: str) -> bool:
    """Whether to go on: ``--yes``, or the answer on a terminal. Raises ``ConfigError`` where nobody can answer."""
    from tracehound.errors import ConfigError

    count = sum(change.writes for change in changes)
    if not count or yes:
        return bool(count)
    if not on_terminal():
        raise ConfigError(f"{count} object(s) to {what}: --yes says so where there is no terminal to ask on")
    return click.confirm(f"{what} {count} object(s)?", err=True)


def on_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def report(done: Sequence[Done], untouched: Sequence[Change], form: str, out: Path | None) -> int:
    """What was done; 1 where an object failed."""
    bad = [one for one in done if one.status in ("failed", "not tried")]
    if form != "table":
        rest = [change.item() | {"status": "untouched"} for change in untouched]
        write([one.item() for one in done] + rest, form, out)
    for one in done:
        if one.reason and (one.status != "not tried"):
            words = f"{one.status}: {one.change.kind} {one.change.title}: {one.reason}"
            click.echo(shared.printable(words, 1000), err=True)
    click.echo(summary(f"{one.change.action}: {one.status}" for one in done), err=True)
    if bad:
        click.echo(f"{len(bad)} object(s) are not done; running it again goes on from here", err=True)
    return 1 if bad else 0


@contextmanager
def counting(total: int, what: str) -> Iterator[Callable[[], object]]:
    """A progress bar on stderr, when that is a terminal; gives the function that advances it."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def write(items: Sequence[Any], form: str, out: Path | None) -> None:
    """JSON or JSON lines."""
    with shared.output(out) as file:
        if form == "json":
            shared.write_json(file, items)
        else:
            shared.write_lines(file, items)


def table(names: Sequence[str], rows: Sequence[Sequence[Any]], out: Path | None) -> None:
    """Rows as a table; into a file without colours."""
    if not rows:
        return
    from rich.console import Console

    from tracehound.cli import _tables

    made = _tables.rows(names, rows)
    if out is None:
        _tables.console().print(made)
        return
    with out.open("w", encoding="utf-8") as file:
        Console(file=file, markup=False, emoji=False, highlight=False, width=200).print(made)
