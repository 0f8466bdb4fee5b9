"""Objects of the Splunk stand-in: stanzas with what an app ships and what was changed, their owner, app and
rights.

Pages: REST API User Manual, "Namespace" (owner, app, ``-``), "Access Control List"; Admin Manual,
"Configuration file precedence", "default.meta.conf". What an app ships stays: an edit goes to ``local``, a
deletion takes the edit away and brings back what was shipped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from splunk_errors import RefusedError, exists, lacks, missing
from splunk_people import People, User

ALL = "-"
SYSTEM_FILES = (
    "alert_actions app authorize collections commands eventtypes fields indexes inputs limits macros "
    "props savedsearches server tags times transforms ui-prefs user-prefs web"
)
RANK = {"user": 0, "app": 1, "global": 2}


@dataclass
class App:
    """An app; ``read`` and ``write`` are the roles that may see it and make objects in it."""

    name: str
    label: str = ""
    version: str = ""
    visible: bool = True
    disabled: bool = False
    read: tuple[str, ...] = ("*",)
    write: tuple[str, ...] = ("admin", "power")
    settings: dict[str, str] = field(default_factory=dict)


@dataclass
class Stored:
    """One stanza. ``default`` is what its app ships, ``local`` what was set since; None is never."""

    conf: str
    name: str
    app: str
    owner: str
    sharing: str
    default: dict[str, str] = field(default_factory=dict)
    local: dict[str, str] | None = None
    read: tuple[str, ...] = ("*",)
    write: tuple[str, ...] = ("admin",)

    @property
    def content(self) -> dict[str, str]:
        return {**self.default, **(self.local or {})}

    @property
    def shipped(self) -> bool:
        """Whether its app's files have it."""
        return bool(self.default)

    @property
    def place(self) -> tuple[str, str, str]:
        """Where it is: an app has one shared object of a name, and one for each user."""
        return self.app, self.owner if self.sharing == "user" else "nobody", self.name


@dataclass(frozen=True)
class Space:
    """A namespace: whose and in which app; ``-`` is any."""

    owner: str
    app: str


