"""``tracehound build``."""

from __future__ import annotations

from pathlib import Path

import click

from tracehound.cli import _shared as shared


@click.command("build")
@click.argument("target", metavar="TARGET")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path, file_okay=False), required=True,
    help="The folder that gets the files; it is made where it is not there.",
)  # fmt: skip
@shared.config_options
@click.pass_context
def command(ctx: click.Context, target: str, out: Path, config: Path | None, packs: tuple[Path, ...]) -> None:
    """Write what is installed in TARGET by file.

    For elastic: the boards, as saved objects for the import of Kibana 8.19 and newer, and as bodies of the
    Dashboards API of Kibana 9.5. (`tracehound apply elastic` installs them over the network.)

    For splunk: the apps tracehound (search heads), TA-tracehound (all machines) and tracehound_indexes, each as
    a folder and as a package to upload. Settings come from tracehound.yml and the environment; the same content
    and settings give the same bytes.

    What is refused is said with file, line and reason and makes the exit code 1; the rest is written.

    \b
    Example:
      tracehound build elastic -o built
      tracehound build splunk -o built
    """
    from tracehound.targets import target as target_named

    settings = shared.settings_of(config, packs)
    build = target_named(target, settings.packs).part("build")
    refused: list[str] = []
    count = 0
    for name, content in build(settings, refused.append):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        click.echo(str(path))
        count += 1
    for said in refused:
        click.echo(f"refused: {shared.printable(said)}", err=True)
    click.echo(f"{count:,} files written, {len(refused):,} refused", err=True)
    ctx.exit(1 if refused else 0)
