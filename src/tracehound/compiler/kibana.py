"""Kibana detection rules: NDJSON as Kibana's import reads it, one rule a line and a closing summary.

Made by hand after Kibana's published rule schemas: pySigma's own form fetches ATT&CK over the network. The form
is the oldest that is supported (8.19), since newer objects do not import into an older Kibana.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tracehound.compiler.esql import INDEX
from tracehound.compiler.model import Compilation
from tracehound.compiler.schedule import INTERVAL, look_back
from tracehound.rules import Rule
from tracehound.rules.tags import facts
from tracehound.schema import fields

RISK = {"informational": 1, "low": 21, "medium": 47, "high": 73, "critical": 99}
SEVERITY = {"informational": "low"}
TAG = "Tracehound"
TYPES = {
    "kql": ("query", "kuery"),
    "lucene": ("query", "lucene"),
    "esql": ("esql", "esql"),
    "eql": ("eql", "eql"),
}
ATTACK_URL = "https://attack.mitre.org"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!])")


def objects(found: Compilation, lateness: int, versions: Mapping[str, int]) -> list[dict[str, Any]]:
    """A rule object for each compiled rule; ``versions`` are those of the lock files, by rule id.

    A baseline in KQL or Lucene is Kibana's own kind for it, ``new_terms``.
    """
    rules = []
    for query in found.queries:
        kind, language = TYPES[query.language]
        rule = {
            **_common(query.rule, lateness, versions),
            "type": kind,
            "language": language,
            "query": query.query,
        }
        baseline = query.rule.baseline
        if baseline is not None and kind == "query":
            rule["type"] = "new_terms"
            rule["new_terms_fields"] = [*baseline.by, baseline.of]
            rule["history_window_start"] = f"now-{baseline.seconds}s"
        if kind != "esql":
            rule["index"] = [INDEX]
        rules.append(rule)
    return rules


def summary(count: int) -> dict[str, Any]:
    """The last line of an export."""
    return {
        "exported_count": count,
        "exported_rules_count": count,
        "missing_rules": [],
        "missing_rules_count": 0,
        "exported_exception_list_count": 0,
        "exported_exception_list_item_count": 0,
        "missing_exception_list_item_count": 0,
        "missing_exception_list_items": [],
        "missing_exception_lists": [],
        "missing_exception_lists_count": 0,
    }


def _common(rule: Rule, lateness: int, versions: Mapping[str, int]) -> dict[str, Any]:
    level = rule.finding_level
    return {
        "rule_id": rule.id,
        "name": rule.title,
        "description": rule.description or rule.title,
        "version": versions.get(rule.id, 1),
        "enabled": False,
        "risk_score": RISK[level],
        "severity": SEVERITY.get(level, level),
        "interval": f"{INTERVAL}s",
        "from": f"now-{look_back(rule, lateness)}s",
        "to": "now",
        "max_signals": 100,
        "author": [rule.author] if rule.author else [],
        "tags": [TAG, f"Area: {rule.area}", *_tags(rule)] if rule.area else [TAG, *_tags(rule)],
        "threat": list(threat(rule)),
        "false_positives": list(rule.falsepositives),
        "references": [url for url in rule.references if url.startswith(("https://", "http://"))],
        "note": note(rule),
        "setup": "Needs the events that `tracehound push elastic` writes (data streams logs-tracehound.*).",
        "required_fields": [{"name": name, "type": _type(name)} for name in rule.fields],
        "timestamp_override": "@timestamp",
    }


def _type(name: str) -> str:
    kind = fields()[name].type
    return "flattened" if kind == "json" else kind


def _tags(rule: Rule) -> Iterator[str]:
    techniques = facts("atlas")["techniques"]
    for uid in rule.atlas:
        yield f"ATLAS: {uid}" if uid not in techniques else f"ATLAS: {uid} {techniques[uid]['name']}"
    for uid in rule.owasp:
        yield f"OWASP: {uid}"


def threat(rule: Rule) -> Iterator[dict[str, Any]]:
    """ATT&CK as Kibana shows it: each tactic with its techniques (ATLAS has no place there; see tags)."""
    attack = facts("attack")
    names = list(rule.attack_tactics)
    homes: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for uid in rule.attack:
        known = attack["techniques"].get(uid.partition(".")[0], {}).get("tactics", names[:1])
        for name in [n for n in names if n in known] or known[:1]:
            homes.setdefault(name, []).append(_technique(uid, attack["techniques"]))
    for name, techniques in homes.items():
        uid, caption = attack["tactics"][name]
        tactic = {"id": uid, "name": caption, "reference": f"{ATTACK_URL}/tactics/{uid}/"}
        yield {"framework": "MITRE ATT&CK", "tactic": tactic, "technique": techniques}


def _technique(uid: str, known: Mapping[str, Any]) -> dict[str, Any]:
    top, _, sub = uid.partition(".")
    found: dict[str, Any] = {
        "id": top,
        "name": known.get(top, {}).get("name", top),
        "reference": f"{ATTACK_URL}/techniques/{top}/",
        "subtechnique": [],
    }
    if sub:
        reference = f"{ATTACK_URL}/techniques/{top}/{sub}/"
        found["subtechnique"] = [
            {"id": uid, "name": known.get(uid, {}).get("name", uid), "reference": reference}
        ]
    return found


def note(rule: Rule) -> str:
    """The investigation guide: what to do, what the rule does not see. A rule's text is shown as text."""
    parts = []
    if rule.triage:
        parts.append(
            "## Triage\n\n" + "\n".join(f"{n}. {plain(step)}" for n, step in enumerate(rule.triage, 1))
        )
    if rule.misses:
        parts.append(
            "## What this rule does not see\n\n" + "\n".join(f"- {plain(text)}" for text in rule.misses)
        )
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """A text that Markdown does not read as markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
