"""docs/rules.md: every rule of our content in a table, by area, and the lists that a company fills.

Made from the rules themselves; a test holds the file to it. Write it anew with

    python -m tracehound.rules.docs
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tracehound.content import content_root
from tracehound.rules.lists import FOLDERS
from tracehound.rules.loader import load_rules
from tracehound.rules.model import LEVELS, Correlation, Rule, RuleSet

AREAS = {
    "models": "Which models and AI services are used, and where they come from.",
    "data": "What models are trained on and answer from.",
    "applications": "Prompts, answers and guardrails.",
    "agents": "What agents read, run and send; their tools and servers.",
    "configuration": "Keys, roles, limits, logging and guardrails of the platforms.",
}
HEAD = """# Rules

Made from `detections/` by `python -m tracehound.rules.docs`; do not edit.

{count} rules. *Level*: high wakes somebody up, medium is for the working day, low is kept for context and hunting.
*How*: one event, or the correlation of several. *Logs*: which kinds of log can raise it. A rule's folder holds its
Sigma file with false positives, known gaps (`misses`) and the steps of triage, and raw records that do and do not
raise it (`tracehound test NAME --explain`).
"""
LISTS_HEAD = """
## Lists

Values behind `|expand` in rules. Where a company's own values are needed, the defaults in `detections/lists/` are
examples: put a file of the same name into `lists/` of your pack, or the values under `lists:` in `tracehound.yml`.

| list | what it holds | values | rules |
|---|---|---|---|
"""
UNITS = ((86_400, "d"), (3600, "h"), (60, "m"), (1, "s"))
COMMENT_ABOVE = "#"


def rules_doc(rules: RuleSet, root: Path) -> str:
    """The page; ``root`` is the folder that holds ``detections/``."""
    parts = [HEAD.format(count=len(rules))]
    for area, about in AREAS.items():
        found = sorted(
            (r for r in rules if r.area == area), key=lambda r: (-LEVELS.index(r.finding_level), r.title)
        )
        if found:
            parts.append(
                f"\n## {area.capitalize()}\n\n{about}\n\n"
                "| rule | level | how | logs | ATLAS, ATT&CK | OWASP |\n|---|---|---|---|---|---|\n"
            )
            parts.extend(_row(rule, root) for rule in found)
    parts.append(LISTS_HEAD)
    parts.extend(_lists(rules, root))
    return "".join(parts)


def _row(rule: Rule, root: Path) -> str:
    link = rule.path.parent.relative_to(root).as_posix()
    cells = (
        f"[{_plain(rule.title)}](../{link})",
        rule.finding_level,
        _how(rule),
        ", ".join(_services(rule)) or "any",
        ", ".join((*rule.atlas, *rule.attack)),
        ", ".join(rule.owasp),
    )
    return f"| {' | '.join(cells)} |\n"


WORDS = {"gt": "over ", "gte": "", "lt": "under ", "lte": "at most ", "eq": "exactly ", "neq": "not "}


def _how(rule: Rule) -> str:
    if rule.baseline:
        return f"first seen in {_span(rule.baseline.seconds)}"
    return _correlation(rule.correlation) if rule.correlation else "one event"


def _correlation(correlation: Correlation) -> str:
    count = f"{WORDS[correlation.op]}{correlation.count}"
    fields = ", ".join(f"`{name}`" for name in correlation.fields)
    what = {
        "event_count": f"{count} events",
        "value_count": f"{count} values of {fields}",
        "temporal": f"{count} kinds of event",
        "temporal_ordered": f"{count} kinds of event in order",
    }.get(correlation.kind, f"{correlation.kind.removeprefix('value_')} of {fields} {count}")
    if correlation.expression is not None:
        what = "a combination of events"
    by = ", ".join(f"`{name}`" for name in correlation.group_by)
    return f"{what} in {_span(correlation.seconds)}{f' by {by}' if by else ''}"


def _span(length: int) -> str:
    size, unit = next((size, unit) for size, unit in UNITS if length % size == 0)
    return f"{length // size}{unit}"


def _services(rule: Rule) -> list[str]:
    bases = rule.correlation.base if rule.correlation else (rule,)
    found = {base.service for base in bases}
    return [] if "" in found else sorted(found)


def _lists(rules: RuleSet, root: Path) -> Iterator[str]:
    users = _users(rules)
    for name, values in sorted(rules.lists.items()):
        cells = (f"`{name}`", _plain(_about(root, name)), str(len(values)), str(len(users.get(name, ()))))
        yield f"| {' | '.join(cells)} |\n"


def _users(rules: RuleSet) -> dict[str, set[str]]:
    """List name -> ids of the rules that name it."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        text = rule.path.read_text("utf-8")
        for name in rules.lists:
            if f"%{name}%" in text:
                found.setdefault(name, set()).add(rule.id)
    return found


def _about(root: Path, name: str) -> str:
    """The comment at the head of the list's file."""
    for folder in FOLDERS:
        path = root / folder / f"{name}.txt"
        if path.is_file():
            lines = path.read_text("utf-8").splitlines()
            head = [line.lstrip(COMMENT_ABOVE).strip() for line in lines if line.startswith(COMMENT_ABOVE)]
            return " ".join(head)
    return ""


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def main() -> None:
    """Write ``docs/rules.md`` of the checkout."""
    root = content_root()
    (root / "docs" / "rules.md").write_text(rules_doc(load_rules(own=root), root), "utf-8")


if __name__ == "__main__":
    main()
