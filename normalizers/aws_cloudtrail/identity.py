"""Who calls, from where, in which account: what CloudTrail writes of it, as OCSF has it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
"""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from tracehound.record import take, take_str
from tracehound.times import epoch_ms

from .resources import HIDDEN, arn_name

USER_TYPES = {"AWSService": 3, "AWSAccount": 99, "AssumedRole": 99, "Role": 99, "Root": 2, "Unknown": 0}
PARTITIONS = {"us-gov-": "aws-us-gov", "cn-": "aws-cn"}
ADDRESS = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+")


def actor(log: dict[str, Any]) -> dict[str, Any]:
    """OCSF's actor from ``userIdentity``, which is emptied of what is mapped."""
    who = log.get("userIdentity")
    kind, arn, key = take_str(who, "type"), take_str(who, "arn"), take_str(who, "accessKeyId")
    principal, invoked_by = take_str(who, "principalId"), take_str(who, "invokedBy")
    account, name = take_str(who, "accountId"), take_str(who, "userName")
    if name in HIDDEN:
        name = None  # of a failed login, where somebody may have typed a password as name
    behalf = take_str(who, "onBehalfOf", "userId")
    claims = _claims(log)
    named = {
        "AssumedRole": arn_name(arn) if arn else None,
        "AWSService": invoked_by,
        "Root": "root",
    }
    uid = arn or behalf or claims.get("sub") or principal
    email = claims.get("email")
    user = {
        "type": kind,
        "type_id": USER_TYPES.get(kind, 1) if kind else None,
        "name": name or named.get(kind or ""),
        "uid": uid,
        "uid_alt": principal if principal != uid else None,
        "email_addr": email if email and ADDRESS.fullmatch(email) else None,
        "account": {"uid": account, "type": "AWS Account", "type_id": 10} if account else None,
        "credential_uid": key,
    }
    made: dict[str, Any] = {
        "user": user if uid or user["name"] or account else None,
        "session": _session(who, key),
        "invoked_by": invoked_by,
    }
    provider = take_str(who, "identityProvider") or claims.get("iss")
    if provider:
        made["idp"] = {"name": provider}
    return made


def _session(who: Any, key: str | None) -> dict[str, Any]:
    """The role session; who really acts is in ``uid_alt``, where the identity provider set a source identity."""
    context = who.get("sessionContext") if isinstance(who, dict) else None
    mfa = take(context, "attributes", "mfaAuthenticated")
    issuer = take_str(context, "sessionIssuer", "arn")
    if issuer:
        take(context, "sessionIssuer")  # what is left of it is in the ARN
    return {
        "issuer": issuer,
        "created_time": epoch_ms(take(context, "attributes", "creationDate")),
        "credential_uid": key or take_str(who, "credentialId"),
        "uid_alt": take_str(context, "sourceIdentity"),
        "is_mfa": {"true": True, "false": False}.get(str(mfa).lower()),
    }


def _claims(log: dict[str, Any]) -> dict[str, str]:
    """Claims of the token with which a caller without AWS identity comes to an AgentCore gateway."""
    data: Any = log
    for key in ("additionalEventData", "jwt", "claims"):
        data = data.get(key) if isinstance(data, dict) else None
    return {k: v for k, v in data.items() if isinstance(v, str) and v} if isinstance(data, dict) else {}


def origin(log: dict[str, Any]) -> dict[str, Any]:
    """``sourceIPAddress``: an address, the name of an AWS service, or words like ``AWS Internal``."""
    said = take_str(log, "sourceIPAddress")
    found: dict[str, Any] = {"uid": take_str(log, "vpcEndpointId")}
    if said is None:
        return found
    try:
        return found | {"ip": str(ipaddress.ip_address(said))}
    except ValueError:
        return found | {"domain" if said.endswith((".com", ".aws", ".cn")) else "svc_name": said}


def cloud(log: dict[str, Any], user: dict[str, Any] | None) -> dict[str, Any]:
    region = take_str(log, "awsRegion")
    account = take_str(log, "recipientAccountId") or ((user or {}).get("account") or {}).get("uid")
    partition = next((p for start, p in PARTITIONS.items() if (region or "").startswith(start)), "aws")
    return {
        "provider": "AWS",
        "region": region,
        "account": {"uid": account, "type": "AWS Account", "type_id": 10} if account else None,
        "cloud_partition": partition if region else None,
    }
