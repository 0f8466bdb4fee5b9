"""Records that real software wrote, from tests/data/recorded."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import orjson

from tracehound.decode.envelopes import unwrap

RECORDED = Path(__file__).parent.parent / "data" / "recorded"


def files() -> list[str]:
    """Names of all recorded files."""
    return sorted(path.name for path in RECORDED.glob("*.json*"))


@cache
def recorded(name: str) -> list[dict[str, Any]]:
    """The records of one file, out of what they were delivered in; leave them as they are."""
    raw = (RECORDED / name).read_bytes()
    values = (
        [orjson.loads(line) for line in raw.splitlines() if line]
        if name.endswith("l")
        else [orjson.loads(raw)]
    )
    return [record for value in values for record in unwrap(value)]
