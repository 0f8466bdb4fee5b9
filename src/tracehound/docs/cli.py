"""``docs/cli.md`` from the commands themselves."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click

from tracehound.cli import app

HEAD = """\
# Commands

Made from the commands' own help; do not edit.

`tracehound VERB [OPTIONS] [WHAT]...` Data goes to standard output, words to standard error. On a terminal the
output is a table whose values are shown as text, control characters too; piped it is one JSON object a line.

| exit code | means |
|---|---|
| 0 | done; `detect` too, whatever it found |
| 1 | a test disagreed, a rule was refused, or records went to the dead letter (of an unknown source too) |
| 2 | wrong use or configuration |

A wrong setting, rule or name is answered with its place and the nearest valid name. Precedence: flag, then
environment (`TRACEHOUND_CONFIG`), then file; see [configuration](configuration.md).
"""
DEFAULT = re.compile(r" *\[default: (.*)\]$")
Rows = list[tuple[str, str, str]]


def cli_page() -> str:
    """The page as Markdown."""
    context = click.Context(app, info_name="tracehound")
    parts = [HEAD]
    for name in app.list_commands(context):
        command = app.get_command(context, name)
        if command is not None:
            parts.append("\n".join(_verb(name, command)))
    return "\n".join(parts)


def _verb(name: str, command: click.Command) -> Iterator[str]:
    text, _, examples = inspect.cleandoc(command.help or "").partition("\b\nExample:\n")
    arguments = [_argument(p) for p in command.params if isinstance(p, click.Argument)]
    yield f"## `tracehound {name}`"
    yield ""
    yield f"`{' '.join(['tracehound', name, '[OPTIONS]', *arguments])}`"
    yield ""
    yield from _paragraphs(text)
    yield "```"
    yield inspect.cleandoc(examples)
    yield "```"
    yield ""
    yield "| option | what it does | default |"
    yield "|---|---|---|"
    for flags, said, default in _options(command):
        yield f"| {flags} | {said} | {default} |"
    yield ""


def _paragraphs(text: str) -> Iterator[str]:
    r"""Paragraphs as they are; one that click does not wrap (``\b``) is a block."""
    for paragraph in text.strip().split("\n\n"):
        if paragraph.startswith("\b\n"):
            yield "```"
            yield paragraph.removeprefix("\b\n")
            yield "```"
        else:
            yield paragraph
        yield ""


def _argument(argument: click.Argument) -> str:
    if argument.metavar:
        return argument.metavar
    if isinstance(argument.type, click.Choice):
        return _brackets("|".join(map(str, argument.type.choices)), argument.required)
    return _brackets((argument.name or "").upper(), argument.required)


def _brackets(text: str, required: bool) -> str:
    return f"{{{text}}}" if required and "|" in text else text if required else f"[{text}]"


def _options(command: click.Command) -> Rows:
    rows = []
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        said = option.help or ""
        shown = DEFAULT.search(said)
        default = shown[1] if shown else _default(option)
        flags = ", ".join(f"`{flag}`" for flag in option.opts)
        if isinstance(option.type, click.Choice):
            flags += " " + "\\|".join(map(str, option.type.choices))
        more = " May be repeated." if option.multiple and "repeated" not in said else ""
        rows.append((flags, DEFAULT.sub("", said) + more, default))
    return rows


def _default(option: click.Option) -> str:
    if option.is_flag or option.multiple or not option.show_default:
        return ""
    return f"`{option.default}`"
