"""Boards in a Kibana space: found, installed again when they changed, left alone when an analyst edited them.

Up to 9.4 a board is a saved object, from 9.5 on it goes through the Dashboards API. Kibana gives both back in a
form of its own, so fields cannot be compared one by one. A board's description ends with a hash of what was applied
and the mark; whether somebody edited it since is told

- of a saved object by its times: creating it, overwriting too, sets both, and saving it in Kibana only the second;
- through the Dashboards API by a digest of what Kibana gave back just after it was applied.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tracehound.boards import load_boards
from tracehound.config import Settings
from tracehound.deploy import Found, LeftOut, Mark, Part, TakenError, Wanted, digest
from tracehound.errors import TargetError

from .boards import VIEW, VIEW_NAME, BoardObject, view_request, wanted_objects
from .kibana import Kibana

API_SINCE = (9, 5)
VIEWS = "/api/data_views/data_view"
BOARDS = "/api/dashboards"
SAVED = "/api/saved_objects"
PAGE = 100
MOST_PAGES = 100
_SIGNED = re.compile(r"\s*\(Tracehound ([0-9a-f]{12})(?: ([A-Za-z0-9_\-]+))? (tracehound:\S*)\)\s*$")


def parts(kibana: Kibana, app: Settings) -> list[Part]:
    """The data view, and all boards of our content and of packs; what is refused is left out with the reason."""
    found = load_boards(app.packs, lists=app.lists)
    api = kibana.version >= API_SINCE
    view, *made = wanted_objects(found.boards, api=api)
    names = {board.uid: board.spec.title for board in found.boards}
    wanted = [Wanted("board", one.key, names[one.key], {"board": one.version}) for one in made]
    refused = [LeftOut("board", str(error.file), str(error.file), str(error)) for error in found.errors]
    objects = {one.key: one for one in made}
    boards = ApiBoards(kibana, objects) if api else SavedBoards(kibana, objects)
    first = Wanted("data view", VIEW, VIEW_NAME, _bare(view.body["data_view"]))
    return [Part(DataView(kibana), [first]), Part(boards, wanted, refused)]


def _bare(view: Mapping[str, Any]) -> dict[str, Any]:
    return {name: view.get(name) for name in ("title", "name", "timeFieldName")}


class DataView:
    """The data view of our events. Its id is its mark: nobody else makes it."""

    kind = "data view"

    def __init__(self, kibana: Kibana) -> None:
        self._kibana = kibana

    def find(self, keys: Sequence[str]) -> list[Found]:
        """One, or none."""
        found = self.get(VIEW)
        return [] if found is None else [found]

    def get(self, key: str) -> Found | None:
        """As it is now."""
        raw = self._kibana.request("GET", f"{VIEWS}/{key}", missing_ok=True)
        if raw is None:
            return None
        first = _bare(view_request()["data_view"])
        mark = Mark(1, {name: digest(value) for name, value in first.items()})
        return Found(self.kind, key, VIEW_NAME, _bare(_inside(raw, "data_view")), mark)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """Replaces one of the same id."""
        self._kibana.request("POST", VIEWS, view_request())

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """These fields alone: field formats and runtime fields of analysts stay."""
        self._kibana.request("POST", f"{VIEWS}/{wanted.key}", {"data_view": dict(fields)})

    def remove(self, found: Found) -> str:
        """Gone already is good too."""
        self._kibana.request("DELETE", f"{VIEWS}/{found.key}", missing_ok=True)
        return ""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a description says of us: the hash that was applied, the digest of what Kibana made of it."""

    applied: str
    seen: str
    mark: Mark | None


def sign(description: str, applied: str, mark: Mark, seen: str = "") -> str:
    """A description with our signature at its end."""
    inside = " ".join(filter(None, ["Tracehound", applied, seen, mark.text()]))
    return f"{unsigned(description)} ({inside})"


def unsigned(description: str) -> str:
    """A description without it."""
    return _SIGNED.sub("", description)


def signed(description: object) -> Signed | None:
    """The signature of a description; None where it is not ours."""
    found = _SIGNED.search(description) if isinstance(description, str) else None
    return Signed(found[1], found[2] or "", Mark.parse(found[3])) if found else None


class _Boards:
    """What both ways share."""

    kind = "board"

    def __init__(self, kibana: Kibana, objects: Mapping[str, BoardObject]) -> None:
        self._kibana, self._objects = kibana, objects

    def find(self, keys: Sequence[str]) -> list[Found]:
        """All boards of the space with our mark, and those of these ids."""
        named = [one for key in keys if (one := self.get(key)) is not None]
        others = [self.get(key) for key in self._marked() if key not in set(keys)]
        return [*named, *(one for one in others if one is not None)]

    def get(self, key: str) -> Found | None:
        """A board as it is now."""
        raise NotImplementedError

    def _marked(self) -> Iterator[str]:
        raise NotImplementedError

    def _found(self, key: str, title: object, description: object, edited: bool, revision: str) -> Found:
        ours = signed(description)
        mark = ours.mark if ours else None
        applied = ours.applied if ours else ""
        body = {"board": f"edited {applied}" if edited else applied}
        return Found(self.kind, key, str(title), body, mark, revision)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """A new board."""
        self._put(self._objects[wanted.key], mark, replace=False)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """The whole board anew."""
        self._put(self._objects[wanted.key], mark, replace=True)

    def _put(self, one: BoardObject, mark: Mark, *, replace: bool) -> None:
        raise NotImplementedError


