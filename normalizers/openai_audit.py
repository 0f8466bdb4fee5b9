"""OpenAI organisation audit log -> OCSF Authentication (3002) for logins, API Activity (6003) for all else.

One object per event, as the API lists them; what an event is about lies under a key named like its type, with dots
or, after some collectors, underscores.
https://platform.openai.com/docs/api-reference/audit-logs
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracehound.chat.blocks import dicts
from tracehound.event import Event
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_dict, take_int, take_str
from tracehound.times import epoch_ms
from tracehound.values import email, ip

VERBS = {
    1: "created added invited sent registered provisioned issued granted",
    2: "looked_up read listed viewed downloaded exported accessed",
    3: "updated upserted enabled disabled activated deactivated archived unarchived accepted declined attached"
       " detached migrated bound_to_resource unbound_from_resource rotated resolved restored transferred",
    4: "deleted removed revoked",
}  # fmt: skip
ACTIVITIES = {verb: number for number, verbs in VERBS.items() for verb in verbs.split()}
"""Last word of an event type -> OCSF's activity; all of them say that something was done."""
LOGIN = {"login": 1, "logout": 2}
OUTCOMES = {"succeeded": 1, "failed": 2}
ACCESS = {"looked_up", "read", "listed", "viewed", "downloaded", "exported", "accessed", "issued"}
NAMES = ("name", "role_name", "group_name", "title", "email", "connector_name", "fine_tuned_model_checkpoint")
PAYLOADS = ("data", "changes_requested", "changes", "metadata")
"""Where the details of an event keep what was asked for."""
LISTS = {"configs": "ip_allowlist.config", "certificates": "certificate"}
OTHERS = (("principal_id", "principal_type"), ("resource_id", "resource_type"))
"""Roles are given to a principal on a resource: both are part of the event."""
RELATED = (
    ("project_id", "project"), ("role_id", "role"), ("workspace_id", "workspace"), ("connector_id", "connector"),
    ("identity_provider_id", "identity_provider"), ("service_account_id", "service_account"),
    ("user_id", "user"), ("group_id", "group"),
)  # fmt: skip
MAX_LABELS = 100


def normalize(record: Record) -> Iterable[Event]:
    """Map one event: a login, or what was done to which resource."""
    log = record.data
    kind = take_str(log, "type") or "Unknown"
    subject, _, verb = kind.rpartition(".")
    details = take_dict(log, kind) or take_dict(log, kind.replace(".", "_"))
    event = _event(log, kind)
    if subject in LOGIN:
        yield event | _login(event, subject, verb, details)
    else:
        yield event | _change(event, subject or kind, verb, details)


def _event(log: dict[str, Any], kind: str) -> Event:
    user, session = _actor(log)
    uid = take_str(log, "id")
    time = epoch_ms(log.get("effective_at"))
    original = str(log.pop("effective_at")) if time else None
    agent = take_str(session, "user_agent")
    return {
        "time": time,
        "api": {"operation": kind, "service": {"name": "OpenAI API Platform"}},
        "actor": {"user": user},
        "src_endpoint": _source(session),
        "http_request": {"user_agent": agent},
        "cloud": {"provider": "OpenAI", "account": _project(log)},
        "observables": _fingerprints(session),
        "metadata": {
            "original_time": original,
            "original_event_uid": uid,
            "event_code": kind,
            "log_name": take_str(log, "object"),
        },
        "ai": {"principal": user.get("email_addr")},
    }


def _login(event: Event, subject: str, verb: str, details: dict[str, Any]) -> Event:
    return {
        "class_uid": 3002,
        "activity_id": LOGIN[subject],
        "user": dict(event["actor"]["user"]) or {"name": "Unknown"},
        "service": {"name": "OpenAI API Platform"},
        "status_id": OUTCOMES.get(verb, 0),
        "status_code": take_str(details, "error_code"),
        "status_detail": take_str(details, "error_message") or verb,
        "unmapped": {"details": details},
        "ai": event["ai"] | {"activity": "login"},
    }


def _change(event: Event, subject: str, verb: str, details: dict[str, Any]) -> Event:
    failed = take_str(details, "error_code")
    label = {} if verb in ACTIVITIES else {"activity_name": verb.replace("_", " ").capitalize()}
    return {
        "class_uid": 6003,
        "activity_id": ACTIVITIES.get(verb, 99),
        **(label if verb else {}),
        "status_id": 2 if failed else OUTCOMES.get(verb, 1 if verb in ACTIVITIES else 0),
        "status_code": failed,
        "status_detail": take_str(details, "error_message") or verb,
        "resources": list(_resources(subject, details)),
        "ai": event["ai"] | {"activity": "access" if verb in ACCESS else "config_change"},
    }


