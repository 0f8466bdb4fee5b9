"""What all kinds of objects in Splunk share: entries of a REST collection in our app, with their ACL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tracehound.deploy import Found, Mark, Wanted
from tracehound.errors import TargetError

from .rest import Rest

BY_FILE = "came with the app's files, and goes with them: take the app {app} away, or install one without it"
REVERTED = "is as the app's files have it again, and goes with them: take the app {app} away"


class Entries:
    """The objects of one REST collection that are in our app."""

    kind = ""
    collection: tuple[str, ...] = ()
    rights = True
    """Whether an entry has an ACL of its own."""

    def __init__(self, rest: Rest) -> None:
        self.rest, self.app = rest, rest.settings.app

    def found(self, entry: Mapping[str, Any]) -> Found:
        """An entry as the engine takes it."""
        raise NotImplementedError

    def values(self, fields: Mapping[str, Any], found: Found | None, mark: Mark) -> dict[str, str]:
        """What is sent for these fields; ``found``: as it is now, None for a new one."""
        raise NotImplementedError

    def path(self, key: str = "", *more: str) -> str:
        """The path of the collection, or of one of its entries."""
        head = "/".join(self.collection)
        return self.rest.path(head, *([key] if key else []), *more)

    def all(self) -> Iterator[dict[str, Any]]:
        """Every entry that our app has itself, not those that other apps share with it."""
        for entry in self.rest.entries(self.path(), self.chosen()):
            if (entry.get("acl") or {}).get("app") in (None, self.app):
                yield entry

    def chosen(self) -> dict[str, str]:
        """What makes a listing shorter."""
        return {"search": f"eai:acl.app={self.app}"}

    def find(self, keys: Sequence[str]) -> list[Found]:
        """Ours, and those with these names."""
        wanted = set(keys)
        found = [self.found(entry) for entry in self.all()]
        return [one for one in found if one.mark is not None or one.key in wanted]

    def get(self, key: str) -> Found | None:
        """One as it is now; None where our app does not have it itself."""
        entry = self.rest.entry(self.path(key))
        if entry is None or (entry.get("acl") or {}).get("app") not in (None, self.app):
            return None
        return self.found(entry)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """A new entry, shared as the settings say."""
        values = {**self.values(wanted.body, None, mark), **wanted.initial, "name": wanted.key}
        answer = self.rest.request("POST", self.path(), values)
        if self.rights:
            self._share(wanted.key, ((answer or {}).get("entry") or [{}])[0].get("acl") or {})

    def _share(self, key: str, acl: Mapping[str, Any]) -> None:
        """Who sees it: roles as the app has them for its objects, which is least."""
        settings = self.rest.settings
        if (
            acl.get("sharing", "app") == settings.sharing
            and acl.get("owner", settings.owner) == settings.owner
        ):
            return
        perms = acl.get("perms") or {}
        values = {"owner": settings.owner, "sharing": settings.sharing}
        if settings.sharing != "user":
            values |= {
                "perms.read": ",".join(perms.get("read") or ["*"]),
                "perms.write": ",".join(perms.get("write") or ["admin"]),
            }
        self.rest.request("POST", self.path(key, "acl"), values)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """Only what is named is sent; Splunk leaves the rest. What has to go becomes empty."""
        values = self.values(fields, found, mark) | dict.fromkeys(dropped, "")
        self.rest.request("POST", self.path(found.key), values)

    def remove(self, found: Found) -> str:
        """Gone already is good too. What came with the app's files can only be put back to them."""
        acl = ((found.raw or {}).get("acl") or {}) if isinstance(found.raw, Mapping) else {}
        if acl.get("removable") is False:
            return BY_FILE.format(app=self.app)
        self.rest.request("DELETE", self.path(found.key), missing_ok=True)
        return REVERTED.format(app=self.app) if self.get(found.key) is not None else ""


def content_of(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The settings of an entry. Raises ``TargetError`` where it has none."""
    content = entry.get("content")
    if not isinstance(content, Mapping) or not isinstance(entry.get("name"), str):
        raise TargetError("Splunk shows an object in a form that is not known: no name or content")
    return content
