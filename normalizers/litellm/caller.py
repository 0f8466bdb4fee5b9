"""Who called a LiteLLM proxy, and with what request."""

from __future__ import annotations

from typing import Any

from tracehound.record import take, take_dict, take_str, whole
from tracehound.values import email, get, ip, ips

NOBODY = {
    "default_user_id",
    "litellm_proxy_master_key",
    "litellm-internal-health-check",
    "default-internal-user",
}
"""What LiteLLM writes where it knows nobody."""
SECRET_HEADERS = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-goog-api-key",
    "x-litellm-api-key", "ocp-apim-subscription-key", "x-amz-security-token",
}  # fmt: skip


def user(log: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The user behind the virtual key, and who answers for the call."""
    meta = log.get("metadata")
    address = (
        take_str(meta, "user_api_key_user_email") if email(get(meta, "user_api_key_user_email")) else None
    )
    uid = take_str(meta, "user_api_key_user_id") or take_str(log, "user")
    end_user = take_str(log, "end_user") or take_str(meta, "user_api_key_end_user_id")
    key = take_str(meta, "user_api_key_hash") or take_str(meta, "user_api_key") or take_str(log, "api_key")
    alias = get(meta, "user_api_key_alias")
    alias = alias if isinstance(alias, str) else None
    known = [who for who in (address, uid, end_user, alias, key) if who and who not in NOBODY]
    anybody = known or [who for who in (uid, key) if who]
    team, project, org = (_named(log, meta, kind) for kind in ("team", "project", "org"))
    groups = [group | {"type": kind} for kind, group in (("team", team), ("project", project)) if group]
    user = {
        "name": next(iter(anybody), None),
        "email_addr": address,
        "uid": uid,
        "uid_alt": end_user,
        "credential_uid": key,
        "groups": groups,
        "org": org,
    }
    return user if anybody else {}, next(iter(anybody), None)


def _named(log: dict[str, Any], meta: Any, kind: str) -> dict[str, Any] | None:
    """A team, project or organisation: the key's, else the one named beside it."""
    name, uid = f"{kind}_alias", f"{kind}_id"
    said = take_str(meta, f"user_api_key_{name}") or take_str(meta, name)
    known = take_str(meta, f"user_api_key_{uid}") or take_str(meta, uid)
    known = known or take_str(log, "organization_id" if kind == "org" else uid)
    return {"name": said, "uid": known} if said or known else None


def address(log: dict[str, Any]) -> str | None:
    for place in (log, log.get("metadata")):
        said = get(place, "requester_ip_address")
        if found := ip(said):
            if said == found:
                take(place, "requester_ip_address")
            return found
    return None


def http_request(log: dict[str, Any]) -> dict[str, Any]:
    meta = log.get("metadata")
    headers = take_dict(meta, "requester_custom_headers") | take_dict(meta, "requester_metadata", "headers")
    headers = {name.lower(): str(value) for name, value in headers.items() if value is not None}
    agent = headers.pop("user-agent", None)
    forwarded = ips(headers.get("x-forwarded-for"))
    if forwarded:
        del headers["x-forwarded-for"]
    return {
        "user_agent": take_str(log, "user_agent") or take_str(meta, "user_agent") or agent,
        "url": {"path": take_str(meta, "user_api_key_request_route")},
        "body_length": whole(headers.pop("content-length", None)),
        "x_forwarded_for": forwarded,
        "http_headers": [
            {"name": name, "value": "***" if name in SECRET_HEADERS else value}
            for name, value in headers.items()
        ],
    }
