"""Search jobs: run to their end, read to their last row, cancelled in any case; macros put into their searches."""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tracehound.errors import ConfigError, TargetError

from .rest import Rest

V2_SINCE = (9, 0, 2)
MOST_ROWS = 50_000
"""As many as Splunk gives of one job (``maxresultrows`` of limits.conf)."""
FIRST_POLL, LONGEST_POLL = 0.05, 2.0
FORGOTTEN_AFTER = 300
"""Seconds after which Splunk cancels a job that nobody asks for any more."""
FAILED = ("FAILED", "INTERNAL_CANCEL", "USER_CANCEL", "BAD_INPUT_CANCEL", "QUIT")
INDEX = "tracehound_index"
_MACRO = re.compile(r"`([A-Za-z0-9_]+)`")
_RELATIVE = re.compile(r"-(\d+)(s|m|h|d|w)?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
Row = dict[str, Any]


class Jobs:
    """The search jobs of one run. ``cancel_all`` ends those that are under way."""

    def __init__(self, rest: Rest, app: str, *, patience: float) -> None:
        self._rest, self._app, self._patience = rest, app, patience
        old = rest.info.version and rest.info.version < V2_SINCE
        self._collection = "search/jobs" if old else "search/v2/jobs"
        self._read = "GET" if old else "POST"
        self._running: set[str] = set()
        self._lock = threading.Lock()

    def rows(self, search: str, earliest: str, latest: str, *, most: int = MOST_ROWS) -> list[Row]:
        """All rows of a search. Raises ``TargetError`` where it fails or gives more than ``most``."""
        with self._job(search, earliest, latest) as sid:
            content = self._done(sid)
            found = list(self._results(sid, most))
        if len(found) > most or int(content.get("resultCount") or 0) > most:
            raise TargetError(f"the search gives more than {most:,} rows")
        return found

    @contextmanager
    def _job(self, search: str, earliest: str, latest: str) -> Iterator[str]:
        """A job by an id of ours, so that it can be cancelled before Splunk has answered."""
        sid = f"tracehound_{int(time.time())}_{secrets.token_hex(8)}"
        values = {
            "id": sid,
            "search": search if search.lstrip().startswith("|") else f"search {search}",
            "earliest_time": earliest,
            "latest_time": latest,
            "exec_mode": "normal",
            "max_count": MOST_ROWS + 1,
            "auto_cancel": FORGOTTEN_AFTER,
        }
        with self._lock:
            self._running.add(sid)
        try:
            try:
                self._rest.request("POST", self._path(), values)
            except TargetError:  # where only the answer was lost, a second try meets the first one's job
                if self._rest.entry(self._path(sid)) is None:
                    raise
            yield sid
        finally:
            self._cancel(sid)

    def _path(self, *more: str) -> str:
        return self._rest.path(self._collection, *more, app=self._app)

    def _done(self, sid: str) -> Mapping[str, Any]:
        """Waits for its end; what Splunk says of it then."""
        wait, progress, since = FIRST_POLL, -1.0, time.monotonic()
        while True:
            entry = self._rest.entry(self._path(sid))
            if entry is None:
                raise TargetError("the search job was cancelled, or has expired")
            content: Mapping[str, Any] = entry.get("content") or {}
            state = str(content.get("dispatchState", ""))
            if state in FAILED or _true(content.get("isFailed")):
                raise TargetError(f"the search failed: {_words(content) or state}")
            if state == "DONE" or _true(content.get("isDone")):
                if _true(content.get("isFinalized")):
                    raise TargetError(f"the search was ended before it was done: {_words(content)}")
                return content
            done = float(content.get("doneProgress") or 0)
            if done > progress:
                progress, since = done, time.monotonic()
            elif time.monotonic() - since > self._patience:
                raise TargetError(f"the search made no progress for {self._patience:.0f} s ({state})")
            time.sleep(wait)
            wait = min(wait * 1.5, LONGEST_POLL)

    def _results(self, sid: str, most: int) -> Iterator[Row]:
        offset = 0
        while offset <= most:
            values = {"count": MOST_ROWS, "offset": offset}
            found = self._rest.request(self._read, self._path(sid, "results"), values) or {}
            page = found.get("results", ())
            yield from page
            offset += len(page)
            if len(page) < MOST_ROWS:
                return

    def _cancel(self, sid: str) -> None:
        """Gone already is good too; that it cannot be cancelled must not hide why we are here."""
        with self._lock:
            self._running.discard(sid)
        try:
            self._rest.request("POST", self._path(sid, "control"), {"action": "cancel"}, missing_ok=True)
        except (ConfigError, TargetError):
            return  # Splunk cancels it by itself, after FORGOTTEN_AFTER

    def cancel_all(self) -> None:
        """Those that another thread left."""
        for sid in list(self._running):
            self._cancel(sid)


def _true(value: object) -> bool:
    return value in (True, 1, "1", "true")


def _words(content: Mapping[str, Any]) -> str:
    """The messages of a job: a list of objects, or texts by kind."""
    found = content.get("messages") or ()
    if isinstance(found, Mapping):
        return "; ".join(str(text) for texts in found.values() for text in _listed(texts))
    return "; ".join(str(one.get("text", one)) if isinstance(one, Mapping) else str(one) for one in found)


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def values_of(row: Mapping[str, Any], name: str) -> list[str]:
    """The values of a field of a row: JSON has one as a text, several as a list."""
    value = row.get(name)
    return [] if value is None else [str(one) for one in _listed(value)]


def number_of(row: Mapping[str, Any], name: str) -> int:
    """A whole number of a row. Raises ``TargetError``."""
    try:
        return int(float(values_of(row, name)[0]))
    except (IndexError, ValueError):
        raise TargetError(f"the search gives a row without the number {name}") from None


def expanded(search: str, definition: Callable[[str], str | None]) -> str:
    """A search with its macros in place; ``definition`` gives None for one that Splunk is to expand."""
    for _ in range(5):  # macros in macros
        made = _MACRO.sub(lambda found: _said(found, definition(found[1])), search)
        if made == search:
            break
        search = made
    return search


def _said(found: re.Match[str], definition: str | None) -> str:
    return found[0] if definition is None else definition


def names_macro(search: str, name: str = INDEX) -> bool:
    """Whether a search names a macro."""
    return any(found == name for found in _MACRO.findall(search))


def seconds_ago(time_: str) -> int | None:
    """``-600s`` -> 600, ``now`` and nothing -> 0; None for what is no plain number of seconds."""
    if time_ in ("", "now", "now()"):
        return 0
    found = _RELATIVE.fullmatch(time_)
    return int(found[1]) * _SECONDS[found[2] or "s"] if found else None
