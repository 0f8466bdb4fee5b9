"""The rules of the matrix: our single-event rules, what our correlations rest on, and probes (probes.yml)."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tracehound.matcher.condition import Leaf, Node, Related, walk
from tracehound.rules import Rule
from tracehound.rules.loader import load_rules

PROBES = Path(__file__).parent / "probes.yml"
LISTS = {"destinations": ("evil.example", "drop*.example", "10.1.2.3")}
LANGUAGES = ("lucene", "kql", "esql", "eql", "splunk")


@dataclass(frozen=True)
class Case:
    """One rule; ``name`` is unique. ``gaps`` are the languages that cannot say it, with the reason's beginning."""

    name: str
    rule: Rule
    kind: str
    """ours, base (of a correlation or baseline) or probe."""
    gaps: dict[str, str] = field(default_factory=dict)
    values: tuple[Any, ...] = ()
    """For probes: values to try in the fields, where none can be made from the tests."""
    events: tuple[dict[str, Any], ...] = ()
    """For probes: fields and values of events to add."""

    @property
    def condition(self) -> Node:
        assert self.rule.condition is not None
        return self.rule.condition

    def leaves(self) -> list[Leaf]:
        """Each different test of a field once, in order."""
        return list(dict.fromkeys(item for item in walk(self.condition) if isinstance(item, Leaf)))

    def fields(self) -> list[str]:
        """The fields that it reads, in order."""
        found = [item.field for item in walk(self.condition) if isinstance(item, Leaf | Related)]
        found += [item.other for item in walk(self.condition) if isinstance(item, Related)]
        return list(dict.fromkeys(found))


def _bases(rule: Rule) -> Iterator[Rule]:
    if rule.correlation is None:
        yield rule
        return
    for base in rule.correlation.base:
        yield from _bases(base)


@cache
def ours() -> tuple[Case, ...]:
    """Our content: every rule, or the single-event rules that it rests on, each once."""
    found = load_rules()
    assert not found.errors
    cases: dict[str, Case] = {}
    for rule in found:
        for single in _bases(rule):
            kind = "ours" if single is rule and rule.baseline is None else "base"
            plain = replace(single, suppress=None, baseline=None)
            name = f"{rule.folder.name}" if single is rule else f"{rule.folder.name}/{single.name}"
            cases.setdefault(single.id or name, Case(name, plain, kind))
    return tuple(cases.values())


@cache
def probes() -> tuple[Case, ...]:
    """The probe rules, loaded as a company's pack is."""
    table: list[dict[str, Any]] = yaml.safe_load(PROBES.read_text("utf-8"))
    names = [probe["name"] for probe in table]
    assert len(set(names)) == len(names)
    with tempfile.TemporaryDirectory(prefix="tracehound-probes-") as folder:
        for number, probe in enumerate(table):
            path = Path(folder) / "pack" / "detections" / "probes" / f"p{number}" / f"p{number}.yml"
            path.parent.mkdir(parents=True)
            path.write_text(yaml.safe_dump(document(probe), sort_keys=False), "utf-8")
        empty = Path(folder) / "own"
        empty.mkdir()
        loaded = load_rules([Path(folder) / "pack"], own=empty, lists=LISTS)
    assert not loaded.errors, [str(error) for error in loaded.errors]
    by_title = {rule.title: rule for rule in loaded}
    return tuple(
        Case(
            probe["name"],
            by_title[probe["name"]],
            "probe",
            probe.get("gaps", {}),
            tuple(probe.get("values", ())),
            tuple(probe.get("events", ())),
        )
        for probe in table
    )


def document(probe: dict[str, Any]) -> dict[str, Any]:
    """A probe as a Sigma document."""
    rule = probe["rule"]
    return {
        "title": probe["name"],
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"tracehound/probes/{probe['name']}")),
        "description": probe["name"],
        "level": "low",
        "logsource": {"product": "ai"},
        "detection": rule if "condition" in rule else {"sel": rule, "condition": "sel"},
    }


def cases() -> tuple[Case, ...]:
    """All rules of the matrix."""
    return ours() + probes()
