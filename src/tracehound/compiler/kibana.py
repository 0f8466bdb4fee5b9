"""Kibana detection rules: NDJSON as Kibana's import reads it, one rule a line and a closing summary.

Made by hand after Kibana's published rule schemas: pySigma's own form fetches ATT&CK over the network. The form
is the oldest that is supported (8.19), since newer objects do not import into an older Kibana.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tracehound.compiler.esql import INDEX
from tracehound.compiler.lucene import caseless
from tracehound.compiler.model import Compilation, Query
from tracehound.compiler.schedule import INTERVAL, look_back, span
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
SETUP = (
    "Needs the events that `tracehound push elastic` writes (data streams logs-tracehound.*). "
    "`tracehound verify elastic` shows whether the rule finds its own test events."
)
RECENT = "| WHERE `@timestamp` >= NOW() - "
MOST_SUPPRESSED_BY = 3
"""Kibana's API takes no more fields."""
ATTACK_URL = "https://attack.mitre.org"
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|!])")


def objects(found: Compilation, lateness: int, versions: Mapping[str, int]) -> list[dict[str, Any]]:
    """A rule object for each compiled rule; ``versions`` are those of the lock files, by rule id.

    A baseline in KQL or Lucene is Kibana's own kind for it, ``new_terms``.
    """
    return [
        {
            "rule_id": query.rule.id,
            "version": versions.get(query.rule.id, 1),
            "enabled": False,
            **rule_object(query, lateness),
        }
        for query in found.queries
    ]


def rule_object(query: Query, lateness: int, *, suppression: bool = False) -> dict[str, Any]:
    """One rule without what a deployment adds. ``suppression``: the licence has it (Platinum and above)."""
    rule, (kind, language) = query.rule, TYPES[query.language]
    made = {
        **_common(rule, lateness),
        "type": kind,
        "language": language,
        "query": query.query,
        "from": f"now-{reach(query, lateness)}s",
    }
    if rule.baseline is not None and kind == "query":
        made["type"] = "new_terms"
        made["new_terms_fields"] = new_terms(rule)
        made["history_window_start"] = f"now-{rule.baseline.seconds}s"
    if rule.correlation is not None and kind == "esql":
        made["query"] += recent(rule, lateness)
    if kind != "esql":
        made["index"] = [INDEX]
    if suppression and (by := suppressed_by(rule, kind)):
        made["alert_suppression"] = {
            "group_by": by,
            "duration": {"value": _suppressed(rule), "unit": "s"},
            "missing_fields_strategy": "suppress",
        }
    return made


def new_terms(rule: Rule) -> list[str]:
    """The fields of which a combination is new, compared without case."""
    return [caseless(name) for name in (*rule.baseline.by, rule.baseline.of)] if rule.baseline else []


def reach(query: Query, lateness: int) -> int:
    """How far back a run looks, in seconds.

    In ES|QL, which gives one row for each window of ``suppress``, over that window too: else its beginning, by
    which a row is known again, would move from run to run.
    """
    rule, whole = query.rule, look_back(query.rule, lateness)
    if query.language != "esql":
        return whole
    if rule.baseline is not None:
        return whole + rule.baseline.seconds + (rule.baseline.learn or rule.baseline.seconds)
    return whole + _suppressed(rule) if rule.correlation is not None else whole


def recent(rule: Rule, lateness: int) -> str:
    """The last line of a correlation's query: rows new since the run before, or whose event came late.

    Kibana raises the rows of an aggregating query anew at each run; without this an open window would be raised
    until it is out of reach.
    """
    since = INTERVAL + lateness
    if rule.correlation is not None and rule.correlation.at_close:
        since += span(rule)
    return f"\n{RECENT}{since} seconds"


def suppressed_by(rule: Rule, kind: str) -> list[str]:
    """The fields by which Kibana puts alerts together; none where it cannot by the fields of the rule."""
    if rule.suppress is None and rule.correlation is None:
        return []
    if kind == "eql":
        return []
    if rule.correlation is not None:
        by = list(rule.correlation.group_by) or ["th_window"]
    else:
        by = [caseless(name) for name in rule.suppress.by] if rule.suppress else []
    return by if len(by) <= MOST_SUPPRESSED_BY else []


def _suppressed(rule: Rule) -> int:
    if rule.suppress is not None:
        return rule.suppress.seconds
    return rule.correlation.seconds if rule.correlation is not None else 0


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


def _common(rule: Rule, lateness: int) -> dict[str, Any]:
    level = rule.finding_level
    return {
        "name": rule.title,
        "description": rule.description or rule.title,
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
        "setup": SETUP,
        "required_fields": [{"name": name, "type": _type(name)} for name in rule.fields],
        "related_integrations": [],
        "investigation_fields": {"field_names": list(dict.fromkeys([rule.risk_entity, *rule.fields]))},
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
    techniques = facts("atlas")["techniques"]
    known = [f"- {uid} {plain(techniques[uid]['name'])}" for uid in rule.atlas if uid in techniques]
    if known:
        parts.append("## MITRE ATLAS\n\n" + "\n".join(known))
    return "\n\n".join(parts)


def plain(text: str) -> str:
    """A text that Markdown does not read as markup."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
