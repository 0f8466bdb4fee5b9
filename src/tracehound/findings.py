"""Our findings: OCSF Detection Finding (2004), made of a hit.

Who, which session, agent and model are copied from the event that completed the hit. Values of fields that
matched are masked and cut; texts are never copied whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tracehound.matcher.condition import And
from tracehound.matcher.explanation import evidence, shown
from tracehound.matcher.hits import Event, EventRef, Hit
from tracehound.matcher.values import values_at
from tracehound.rules.model import LEVELS, Rule
from tracehound.rules.tags import facts
from tracehound.schema.constants import EXTENSION, FINDING_STATUS, OCSF_VERSION, SEVERITY, type_uid

CLASS_UID = 2004
CREATE, UPDATE = 1, 2
ACTIVITIES = {CREATE: "Create", UPDATE: "Update"}
NEW, IN_PROGRESS = 1, 2
RULE_ANALYTIC = 1
OTHER = 99
COPIED_AI = ("principal", "session_uid", "risk_score")
COPIED_PARTS = {
    "agent": ("name", "uid", "type", "parent_uid"),
    "model": ("name", "provider", "version"),
    "tool": ("name", "type", "server"),
}
"""Who and what, but no verdicts or signals: a search for those must not find the finding too."""
USER_KEYS = ("name", "uid", "email_addr", "full_name", "credential_uid", "type")
MAX_TITLE = 256


def _version() -> str:
    try:
        return version("tracehound")
    except PackageNotFoundError:
        return "0"


PRODUCT = {"name": "Tracehound", "vendor_name": "Tracehound", "version": _version()}


class Findings:
    """Makes findings; ``mask`` hides what may not be stored in the values that it is given."""

    def __init__(self, mask: Callable[[str], str] = str) -> None:
        self._mask = mask

    def create(self, hit: Hit) -> Event:
        """A finding as it is raised."""
        return self._finding(hit)

    def update(self, hit: Hit) -> Event:
        """The one update that closes a window, with the final count."""
        return updated(self.create(hit), hit.related, hit.count)

    def _finding(self, hit: Hit) -> Event:
        uid = finding_uid(hit)
        times = [ref.time for ref in hit.related] or [hit.time]
        finding: Event = {
            **_classification(CREATE, LEVELS.index(hit.rule.level) + 1),
            "time": hit.time,
            "start_time": min(times),
            "end_time": max(times),
            "count": hit.count,
            "message": self._message(hit),
            "finding_info": self._info(hit, uid, min(times), max(times)),
            "evidences": [{"data": self._evidence(hit)}],
            "ai": self._ai(hit),
        }
        if hit.rule.triage:
            finding["remediation"] = {"desc": "\n".join(hit.rule.triage)}
        actor = self._actor(hit.event)
        if actor:
            finding["actor"] = actor
        self._risk(hit, finding)
        finding["metadata"] = {
            "version": OCSF_VERSION,
            "product": dict(PRODUCT),
            "log_provider": "Tracehound",
            "uid": _digest(uid, str(CREATE)),
            "profiles": ["host"] if actor else [],
            "extensions": [dict(EXTENSION)],
        }
        return finding

    def _message(self, hit: Hit) -> str:
        about = ", ".join(dict.fromkeys(self._mask(value) for _, value in hit.entity))
        principal = shown(values_at(hit.event, "ai.principal"), self._mask)
        who = about or (principal[0] if principal else "")
        return f"{hit.rule.title}: {who}"[:500] if who else hit.rule.title

    def _info(self, hit: Hit, uid: str, first: int, last: int) -> dict[str, Any]:
        rule = hit.rule
        info: dict[str, Any] = {
            "uid": uid,
            "title": rule.title[:MAX_TITLE],
            "types": [rule.area] if rule.area else [],
            "analytic": {
                "type_id": RULE_ANALYTIC,
                "type": "Rule",
                "uid": rule.id,
                "name": rule.title,
                "version": rule.version,
            },
            "related_events": [_related(ref) for ref in hit.related],
            "related_events_count": hit.count,
            "created_time": hit.time,
            "first_seen_time": first,
            "last_seen_time": last,
            "data_sources": sorted({ref.source for ref in hit.related} - {""}),
            "attacks": attacks(rule),
            "tags": owasp_tags(rule),
        }
        if rule.description:
            info["desc"] = rule.description
        if rule.references:
            info["src_url"] = rule.references[0]
        return {key: value for key, value in info.items() if value not in ([], "")}

    def _evidence(self, hit: Hit) -> dict[str, Any]:
        """Fields that matched and their values; the group and the number of a correlation."""
        found: dict[str, list[str]] = {}
        condition = hit.matched.condition
        if isinstance(condition, And):
            condition = And(condition.items[1:])  # the first is the rule's logsource, which says nothing new
        if condition is not None:
            found.update(evidence(condition, hit.event, self._mask))
        for name, value in hit.entity:
            found.setdefault(name, list(shown([value], self._mask)))
        for name, values in hit.notes.items():
            found.setdefault(name, list(shown(list(values), self._mask)))
        return {name: values[0] if len(values) == 1 else values for name, values in found.items() if values}

    def _ai(self, hit: Hit) -> dict[str, Any]:
        """Our object: what kind of event this is, and whom and what it is about."""
        found: dict[str, Any] = {"service": "finding", "source": "tracehound", "activity": "finding"}
        theirs = hit.event.get("ai")
        if not isinstance(theirs, dict):
            return found
        for key in COPIED_AI:
            if theirs.get(key) not in (None, [], {}):
                found[key] = theirs[key]
        for part, keys in COPIED_PARTS.items():
            whole = theirs.get(part)
            kept = {k: whole[k] for k in keys if whole.get(k)} if isinstance(whole, dict) else {}
            if kept:
                found[part] = kept
        return found

    @staticmethod
    def _actor(event: Event) -> dict[str, Any]:
        """The actor in the few attributes that every version of the schema has."""
        theirs = event.get("actor")
        if not isinstance(theirs, dict):
            return {}
        actor = {
            key: theirs[key]
            for key in ("app_name", "app_uid", "invoked_by")
            if isinstance(theirs.get(key), str)
        }
        user = theirs.get("user")
        if isinstance(user, dict):
            kept = {k: user[k] for k in USER_KEYS if isinstance(user.get(k), str)}
            if isinstance(user.get("type_id"), int):
                kept["type_id"] = user["type_id"]
            if "name" in kept or "uid" in kept:
                actor["user"] = kept
        return actor

    def _risk(self, hit: Hit, finding: Event) -> None:
        score = finding["ai"].get("risk_score")
        if isinstance(score, int) and not isinstance(score, bool):
            finding["risk_score"] = score
        carriers = shown(values_at(hit.event, hit.rule.risk_entity), self._mask)
        if carriers:
            finding["observables"] = [
                {"name": hit.rule.risk_entity, "type_id": OTHER, "type": "Risk Entity", "value": value}
                for value in carriers
            ]


def _classification(activity: int, severity: int) -> Event:
    """Class, activity, severity and status with their captions."""
    new = activity == CREATE
    return {
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": CLASS_UID,
        "class_name": "Detection Finding",
        "activity_id": activity,
        "activity_name": ACTIVITIES[activity],
        "type_uid": type_uid(CLASS_UID, activity),
        "type_name": f"Detection Finding: {ACTIVITIES[activity]}",
        "severity_id": severity,
        "severity": SEVERITY[severity],
        "status_id": NEW if new else IN_PROGRESS,
        "status": FINDING_STATUS[NEW if new else IN_PROGRESS],
        "is_alert": severity > 1,
    }


def updated(finding: Event, related: Sequence[EventRef], count: int) -> Event:
    """The update of a finding: the same, with all events of its window; ``related`` are the first of them."""
    times = [ref.time for ref in related] or [finding["time"]]
    info = finding["finding_info"] | {
        "related_events": [_related(ref) for ref in related],
        "related_events_count": count,
        "first_seen_time": min(times),
        "last_seen_time": max(times),
    }
    sources = sorted({ref.source for ref in related} - {""})
    data = dict(finding["evidences"][0]["data"])
    if "event_count" in data:
        data["event_count"] = str(count)
    return finding | {
        **_classification(UPDATE, finding["severity_id"]),
        "time": max(times),
        "start_time": min(times),
        "end_time": max(times),
        "count": count,
        "finding_info": info | ({"data_sources": sources} if sources else {}),
        "evidences": [{"data": data}],
        "metadata": finding["metadata"] | {"uid": _digest(info["uid"], str(UPDATE))},
    }


def finding_uid(hit: Hit) -> str:
    """From rule, entity and window; without a window from rule and event."""
    if hit.window is None:
        return _digest(hit.rule.id, hit.related[0].uid)
    entity = [part for pair in hit.entity for part in pair]
    return _digest(hit.rule.id, str(hit.window), *entity)


def attacks(rule: Rule) -> list[dict[str, Any]]:
    """ATT&CK and ATLAS techniques (and ATT&CK tactics) as OCSF attack objects; the version says which."""
    atlas, attack = facts("atlas"), facts("attack")
    found: list[dict[str, Any]] = []
    for uid in rule.attack:
        found.append({"technique": {"uid": uid}, "version": attack["source"]})
    for name in rule.attack_tactics:
        number, caption = attack["tactics"][name]
        found.append({"tactic": {"uid": number, "name": caption}, "version": attack["source"]})
    for uid in rule.atlas:
        technique = atlas["techniques"][uid]
        item: dict[str, Any] = {"technique": {"uid": uid, "name": technique["name"]}}
        tactics = technique["tactics"]
        if tactics:
            item["tactic"] = {"uid": atlas["tactics"][tactics[0]], "name": tactics[0]}
        item["version"] = f"{atlas['source']} {atlas['version']}"
        found.append(item)
    return found


def owasp_tags(rule: Rule) -> list[dict[str, str]]:
    """OWASP risks as tags: the id with its edition, and the name."""
    risks = facts("owasp")["risks"]
    return [{"name": f"OWASP {uid}", "value": risks[uid]} for uid in rule.owasp]


def _related(ref: EventRef) -> dict[str, Any]:
    item: dict[str, Any] = {"uid": ref.uid, "first_seen_time": ref.time}
    if ref.type_uid:
        item["type_uid"] = ref.type_uid
    if ref.type_name:
        item["type_name"] = ref.type_name
    if ref.source:
        item["product"] = {"name": ref.source}
    return item


def _digest(*parts: str) -> str:
    raw = "\0".join(parts).encode("utf-8", "surrogatepass")
    return blake2b(raw, digest_size=16).hexdigest()