class SavedBoards(_Boards):
    """Boards as saved objects."""

    def get(self, key: str) -> Found | None:
        """``updated_at`` after ``created_at``: somebody saved it."""
        raw = self._kibana.request("GET", f"{SAVED}/dashboard/{quote(key)}", missing_ok=True)
        if raw is None:
            return None
        attributes = _inside(raw, "attributes")
        created, updated = raw.get("created_at"), raw.get("updated_at")
        edited = bool(created and updated and created != updated)
        description = attributes.get("description")
        return self._found(key, attributes.get("title"), description, edited, str(raw.get("version", "")))

    def _marked(self) -> Iterator[str]:
        for page in range(1, MOST_PAGES):
            query = {"type": "dashboard", "fields": "description", "page": page, "per_page": PAGE}
            found = self._kibana.request("GET", f"{SAVED}/_find", query=query)
            for raw in found["saved_objects"]:
                if signed(raw.get("attributes", {}).get("description")):
                    yield raw["id"]
            if page * PAGE >= found["total"]:
                return

    def _put(self, one: BoardObject, mark: Mark, *, replace: bool) -> None:
        attributes = dict(one.body["attributes"])
        attributes["description"] = sign(attributes["description"], one.version, mark)
        body = {
            "attributes": attributes,
            "references": one.body["references"],
            "coreMigrationVersion": one.body["coreMigrationVersion"],
            "typeMigrationVersion": one.body["typeMigrationVersion"],
        }
        query = {"overwrite": "true"} if replace else None
        self._kibana.request("POST", f"{SAVED}/dashboard/{quote(one.key)}", body, query)

    def remove(self, found: Found) -> str:
        """By the bulk request: the one for a single object is not documented."""
        body = [{"type": "dashboard", "id": found.key}]
        answer = self._kibana.request("POST", f"{SAVED}/_bulk_delete", body)
        for status in answer["statuses"]:
            error = status.get("error") or {}
            if not status.get("success") and error.get("statusCode") != 404:
                raise TargetError(f"Kibana did not remove it: {error.get('message', status)}")
        return ""


class ApiBoards(_Boards):
    """Boards through the Dashboards API."""

    def get(self, key: str) -> Found | None:
        """A digest other than that of the first reading: somebody saved it."""
        raw = self._kibana.request("GET", f"{BOARDS}/{quote(key)}", missing_ok=True)
        if raw is None:
            return None
        data = _inside(raw, "data")
        ours = signed(data.get("description"))
        edited = ours is not None and ours.seen != _seen(data)
        revision = str(_inside(raw, "meta").get("version", ""))
        return self._found(key, data.get("title"), data.get("description"), edited, revision)

    def _marked(self) -> Iterator[str]:
        for page in range(1, MOST_PAGES):
            found = self._kibana.request("GET", BOARDS, query={"page": page, "per_page": PAGE})
            for raw in found["dashboards"]:
                if signed(raw["data"].get("description")):
                    yield raw["id"]
            if page * PAGE >= found["total"]:
                return

    def _put(self, one: BoardObject, mark: Mark, *, replace: bool) -> None:
        """Twice: what Kibana makes of it is known only when it has it."""
        place = f"{BOARDS}/{quote(one.key)}"
        if not replace and self._kibana.request("GET", place, missing_ok=True) is not None:
            raise TakenError(f"a board {one.key} is there already")
        self._kibana.request("PUT", place, self._body(one, mark, "unseen"))
        data = _inside(self._kibana.request("GET", place), "data")
        self._kibana.request("PUT", place, self._body(one, mark, _seen(data)))

    @staticmethod
    def _body(one: BoardObject, mark: Mark, seen: str) -> dict[str, Any]:
        return {**one.body, "description": sign(one.body["description"], one.version, mark, seen)}

    def remove(self, found: Found) -> str:
        """Gone already is good too."""
        self._kibana.request("DELETE", f"{BOARDS}/{quote(found.key)}", missing_ok=True)
        return ""


def _seen(data: Mapping[str, Any]) -> str:
    """A digest of a board as Kibana shows it, without our signature."""
    return digest({**data, "description": unsigned(str(data.get("description", "")))})


def _inside(raw: Any, name: str) -> dict[str, Any]:
    """An object in an answer. Raises ``TargetError`` where it is not there."""
    inner = raw.get(name) if isinstance(raw, Mapping) else None
    if not isinstance(inner, dict):
        raise TargetError(f"Kibana shows a board or data view in a form that is not known: no {name}")
    return inner
