"""What searches rest on: macros, KV store collections, lookup definitions and their rows, the app itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracehound.deploy import Found, Mark, TakenError, Wanted, digest

from . import marks
from .objects import Entries, content_of
from .rest import Rest

APP_STAYS = "the app itself stays, since others may have objects in it: take it away in Splunk"


class Macros(Entries):
    """``configs/conf-macros`` of our app. A site's own definition is its edit, and stays."""

    kind = "macro"
    collection = ("configs", "conf-macros")

    def found(self, entry: Mapping[str, Any]) -> Found:
        """The mark is at the end of the description."""
        content, name = content_of(entry), entry["name"]
        said = content.get("description")
        body = {key: marks.text_of(content.get(key)) for key in ("definition", "args")}
        body["description"] = marks.text_of(marks.unsigned(said))
        return Found(self.kind, name, name, body, marks.mark_in(said), raw=entry)

    def values(self, fields: Mapping[str, Any], found: Found | None, mark: Mark) -> dict[str, str]:
        """The description is always sent, since the mark is in it."""
        there = found.body if found is not None else {}
        said = str(fields.get("description", there.get("description", "")))
        return {**fields, "description": marks.signed(said, mark)}

    def definitions(self) -> dict[str, str]:
        """All macros of our app without arguments."""
        return {
            entry["name"]: marks.text_of(content_of(entry).get("definition"))
            for entry in self.all()
            if "(" not in entry["name"]
        }


class Named(Entries):
    """Objects without a free field: a name of ours in our app is the mark. Nobody edits what they say."""

    def __init__(self, rest: Rest, wanted: Sequence[Wanted]) -> None:
        super().__init__(rest)
        self._wanted = {one.key: one for one in wanted}

    def found(self, entry: Mapping[str, Any]) -> Found:
        """What differs from what is wanted is an old version of ours, no edit."""
        content, name = content_of(entry), entry["name"]
        body = {key: marks.text_of(value) for key, value in content.items()}
        wanted = self._wanted.get(name)
        mark = Mark(1) if name.startswith(marks.OWN) else None
        if wanted is not None:
            mark = Mark(wanted.version, {key: digest(body.get(key)) for key in wanted.body})
        return Found(self.kind, name, name, body, mark, raw=entry)

    def values(self, fields: Mapping[str, Any], found: Found | None, mark: Mark) -> dict[str, str]:
        """As they are."""
        return dict(fields)


class Collections(Named):
    """KV store collections: ``storage/collections/config``."""

    kind = "collection"
    collection = ("storage", "collections", "config")

    def remove(self, found: Found) -> str:
        """With what baselines have learned; a catalogue in which analysts have rows of their own stays."""
        if not found.key.startswith(marks.OWN):
            path = self.rest.rows(found.key)
            rows = self.rest.request("GET", path, {"limit": 1}, missing_ok=True)
            if rows:
                return "it holds rows that are not ours, and stays with them"
        return super().remove(found)


class Lookups(Named):
    """Lookup definitions: ``data/transforms/lookups``."""

    kind = "lookup"
    collection = ("data", "transforms", "lookups")

    def by_file(self, keys: Sequence[str]) -> set[str]:
        """Those whose rows are a file: they came with the app's files, rows and all."""
        return {
            found.key for found in self.find(keys) if found.key in keys and found.body.get("filename", "")
        }  # fmt: skip


class Views(Entries):
    """Boards: ``data/ui/views``."""

    kind = "board"
    collection = ("data", "ui", "views")

    def found(self, entry: Mapping[str, Any]) -> Found:
        """The whole XML is one field."""
        content, name = content_of(entry), entry["name"]
        xml = str(content.get("eai:data") or "")
        title = str(content.get("label") or name)
        return Found(self.kind, name, title, marks.view_body(xml), marks.view_mark(xml), raw=entry)

    def values(self, fields: Mapping[str, Any], found: Found | None, mark: Mark) -> dict[str, str]:
        """The XML with its mark; where only the version changed, that which is there."""
        xml = fields.get("view") or (found.body["view"] if found is not None else "")
        return {"eai:data": marks.signed_view(str(xml), mark.version, mark)}


class Apps:
    """The app that holds everything; only on Splunk Enterprise can it be made over REST."""

    kind = "app"

    def __init__(self, rest: Rest) -> None:
        self.rest = rest

    def find(self, keys: Sequence[str]) -> list[Found]:
        """The app, where it is there."""
        found = self.get(self.rest.settings.app)
        return [] if found is None else [found]

    def get(self, key: str) -> Found | None:
        """Only whether it is there is ours to say."""
        entry = self.rest.entry(self.rest.path("apps/local", key, app=""))
        if entry is None:
            return None
        body = {"app": "there"}
        return Found(self.kind, key, key, body, Mark(1, {"app": digest("there")}), raw=entry)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """An empty app that everybody may read and administrators may write."""
        if self.get(wanted.key) is not None:
            raise TakenError(f"the app {wanted.key} is there already")
        path = self.rest.path("apps/local", app="")
        self.rest.request("POST", path, {"name": wanted.key, "label": "Tracehound", "visible": "1"})
        rights = {"owner": "nobody", "sharing": "app", "perms.read": "*", "perms.write": "admin"}
        self.rest.request("POST", self.rest.path("apps/local", wanted.key, "acl", app=""), rights)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """Never asked."""

    def remove(self, found: Found) -> str:
        """It stays."""
        return APP_STAYS
