"""The management port of the Splunk stand-in: who asks, in which namespace, for what. Written from
documentation.

Pages: REST API User Manual, "Basic concepts" (services and servicesNS, output_mode, count and offset,
statuses), "Access Control List"; REST API Reference. What is not here is answered 404 as a path that Splunk
does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import unquote_plus, urlsplit

from spl.engine import SplError
from splunk_atom import Entry, feed, plain, refused
from splunk_errors import RefusedError, missing
from splunk_http import Answer, Faults, Request
from splunk_jobs import Jobs
from splunk_kinds import Kind, kind_of, view_content
from splunk_kvstore import KvStore
from splunk_objects import Objects, Space, Stored
from splunk_people import People, User
from splunk_system import System

GENERIC = {
    "output_mode", "count", "offset", "search", "sort_key", "sort_dir", "sort_mode", "f", "summarize",
    "add_orphan_field",
    "listDefaultActionArgs", "safe_encoding", "refresh",
}  # fmt: skip
"""Arguments of every GET."""
JOBS = (("search", "v2", "jobs"), ("search", "jobs"))


class Rest:
    """Answers requests to ``/services`` and ``/servicesNS``."""

    def __init__(self, people: People, objects: Objects, kv: KvStore, jobs: Jobs, system: System) -> None:
        self.people, self.objects, self.kv, self.jobs, self.system = people, objects, kv, jobs, system
        self.faults, self.requests = Faults(), list[Request]()

    def answer(self, request: Request) -> Answer:
        said = _arguments(request)
        json = said.get("output_mode") == "json" or "/storage/collections/data/" in request.path
        try:
            parts = tuple(_part(one) for one in urlsplit(request.target).path.split("/") if one)
            if parts[:3] == ("services", "auth", "login"):
                key = self.people.login(said.get("username", ""), said.get("password", ""))
                return plain({"sessionKey": key}, json=json)
            user = self.people.of(request)
            space, rest = _space(parts, user)
            with self.objects.lock:
                return self._route(request, user, space, rest, said, json)
        except RefusedError as problem:
            return refused(problem, json=json)
        except SplError as problem:
            return refused(RefusedError(400, str(problem), "FATAL"), json=json)
        except (ValueError, KeyError, IndexError) as problem:
            return refused(RefusedError(500, f"The stand-in failed: {problem!r}"), json=json)

    def _route(
        self,
        request: Request,
        user: User,
        space: Space,
        rest: tuple[str, ...],
        said: dict[str, str],
        json: bool,
    ) -> Answer:
        for path in JOBS:
            if rest[: len(path)] == path:
                return self._job(request, user, space, rest[len(path) :], said, json)
        if rest[:3] == ("storage", "collections", "data") and len(rest) > 3:
            return self._data(request, user, space, rest[3:])
        if rest[0] == "properties":
            return self._properties(user, space, rest[1:], json)
        found = kind_of(rest)
        if found is None:
            answer = self.system.answer(request.method, rest, user, space, said, json)
            if answer is None:
                raise RefusedError(404, "Not Found")
            return answer
        kind, tail = found
        if not tail:
            return self._collection(request.method, kind, user, space, said, json)
        return self._object(request.method, kind, tail, user, space, said, json)

    # Objects

    def _collection(
        self, method: str, kind: Kind, user: User, space: Space, said: Mapping[str, str], json: bool
    ) -> Answer:
        if method == "GET":
            found = [one for one in self.objects.visible(kind.conf, space, user) if kind.among(one.content)]
            return listing(kind.path, [self._entry(kind, one, user, space) for one in found], said, json)
        if method != "POST":
            raise RefusedError(405, "Method Not Allowed")
        values = kind.arguments(_without_generic(said), new=True)
        name = said.get("name", "")
        if not name:
            raise RefusedError(400, "The following required arguments are missing: name.")
        if space.owner == "nobody" or space.owner == user.name or self.people.may(user, "admin_all_objects"):
            kind.check(name, kind.named(values))
        made = self.objects.create(kind.conf, name, values, space, user, kind.noun)
        return self._shown(kind, made, user, space, json, 201)

    def _object(
        self,
        method: str,
        kind: Kind,
        tail: tuple[str, ...],
        user: User,
        space: Space,
        said: Mapping[str, str],
        json: bool,
    ) -> Answer:
        name, more = tail[0], list(tail[1:])
        if name == "_new":
            entry = Entry("_new", (*kind.path, "_new"), dict(kind.defaults), fields=_fields(kind))
            return feed(kind.noun, [entry], json=json)
        if name == "_reload":
            return feed(kind.noun, [], json=json)
        one = self.objects.get(kind.conf, name, space, user)
        if not kind.among(one.content):
            raise missing(name)
        if more == ["acl"]:
            if method == "POST":
                self.objects.share(one, said, user)
            return self._shown(kind, one, user, space, json)
        if more == ["dispatch"] and kind.conf == "savedsearches" and method == "POST":
            return self._dispatch(one, user, said, json)
        if more in (["enable"], ["disable"]) and method == "POST":
            self.objects.update(one, {"disabled": str(int(more == ["disable"]))}, user)
            return self._shown(kind, one, user, space, json)
        if more:
            raise RefusedError(404, "Not Found")
        if method == "DELETE":
            self._remove(kind, one, user)
            return self._collection("GET", kind, user, space, {}, json)
        if method == "POST":
            values = kind.arguments(_without_generic(said), new=False)
            kind.check(name, kind.named({**one.content, **values}))
            self.objects.update(one, values, user)
        return self._shown(kind, one, user, space, json)

    def _remove(self, kind: Kind, one: Stored, user: User) -> None:
        self.objects.delete(one, user)
        if kind.conf == "collections" and not one.shipped:
            self.kv.drop((one.app, "nobody", one.name))

    def _shown(
        self, kind: Kind, one: Stored, user: User, space: Space, json: bool, status: int = 200
    ) -> Answer:
        entry = self._entry(kind, one, user, space)
        return feed(one.name, [entry], json=json, status=status, base=entry.href)

    def _entry(self, kind: Kind, one: Stored, user: User, space: Space) -> Entry:
        content = view_content(one.content) if kind.conf == "views" else one.content
        shown = {**kind.shown(content), "eai:appName": one.app, "eai:userName": one.owner}
        if kind.path[0] == "configs" or kind.conf in ("transforms", "collections"):
            shown["eai:appName"], shown["eai:userName"] = space.app, space.owner
        acl = self.objects.acl(one, user)
        owner = one.owner if one.sharing == "user" else "nobody"
        actions = ["list", "edit", *(["remove"] if acl["removable"] else []), "move", "disable"]
        path = ("servicesNS", owner, one.app, *kind.path, one.name)
        return Entry(one.name, path, shown, acl, one.owner, actions, _fields(kind))

    def _dispatch(self, one: Stored, user: User, said: Mapping[str, str], json: bool) -> Answer:
        if one.content.get("disabled", "0").lower() in ("1", "true"):
            raise RefusedError(400, "Cannot dispatch a disabled search.")
        search = one.content["search"]
        content = {
            "search": search if search.lstrip().startswith("|") else f"search {search}",
            "earliest_time": said.get(
                "dispatch.earliest_time", one.content.get("dispatch.earliest_time", "")
            ),
            "latest_time": said.get("dispatch.latest_time", one.content.get("dispatch.latest_time", "")),
        }
        now = float(said["dispatch.now"]) if "dispatch.now" in said else None
        job = self.jobs.make(content, Space("nobody", one.app), user, one.name, now)
        return plain({"sid": job.sid}, json=json, status=201)

    # The rest

    def _job(
        self,
        request: Request,
        user: User,
        space: Space,
        tail: tuple[str, ...],
        said: dict[str, str],
        json: bool,
    ) -> Answer:
        self.people.demand(user, "search")
        admin = self.people.may(user, "admin_all_objects")
        if not tail:
            if request.method == "POST":
                return self.jobs.create(said, space, user, json)
            return self.jobs.listed(user, admin, json)
        if tail == ("export",):
            return self.jobs.export(said, space, user)
        job = self.jobs.get(tail[0], user, admin)
        if len(tail) == 1:
            if request.method == "DELETE":
                return self.jobs.control(job, "cancel", said, json)
            return self.jobs.entry(job, json)
        if tail[1] == "control" and request.method == "POST":
            return self.jobs.control(job, said.get("action", ""), said, json)
        if tail[1] in ("results", "events", "results_preview"):
            return self.jobs.results(job, said)
        raise RefusedError(404, "Not Found")

    def _data(self, request: Request, user: User, space: Space, tail: tuple[str, ...]) -> Answer:
        collection = self.objects.get("collections", tail[0], space, user)
        if request.method != "GET" and tail[1:] != ("batch_find",):
            self.objects.demand(collection, user)
        return self.kv.answer(request, (collection.app, space.owner, collection.name), tail[1:])

    def _properties(self, user: User, space: Space, tail: tuple[str, ...], json: bool) -> Answer:
        """``properties`` lists files, stanzas and keys. Source: "Configuration endpoint descriptions"."""
        if not tail:
            names = self.objects.confs()
        else:
            if tail[0] not in self.objects.confs():
                raise RefusedError(404, f"File does not exist: {tail[0]}")
            if len(tail) == 1:
                names = [one.name for one in self.objects.visible(tail[0], space, user)]
            else:
                content = self.objects.get(tail[0], tail[1], space, user).content
                if len(tail) > 2:
                    return Answer(200, content[tail[2]].encode(), "text/plain")
                names = list(content)
        head = ("servicesNS", space.owner, space.app, "properties", *tail)
        return feed("properties", [Entry(name, (*head, name), {}) for name in names], json=json)


def listing(path: tuple[str, ...], entries: list[Entry], said: Mapping[str, str], json: bool) -> Answer:
    """A page of a collection: 30 entries unless ``count`` says otherwise; 0 and -1 are all."""
    for one in said.get("search", "").split():
        name, sign, value = one.partition("=")
        entries = [entry for entry in entries if _fits(entry, name, value.strip('"') if sign else None)]
    if said.get("sort_dir") == "desc":
        entries = entries[::-1]
    offset, count = int(said.get("offset", 0)), int(said.get("count", 30))
    page = entries[offset : offset + count] if count > 0 else entries[offset:]
    base = "/servicesNS/-/-/" + "/".join(path)
    return feed(path[-1], page, json=json, total=len(entries), offset=offset, count=count, base=base)


def _fits(entry: Entry, name: str, value: str | None) -> bool:
    """``name=value``, ``eai:acl.app=value``, or a text anywhere in the entry."""
    acl = entry.acl or {}
    if value is None:
        texts = [entry.name, *map(str, entry.content.values())]
        return any(name.strip("*").lower() in text.lower() for text in texts)
    if name == "name":
        found = entry.name
    elif name.startswith("eai:acl."):
        found = str(acl.get(name.removeprefix("eai:acl."), ""))
    else:
        found = str(entry.content.get(name, ""))
        found = str(int(found == "True")) if found in ("True", "False") else found
    return found == value if "*" not in value else found.startswith(value.rstrip("*"))


def _fields(kind: Kind) -> dict[str, list[str]]:
    known = sorted((kind.known or frozenset()) - set(kind.required))
    return {
        "required": ["name", *kind.required],
        "optional": known,
        "wildcard": [f"{re.escape(one)}.*" for one in kind.open] if kind.known is not None else [".*"],
    }


def _arguments(request: Request) -> dict[str, str]:
    """Of the query and of the form; of several values the last one, but ``f`` keeps all."""
    found: dict[str, str] = {}
    for values in (request.query, request.form):
        for name, texts in values.items():
            found[name] = ",".join(texts) if name == "f" else texts[-1]
    return found


def _without_generic(said: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in said.items() if name not in GENERIC - {"search"}}


def _part(text: str) -> str:
    """A part of a path; splunklib writes a blank of a name as ``+`` and its slash escaped once or twice."""
    return unquote_plus(text).replace("%2F", "/")


def _space(parts: tuple[str, ...], user: User) -> tuple[Space, tuple[str, ...]]:
    if len(parts) > 1 and parts[0] == "services":
        return Space(user.name, user.app), parts[1:]
    if len(parts) > 3 and parts[0] == "servicesNS":
        return Space(parts[1], parts[2]), parts[3:]
    raise RefusedError(404, "Not Found")
