"""Users, roles, tokens and sessions of the Splunk stand-in.

Pages: REST API Reference, "Access endpoint descriptions" (auth/login, authentication/current-context,
authorization/roles); Securing Splunk, "About defining roles with capabilities".
"""

from __future__ import annotations

import base64
import binascii
import secrets
from dataclasses import dataclass, field

from splunk_errors import RefusedError, lacks
from splunk_http import Request

USER = {
    "change_own_password", "get_metadata", "list_accelerate_search", "list_inputs", "list_search_head_clustering",
    "output_file", "request_remote_tok", "rest_access_server_endpoints", "rest_apps_view", "rest_properties_get",
    "rest_properties_set", "run_collect", "search", "upload_lookup_files",
}  # fmt: skip
POWER = USER | {
    "accelerate_search", "edit_search_schedule_window", "embed_report", "rtsearch", "schedule_search",
    "edit_own_objects", "list_search_scheduler",
}  # fmt: skip
ADMIN = POWER | {
    "accelerate_datamodel", "admin_all_objects", "dispatch_rest_to_indexers", "edit_httpauths", "edit_local_apps",
    "edit_roles", "edit_search_schedule_priority", "edit_storage_passwords", "edit_token_http", "edit_tokens_all",
    "edit_user", "edit_view_html", "indexes_edit", "indexes_list_all", "install_apps", "list_indexes",
    "list_settings", "list_storage_passwords", "rest_apps_management", "schedule_rtsearch",
}  # fmt: skip


@dataclass
class Role:
    """``searched``: the indexes that it may search, ``*`` is all but internal ones; ``default`` without index=."""

    capabilities: set[str]
    searched: list[str] = field(default_factory=lambda: ["*"])
    default: list[str] = field(default_factory=lambda: ["main"])


@dataclass
class User:
    """A person or an account of a program."""

    name: str
    password: str
    roles: list[str]
    app: str = "search"


class People:
    """``users`` and ``roles`` may be changed by a test at any time; ``tokens``: authentication token -> user."""

    def __init__(self) -> None:
        self.roles = {
            "admin": Role(set(ADMIN), ["*", "_*"]),
            "power": Role(set(POWER)),
            "user": Role(set(USER)),
            "can_delete": Role({"delete_by_keyword"}),
        }
        self.users = {"admin": User("admin", "changeme-admin", ["admin"])}
        self.tokens: dict[str, str] = {}
        self.sessions: dict[str, str] = {}

    def add(self, name: str, *roles: str, password: str = "changeme", token: str = "") -> User:
        """A user; with ``token``, one who logs in by it."""
        self.users[name] = User(name, password, list(roles))
        if token:
            self.tokens[token] = name
        return self.users[name]

    def capabilities(self, user: User) -> set[str]:
        """Of all the user's roles."""
        return {one for role in user.roles if role in self.roles for one in self.roles[role].capabilities}

    def may(self, user: User, capability: str) -> bool:
        return capability in self.capabilities(user)

    def demand(self, user: User, capability: str) -> None:
        """Raises a 403 where the user lacks it."""
        if not self.may(user, capability):
            raise lacks(user.name, capability)

    def searches(self, user: User, index: str) -> bool:
        """Whether the user may search an index."""
        allowed = [one for role in user.roles if role in self.roles for one in self.roles[role].searched]
        wild = "_*" if index.startswith("_") else "*"
        return wild in allowed or index in allowed

    def default_indexes(self, user: User) -> set[str]:
        """Where a search looks that names no index."""
        return {one for role in user.roles if role in self.roles for one in self.roles[role].default}

    def login(self, name: str, password: str) -> str:
        """A new session key."""
        user = self.users.get(name)
        if user is None or user.password != password:
            raise RefusedError(401, "Login failed", "WARN")
        key = secrets.token_urlsafe(48)
        self.sessions[key] = name
        return key

    def of(self, request: Request) -> User:
        """Who asks. Raises a 401."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        name = None
        if scheme.lower() == "bearer":
            name = self.tokens.get(value) or self.sessions.get(value)
        elif scheme.lower() == "splunk":
            name = self.sessions.get(value)
        elif scheme.lower() == "basic":
            name = self._basic(value)
        user = self.users.get(name) if name else None
        if user is None:
            raise RefusedError(401, "call not properly authenticated", "WARN")
        return user

    def _basic(self, value: str) -> str | None:
        try:
            name, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        user = self.users.get(name)
        return name if user is not None and user.password == password else None
