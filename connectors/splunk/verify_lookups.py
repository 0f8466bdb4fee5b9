"""KV store lookups of one run of ``verify``: made, emptied, removed; those of runs that were killed too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from .rest import Rest

PREFIX = "tracehound_verify_"
STAMP = "%Y%m%dt%H%M%S"
PLACES = ("data/transforms/lookups", "storage/collections/config")
_NAME = re.compile(rf"{PREFIX}(\d{{8}}t\d{{6}})_[0-9a-f]+_\d+")


class RunLookups:
    """Collections and their lookup definitions, named by the run."""

    def __init__(self, rest: Rest, app: str, run: str) -> None:
        self._rest, self._app, self._run = rest, app, run.replace("-", "_")
        self._made: list[str] = []

    def create(self, keys: int) -> str:
        """A lookup as a baseline's: ``by1`` .. ``by<keys>``, ``value``, ``first``, ``last``. Gives its name."""
        name = f"{PREFIX}{self._run}_{len(self._made)}"
        self._made.append(name)
        columns = ["_key", *(f"by{place}" for place in range(1, keys + 1)), "value", "first", "last"]
        numbers = {"field.first": "number", "field.last": "number"}
        self._rest.request("POST", self._path(PLACES[1]), {"name": name, **numbers})
        values = {"external_type": "kvstore", "collection": name, "fields_list": ", ".join(columns)}
        self._rest.request("POST", self._path(PLACES[0]), {"name": name, **values})
        return name

    def _path(self, place: str, *more: str) -> str:
        return self._rest.path(place, *more, app=self._app, owner="nobody")

    def empty(self, name: str) -> None:
        """All rows out."""
        self._rest.request("DELETE", self._path("storage/collections/data", name), missing_ok=True)

    def remove(self) -> None:
        """All of this run."""
        while self._made:
            self._remove(self._made[-1])
            self._made.pop()

    def _remove(self, name: str) -> None:
        for place in PLACES:
            self._rest.request("DELETE", self._path(place, name), missing_ok=True)

    def remove_stale(self, older: timedelta) -> Iterator[str]:
        """Those that other runs left so long ago; their names."""
        names = {entry["name"] for place in PLACES for entry in self._rest.entries(self._path(place))}
        for name in sorted(names):
            known = _NAME.fullmatch(str(name))
            if known is None:
                continue
            if datetime.now(UTC) - datetime.strptime(known[1], STAMP).replace(tzinfo=UTC) > older:
                self._remove(name)
                yield name
