"""OpenAI audit log: every documented event type, actors, places, and what was done to which resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from normalized import DATA, normalized, records

from tracehound.normalizers import registry

NORMALIZER = registry().by_name["openai_audit"]
Event = dict[str, Any]
# https://platform.openai.com/docs/api-reference/audit-logs/object, API 2.3.0: subject and what can be done to it.
TYPES = {
    "api_key": "created updated deleted", "certificate": "created updated deleted",
    "certificates": "activated deactivated", "checkpoint.permission": "created deleted",
    "external_key": "registered removed", "group": "created updated deleted", "invite": "sent accepted deleted",
    "ip_allowlist": "created updated deleted", "ip_allowlist.config": "activated deactivated",
    "login": "succeeded failed", "logout": "succeeded failed", "organization": "updated",
    "project": "created updated archived deleted", "rate_limit": "updated deleted", "resource": "deleted",
    "tunnel": "created updated deleted", "workload_identity_provider": "created updated deleted",
    "workload_identity_provider_mapping": "created updated deleted",
    "role": "created updated deleted bound_to_resource unbound_from_resource", "role.assignment": "created deleted",
    "scim": "enabled disabled", "service_account": "created updated deleted", "user": "added updated deleted",
    "tenant.metadata": "updated", "tenant.microsoft_entra_mapping": "upserted deleted",
    "tenant.workload_identity.provider": "created updated archived",
    "tenant.workload_identity.mapping": "created updated archived", "tenant.workload_identity.binding": "created",
    "tenant.workload_identity.principal": "provisioned", "tenant.workload_identity.access_token": "issued",
    "tenant.admin_api_key": "created updated deleted", "tenant.project_api_key": "created",
    "tenant.chatgpt_access_token": "revoked", "tenant.migration": "completed", "tenant.sso": "migrated",
    "tenant.domains": "migrated", "tenant.sso_connection": "created updated deleted",
    "tenant.sso_connection.setup": "started", "tenant.policy": "created updated deleted attached detached",
    "tenant.principal_authentication_policy": "resolved", "tenant.scim.setup": "started",
    "tenant.scim.deletion": "requested", "tenant.scim.directory": "created",
    "tenant.product_access_policy": "updated",
    "tenant.resource_share_grant": "created updated accepted declined revoked deleted",
    "tenant.service_account": "updated deleted", "tenant.service_account.token": "revoked",
    "tenant.billing.overage_limit": "updated", "tenant.billing.alerts": "updated", "tenant.billing.info": "updated",
    "tenant.usage_limit.workspace": "updated", "tenant.usage_limit.group": "updated",
    "tenant.usage_limit.user": "updated", "tenant.usage_limit.increase_request": "updated resolved",
    "tenant.group": "created updated deleted", "tenant.group.member": "added removed",
    "tenant.migration_rollout.status": "updated", "tenant.migration_rollout.tier": "updated",
    "tenant.role.metadata": "updated", "tenant.custom_role": "created updated deleted",
    "tenant.role_assignment": "created deleted", "tenant.resource_role_assignment": "created deleted",
    "tenant.resource_access": "updated deleted", "tenant.ads_account.onboarding": "redemption",
    "tenant.session_policy": "created updated deleted", "tenant.session_revocation": "started",
    "tenant.third_party_app_policy": "updated", "tenant.user": "added updated removed looked_up invited",
    "tenant.membership": "revoked accepted declined", "tenant.api_organization_invite": "upserted deleted",
    "tenant.chatgpt_workspace_invite": "upserted", "tenant.workspace_invite_email_settings": "updated",
}  # fmt: skip
ALL = [f"{subject}.{verb}" for subject, verbs in TYPES.items() for verb in verbs.split()]


def case(name: str, index: int) -> Event:
    (found,) = normalized(NORMALIZER, records(DATA / "openai_audit" / f"{name}.jsonl")[index])
    return found


def audit(kind: str, details: Any = None, **more: Any) -> dict[str, Any]:
    actor = {
        "type": "session",
        "session": {"user": {"id": "user-1", "email": "a@x.example"}, "ip_address": "192.0.2.1"},
    }
    data = {"object": "organization.audit_log", "id": "audit_log-1", "type": kind, "effective_at": 1795000000}
    return data | {"actor": actor} | ({} if details is None else {kind: details}) | more


def event(kind: str, details: Any = None, **more: Any) -> Event:
    (found,) = normalized(NORMALIZER, audit(kind, details, **more))
    return found


def test_there_are_145_types() -> None:
    assert len(ALL) == len(set(ALL)) == 145


@pytest.mark.parametrize("kind", ALL)
def test_every_type(kind: str, ocsf_problems: Callable[[Any], list[str]]) -> None:
    found = event(kind, {"id": "thing-1"})
    assert ocsf_problems(found) == []
    assert found["api"]["operation"] == kind
    assert found["ai"]["activity"] in ("login", "access", "config_change")
    assert found["class_uid"] == (3002 if kind.startswith(("login", "logout")) else 6003)
    if found["class_uid"] == 6003:
        assert found["resources"][0] == {"uid": "thing-1", "type": kind.rpartition(".")[0], "role_id": 1}


ACTIVITIES = {
    "api_key.created": ("Create", "Success"), "invite.sent": ("Create", "Success"),
    "user.added": ("Create", "Success"), "external_key.registered": ("Create", "Success"),
    "tenant.user.looked_up": ("Read", "Success"), "organization.updated": ("Update", "Success"),
    "scim.disabled": ("Update", "Success"), "ip_allowlist.config.deactivated": ("Update", "Success"),
    "project.archived": ("Update", "Success"), "role.unbound_from_resource": ("Update", "Success"),
    "api_key.deleted": ("Delete", "Success"), "tenant.membership.revoked": ("Delete", "Success"),
    "tenant.session_revocation.started": ("Started", "Unknown"),
    "tenant.scim.deletion.requested": ("Requested", "Unknown"),
    "something.new.happened_here": ("Happened here", "Unknown"),
    "login.succeeded": ("Logon", "Success"), "login.failed": ("Logon", "Failure"),
    "logout.succeeded": ("Logoff", "Success"), "logout.failed": ("Logoff", "Failure"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "wanted"), ACTIVITIES.items(), ids=ACTIVITIES)
def test_activity_and_outcome(kind: str, wanted: tuple[str, str]) -> None:
    found = event(kind, {})
    assert (found["activity_name"], found["status"]) == wanted
    assert found["type_name"].endswith(f": {wanted[0]}")


@pytest.mark.parametrize("key", ["api_key.created", "api_key_created"])
def test_details_with_dots_or_underscores(key: str) -> None:
    details = {"id": "key_1", "data": {"scopes": ["all", "api.model.request"]}}
    (found,) = normalized(NORMALIZER, audit("api_key.created") | {key: details})
    assert found["resources"][0] == {
        "uid": "key_1",
        "type": "api_key",
        "role_id": 1,
        "labels": ["scopes:all", "scopes:api.model.request"],
        "data": {"data": {"scopes": ["all", "api.model.request"]}},
    }
    assert "unmapped" not in found or key not in found["unmapped"]


LABELS = {
    "role of an invite": ("people", 0, "role:owner"),
    "role of a user": ("people", 4, "role:owner"),
    "permission given": ("people", 9, "permissions_added:api.organization.admin"),
    "logging switched off": ("settings", 0, "api_call_logging:disabled"),
    "limit raised": ("settings", 3, "max_requests_per_1_minute:100000"),
    "open to the world": ("settings", 6, "allowed_ips:0.0.0.0/0"),
    "connector enabled": ("people", 11, "enabled:true"),
}


@pytest.mark.parametrize(("name", "index", "label"), LABELS.values(), ids=LABELS)
def test_what_was_asked_for_is_a_label(name: str, index: int, label: str) -> None:
    assert label in case(name, index)["resources"][0]["labels"]


def test_a_role_is_given_to_somebody_on_something() -> None:
    role, principal, resource = case("people", 10)["resources"]
    assert "organization-owner" in role["uid"]
    assert (principal["uid"], principal["type"]) == ("user-Hl9Vd4Tomasz", "user")
    assert (resource["uid"], resource["type"]) == ("org-harborline", "api.organization")


def test_lists_of_certificates_and_allow_lists() -> None:
    assert [r["name"] for r in case("keys", 8)["resources"]] == ["gateway", "portal"]
    assert case("settings", 7)["resources"] == [
        {"uid": "ipallow-h1", "name": "Offices", "type": "ip_allowlist.config", "role_id": 1}
    ]


def test_a_session_has_address_place_and_fingerprints() -> None:
    found = case("logins", 0)
    assert found["src_endpoint"]["ip"] == "192.0.2.24"
    assert found["src_endpoint"]["location"] == {
        "country": "SE",
        "city": "Gothenburg",
        "region": "SE-O",
        "desc": "Västra Götaland County",
        "lat": 57.70887,
        "long": 11.97456,
    }
    assert found["src_endpoint"]["autonomous_system"] == {"number": 64500}
    assert [o["name"] for o in found["observables"]] == ["ja3", "ja4"]
    assert found["user"] == found["actor"]["user"]
    assert found["user"]["email_addr"] == found["ai"]["principal"] == "mara.lindqvist@harborline.example"


def test_an_api_key_of_a_user() -> None:
    user = case("keys", 1)["actor"]["user"]
    assert user["email_addr"] == "tomasz.wrona@harborline.example"
    assert (user["uid"], user["credential_uid"], user["type"]) == ("user-Hl9Vd4Tomasz", "key_h9Vd4", "User")


def test_an_api_key_of_a_service_account() -> None:
    user = case("keys", 2)["actor"]["user"]
    assert (user["uid"], user["credential_uid"], user["type"]) == (
        "svc-portal-deploy",
        "key_h1Xk8",
        "Service",
    )


def test_the_project_is_the_account() -> None:
    account = case("keys", 0)["cloud"]["account"]
    assert (account["uid"], account["name"]) == ("proj_HlDispatch", "dispatch")


def test_a_failed_login_says_why() -> None:
    found = case("logins", 1)
    assert (found["status_code"], found["status_detail"]) == ("invalid_credentials", "Wrong password")


def test_a_login_without_an_actor() -> None:
    found = case("logins", 4)
    assert found["user"] == {"name": "Unknown"}
    assert found["time"] == 1795009000000


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ({"object": "organization.audit_log"}, True),
        ({"type": "project.archived", "effective_at": 1, "actor": {}}, True),
        ({"type": "project.archived", "effective_at": 1}, False),
        ({"type": 5, "effective_at": 1, "actor": {}}, False),
        ({"object": "organization.user", "id": "user-1"}, False),
    ],
)
def test_matches(data: dict[str, Any], known: bool) -> None:
    assert NORMALIZER.matches(data) is known


@pytest.mark.parametrize("kind", ["actor", "id", "project", "object", "", "."])
def test_a_type_that_names_another_key_breaks_nothing(kind: str) -> None:
    assert normalized(NORMALIZER, audit("x.y") | {"type": kind})
