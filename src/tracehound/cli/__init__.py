"""The command line: one module per verb in this folder, found by its name and imported when it is used."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import click

from tracehound import __version__
from tracehound.errors import ConfigError, StateError, StoreError, TracehoundError, nearest

EXIT_DONE, EXIT_FOUND, EXIT_WRONG_USE = 0, 1, 2


class Verbs(click.Group):
    """Commands by module name. A module defines ``command``; a leading comment-free docstring is its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        folder = Path(__file__).parent
        return sorted(p.stem for p in folder.glob("[!_]*.py"))

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"tracehound.cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and args[0] not in (names := self.list_commands(ctx)):
            ctx.fail(f"no such verb: {args[0]}{nearest(args[0], names)}; there are: {', '.join(names)}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a verb; when the reader of our output (head, less) has gone, nothing is left to say."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return EXIT_DONE


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done; 1 a test disagreed, a rule was refused, or records went to the dead letter; "
    "2 wrong use or configuration.",
)
@click.version_option(__version__, prog_name="tracehound")
def app() -> None:
    """Tracehound: the AI security pack for the SIEM you already have.

    Turns logs of LLM gateways, cloud AI services and AI agents into OCSF events, adds content signals, and
    raises findings by Sigma rules.

    \b
    Example:
      tracehound demo
      tracehound detect /var/log/litellm/*.jsonl
    """


def main() -> None:
    """Entry point: errors become one message on stderr and an exit code."""
    try:
        code = app(standalone_mode=False)
    except click.exceptions.Exit as stop:
        code = stop.exit_code
    except click.Abort:
        click.echo("aborted", err=True)
        code = 130
    except click.ClickException as error:
        error.show()
        code = EXIT_WRONG_USE
    except (ConfigError, StateError, StoreError) as error:
        _say(error)
        code = EXIT_WRONG_USE
    except TracehoundError as error:
        _say(error)
        code = EXIT_FOUND
    except OSError as error:  # an output that cannot be written, a disk that is full
        _say(f"{error.filename or 'output'}: {error.strerror}")
        code = EXIT_WRONG_USE
    sys.exit(code or EXIT_DONE)


def _say(error: object) -> None:
    """An error on stderr; names of files and bits of logs in it are shown, not obeyed."""
    from tracehound.cli._shared import printable

    lines = [printable(line, 2000) for line in str(error).split("\n")]
    click.echo("tracehound: " + "\n".join(lines), err=True)