class Objects:
    """All stanzas of all files, and the apps they are in."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.apps = {name: App(name, label) for name, label in (("search", "Search"), ("launcher", "Home"))}
        self._kept: dict[str, dict[tuple[str, str, str], Stored]] = {}
        self.complaints: list[str] = []
        """What is strange in the files of apps that were installed."""
        self.lock = threading.RLock()

    def put(self, stored: Stored) -> Stored:
        """What is there whatever rights say: an app's files, or what a test sets up."""
        with self.lock:
            self._kept.setdefault(stored.conf, {})[stored.place] = stored
        return stored

    def of(self, conf: str) -> list[Stored]:
        """All of a file, whoever owns them."""
        return list(self._kept.get(conf, {}).values())

    def confs(self) -> list[str]:
        """The files that there are: those of the system itself, and those that apps add."""
        return sorted({*SYSTEM_FILES.split(), *self._kept})

    def visible(self, conf: str, space: Space, user: User) -> list[Stored]:
        """What is seen in a namespace, by name; a name that is hidden by a nearer one does not come."""
        found = [one for one in self.of(conf) if self._seen(one, space) and self._may(one.read, one, user)]
        found.sort(key=lambda one: (one.name.lower(), RANK[one.sharing], one.app != space.app))
        if ALL in (space.app, space.owner):
            return found
        return list({one.name: one for one in reversed(found)}.values())[::-1]

    def get(self, conf: str, name: str, space: Space, user: User) -> Stored:
        """The nearest object of a name. Raises a 404."""
        for one in self.visible(conf, space, user):
            if one.name == name:
                return one
        raise missing(name)

    @staticmethod
    def _seen(one: Stored, space: Space) -> bool:
        if one.sharing == "user":
            return space.owner in (ALL, one.owner) and space.app in (ALL, one.app)
        return one.sharing == "global" or space.app in (ALL, one.app)

    def _may(self, roles: Iterable[str], one: Stored, user: User) -> bool:
        if one.owner == user.name or self.people.may(user, "admin_all_objects"):
            return True
        return one.sharing != "user" and bool({"*", *user.roles} & set(roles))

    def writable(self, one: Stored, user: User) -> bool:
        return self._may(one.write, one, user)

    def demand(self, one: Stored, user: User) -> None:
        """Raises a 403 where the user may not write an object."""
        if self.writable(one, user):
            return
        where = "/".join(one.place[1::-1])
        said = (
            f"User '{user.name}' with roles {{ {', '.join(user.roles)} }} cannot write: "
            f"/{where}/{one.conf}/{one.name} "
            f"{{ read : [ {', '.join(one.read)} ], write : [ {', '.join(one.write)} ] }}"
        )
        raise RefusedError(403, said)

    def app(self, name: str) -> App:
        found = self.apps.get(name)
        if found is None:
            raise RefusedError(404, f"Application does not exist: {name}")
        return found

    def create(
        self, conf: str, name: str, values: Mapping[str, str], space: Space, user: User, noun: str = "object"
    ) -> Stored:
        """A new object where the namespace says. Raises 403, 404 and 409."""
        if ALL in (space.app, space.owner):
            raise RefusedError(400, "Cannot create an object in a namespace with wildcards")
        app = self.app(space.app)
        shared = space.owner == "nobody"
        all_objects = self.people.may(user, "admin_all_objects")
        if not all_objects and not (
            {"*", *user.roles} & set(app.write) if shared else space.owner == user.name
        ):
            raise lacks(user.name, "admin_all_objects")
        made = Stored(conf, name, space.app, space.owner, "app" if shared else "user", local=dict(values))
        made.read, made.write = (app.read, app.write) if shared else ((space.owner,), (space.owner,))
        with self.lock:
            if made.place in self._kept.get(conf, {}):
                raise exists(noun, name)
            return self.put(made)

    def update(self, one: Stored, values: Mapping[str, str], user: User) -> None:
        """Set some values; the others stay."""
        self.demand(one, user)
        with self.lock:
            one.local = {**(one.local or {}), **values}

    def delete(self, one: Stored, user: User) -> None:
        """Away, or back to what the app ships; what was only shipped stays. Raises 400 and 403."""
        self.demand(one, user)
        with self.lock:
            if one.shipped and one.local is None:
                raise RefusedError(400, f"Object id={one.name} cannot be deleted in config={one.conf}.")
            one.local = None
            if not one.shipped:
                del self._kept[one.conf][one.place]

    def share(self, one: Stored, said: Mapping[str, str], user: User) -> None:
        """A POST to ``/acl``: owner and sharing are required. Raises 400, 403 and 409."""
        absent = [name for name in ("owner", "sharing") if not said.get(name)]
        if absent:
            raise RefusedError(400, f"The following required arguments are missing: {', '.join(absent)}.")
        if said["sharing"] not in RANK:
            raise RefusedError(400, f"Invalid sharing: {said['sharing']}")
        if said["owner"] != "nobody" and said["owner"] not in self.people.users:
            raise RefusedError(400, f"User does not exist: {said['owner']}")
        self.demand(one, user)
        roles = {
            name: tuple(role.strip() for role in said[f"perms.{name}"].split(",") if role.strip())
            for name in ("read", "write")
            if f"perms.{name}" in said
        }
        for role in {role for found in roles.values() for role in found} - {"*"}:
            if role not in self.people.roles:
                raise RefusedError(400, f"Role does not exist: {role}")
        moved = replace(one, owner=said["owner"], sharing=said["sharing"])
        moved.read, moved.write = roles.get("read", one.read), roles.get("write", one.write)
        with self.lock:
            kept = self._kept[one.conf]
            if moved.place != one.place and moved.place in kept:
                raise exists("object", one.name)
            del kept[one.place]
            for name in ("owner", "sharing", "read", "write"):
                setattr(one, name, getattr(moved, name))
            kept[one.place] = one

    def drop_app(self, name: str) -> None:
        """An app goes with all that is in it."""
        with self.lock:
            self.apps.pop(name, None)
            for kept in self._kept.values():
                for place in [place for place in kept if place[0] == name]:
                    del kept[place]

    def acl(self, one: Stored, user: User) -> dict[str, Any]:
        """``eai:acl`` as the user sees it."""
        may = self.writable(one, user)
        perms = None if one.sharing == "user" else {"read": list(one.read), "write": list(one.write)}
        return {
            "app": one.app,
            "can_change_perms": may,
            "can_list": True,
            "can_share_app": may,
            "can_share_global": may,
            "can_share_user": may and not one.shipped,
            "can_write": may,
            "modifiable": may,
            "owner": one.owner,
            "perms": perms,
            "removable": may and one.local is not None,
            "sharing": one.sharing,
        }
