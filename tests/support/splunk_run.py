"""Runs searches of the Splunk stand-in by the SPL evaluator, over its events, macros and lookups.

Pages: Search Manual, "Specify time modifiers in your search" (earliest= in a search wins over the job's
range; earliest is inside, latest is not), "Use macros"; Search Reference, search (a search that names no
index looks in the role's default indexes), delete, lookup; Knowledge Manager Manual, "Configure KV Store
lookups".
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from spl.engine import Lookup, Macro, Options, Row, SplError, parse
from spl.events import number_text
from spl.scan import stages
from spl.times import resolve
from splunk_errors import RefusedError
from splunk_index import Indexed, Indexes
from splunk_install import csv_rows
from splunk_kinds import TRUE, is_lookup
from splunk_kvstore import KvStore
from splunk_objects import Objects, Space, Stored
from splunk_people import User

NAMES_INDEX = re.compile(r"(?<![\w.{}])index\s*(?:=|!=|::|\s+IN\b)")
NAMES_TIME = re.compile(r"(?<![\w.{}])(earliest|latest)\s*=\s*\"?([^\s\")]+)")
COMMAND = re.compile(r"\s*([A-Za-z_]+)")
DELETE = re.compile(r"\|\s*delete\s*$")
FOREVER = 32503680000.0


@dataclass
class Ran:
    """What a search gave. ``matched`` counts the events of its base search."""

    rows: list[Row]
    matched: int
    earliest: float
    latest: float | None
    transforming: bool
    messages: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Runner:
    """Everything that a search can reach."""

    objects: Objects
    indexes: Indexes
    kv: KvStore
    options: Options = field(default_factory=lambda: Options(kv_maxchars=None, window_edge="inside"))

    def run(
        self,
        search: str,
        space: Space,
        user: User,
        earliest: str = "",
        latest: str = "",
        now: float | None = None,
        max_count: int = 500_000,
    ) -> Ran:
        """Run a search as a job does. Raises ``RefusedError`` 400 where it cannot be parsed, ``SplError`` later."""
        now = time.time() if now is None else now
        first = COMMAND.match(search)
        if not search.lstrip().startswith(("|", "`", "(")) and (
            first is None or first[1].lower() != "search"
        ):
            unknown = first[1] if first else search[:20]
            raise RefusedError(400, f"Unknown search command '{unknown}'.", "FATAL")
        macros = self._macros(space, user)
        deleting = DELETE.search(search)
        try:
            compiled = parse(
                search[: deleting.start()] if deleting else search, macros=macros, options=self.options
            )
        except SplError as problem:
            raise RefusedError(400, f"Error in 'SearchParser': {problem}", "FATAL") from None
        base, *more = stages(compiled.expanded)
        said = dict(NAMES_TIME.findall(base.text)) or {"earliest": earliest, "latest": latest}
        low, high = moment(said.get("earliest", ""), now, 0.0), moment(said.get("latest", ""), now, None)
        events = self._events(base.text, user, low, high)
        tables = self._lookups(compiled.expanded, space, user)
        lookups = {name: table.lookup for name, table in tables.items()}
        rows = compiled.run(events, lookups=lookups, now=now, earliest=low, latest=high)
        if "outputlookup" in compiled.expanded:
            for table in tables.values():
                table.keep(self.kv)
        if deleting:
            rows = self._delete(rows, events, user)
        transforming = any(_name(stage.text) in TRANSFORMING for stage in more)
        return Ran(rows[:max_count], compiled.matched, low, high, transforming)

    def check(self, search: str, space: Space, user: User) -> None:
        """Whether a search can be parsed. Raises a 400."""
        try:
            parse(search, macros=self._macros(space, user), options=self.options)
        except SplError as problem:
            raise RefusedError(400, f"Error in 'SearchParser': {problem}", "FATAL") from None

    def _macros(self, space: Space, user: User) -> dict[str, str | Macro]:
        found: dict[str, str | Macro] = {}
        for one in self.objects.visible("macros", space, user):
            content = one.content
            if content.get("disabled", "0").lower() in TRUE or content.get("iseval", "0").lower() in TRUE:
                continue
            arguments = tuple(name.strip() for name in content.get("args", "").split(",") if name.strip())
            found[one.name] = Macro(content.get("definition", ""), arguments)
        return found

    def _events(self, base: str, user: User, low: float, high: float | None) -> list[Indexed]:
        names = set(self.indexes.names)
        if not NAMES_INDEX.search(base):
            names &= self.objects.people.default_indexes(user)
        names = {name for name in names if self.objects.people.searches(user, name)}
        top = FOREVER if high is None else high
        return [e for e in self.indexes.newest_first() if e.index in names and low <= e.time < top]

    def _lookups(self, text: str, space: Space, user: User) -> dict[str, _Table]:
        if "lookup" not in text:
            return {}
        found: dict[str, _Table] = {}
        for one in self.objects.visible("lookups", space, user):
            names, rows = csv_rows(one.content.get("rows", ""))
            found[one.name] = _Table(Lookup(rows, fields=names))
        for one in self.objects.visible("transforms", space, user):
            if one.name in text and is_lookup(one.content):
                found[one.name] = self._defined(one, found, space, user)
        return found

    def _defined(self, one: Stored, files: Mapping[str, _Table], space: Space, user: User) -> _Table:
        content = one.content
        cased = content.get("case_sensitive_match", "1").lower() in TRUE
        if content.get("external_type") != "kvstore":
            file = files.get(content.get("filename", ""))
            table = file.lookup if file else Lookup()
            return _Table(Lookup(table.rows, cased=cased, fields=table.fields))
        names = [name.strip() for name in content.get("fields_list", "").split(",") if name.strip()]
        collection = self.objects.get(
            "collections", content.get("collection", ""), Space("nobody", one.app), user
        )
        place = (collection.app, "nobody", collection.name)
        rows = [
            {name: texts for name in ("_key", *names) if (texts := _texts(document.get(name)))}
            for document in self.kv.documents(place).values()
        ]
        numbers = {
            name[6:] for name, kind in collection.content.items() if kind == "number" and name[:6] == "field."
        }
        return _Table(
            Lookup(rows, kv=True, cased=cased, fields=[n for n in names if n != "_key"]), place, numbers
        )

    def _delete(self, rows: Sequence[Row], events: Sequence[Indexed], user: User) -> list[Row]:
        if not self.objects.people.may(user, "delete_by_keyword"):
            raise RefusedError(403, "You have insufficient privileges to delete events.", "FATAL")
        chosen = {id(row) for row in rows}
        counts: dict[str, int] = {}
        for event in events:
            if id(event.row(self.options)) in chosen:
                event.deleted = True
                counts[event.index] = counts.get(event.index, 0) + 1
        self.indexes.changed()
        return [{"index": [name], "deleted": [str(n)], "errors": ["0"]} for name, n in counts.items()]


TRANSFORMING = {"stats", "timechart", "chart", "table", "xyseries", "top", "rare", "inputlookup"}


@dataclass
class _Table:
    """A lookup for one run, and the collection that it is kept in."""

    lookup: Lookup
    place: tuple[str, str, str] | None = None
    numbers: set[str] = field(default_factory=set)

    def keep(self, kv: KvStore) -> None:
        """Write the rows back to the collection, those without a key with a new one."""
        if self.place is None:
            return
        documents = kv.documents(self.place)
        documents.clear()
        allowed = {"_key", *(self.lookup.fields or ())}
        for at, row in enumerate(self.lookup.rows):
            key = (row.get("_key") or [f"{at:024x}"])[0]
            row.setdefault("_key", [key])
            made: dict[str, Any] = {
                name: self._value(name, texts) for name, texts in row.items() if name in allowed
            }
            documents[key] = {**made, "_key": key, "_user": self.place[1]}

    def _value(self, name: str, texts: list[str]) -> Any:
        values = [float(one) if name in self.numbers and _number(one) else one for one in texts]
        return values[0] if len(values) == 1 else values


def moment(text: str, now: float, otherwise: float | None) -> Any:
    """A time of a search's range: epoch, relative, ISO 8601; nothing is ``otherwise``."""
    if not text or (text == "0" and otherwise == 0.0):
        return otherwise
    found = resolve(text, now)
    if found is not None:
        return found
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise RefusedError(400, f"Invalid time: {text}", "FATAL") from None


def _texts(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [number_text(value) if isinstance(value, int | float) else str(value)]


def _number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _name(text: str) -> str:
    found = COMMAND.match(text)
    return found[1].lower() if found else ""
