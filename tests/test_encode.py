"""Whatever is in an event, it becomes one line of JSON; a store takes it too."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from tracehound import store
from tracehound.encode import line

CASES: dict[str, tuple[Any, Any]] = {
    "plain": ({"a": [1, "x", None, 2.5]}, {"a": [1, "x", None, 2.5]}),
    "lone surrogate": ("a\ud83d b", "a\ufffd b"),
    "surrogate key": ({"k\udc00": "v"}, {"k\ufffd": "v"}),
    "large number": (10**30, str(10**30)),
    "small number": (-(2**63) - 1, str(-(2**63) - 1)),
    "deep": ([{"x": ["\ud800"]}], [{"x": ["\ufffd"]}]),
    "decimal": (Decimal("1.50"), "1.50"),
    "time": (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00Z"),
}


@pytest.mark.parametrize(("value", "shown"), CASES.values(), ids=CASES.keys())
def test_a_value_becomes_a_line(value: Any, shown: Any) -> None:
    made = line({"v": value, "time": 1})
    assert made.endswith(b"\n")
    assert made.count(b"\n") == 1
    assert orjson.loads(made) == {"v": shown, "time": 1}


def test_a_store_takes_what_no_encoder_takes(tmp_path: Path) -> None:
    event = {
        "class_uid": 6003, "time": 1_795_000_000_000, "metadata": {"uid": "1"}, "message": "half \ud800",
        "unmapped": {"n": 10**30},
    }  # fmt: skip
    with store.Writer(tmp_path / "store") as writer:
        writer.add([event])
    assert list((tmp_path / "store").rglob("*.parquet"))
