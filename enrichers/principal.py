"""Who answers for an event: ``ai.principal``, one canonical lower-case name for a person or a workload.

The name is the best of what the event holds, and never made up: what the normalizer set; the user's e-mail
address; an ARN (an IAM user's plain name says nothing without its account, and whoever assumes a role chooses
the name of the session); the user's name, id or credential.
Network traffic without a user has the owner, name or address of the machine. A name that ``aliases`` of the
configuration lists for somebody becomes that somebody, and any of the user's names may be the listed one:

    aliases:
      alice@example.com: [arn:aws:iam::111122223333:user/alice, 88dc28d0f030c55ed4ab77ed8faf098196cb1c05]

An assumed role stays its whole ARN, ``arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION``. It is looked up by that
ARN, by the session's name when that is an e-mail address (single sign-on writes it so), and by the role's ARN.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.config import Settings
from tracehound.enrichers import Enrich, Enricher, Event

TRAFFIC = (4001, 4002, 4003)
AUTHENTICATION = 3002
UNKNOWN = "unknown"
"""What stands where OCSF wants a user's name and the log has none: nobody's name."""
USER_KEYS = ("email_addr", "name", "uid", "uid_alt", "credential_uid")


def build(settings: Settings) -> Enrich:
    """Names are compared without case; of two principals that list one alias the first one has it."""
    canonical: dict[str, str] = {}
    for principal, others in settings.aliases.items():
        for name in (principal, *others):
            canonical.setdefault(name.strip().lower(), principal.strip().lower())

    def enrich(events: list[Event]) -> None:
        for event in events:
            found = _principal(event, canonical)
            if found:
                event["ai"]["principal"] = found

    return enrich


def _principal(event: Event, canonical: dict[str, str]) -> str | None:
    names = list(_names(event))
    if not names:
        return None
    if canonical:
        for name in names:
            for form in (name, *_forms(name)):
                if form in canonical:
                    return canonical[form]
    given = event["ai"].get("principal")
    if isinstance(given, str) and given:
        return names[0]
    chosen = {name.rpartition("/")[2] for name in names if ":assumed-role/" in name}
    return min(names, key=lambda name: 2 if name in chosen else _rank(name))


def _names(event: Event) -> Iterator[str]:
    """All names of who acts, the preferred ones first, lower case."""
    yield from _texts(event["ai"], ("principal",))
    class_uid = event.get("class_uid")
    if class_uid == AUTHENTICATION:
        yield from _texts(event.get("user"), USER_KEYS)
    actor = event.get("actor")
    if isinstance(actor, dict):
        yield from _texts(actor.get("user"), USER_KEYS)
        yield from _texts(actor.get("session"), ("credential_uid",))
    if class_uid in TRAFFIC:
        for machine in (event.get("src_endpoint"), event.get("device")):
            if isinstance(machine, dict):
                yield from _texts(machine.get("owner"), USER_KEYS)
                yield from _texts(machine, ("hostname", "name", "ip"))


def _texts(data: Any, keys: tuple[str, ...]) -> Iterator[str]:
    if isinstance(data, dict):
        for key in keys:
            value = data.get(key)
            if isinstance(value, str) and (value := value.strip().lower()) and value != UNKNOWN:
                yield value


def _rank(name: str) -> int:
    """E-mail addresses, then ARNs, then the rest (``AROA...:alice@example.com`` too) in the order it came."""
    if name.startswith("arn:"):
        return 1
    return 0 if "@" in name and ":" not in name else 2


def _forms(name: str) -> Iterator[str]:
    """What else an ARN may be listed as: an assumed role by its session's e-mail address and by its role."""
    head, found, rest = name.partition(":assumed-role/")
    if not (found and name.startswith("arn:")):
        return
    role, _, session = rest.partition("/")
    if "@" in session:
        yield session
    yield f"{head}:assumed-role/{role}"
    yield f"{head.replace(':sts:', ':iam:')}:role/{role}"


ENRICHER = Enricher("principal", 10, build, ("ai.principal",))
