"""``ai.principal``: which name is taken, and how aliases join names."""

from __future__ import annotations

from typing import Any

import pytest

from tracehound import enrichers
from tracehound.config import Settings

ENRICHER = next(one for one in enrichers.load() if one.name == "principal")
ARN = "arn:aws:sts::111122223333:assumed-role/MlAdmin/Noa@Orbital.example"
KEY_HASH = "88dc28d0f030c55ed4ab77ed8faf098196cb1c05cc778539800c9eb1243fe4b4"


def principal(event: dict[str, Any], aliases: dict[str, list[str]] | None = None) -> Any:
    """What the enricher makes of an event."""
    event = {"class_uid": 6003, "ai": {}} | event
    ENRICHER.build(Settings(aliases=aliases or {}))([event])
    return event["ai"].get("principal")


def user(**values: Any) -> dict[str, Any]:
    return {"actor": {"user": values}}


CASES: dict[str, tuple[dict[str, Any], str | None]] = {
    "e-mail before name and id": (
        user(name="noa", uid="u-1", email_addr="Noa@Orbital.example"),
        "noa@orbital.example",
    ),
    "a name that is an e-mail address": (
        user(uid="arn:aws:iam::1:user/x", name="Noa@x.example"),
        "noa@x.example",
    ),
    "an ARN before a plain name": (
        user(name="noa", uid="arn:aws:iam::1:user/Noa"),
        "arn:aws:iam::1:user/noa",
    ),
    "name before id": (user(name="Noa", uid="u-1"), "noa"),
    "id": (user(uid="U-1"), "u-1"),
    "the credential alone": (user(credential_uid="AKIAEXAMPLE"), "akiaexample"),
    "the session's credential": ({"actor": {"session": {"credential_uid": "Key-1"}}}, "key-1"),
    "what the normalizer set": (
        {"ai": {"principal": " Team-A "}} | user(email_addr="noa@x.example"),
        "team-a",
    ),
    "an assumed role keeps its session": (user(uid=ARN), ARN.lower()),
    "a session's name is chosen by who assumes the role": (
        user(uid=ARN, name="Noa@Orbital.example"),
        ARN.lower(),
    ),
    "nobody": ({"actor": {"app_name": "LiteLLM Proxy"}, "src_endpoint": {"ip": "10.0.0.1"}}, None),
    "a stand-in for a name is nobody": ({"class_uid": 3002, "user": {"name": "Unknown"}, "actor": {}}, None),
    "a session id is nobody": ({"actor": {"session": {"uid": "s-1"}}}, None),
    "login: the user": ({"class_uid": 3002, "user": {"name": "Noa"}, "actor": {}}, "noa"),
    "traffic: the user before the machine": (
        {"class_uid": 4002, "src_endpoint": {"ip": "10.0.0.1"}} | user(name="Noa"),
        "noa",
    ),
    "traffic: the owner": (
        {"class_uid": 4003, "src_endpoint": {"ip": "10.0.0.1", "owner": {"name": "Noa"}}},
        "noa",
    ),
    "traffic: the host": (
        {"class_uid": 4001, "src_endpoint": {"ip": "10.0.0.1", "hostname": "LT-7.x"}},
        "lt-7.x",
    ),
    "traffic: the address": ({"class_uid": 4001, "src_endpoint": {"ip": "10.0.0.1"}}, "10.0.0.1"),
    "traffic: the device": ({"class_uid": 4001, "device": {"hostname": "lt-8"}}, "lt-8"),
    "wrong types": ({"class_uid": 4001, "actor": [], "src_endpoint": "x", "device": {"owner": 5}}, None),
    "wrong types inside": (user(name=7, uid=["a"], email_addr={"a": 1}), None),
    "empty": (user(name="", uid="  "), None),
}


@pytest.mark.parametrize(("event", "expected"), CASES.values(), ids=CASES.keys())
def test_which_name(event: dict[str, Any], expected: str | None) -> None:
    assert principal(event) == expected


ALIASES = {
    "Noa@Orbital.example": ["arn:aws:iam::111122223333:user/NOA", KEY_HASH, "noa.k"],
    "svc-ml": ["arn:aws:iam::111122223333:role/MlRole"],
    "late": ["noa.k"],
}
ALIASED: dict[str, tuple[dict[str, Any], str]] = {
    "the canonical name itself": (user(email_addr="NOA@orbital.example"), "noa@orbital.example"),
    "an ARN": (user(uid="arn:aws:iam::111122223333:user/noa", name="x"), "noa@orbital.example"),
    "a key hash": (user(uid=KEY_HASH.upper()), "noa@orbital.example"),
    "any of the names": (
        user(email_addr="other@orbital.example", credential_uid=KEY_HASH),
        "noa@orbital.example",
    ),
    "the session's e-mail address": (user(uid=ARN), "noa@orbital.example"),
    "the role": (user(uid="arn:aws:sts::111122223333:assumed-role/MlRole/i-0abc"), "svc-ml"),
    "the first who lists it": (user(name="Noa.K"), "noa@orbital.example"),
    "what the normalizer set": ({"ai": {"principal": "noa.k"}}, "noa@orbital.example"),
    "a machine": ({"class_uid": 4001, "src_endpoint": {"hostname": "noa.k"}}, "noa@orbital.example"),
    "nobody's alias": (user(name="Zed"), "zed"),
}


@pytest.mark.parametrize(("event", "expected"), ALIASED.values(), ids=ALIASED.keys())
def test_aliases(event: dict[str, Any], expected: str) -> None:
    assert principal(event, ALIASES) == expected


def test_an_id_that_holds_an_address_is_no_address() -> None:
    role = "arn:aws:sts::111122223333:assumed-role/dev/mila.berg@example.com"
    user = {"uid": role, "uid_alt": "AROAEXAMPLE:mila.berg@example.com", "name": "dev"}
    events = [{"class_uid": 6003, "actor": {"user": user}, "ai": {}}]
    ENRICHER.build(Settings())(events)
    assert events[0]["ai"]["principal"] == role
