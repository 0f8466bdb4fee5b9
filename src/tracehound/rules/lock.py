"""The lock file of a pack, ``detections/lock.json``: which version of each rule has which content.

An id stands for one rule for ever: what was taken out stays in the file as retired, and its id is not used again.
A rule whose file changed gets the next version. SIEMs are told versions from here, so that they see an update.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tracehound.errors import RuleError
from tracehound.rules.model import Rule

NAME = "lock.json"
Entry = dict[str, Any]
"""``name`` (the rule's folder), ``version`` (from 1), ``hash`` (``Rule.version``), ``retired`` where it is."""


def path(root: Path) -> Path:
    """The lock file of a content root."""
    return root / "detections" / NAME


def read(root: Path) -> dict[str, Entry]:
    """The entries by rule id; empty where a pack has no lock file. Raises ``RuleError``."""
    file = path(root)
    try:
        found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        rules = found.get("rules", {}) if isinstance(found, dict) else None
        if not isinstance(rules, dict) or not all(_whole(entry) for entry in rules.values()):
            raise RuleError("is no lock file; take it from version control again", file=file)
    except (OSError, ValueError) as error:
        raise RuleError(f"cannot be read: {error}", file=file) from error
    return rules


def _whole(entry: Any) -> bool:
    return (
        isinstance(entry, dict) and type(entry.get("version")) is int and isinstance(entry.get("hash"), str)
    )


def updated(entries: dict[str, Entry], rules: Iterable[Rule]) -> dict[str, Entry]:
    """The entries as these rules ask for them. Raises ``RuleError`` for an id that was retired."""
    found = {name: dict(entry) for name, entry in entries.items()}
    present = set()
    for rule in rules:
        present.add(rule.id)
        entry = found.get(rule.id)
        if entry is None:
            found[rule.id] = {"name": rule.folder.name, "version": 1, "hash": rule.version}
        elif entry.get("retired"):
            raise RuleError(
                f"id {rule.id} belonged to {entry.get('name')}, which was taken out; give the rule a new one",
                file=rule.path,
            )
        elif entry["hash"] != rule.version:
            entry |= {"name": rule.folder.name, "version": entry["version"] + 1, "hash": rule.version}
    for name, entry in found.items():
        if name not in present:
            entry["retired"] = True
    return dict(sorted(found.items()))


def write(root: Path, entries: dict[str, Entry]) -> None:
    """Write the lock file of a content root."""
    path(root).write_text(json.dumps({"rules": entries}, indent=1, sort_keys=True) + "\n", "utf-8")


def rules_of(root: Path, rules: Iterable[Rule]) -> list[Rule]:
    """The rules whose files lie in a content root."""
    base = (root / "detections").resolve()
    return [rule for rule in rules if rule.path.resolve().is_relative_to(base)]


def versions(roots: Iterable[Path]) -> dict[str, int]:
    """The version of each rule by id; a later pack's counts."""
    return {name: entry["version"] for root in roots for name, entry in read(root).items()}