def _actor(log: dict[str, Any]) -> tuple[dict[str, Any], Any]:
    """Who acted, by session or by API key, and the session."""
    actor = log.get("actor")
    session, key = (actor.get("session"), actor.get("api_key")) if isinstance(actor, dict) else (None, None)
    holder = session if isinstance(session, dict) else key
    credential = take_str(key, "id")
    address = take_str(holder, "user", "email")
    uid = take_str(holder, "user", "id")
    service = take_str(key, "service_account", "id")
    user = {
        "name": address or uid or service or credential,
        "uid": uid or service or credential,
        "email_addr": email(address),
        "credential_uid": credential,
        "type_id": 4 if service else 1,
        "type": "Service" if service else "User",
    }
    return user if user["name"] else {}, holder


def _source(session: Any) -> dict[str, Any]:
    address = ip(session.get("ip_address")) if isinstance(session, dict) else None
    if address is None:
        return {}
    take(session, "ip_address")
    place = session.get("ip_address_details")
    number = take_int(place, "asn")
    return {
        "ip": address,
        "location": _location(place),
        "autonomous_system": {"number": number} if number is not None else None,
    }


def _location(place: Any) -> dict[str, Any] | None:
    country, code = take_str(place, "country"), take_str(place, "region_code")
    city, region = take_str(place, "city"), take_str(place, "region")
    if not (country or code or city):
        return None
    return {
        "country": country,
        "city": city,
        "region": f"{country}-{code}" if country and code else code,
        "desc": region,
        "lat": _degrees(place, "latitude"),
        "long": _degrees(place, "longitude"),
    }


def _degrees(place: Any, key: str) -> float | None:
    value = place.get(key) if isinstance(place, dict) else None
    try:
        number = float(value) if isinstance(value, (str, int, float)) else 999.0
    except ValueError:
        return None
    if not -180 <= number <= 180:
        return None
    take(place, key)
    return number


def _fingerprints(session: Any) -> list[dict[str, Any]]:
    """TLS fingerprints of the client: OCSF has no place for them on these classes but as observables."""
    found = ((name, take_str(session, name)) for name in ("ja3", "ja4"))
    return [
        {"name": name, "type_id": 30, "type": "Fingerprint", "value": value} for name, value in found if value
    ]


def _project(log: dict[str, Any]) -> dict[str, Any] | None:
    uid, name = take_str(log, "project", "id"), take_str(log, "project", "name")
    return {"uid": uid, "name": name, "type_id": 99, "type": "OpenAI Project"} if uid or name else None


def _resources(subject: str, details: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What was acted on first, then what it belongs to or was given to."""
    for key, kind in LISTS.items():
        items = dicts(details.get(key))
        if items:
            del details[key]
        for item in items:
            uid, name = take_str(item, "id"), take_str(item, "name")
            yield {"uid": uid or name or "Unknown", "name": name, "type": kind, "role_id": 1, "data": item}
    uid, name = take_str(details, "id"), _name(details)
    labels = list(_labels(details))[:MAX_LABELS]
    others = [
        {"uid": other, "type": take_str(details, kind), "role_id": 4}
        for key, kind in OTHERS
        if (other := take_str(details, key))
    ]
    related = [
        {"uid": other, "type": kind, "role_id": 4}
        for key, kind in RELATED
        if (other := take_str(details, key))
    ]
    if uid or name or details:
        yield {
            "uid": uid or name or "Unknown",
            "name": name,
            "type": subject,
            "role_id": 1,
            "labels": labels,
            "data": details,
        }
    yield from others
    yield from related


def _name(details: dict[str, Any]) -> str | None:
    for place in (details, *(details.get(key) for key in PAYLOADS)):
        for key in NAMES:
            value = place.get(key) if isinstance(place, dict) else None
            if isinstance(value, str) and value:
                return value
    return None


def _labels(details: dict[str, Any]) -> Iterator[str]:
    """``role:owner``, ``scopes:api.model.request``: what a rule may ask for, of details and payload."""
    for place in (details, *(details.get(key) for key in PAYLOADS)):
        for key, value in place.items() if isinstance(place, dict) else ():
            if (
                key in ("id", "name", "title")
                or key.endswith("_id")
                or (place is details and key in PAYLOADS)
            ):
                continue
            for item in value if isinstance(value, list) else [value]:
                if isinstance(item, bool):
                    yield f"{key}:{str(item).lower()}"
                elif isinstance(item, (str, int, float)) and len(str(item)) <= 200:
                    yield f"{key}:{item}"


def matches(data: dict[str, Any]) -> bool:
    """Named by its object, which the documentation's own examples leave out."""
    if data.get("object") == "organization.audit_log":
        return True
    return "effective_at" in data and "actor" in data and isinstance(data.get("type"), str)


def identify(data: dict[str, Any]) -> str | None:
    """The id of the log entry."""
    uid = data.get("id")
    return uid if isinstance(uid, str) and uid else None


NORMALIZER = Normalizer(
    name="openai_audit",
    matches=matches,
    normalize=normalize,
    product="OpenAI API Platform",
    vendor="OpenAI",
    service="cloud_audit",
    identify=identify,
)
