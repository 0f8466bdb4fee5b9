"""Splunk Enterprise Security: what a rule's saved search tells it of frameworks, findings and risk.

Keys under ``action.correlationsearch``, ``action.notable`` and ``action.risk`` are what ES writes for its own
searches and what Splunk's contentctl writes for ESCU. Splunk without ES keeps them and reads none of them, as long
as the two actions themselves are off: an action that is on and not installed is an error at each run that finds
something. So they are on only where a site says that it has ES; what the actions need is always there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tracehound.compiler.conf_text import one_line
from tracehound.rules import Rule

RISK = {"informational": 5, "low": 10, "medium": 25, "high": 50, "critical": 80}
"""Points for the risk object at each hit; ES's own rule raises an entity at 100 within 24 hours."""
DOMAINS = {"configuration": "audit"}
"""``security_domain`` by area of rules; all others are ``threat``."""
EVENT_DRILLDOWN = '`tracehound_index` metadata.uid="$metadata.uid$"'
_USERS = ("ai.principal", "actor.user.", "user.")
_SYSTEMS = ("src_endpoint.", "dst_endpoint.", "device.")


def settings(rule: Rule, label: str, *, on: bool) -> Iterator[tuple[str, str]]:
    """Settings of the saved search of a rule. ``label`` is the rule's title on one line; ``on``: ES is there."""
    yield "action.correlationsearch.enabled", "1"
    yield "action.correlationsearch.label", label
    yield "action.correlationsearch.annotations", json.dumps(frameworks(rule), sort_keys=True)
    yield "action.notable", str(int(on))
    yield "action.notable.param.rule_title", plain(label)
    yield "action.notable.param.rule_description", plain(rule.description or label)
    yield "action.notable.param.severity", rule.finding_level
    yield "action.notable.param.security_domain", DOMAINS.get(rule.area, "threat")
    yield "action.notable.param.drilldown_searches", _drilldowns()
    if rule.triage:
        yield "action.notable.param.next_steps", json.dumps({"version": 1, "data": next_steps(rule)})
    yield "action.risk", str(int(on))
    yield "action.risk.param._risk", json.dumps([risk_object(rule)])
    yield "action.risk.param._risk_message", plain(label)
    yield "action.risk.param.verbose", "0"


def frameworks(rule: Rule) -> dict[str, list[str]]:
    """Annotations: framework -> ids. ``mitre_attack`` is ES's own, the others are custom frameworks to it."""
    found = {"mitre_attack": list(rule.attack), "mitre_atlas": list(rule.atlas), "owasp": list(rule.owasp)}
    return {name: ids for name, ids in found.items() if ids}


def risk_object(rule: Rule) -> dict[str, str | int]:
    """Whose risk a hit raises, and by how much."""
    entity = rule.risk_entity
    kind = "user" if entity.startswith(_USERS) else "system" if entity.startswith(_SYSTEMS) else "other"
    return {
        "risk_object_field": entity,
        "risk_object_type": kind,
        "risk_score": RISK[rule.finding_level],
    }


def next_steps(rule: Rule) -> str:
    """The triage steps of a rule, numbered."""
    return "\n".join(f"{n}. {plain(step)}" for n, step in enumerate(rule.triage, 1))


def plain(text: str) -> str:
    """ES puts a field's value for ``$name$`` in texts, and a button for ``[[..]]``; a rule's text is neither."""
    return one_line(" ".join(text.split()).replace("$", "").replace("[[", "[").replace("]]", "]"))


def _drilldowns() -> str:
    event = {
        "name": "The event, or the one that completed the correlation",
        "search": EVENT_DRILLDOWN,
        "earliest_offset": "$info_min_time$",
        "latest_offset": "$info_max_time$",
    }
    return json.dumps([event])
