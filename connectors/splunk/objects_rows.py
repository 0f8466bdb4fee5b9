"""Rows of the catalogues in the KV store, merged row by row: a row that an analyst changed or took out stays so.

A row has no place for a mark that searches would not see, so that the marks of a catalogue are one row of the
collection ``tracehound_applied``. Rows that analysts add are no concern of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from tracehound.deploy import Found, Mark, Wanted, digest

from .lookups import Lookup
from .rest import Rest

APPLIED = "tracehound_applied"
APPLIED_SETTINGS = {"field.mark": "string", "replicate": "false"}
BATCH = 500
"""Splunk takes 1,000 documents at once (``max_documents_per_batch_save``)."""
LONGEST = 9999
Json = dict[str, Any]


def wanted_rows(lookup: Lookup) -> Wanted:
    """A catalogue's rows by their keys."""
    rows = {row_key(lookup, row): dict(row) for row in lookup.rows or ()}
    return Wanted("lookup rows", lookup.name, lookup.name, rows)


def row_key(lookup: Lookup, row: Mapping[str, str]) -> str:
    """The longest value first, in the order in which the KV store has its keys: of patterns it fits closest."""
    longest = max(len(row.get(name, "")) for name in lookup.fields[:2])
    raw = "\0".join(row.get(name, "") for name in lookup.fields)
    return f"{LONGEST - min(longest, LONGEST):04d}{sha256(raw.encode()).hexdigest()[:12]}"


class Rows:
    """The rows of catalogues, each catalogue one object and each row a field of it."""

    kind = "lookup rows"

    def __init__(self, rest: Rest, wanted: Sequence[Wanted]) -> None:
        self._rest, self._wanted = rest, {one.key: one for one in wanted}

    def find(self, keys: Sequence[str]) -> list[Found]:
        """Those that are wanted, where they are there."""
        return [found for key in self._wanted if (found := self.get(key)) is not None]

    def get(self, key: str) -> Found | None:
        """The rows as they are; None where there are none and never were."""
        path = self._rest.rows(key)
        found = self._rest.request("GET", path, {"limit": 0}, missing_ok=True)
        rows = {
            str(row["_key"]): {k: str(v) for k, v in row.items() if k not in ("_key", "_user")}
            for row in found or ()
        }
        mark = self._mark(key)
        if mark is None:
            if not rows:
                return None
            mark = self._began(key, rows)
        return Found(self.kind, key, key, rows, mark, raw=found)

    def _began(self, key: str, rows: Mapping[str, Json]) -> Mark:
        """Of rows without marks: an earlier run was ended before it wrote them."""
        wanted = self._wanted[key].body
        return Mark(0, {name: digest(row) for name, row in rows.items() if row == wanted.get(name)})

    def _mark(self, key: str) -> Mark | None:
        row = self._rest.request("GET", self._rest.rows(APPLIED, key), missing_ok=True)
        return Mark.parse(row.get("mark")) if isinstance(row, dict) else None

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """All rows."""
        self._put(wanted.key, wanted.body, (), mark)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """The rows that changed; those that left the catalogue go."""
        self._put(wanted.key, fields, dropped, mark)

    def _put(self, key: str, rows: Mapping[str, Any], dropped: Sequence[str], mark: Mark) -> None:
        """The mark comes last: what was written before it is found to be as it should."""
        for batch in _batches([{**row, "_key": name} for name, row in rows.items()]):
            self._rest.request("POST", self._rest.rows(key, "batch_save"), json=batch)
        for name in dropped:
            self._rest.request("DELETE", self._rest.rows(key, name), missing_ok=True)
        document = [{"_key": key, "mark": mark.text()}]
        self._rest.request("POST", self._rest.rows(APPLIED, "batch_save"), json=document)

    def remove(self, found: Found) -> str:
        """Our rows; those of analysts stay."""
        ours = found.mark.digests if found.mark is not None else {}
        if set(found.body) <= set(ours):
            self._rest.request("DELETE", self._rest.rows(found.key), missing_ok=True)
        else:
            for name in ours:
                self._rest.request("DELETE", self._rest.rows(found.key, name), missing_ok=True)
        self._rest.request("DELETE", self._rest.rows(APPLIED, found.key), missing_ok=True)
        return ""


def _batches(rows: Sequence[Json]) -> Iterator[Sequence[Json]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]
