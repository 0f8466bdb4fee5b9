"""OpenAI's organisation audit log, as ``GET /v1/organization/audit_logs`` returns it.

https://platform.openai.com/docs/api-reference/audit-logs
"""

from dataclasses import dataclass
from random import Random

from tracehound.demo.generate.day import Record
from tracehound.demo.generate.ids import base62, digest
from tracehound.demo.generate.people import EGRESS, Person

SOURCE = "openai_audit"
PROJECTS = {
    "harbor": {"id": "proj_7QkLmZ1vX0sTgUd2hBnWcRea", "name": "Harbor chat"},
    "internal": {"id": "proj_b3NfYw8KpVqJ5xTzL0mHsGdi", "name": "Internal assistants"},
}
BROWSER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
)
HOME = {
    "country": "DE",
    "city": "Hamburg",
    "region": "Hamburg",
    "region_code": "HH",
    "asn": "64500",
    "latitude": "53.55073",
    "longitude": "9.99302",
}


@dataclass(frozen=True)
class Browser:
    """Where a session comes from."""

    address: str = EGRESS
    agent: str = BROWSER
    place: tuple[tuple[str, str], ...] = tuple(HOME.items())


def session(one: Person, browser: Browser) -> Record:
    """An actor in the web interface."""
    finger = digest(browser.agent)
    return {
        "type": "session",
        "session": {
            "user": {"id": one.openai_id, "email": one.email},
            "ip_address": browser.address,
            "user_agent": browser.agent,
            "ja3": finger[:32],
            "ja4": f"t13d1516h2_{finger[32:44]}_{finger[44:56]}",
            "ip_address_details": dict(browser.place),
        },
    }


def api_key(key: str, one: Person | None = None, account: str = "") -> Record:
    """An actor who uses an API key: a user's, or a service account's."""
    owner: Record = {"type": "service_account", "service_account": {"id": account}}
    if one:
        owner = {"type": "user", "user": {"id": one.openai_id, "email": one.email}}
    return {"type": "api_key", "api_key": {"id": key} | owner}


def event(
    rng: Random, when: float, kind: str, actor: Record, details: Record | None = None, project: str = ""
) -> Record:
    """One event; its details lie under a key named like its type."""
    record: Record = {
        "object": "organization.audit_log",
        "id": "audit_log-" + base62(rng, 24),
        "type": kind,
        "effective_at": int(when),
    }
    if project:
        record["project"] = PROJECTS[project]
    record["actor"] = actor
    if details is not None:
        record[kind] = details
    return record
