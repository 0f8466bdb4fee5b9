"""The engine's memory as plain values: what waits, windows, baselines, what was raised; and back.

What belongs to a rule goes on only if the rule is the same, by the hash of its file: windows of another
condition would be counted together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tracehound.matcher.suppress import window_seconds
from tracehound.matcher.tree import Tree
from tracehound.plain import reading, text
from tracehound.rules.model import Rule

if TYPE_CHECKING:
    from tracehound.matcher.engine import Engine


def dump(engine: Engine) -> dict[str, Any]:
    """The memory of an engine."""
    names = [item.rule.id for item in engine.remembering]
    rules = {
        item.rule.id: {
            "settled": item.settled.dump(engine.mask),
            "early": item.early.dump(engine.mask) if item.early is not None else None,
        }
        for item in engine.remembering
    }
    return {
        "versions": {rule.id: _version(rule) for rule in engine.rules},
        "clock": engine.clock.dump(),
        "rules": rules,
        "waiting": engine.order.dump(engine.mask, names),
        "windows": engine.suppressor.dump(engine.mask),
        "early": engine.early.dump(engine.mask),
        "told": list(engine.told),
    }


def load(engine: Engine, state: dict[str, Any]) -> list[str]:
    """Give an engine the memory of another; says of which rules it was dropped."""
    with reading("the engine's part of it"):
        was = {text(uid): text(version) for uid, version in state["versions"].items()}
        same = {rule.id for rule in engine.rules if was.get(rule.id) == _version(rule)}
        dropped = _dropped(engine.rules, was, same, state["rules"])
        engine.clock.load(state["clock"])
        going_on: dict[str, tuple[int, int]] = {}
        for number, item in enumerate(engine.remembering):
            kept = state["rules"].get(item.rule.id) if item.rule.id in same else None
            if kept is None:
                continue
            leaves = item.settled.leaves if isinstance(item.settled, Tree) else ()
            going_on[item.rule.id] = number, len(leaves) or 1
            item.settled.load(kept["settled"])
            if item.early is not None:
                item.early.load(kept["early"] or kept["settled"])
        engine.order.load(state["waiting"], going_on)
        spans = {rule.id: window_seconds(rule) or 0 for rule in engine.rules if rule.id in same}
        engine.suppressor.load(state["windows"], spans)
        engine.early.load(state["early"], spans)
        engine.told.update(dict.fromkeys(text(uid) for uid in state["told"]))
    return dropped


def _version(rule: Rule) -> str:
    return f"{rule.version} {rule.title}"


def _dropped(
    rules: Sequence[Rule], was: dict[str, str], same: set[str], remembered: dict[str, Any]
) -> list[str]:
    """Words on rules that had a memory and no longer have it."""
    now = {rule.id: rule for rule in rules}
    said = []
    for uid, version in was.items():
        title = version.partition(" ")[2]
        if uid in now and uid not in same and _remembers(now[uid]):
            said.append(f"{now[uid].title!r} has changed: its windows and what it had learned start anew")
        elif uid not in now and remembered.get(uid):
            said.append(f"{title!r} is not among the rules: what it remembered is dropped")
    return said


def _remembers(rule: Rule) -> bool:
    return bool(rule.correlation or rule.baseline or rule.suppress)
