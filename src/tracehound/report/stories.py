"""Stories told by events: each step with the events of its records and the findings that these raised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracehound.report.read import Data, Finding

Row = dict[str, Any]

MAX_ROWS = 6
SPECIFIC = ("event_id", "uid", "span_ids", "litellm_call_id", "id", "request_id")
"""Keys of a story's record from the most specific id on; the first that finds events is taken."""


@dataclass(slots=True)
class Step:
    """One step: what happened, the events that show it, the findings raised on them."""

    time: int
    source: str
    description: str
    events: list[Row]
    total: int
    findings: list[Finding]


@dataclass(slots=True)
class Story:
    """One story, with all findings on its events."""

    id: str
    title: str
    summary: str
    tags: list[str]
    steps: list[Step]
    findings: list[Finding]


class _Index:
    """Events by every id that they carry."""

    def __init__(self, events: Iterable[Row]) -> None:
        self.by_id: dict[str, list[Row]] = defaultdict(list)
        self.by_session: dict[str, list[Row]] = defaultdict(list)
        for event in events:
            ids = {event[key] for key in ("uid", "original", "correlation", "request", "span") if event[key]}
            for uid in ids:
                self.by_id[uid].append(event)
            if event["session"]:
                self.by_session[event["session"]].append(event)

    def find(self, record: Row, log: str) -> list[Row]:
        """The events of one record of a story; of two logs that share an id, those of ``log``."""
        found = self._by_ids(record)
        own = [event for event in found if event["source"] in log or log in event["source"]]
        return own or found

    def _by_ids(self, record: Row) -> list[Row]:
        if "event_sequence" in record:
            return [e for e in self._of_session(record) if e["sequence"] == record["event_sequence"]]
        if "jsonrpc_id" in record:
            return [e for e in self._of_session(record) if abs(e["time"] - record["ts"] * 1000) < 2]
        for key in SPECIFIC:
            value = record.get(key)
            values = value if isinstance(value, list) else [value]
            found = [event for v in values if v for event in self.by_id.get(v, ())]
            if found:
                return found
        return []

    def _of_session(self, record: Row) -> list[Row]:
        return self.by_session.get(record.get("session_id", ""), [])


def tell(stories: list[Row], data: Data) -> list[Story]:
    """Find each step's events and findings."""
    index = _Index(data.events)
    by_event: dict[str, list[Finding]] = defaultdict(list)
    for finding in data.findings:
        for uid in finding.events:
            by_event[uid].append(finding)
    return [_story(story, index, by_event) for story in stories]


def _story(story: Row, index: _Index, by_event: dict[str, list[Finding]]) -> Story:
    """Each finding stands at the step whose event completed it, else at the first step that it is about."""
    found = [
        _unique(event for record in step["records"] for event in index.find(record, step["source"]))
        for step in story["steps"]
    ]
    homes: dict[str, tuple[int, Finding]] = {}
    for number, events in enumerate(found):
        for event in events:
            for finding in by_event.get(event["uid"], ()):
                if finding.uid not in homes or event["time"] == finding.time:
                    homes[finding.uid] = (number, finding)
    steps = [
        Step(
            step["time_ms"], step["source"], step["description"], events[:MAX_ROWS], len(events),
            [finding for home, finding in homes.values() if home == number],
        )
        for number, (step, events) in enumerate(zip(story["steps"], found, strict=True))
    ]  # fmt: skip
    tags = [*story.get("atlas", ()), *story.get("owasp", ())]
    findings = sorted((finding for _, finding in homes.values()), key=lambda f: f.time)
    return Story(story["id"], story["title"], story["summary"], tags, steps, findings)


def _unique(events: Iterable[Row]) -> list[Row]:
    return sorted({event["uid"]: event for event in events}.values(), key=lambda e: e["time"])
