"""Who: accounts, users, sessions, identity providers, and the actor they make up."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Email, Int, Model, OneOf, Time, Uuid, attr, must
from tracehound.schema.constants import ACCOUNT_TYPE, AUTH_FACTOR, IDP_STATE, RISK_LEVEL, USER_TYPE
from tracehound.schema.ocsf.common import Authorization, Group, KeyValue, Organization


class Account(Model):
    """An account: of a user, or the cloud account or project something happens in."""

    ocsf = "account"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the account.", example="ml-prod")
    uid: str = attr("Identifier of the account.", example="123456789012")
    type: str = attr("Kind of account, as text.", example="AWS Account")
    type_id: Annotated[int, OneOf(ACCOUNT_TYPE)] = attr("Kind of account.", example=10)
    is_disabled: bool = attr("True when the account is disabled.")
    is_locked: bool = attr("True when the account is locked.")
    labels: list[str] = attr("Labels of the account.", listed=False)
    tags: list[KeyValue] = attr("Named values attached to the account.", listed=False)


class UserRef(Model):
    """A user where only who it is matters: an owner, the user of a process."""

    ocsf = "user"
    at_least_one: ClassVar[tuple[str, ...]] = ("account", "name", "uid")

    name: str = attr("Name the user logs in with.", example="alice")
    uid: str = attr("Identifier of the user: ARN, key hash, directory id.", example="AIDAEXAMPLE")
    uid_alt: str = attr("Another identifier of the user.", example="user-9f8e")
    type: str = attr("Kind of user, as text.", example="Service")
    type_id: Annotated[int, OneOf(USER_TYPE)] = attr("Kind of user.", example=4)
    email_addr: Email = attr("E-mail address of the user.", example="alice@example.com")
    full_name: str = attr("Full name of the user.", example="Alice Doe")
    domain: str = attr("Domain of the user.", example="corp.example.com")
    account: Account = attr("Account of the user.", listed=("name", "uid"))


class User(UserRef):
    """A user, a service account or a key."""

    account: Account = attr("Account of the user.")
    display_name: str = attr("Name shown to others.", example="Alice D.")
    groups: list[Group] = attr("Groups of the user.", listed=("name", "uid"))
    org: Organization = attr("Organisation of the user.")
    credential_uid: str = attr("Credential in use; OCSF prefers the session's credential_uid.")
    has_mfa: bool = attr("True when the user has a second factor.")
    phone_number: str = attr("Telephone number.")
    risk_level: str = attr("Risk of the user, as text.", example="High")
    risk_level_id: Annotated[int, OneOf(RISK_LEVEL)] = attr("Risk of the user.", example=3)
    risk_score: Int = attr("Risk of the user, in the source's scale.", example=81)


class Session(Model):
    """A session of a user."""

    ocsf = "session"

    uid: str = attr("Identifier of the session.", example="5f2b")
    uid_alt: str = attr("Another identifier of the session.")
    uuid: Uuid = attr("Identifier of the session, where it is a UUID.")
    issuer: str = attr("Who issued the session.", example="arn:aws:iam::123456789012:role/ml-admin")
    created_time: Time = attr("When the session began.")
    expiration_time: Time = attr("When the session ends.")
    expiration_reason: str = attr("Why the session ended.")
    credential_uid: str = attr("Access key or API key of the session.", example="AKIAIOSFODNN7EXAMPLE")
    is_mfa: bool = attr("True when a second factor was used.", example=True)
    is_remote: bool = attr("True for a session from elsewhere.")
    is_vpn: bool = attr("True for a session through a VPN.")
    terminal: str = attr("Terminal of the session.", example="pts/0")
    count: Int = attr("Number of sessions of the same user and source.")


class AuthFactor(Model):
    """What a user proves to be the user with."""

    ocsf = "auth_factor"

    factor_type: str = attr("Kind of factor, as text.", example="OTP")
    factor_type_id: Annotated[int, OneOf(AUTH_FACTOR)] = must("Kind of factor.", example=7)
    provider: str = attr("Who checks the factor.", example="Okta")
    is_hotp: bool = attr("True for a counter-based one-time password.")
    is_totp: bool = attr("True for a time-based one-time password.")
    email_addr: Email = attr("Address the factor was sent to.")
    phone_number: str = attr("Number the factor was sent to.")


class Idp(Model):
    """An identity provider."""

    ocsf = "idp"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the provider.", example="Okta")
    uid: str = attr("Identifier of the provider.")
    domain: str = attr("Domain of the provider.", example="acme.okta.com")
    issuer: str = attr("Issuer in its tokens.", example="https://acme.okta.com")
    protocol_name: str = attr("Protocol it speaks.", example="SAML")
    has_mfa: bool = attr("True when it wants a second factor.")
    state: str = attr("State, as text.", example="Active")
    state_id: Annotated[int, OneOf(IDP_STATE)] = attr("State.", example=1)
    tenant_uid: str = attr("Tenant of the provider.")
    url_string: str = attr("Address of the provider.")


class ActorBase(Model):
    """Who or what acts; a process may be added."""

    ocsf = "actor"

    user: User = attr("User that acts.")
    session: Session = attr("Session of the user.")
    app_name: str = attr("Application, agent or service that acts.", example="claude-code")
    app_uid: str = attr("Identifier of that application.", example="app-1234")
    invoked_by: str = attr(
        "Service that acts for the user; OCSF prefers app_name.", example="bedrock.amazonaws.com"
    )
    idp: Idp = attr("Identity provider of the user.")
    authorizations: list[Authorization] = attr("What the actor was allowed.")
