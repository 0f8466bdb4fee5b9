"""``tracehound doctor``."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path

import click

from tracehound import __version__
from tracehound.cli import _shared as shared
from tracehound.errors import TracehoundError

Check = tuple[str, bool, str]
PACKAGES = ("orjson", "pydantic", "pysigma", "hyperscan", "google-re2", "duckdb", "pyarrow", "zstandard")


@click.command("doctor")
@click.argument("target", required=False)
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson"]), default="table", show_default=True
)
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context, target: str | None, form: str, config: Path | None, packs: tuple[Path, ...]
) -> None:
    """Check the installation, the configuration and all content, and say what to mend.

    With the name of a TARGET, print the least that its API key, token or user must be allowed to do, and whether
    it can be reached, where an address is set.

    \b
    Example:
      tracehound doctor --pack ./our-pack
      tracehound doctor splunk
    """
    if target:
        ctx.exit(_target(target, config, packs))
    checks = list(_checks(config, packs))
    if form == "table":
        _table(checks)
    else:
        items = [{"check": name, "ok": good, "detail": said} for name, good, said in checks]
        with shared.output(None) as file:
            shared.write_json(file, items) if form == "json" else shared.write_lines(file, items)
    ctx.exit(0 if all(good for _, good, _ in checks) else 1)


def _table(checks: Iterable[Check], err: bool = False) -> None:
    for name, good, said in checks:
        click.echo(f"{'ok  ' if good else 'FAIL'} {name}: {shared.printable(said, 1000)}", err=err)


def _target(name: str, config: Path | None, packs: tuple[Path, ...]) -> int:
    """What a target needs, on stdout; whether it is there, on stderr, where the target can tell."""
    from tracehound.targets import target, target_settings

    settings = shared.settings_of(config, packs)
    found = target(name, settings.packs)
    if "checks" not in found.parts:
        click.echo(found.part("doctor")())
        return 0
    reached = target_settings(found, settings)
    click.echo(found.part("doctor")(reached))
    checks = list(found.part("checks")(reached))
    _table(checks, err=True)
    return 0 if all(good for _, good, _ in checks) else 1


def _checks(config: Path | None, packs: tuple[Path, ...]) -> Iterator[Check]:
    yield "tracehound", True, f"{__version__} on Python {platform.python_version()}, {sys.platform}"
    yield "packages", True, ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    try:
        settings = shared.settings_of(config, packs)
    except TracehoundError as error:
        yield "configuration", False, str(error)
        return
    yield "configuration", True, f"{len(settings.packs)} pack(s)"

    def normalizers() -> str:
        from tracehound.normalizers import Registry

        return ", ".join(sorted(Registry.load(settings.packs).by_name))

    def signals() -> str:
        from tracehound.scan import scanner_for

        scanner = scanner_for(settings.packs)
        return f"{scanner.pattern_count:,} patterns, engine {scanner.engine}"

    def enrichers() -> str:
        from tracehound.enrichers import load

        return ", ".join(enricher.name for enricher in load(settings.packs))

    def rules() -> str:
        from tracehound.rules import filled_fields, load_rules

        loaded = load_rules(settings.packs, lists=settings.lists, filled=filled_fields())
        if loaded.errors:
            raise loaded.errors[0]
        warned = f", {len(loaded.warnings)} warning(s)" if loaded.warnings else ""
        return f"{len(loaded):,} rules{warned}"

    for name, check in (
        ("normalizers", normalizers),
        ("patterns", signals),
        ("enrichers", enrichers),
        ("rules", rules),
    ):
        yield _run(name, check)


def _run(name: str, check: Callable[[], str]) -> Check:
    try:
        return name, True, check()
    except TracehoundError as error:
        return name, False, str(error)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"
