"""How often an item that a record holds is filled in its events, counted on the inputs of our tests.

Truth is counted on the raw records: ``tests/data/coverage/<source>.yml`` says per input file which of its records
(from 0, in the order they are read) hold an item.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tracehound import enrichers
from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.decode.envelopes import unwrap
from tracehound.decode.reader import Reader, Value
from tracehound.errors import RecordError
from tracehound.event import UNKNOWN, Event, complete
from tracehound.join import Join
from tracehound.normalizers import registry
from tracehound.record import Record

TRUTH = Path("tests/data/coverage")
INPUTS = Path("tests/data")
API_ACTIVITY = 6003
READ_AT = 1_767_225_600_000
"""The time of reading: an event that has it found no time in its record."""


def _at(event: Event, path: str) -> Any:
    value: Any = event
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _any(*paths: str) -> Callable[[Event], bool]:
    return lambda event: any(_at(event, path) not in (None, "", [], {}) for path in paths)


def _actor(event: Event) -> bool:
    """A user, an account or an application; the product, which stands in where a log names nobody, is none."""
    app = _at(event, "actor.app_name")
    named = _any(
        "actor.user.name", "actor.user.uid", "actor.user.email_addr", "actor.user.credential_uid",
        "actor.user.account.uid", "actor.invoked_by", "user.name", "user.uid", "user.email_addr",
    )  # fmt: skip
    return named(event) or app not in (None, _at(event, "metadata.product.name"))


def _address(event: Event) -> bool:
    """An address or a host; the name of an application, which stands in for one, is none."""
    host = _at(event, "src_endpoint.svc_name") or ""
    return _any("src_endpoint.ip", "src_endpoint.hostname", "src_endpoint.domain")(event) or "." in host


def _operation(event: Event) -> bool:
    """What was done; of other classes than API Activity the activity says it."""
    said = event.get("class_uid") != API_ACTIVITY and event.get("activity_id") not in (None, 0, 99)
    return said or _at(event, "api.operation") not in (None, UNKNOWN)


ITEMS: dict[str, tuple[str, Callable[[Event], bool]]] = {
    "time": ("time", lambda event: event.get("time") != READ_AT),
    "actor": ("actor", _actor),
    "principal": ("principal", _any("ai.principal")),
    "source_address": ("source address", _address),
    "model": ("model", _any("ai.model.name")),
    "provider": ("provider", _any("ai.model.provider")),
    "operation": ("operation", _operation),
    "outcome": ("outcome", lambda event: event.get("status_id") not in (None, 0)),
    "session": ("session or trace", _any("ai.session_uid", "trace.uid", "actor.session.uid")),
    "tokens": ("tokens", _any("ai.tokens.prompt", "ai.tokens.completion", "ai.tokens.total")),
    "tool": ("tool name", _any("ai.tool.name")),
    "arguments": ("tool arguments", _any("ai.tool.arguments_text")),
    "result": ("tool result", _any("ai.tool.result_text")),
    "prompt": ("prompt", _any("ai.prompt_text")),
    "response": ("response", _any("ai.response_text")),
    "guardrail": ("guardrail verdict", _any("ai.guardrail.action")),
}
"""Item -> its name in the table, and whether one event has it."""


@dataclass(slots=True)
class Coverage:
    """The count of one source: per item in how many records it is held, and filled where it is held."""

    source: str
    lacks: str = ""
    gaps: dict[str, str] = field(default_factory=dict)
    files: int = 0
    records: int = 0
    leaves: int = 0
    unmapped: int = 0
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ITEMS, 0))
    filled: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ITEMS, 0))
    missed: list[tuple[str, int, str]] = field(default_factory=list)
    """File, number of the record, item: held and not filled."""
    unheld: list[tuple[str, int, str]] = field(default_factory=list)
    """Filled though the record does not hold it: by the join, or the truth is wrong."""


def count(root: Path) -> Iterator[Coverage]:
    """The count of each source that has a truth file; ``root`` is the checkout."""
    counter = _Counter()
    for path in sorted((root / TRUTH).glob("*.yml")):
        truth = yaml.safe_load(path.read_text("utf-8"))
        made = Coverage(path.stem, truth["lacks"].strip(), truth.get("gaps", {}))
        for name, said in truth["files"].items():
            made.files += 1
            counter.add(made, root / INPUTS / name, name, {item: numbers(said, item) for item in ITEMS})
        yield made


def numbers(said: dict[str, Any], item: str) -> set[int]:
    """``all``, or numbers and ranges of them like ``0-3,7``; an item without a word is held nowhere."""
    text, size = str(said.get(item, "")), said["records"]
    if text == "all":
        return set(range(size))
    found: set[int] = set()
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


class _Counter:
    """Runs records through normalizer, join and the principal's enricher, one by one; texts are not scanned."""

    def __init__(self) -> None:
        chosen = [one for one in enrichers.load() if one.name == "principal"]
        self._enrich = enrichers.build(Settings(), chosen)
        self._join = Join()

    def add(self, made: Coverage, path: Path, name: str, held: dict[str, set[int]]) -> None:
        """Count one file; ``held`` says by item which of its records hold it."""
        self._join = Join()
        for number, record in enumerate(records(path)):
            before = leaves(record.data)
            events = self.events_of(record)
            made.records += 1
            made.leaves += before
            made.unmapped += sum(leaves(event.get("unmapped", {})) for event in events)
            for item, (_, has) in ITEMS.items():
                filled = any(has(event) for event in events)
                if number in held[item]:
                    made.held[item] += 1
                    made.filled[item] += filled
                    if not filled:
                        made.missed.append((name, number, item))
                elif filled:
                    made.unheld.append((name, number, item))

    def events_of(self, record: Record) -> list[Event]:
        """The events of one record; none where no normalizer knows it or it makes none."""
        normalizer = registry().find(record.data)
        if normalizer is None:
            return []
        identity = normalizer.identify(record.data)
        try:
            events = complete(normalizer.normalize(record), record, normalizer, identity)
        except RecordError:
            return []
        self._join.run(events)
        self._enrich(events)
        return events


def records(path: Path) -> Iterator[Record]:
    """The records of one file, out of their envelopes."""
    import orjson

    for stream in input_connector("file").streams([str(path)]):
        for value in Reader(stream.read):
            if not isinstance(value, Value):
                raise ValueError(f"{path}: {value.message}")
            for index, item in enumerate(unwrap(value.data)):
                raw = orjson.dumps(item)
                yield Record(copy.deepcopy(item), path.name, path.name, value.offset, index, READ_AT, raw)


def leaves(value: Any) -> int:
    """Values that are no object and no list; null and empty text are none."""
    if isinstance(value, dict):
        return sum(leaves(item) for item in value.values())
    if isinstance(value, list):
        return sum(leaves(item) for item in value)
    return 0 if value is None or value == "" else 1
