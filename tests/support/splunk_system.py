"""What the Splunk stand-in says of itself: server, user, roles, apps, indexes, lookup files, messages.

Pages: REST API Reference, "System endpoint descriptions" (server/info), "Access endpoint descriptions",
"Application endpoint descriptions" (apps/local), "Introspection endpoint descriptions" (data/indexes),
"Knowledge endpoint descriptions" (data/lookup-table-files: eai:data is a path in the server's staging
folder).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from splunk_atom import Entry, feed
from splunk_errors import RefusedError, exists, missing, unknown_argument
from splunk_http import Answer
from splunk_index import Indexes
from splunk_objects import App, Objects, Space, Stored
from splunk_people import People, User
from splunk_run import Runner

APP_NAME = re.compile(r"[A-Za-z0-9_.\-]+")
APP_KEYS = {
    "name",
    "label",
    "author",
    "description",
    "version",
    "visible",
    "configured",
    "template",
    "output_mode",
}
INDEX_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
STAGING = "/opt/splunk/var/run/splunk/lookup_tmp/"


class System:
    """``version`` and ``cloud`` may be set by a test; ``staged`` are files in the staging folder by their name."""

    def __init__(
        self, people: People, objects: Objects, indexes: Indexes, runner: Runner, cloud: bool
    ) -> None:
        self.people, self.objects, self.indexes, self.runner, self.cloud = (
            people,
            objects,
            indexes,
            runner,
            cloud,
        )
        self.version = "10.0.1"
        self.staged: dict[str, str] = {}
        self.messages: dict[str, str] = {}

    def answer(
        self,
        method: str,
        rest: tuple[str, ...],
        user: User,
        space: Space,
        said: Mapping[str, str],
        json: bool,
    ) -> Answer | None:
        """None where this is no path of the system's."""
        match rest:
            case ("server", "info") | ("server", "info", "server-info"):
                return self._one("server-info", ("services", "server", "info"), self._info(), json)
            case ("authentication", "current-context") | ("authentication", "current-context", "context"):
                return self._one("context", ("services", *rest), self._context(user), json)
            case ("authorization", "roles", *name):
                found = {key: self._role(key) for key in sorted(self.people.roles)}
                return self._several(("authorization", "roles"), found, name, json)
            case ("authorization", "capabilities"):
                return self._one("capabilities", rest, {"capabilities": self._capabilities()}, json)
            case ("authentication", "users", *name):
                users = {
                    one.name: {"roles": one.roles, "defaultApp": one.app}
                    for one in self.people.users.values()
                }
                return self._several(("authentication", "users"), users, name, json)
            case ("messages", *name):
                return self._several(
                    ("messages",), {k: {"message": v} for k, v in self.messages.items()}, name, json
                )
            case ("apps", "local", *more):
                return self._apps(method, more, user, said, json)
            case ("data", "indexes", *more):
                return self._indexes(method, more, user, said, json)
            case ("data", "lookup-table-files", *more):
                return self._files(method, more, user, space, said, json)
            case ("search", "parser") | ("search", "v2", "parser"):
                self.runner.check(said.get("q", ""), space, user)
                return Answer(200, {"messages": [], "commands": []})
        return None

    @staticmethod
    def _one(name: str, path: tuple[str, ...], content: Mapping[str, Any], json: bool) -> Answer:
        return feed(
            name, [Entry(name, path, content, {"app": "", "owner": "system", "sharing": "system"})], json=json
        )

    @staticmethod
    def _several(path: tuple[str, ...], found: Mapping[str, Any], name: list[str], json: bool) -> Answer:
        if name and name[0] not in found:
            raise missing(name[0])
        wanted = name[:1] or list(found)
        entries = [Entry(one, ("services", *path, one), found[one]) for one in wanted]
        return feed(path[-1], entries, json=json, count=0)

    def _info(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "build": "000000000000",
            "serverName": "stand-in",
            "host": "stand-in",
            "guid": "00000000-0000-4000-8000-000000000000",
            **({"instance_type": "cloud"} if self.cloud else {}),
            "product_type": "enterprise",
            "isFree": False,
            "isTrial": False,
            "licenseState": "OK",
            "mode": "normal",
            "os_name": "Linux",
            "kvStoreStatus": "ready",
            "server_roles": ["indexer", "search_head", "kv_store"],
        }

    def _context(self, user: User) -> dict[str, Any]:
        capabilities = sorted(self.people.capabilities(user))
        return {
            "username": user.name,
            "roles": user.roles,
            "capabilities": capabilities,
            "defaultApp": user.app,
            "tz": "",
        }

    def _role(self, name: str) -> dict[str, Any]:
        role = self.people.roles[name]
        return {
            "capabilities": sorted(role.capabilities),
            "imported_capabilities": [],
            "srchIndexesAllowed": role.searched,
            "srchIndexesDefault": role.default,
        }

    def _capabilities(self) -> list[str]:
        return sorted({one for role in self.people.roles.values() for one in role.capabilities})

    def _apps(self, method: str, more: list[str], user: User, said: Mapping[str, str], json: bool) -> Answer:
        if method == "POST" and not more:
            self.people.demand(user, "edit_local_apps")
            if self.cloud:
                raise RefusedError(403, "This operation is not available in Splunk Cloud Platform.")
            return feed("apps", [self._app_entry(self._new_app(said, user), user)], json=json, status=201)
        if more and more[0] not in self.objects.apps:
            raise missing(more[0])
        if method == "POST" and more[1:] == ["acl"]:
            self.people.demand(user, "admin_all_objects")
            app = self.objects.apps[more[0]]
            for name in ("read", "write"):
                if f"perms.{name}" in said:
                    setattr(
                        app,
                        name,
                        tuple(one.strip() for one in said[f"perms.{name}"].split(",") if one.strip()),
                    )
        elif method == "POST":
            self.people.demand(user, "edit_local_apps")
            app = self.objects.apps[more[0]]
            app.label, app.version = said.get("label", app.label), said.get("version", app.version)
        elif method == "DELETE":
            self.people.demand(user, "edit_local_apps")
            self.objects.drop_app(more[0])
            more = []
        wanted = more[:1] or sorted(self.objects.apps)
        entries = [self._app_entry(self.objects.apps[one], user) for one in wanted]
        return feed("apps", entries, json=json, count=0)

    def _new_app(self, said: Mapping[str, str], user: User) -> App:
        for name in said:
            if name not in APP_KEYS:
                raise unknown_argument(name)
        name = said.get("name", "")
        if not APP_NAME.fullmatch(name):
            raise RefusedError(400, f"Invalid app name: {name!r}")
        if name in self.objects.apps:
            raise exists("app", name)
        app = App(name, said.get("label", name), said.get("version", "1.0.0"))
        app.settings = {key: value for key, value in said.items() if key != "output_mode"}
        self.objects.apps[name] = app
        return app

    def _app_entry(self, app: App, user: User) -> Entry:
        content = {
            "label": app.label, "version": app.version, "visible": app.visible, "disabled": app.disabled,
            "configured": True, "check_for_updates": False, "details": None,
        }  # fmt: skip
        may = self.people.may(user, "admin_all_objects")
        acl = {
            "app": app.name, "owner": "nobody", "sharing": "app", "modifiable": may, "removable": may,
            "can_write": may, "can_list": True, "can_change_perms": may, "perms": {"read": list(app.read),
            "write": list(app.write)},
        }  # fmt: skip
        return Entry(
            app.name, ("servicesNS", "nobody", "system", "apps", "local", app.name), content, acl, "nobody"
        )

    def _indexes(
        self, method: str, more: list[str], user: User, said: Mapping[str, str], json: bool
    ) -> Answer:
        if method == "POST" and not more:
            self.people.demand(user, "indexes_edit")
            name = said.get("name", "")
            if not INDEX_NAME.fullmatch(name) or "kvstore" in name:
                raise RefusedError(400, f"Invalid index name: {name!r}")
            if name in self.indexes:
                raise exists("index", name)
            self.indexes.names[name] = None
            return self._several(("data", "indexes"), {name: self._index(name)}, [], json)
        if method == "DELETE":
            self.people.demand(user, "indexes_edit")
            if more[0] not in self.indexes:
                raise missing(more[0])
            del self.indexes.names[more[0]]
            more = []
        found = {name: self._index(name) for name in sorted(self.indexes.names)}
        return self._several(("data", "indexes"), found, more, json)

    def _index(self, name: str) -> dict[str, Any]:
        times = [event.time for event in self.indexes.events(name)]
        return {
            "disabled": False,
            "datatype": "event",
            "frozenTimePeriodInSecs": 188697600,
            "isInternal": name.startswith("_"),
            "maxTotalDataSizeMB": 500000,
            "totalEventCount": len(times),
            "minTime": min(times, default=""),
            "maxTime": max(times, default=""),
        }

    def _files(
        self, method: str, more: list[str], user: User, space: Space, said: Mapping[str, str], json: bool
    ) -> Answer:
        if method == "POST":
            self.people.demand(user, "upload_lookup_files")
            staged = said.get("eai:data", "")
            if not staged.startswith(STAGING):
                raise RefusedError(400, f"eai:data must be a file in the staging area {STAGING}")
            if staged.removeprefix(STAGING) not in self.staged:
                raise RefusedError(400, f"File does not exist: {staged}")
            values = {"rows": self.staged.pop(staged.removeprefix(STAGING)), "eai:data": staged}
            if more:
                self.objects.update(self.objects.get("lookups", more[0], space, user), values, user)
            else:
                self.objects.create("lookups", said.get("name", ""), values, space, user, "lookup")
        elif method == "DELETE":
            self.objects.delete(self.objects.get("lookups", more[0], space, user), user)
            more = []
        found = self.objects.visible("lookups", space, user)
        if more and more[0] not in {one.name for one in found}:
            raise missing(more[0])
        wanted = [one for one in found if not more or one.name == more[0]]
        return feed("lookup-table-files", [self._file(one, user) for one in wanted], json=json, count=0)

    def _file(self, one: Stored, user: User) -> Entry:
        path = ("servicesNS", "nobody", one.app, "data", "lookup-table-files", one.name)
        where = f"/opt/splunk/etc/apps/{one.app}/lookups/{one.name}"
        return Entry(
            one.name, path, {"eai:data": where, "disabled": False}, self.objects.acl(one, user), one.owner
        )
