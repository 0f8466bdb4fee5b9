"""Golden files of normalizers: ``<case>.json`` holds records, ``<case>.golden.json`` the events they become.

``--update-goldens`` (or ``UPDATE_GOLDENS=1``) rewrites the golden; the diff is reviewed by reading it.
"""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import orjson
import pytest

from tracehound.decode.envelopes import unwrap
from tracehound.event import complete
from tracehound.join import Join
from tracehound.normalizers import Normalizer
from tracehound.record import Record

Event = dict[str, Any]

DATA = Path(__file__).parent.parent / "data" / "normalizers"
TIME_READ = 1_764_000_000_000


def cases(source: str) -> list[Path]:
    """The inputs of one source."""
    found = (DATA / source).glob("*.json*")
    return sorted(path for path in found if not path.name.endswith(".golden.json"))


def records(path: Path) -> list[dict[str, Any]]:
    """The records of one input, a JSON value or lines, out of the envelopes they are delivered in."""
    text = path.read_text("utf-8")
    values = (
        [json.loads(line) for line in text.splitlines() if line]
        if path.suffix == ".jsonl"
        else [json.loads(text)]
    )
    return [record for value in values for record in unwrap(value)]


def normalized(normalizer: Normalizer, data: dict[str, Any], offset: int = 0) -> list[Event]:
    """The events of one record; ``data`` itself is left alone."""
    raw = json.dumps(data).encode("utf-8", "surrogatepass")
    record = Record(copy.deepcopy(data), "test.json", "0" * 16, offset, 0, TIME_READ, raw)
    assert normalizer.matches(record.data)
    identity = normalizer.identify(record.data)
    return complete(normalizer.normalize(record), record, normalizer, identity)


def all_events(normalizer: Normalizer, path: Path) -> list[Event]:
    """The events of one input, joined."""
    events = [
        event for at, data in enumerate(records(path)) for event in normalized(normalizer, data, at * 1000)
    ]
    Join().run(events)
    return events


def check_golden(path: Path, events: list[Event], request: pytest.FixtureRequest) -> None:
    """Compare with the golden beside the input, or write it."""
    golden = path.with_name(path.name.partition(".")[0] + ".golden.json")
    made = orjson.loads(orjson.dumps(events))
    if request.config.getoption("update_goldens", False) or os.environ.get("UPDATE_GOLDENS"):
        text = json.dumps(made, indent=2, sort_keys=True, ensure_ascii=False)
        golden.write_text(text + "\n", "utf-8")
    assert made == json.loads(golden.read_text("utf-8")), f"{golden.name} differs; see --update-goldens"
