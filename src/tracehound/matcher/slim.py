"""As much of an event as correlations, baselines and their findings read of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracehound.findings import COPIED_AI, COPIED_PARTS, USER_KEYS
from tracehound.matcher.hits import Event
from tracehound.rules.model import Rule

FOR_FINDINGS = (
    "time",
    "type_uid",
    "type_name",
    "metadata.uid",
    "ai.source",
    *(f"ai.{name}" for name in COPIED_AI),
    *(f"ai.{part}.{name}" for part, names in COPIED_PARTS.items() for name in names),
    *(f"actor.{name}" for name in ("app_name", "app_uid", "invoked_by", "user.type_id")),
    *(f"actor.user.{name}" for name in USER_KEYS),
)

Branches = dict[str, Any]


class Slimmer:
    """Cuts events to the fields of some rules and what every finding copies."""

    def __init__(self, fields: Iterable[str]) -> None:
        names = dict.fromkeys((*fields, *FOR_FINDINGS))
        self._branches: Branches = {}
        self._flat = [name for name in names if "." in name]
        for name in names:
            _grow(self._branches, name.split("."))

    def __call__(self, event: Event) -> Event:
        """A smaller event that shares its values with the whole one."""
        small: Event = _cut(event, self._branches)
        if "." in "".join(event):
            small.update((name, event[name]) for name in self._flat if name in event)
        return small


def _grow(branches: Branches, path: list[str]) -> None:
    """Add a path; None at a key says that everything below it is kept."""
    for number, key in enumerate(path):
        if number == len(path) - 1:
            branches[key] = None
        elif key in branches and branches[key] is None:
            return
        else:
            branches = branches.setdefault(key, {})


def _cut(node: Any, branches: Branches) -> Any:
    kept = {}
    for key, below in branches.items():
        value = node.get(key)
        if value is None:
            continue
        if below is None or not isinstance(value, dict | list):
            kept[key] = value
        elif isinstance(value, dict):
            kept[key] = _cut(value, below)
        else:
            kept[key] = _cut_list(value, below)
    return kept


def _cut_list(items: list[Any], branches: Branches) -> list[Any]:
    """The objects of a list, cut; lists in lists too."""
    kept: list[Any] = []
    for item in items:
        if isinstance(item, dict):
            kept.append(_cut(item, branches))
        elif isinstance(item, list):
            kept.append(_cut_list(item, branches))
    return kept


def fields_read(rule: Rule) -> list[str]:
    """The fields that a rule, its memory and its findings read."""
    fields = [*rule.fields, rule.risk_entity, *(rule.suppress.by if rule.suppress else ())]
    if rule.baseline is not None:
        fields += [rule.baseline.of, *rule.baseline.by]
    return fields
