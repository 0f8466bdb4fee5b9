"""``tracehound test``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tracehound.cli import _shared as shared

if TYPE_CHECKING:
    from tracehound.config import Settings
    from tracehound.ruletest import Result


@click.command("test")
@click.argument("names", metavar="[RULE]...", nargs=-1)
@click.option(
    "--explain", is_flag=True, help="Show which test of the condition held or failed, on which value."
)
@click.option("--tag", "tags", multiple=True, help="Only rules with this tag or a tag below it.")
@click.option("--level", "levels", multiple=True, help="Only rules of this level.")
@click.option("--area", "areas", multiple=True, help="Only rules of this area.")
@click.option(
    "--format", "form", type=click.Choice(["table", "json", "ndjson"]), default="table", show_default=True
)
@click.option(
    "--lock",
    is_flag=True,
    help="When all agree, write the versions of changed rules to detections/lock.json (of the packs, or of ours).",
)
@shared.config_options
@click.pass_context
def command(
    ctx: click.Context, names: tuple[str, ...], explain: bool, tags: tuple[str, ...], levels: tuple[str, ...],
    areas: tuple[str, ...], form: str, lock: bool, config: Path | None, packs: tuple[Path, ...],
) -> None:  # fmt: skip
    """Run rules on their own test events, from the raw record on.

    RULE is an id, title or folder name; without one, all rules are tested. Exit code 1 when a test disagrees, a
    rule is refused or has no test events.

    \b
    Example:
      tracehound test
      tracehound test bedrock_guardrail_deleted --explain
    """
    from tracehound.ruletest import RuleTester

    settings = shared.settings_of(config, packs)
    ruleset, code = shared.rules_of(settings, names, tags, levels, areas)
    tester = RuleTester(settings)
    results: list[Result] = []
    untested = []
    for rule in ruleset:
        found = list(tester.run(rule))
        results += found
        if not found:
            untested.append(rule)
        if form == "table":
            for result in found:
                _say(result, explain)
    for rule in untested:
        click.echo(f"no test events: {rule.path}: add events/match_*.json and events/pass_*.json", err=True)
    failed = sum(not result.passed for result in results)
    if form != "table":
        _write(form, [_item(result, explain) for result in results])
    click.echo(f"{len(ruleset):,} rules, {len(results):,} test files, {failed:,} disagree", err=True)
    if lock and not (failed or untested or code):
        _lock(settings)
    ctx.exit(1 if failed or untested else code)


def _lock(settings: Settings) -> None:
    """Bring the lock files up to date, each with the rules of its own folder."""
    from tracehound.content import content_root
    from tracehound.rules import load_rules, lock

    for root in settings.packs or [content_root()]:
        others = () if root == content_root() else (root,)
        rules = lock.rules_of(root, load_rules(others, lists=settings.lists))
        before = lock.read(root)
        after = lock.updated(before, rules)
        lock.write(root, after)
        changed = sum(before.get(name) != entry for name, entry in after.items())
        click.echo(f"{lock.path(root)}: {changed:,} entries changed", err=True)


def _say(result: Result, explain: bool) -> None:
    if not result.passed:
        wanted = "should raise it" if result.expected else "should not raise it"
        said = result.problem or ("did" if result.raised else "did not")
        click.echo(f"FAIL {result.rule.folder.name}/{result.file.name}: {wanted}, {shared.printable(said)}")
    elif explain:
        click.echo(f"ok   {result.rule.folder.name}/{result.file.name}")
    if explain:
        for explanation in result.explanations():
            for line in explanation.lines(2):
                click.echo(shared.printable(line))


def _item(result: Result, explain: bool) -> dict[str, Any]:
    item: dict[str, Any] = {
        "rule": result.rule.id,
        "file": str(result.file),
        "expected": "match" if result.expected else "pass",
        "raised": result.raised,
        "passed": result.passed,
    }
    if result.problem:
        item["problem"] = result.problem
    if explain:
        item["explain"] = [list(explanation.lines()) for explanation in result.explanations()]
    return item


def _write(form: str, items: list[dict[str, Any]]) -> None:
    with shared.output(None) as target:
        if form == "json":
            shared.write_json(target, items)
        else:
            shared.write_lines(target, items)
