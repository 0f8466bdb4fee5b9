"""``tracehound compile``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.compiler.model import Compilation
    from tracehound.config import Settings
    from tracehound.rules import RuleSet


@click.command("compile")
@click.argument("language", metavar="LANGUAGE")
@click.argument("named", metavar="[RULE]...", nargs=-1)
@shared.rule_options
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson", "conf", "kibana"]), default="table",
    show_default=True, help="conf: savedsearches.conf (splunk); kibana: rules for Kibana's import.",
)  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path, dir_okay=False), help="Write to a file.")
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context, language: str, named: tuple[str, ...], names: tuple[str, ...], tags: tuple[str, ...],
    levels: tuple[str, ...], areas: tuple[str, ...], form: str, out: Path | None, config: Path | None,
    packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Turn rules into queries of a SIEM's language.

    LANGUAGE is splunk (SPL), esql, kql, lucene (OpenSearch too) or eql; any other installed pySigma backend
    works by its name, without our guarantees. RULE is an id, title, folder name or file of our content or of a
    pack; without one, all rules are compiled.

    What a language cannot say is listed on stderr and in the JSON and leaves the exit code 0; a rule that is
    refused makes it 1, and the others still compile.

    \b
    Example:
      tracehound compile splunk bedrock_guardrail_deleted
      tracehound compile esql --format json -o queries.json
      tracehound compile kql --format kibana -o rules.ndjson
    """
    from tracehound.compiler.model import LANGUAGES

    settings = shared.settings_of(config, packs)
    _check(language, form)
    rules, code = shared.rules_of(settings, _names(named) + names, tags, levels, areas)
    if language not in LANGUAGES:
        with shared.output(out) as file:
            file.write(_foreign(language, rules, settings, form))
        ctx.exit(code)
    from tracehound.compiler.cache import compiled

    found = compiled(rules.rules, language, settings.packs, settings.lists)
    for gap in found.gaps:
        click.echo(f"gap: {shared.printable(gap.rule.title)}: {shared.printable(gap.reason)}", err=True)
    for _, error in found.errors:
        click.echo(f"refused: {shared.printable(str(error))}", err=True)
    with shared.output(out) as file:
        file.write(_written(found, rules, settings, form))
    done = f"{len(found.queries):,} compiled, {len(found.gaps):,} gaps, {len(found.errors):,} refused"
    click.echo(done, err=True)
    ctx.exit(1 if found.errors else code)


def _check(language: str, form: str) -> None:
    """Refuse a form that the language has not."""
    from tracehound.errors import ConfigError

    if form == "conf" and language != "splunk":
        raise ConfigError(f"--format conf is Splunk's; compile splunk, or write --format json for {language}")
    if form == "kibana" and language not in ("esql", "kql", "lucene", "eql"):
        raise ConfigError("--format kibana takes esql, kql, lucene or eql")


def _names(named: tuple[str, ...]) -> tuple[str, ...]:
    """What RULE names; a file stands for the rule that lies in it."""
    return tuple(Path(name).stem if name.endswith(".yml") else name for name in named)


def _written(found: Compilation, rules: RuleSet, settings: Settings, form: str) -> bytes:
    import orjson

    if form == "conf":
        from tracehound.compiler.conf import conf

        return conf(found.queries, settings.lateness).encode()
    if form == "kibana":
        return b"".join(
            orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in _kibana(found, settings)
        )
    if form == "table":
        return _table(found).encode()
    from tracehound.compiler.listing import items

    listed = items(found, [rule.id for rule in rules])
    if form == "ndjson":
        return b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in listed)
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _table(found: Compilation) -> str:
    """A single query alone; several with their titles above, as comments."""
    if len(found.queries) == 1:
        return found.queries[0].query + "\n"
    parts = []
    for query in found.queries:
        title = shared.printable(query.rule.title)
        head = f"# {title} ({query.rule.id}), {query.rule.finding_level}, reads: {query.cost}"
        notes = [f"# approximate: {shared.printable(text)}" for text in query.approximate]
        parts.append("\n".join([head, *notes, query.query]))
    return "\n\n".join(parts) + ("\n" if parts else "")


def _kibana(found: Compilation, settings: Settings) -> list[dict[str, Any]]:
    from tracehound.compiler import kibana
    from tracehound.content import content_root
    from tracehound.rules import lock

    rules = kibana.objects(found, settings.lateness, lock.versions([content_root(), *settings.packs]))
    return [*rules, kibana.summary(len(rules))]


def _foreign(language: str, rules: RuleSet, settings: Settings, form: str) -> bytes:
    """The queries of another pySigma backend; what it refuses is said."""
    import orjson

    from tracehound.compiler.foreign import convert

    listed = convert(language, rules.rules, settings.packs, settings.lists)
    click.echo(f"{language} is a backend of others: its queries are not checked against the engine", err=True)
    for item in listed:
        if item["query"] is None:
            click.echo(f"gap: {shared.printable(item['title'])}: {shared.printable(item['gap'])}", err=True)
    if form == "table":
        return (
            "\n\n".join(str(item["query"]) for item in listed if item["query"] is not None).encode() + b"\n"
        )
    if form == "ndjson":
        return b"".join(orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE) for item in listed)
    return orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
