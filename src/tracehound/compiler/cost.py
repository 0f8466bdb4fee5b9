"""What a search must read, by rule and language."""

from __future__ import annotations

from tracehound.compiler.model import Cost
from tracehound.matcher.condition import And, Leaf, Node, Or, Related
from tracehound.matcher.leaves import Exists, Number, Regex, Text
from tracehound.rules import Rule
from tracehound.schema import fields


def cost_of(rule: Rule, language: str) -> Cost:
    """Elastic reads its index, unless fields are compared; Splunk reads raw events."""
    conditions = _conditions(rule)
    if language == "splunk":
        return "class" if all(classes_of(c) is not None for c in conditions) else "all"
    return "all" if any(_scans(c) for c in conditions) else "indexed"


def _conditions(rule: Rule) -> list[Node]:
    if rule.correlation is not None:
        return [c for base in rule.correlation.base for c in _conditions(base)]
    return [] if rule.condition is None else [rule.condition]


def _scans(node: Node) -> bool:
    """Whether each value (or document) has to be looked at: regular expressions, compared fields."""
    if isinstance(node, Leaf):
        return isinstance(node.test, Regex)
    if isinstance(node, Related):
        return True
    if isinstance(node, And | Or):
        return any(_scans(item) for item in node.items)
    return _scans(node.item) if hasattr(node, "item") else False


def classes_of(node: Node) -> frozenset[int] | None:
    """The classes an event can have that passes; None: any. What a test needs present narrows it."""
    if isinstance(node, And):
        found = [c for item in node.items if (c := classes_of(item)) is not None]
        return frozenset.intersection(*found) if found else None
    if isinstance(node, Or):
        each = [classes_of(item) for item in node.items]
        known = [c for c in each if c is not None]
        return frozenset.union(*known) if len(known) == len(each) else None
    if not isinstance(node, Leaf):
        return None
    if node.field == "class_uid" and isinstance(node.test, Number):
        return frozenset({int(node.test.number)})
    if isinstance(node.test, Exists | Text | Number):
        info = fields().get(node.field)
        every = len(fields()["metadata.uid"].classes)
        return frozenset(info.classes) if info is not None and len(info.classes) < every else None
    return None
