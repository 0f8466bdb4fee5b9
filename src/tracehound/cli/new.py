"""``tracehound new``."""

from __future__ import annotations

from pathlib import Path

import click

from tracehound.scaffold import AREAS, new_normalizer, new_rule


@click.command("new")
@click.argument("kind", type=click.Choice(["rule", "normalizer"]))
@click.argument("name")
@click.option(
    "--area", type=click.Choice(AREAS), default="applications", show_default=True, help="A rule's area."
)
@click.option(
    "--pack", type=click.Path(path_type=Path, file_okay=False),
    help="Your own content's folder.  [default: the checkout that runs]",
)  # fmt: skip
def command(kind: str, name: str, area: str, pack: Path | None) -> None:
    """Start a rule or a normalizer from a template whose tests pass.

    \b
    Example:
      tracehound new rule prompt_to_unknown_model --area models --pack ./our-pack
      tracehound test prompt_to_unknown_model --pack ./our-pack
      tracehound new normalizer our_gateway --pack ./our-pack
    """
    made = new_rule(name, area, pack) if kind == "rule" else new_normalizer(name, pack)
    for path in made:
        click.echo(path)
    follow = f" --pack {pack}" if pack else ""
    if kind == "rule":
        click.echo(f"now: edit them, then  tracehound test {name}{follow}", err=True)
    else:
        click.echo(f"now: edit them, then  pytest {made[-1]}", err=True)
