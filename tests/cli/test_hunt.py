"""``tracehound hunt``: it asks the store, and nothing else on the machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import Run, gateway_call

from tracehound import store
from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.pipeline import Pipeline


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two calls."""
    folder = tmp_path_factory.mktemp("kept")
    calls = [gateway_call(uid="a"), gateway_call("7 | 8 \x1b[31m", uid="b", total_tokens=32)]
    (folder / "in.jsonl").write_text("".join(json.dumps(call) + "\n" for call in calls))
    with store.Writer(folder / "store") as writer:
        for batch in Pipeline(Settings(), DeadLetters(None)).run(
            input_connector("file").streams([str(folder / "in.jsonl")])
        ):
            writer.add(batch)
    return folder / "store"


TOKENS = "SELECT sum(ai.tokens.total) AS tokens, avg(ai.tokens.total)::DECIMAL(9, 2) AS mean FROM events"


@pytest.mark.parametrize("form", ["json", "ndjson", "table"])
def test_formats(form: str, tracehound: Run, kept: Path) -> None:
    ran = tracehound("hunt", TOKENS, "--store", kept, "--format", form)
    assert (ran.code, ran.err) == (0, "")
    if form == "table":
        assert [line.split() for line in ran.out.splitlines()] == [["tokens", "mean"], ["52", "26.00"]]
    else:
        row = json.loads(ran.out)
        assert (row if form == "ndjson" else row[0]) == {"tokens": 52, "mean": "26.00"}


def test_output_file(tracehound: Run, kept: Path, tmp_path: Path) -> None:
    ran = tracehound("hunt", TOKENS, "--store", kept, "-o", "rows.ndjson")
    assert (ran.code, ran.out) == (0, "")
    assert json.loads((tmp_path / "rows.ndjson").read_text())["tokens"] == 52


def test_columns_of_one_name_are_all_there(tracehound: Run, kept: Path) -> None:
    ran = tracehound("hunt", "SELECT 1 AS a, 2 AS a, 3 AS a_2", "--store", kept)
    assert ran.lines == [{"a": 1, "a_2": 2, "a_2_2": 3}]


def test_times_say_their_zone(tracehound: Run, kept: Path) -> None:
    (row,) = tracehound("hunt", "SELECT min(time) AS first FROM events", "--store", kept).lines
    assert row == {"first": "2026-11-23T10:21:11.740000Z"}


VALUES = {
    "map of numbers": ("MAP {1: 'a', 2: 'b'}", {"1": "a", "2": "b"}),
    "beyond 64 bits": ("18446744073709551616::HUGEINT", "18446744073709551616"),
    "decimal": ("1.50::DECIMAL(4, 2)", "1.50"),
    "not a number": ("'nan'::DOUBLE", None),
    "bytes": ("'ab'::BLOB", "6162"),
    "interval": ("INTERVAL 3 DAY", "3 days, 0:00:00"),
    "object": ("{'a': [1, NULL], 'b': TRUE}", {"a": [1, None], "b": True}),
    "date": ("DATE '2026-11-18'", "2026-11-18"),
}


@pytest.mark.parametrize("case", VALUES)
def test_values_of_any_type(case: str, tracehound: Run, kept: Path) -> None:
    sql, wanted = VALUES[case]
    assert tracehound("hunt", f"SELECT {sql} AS v", "--store", kept).lines == [{"v": wanted}]
    assert tracehound("hunt", f"SELECT {sql} AS v", "--store", kept, "--format", "table").code == 0


ELSEWHERE = {
    "csv": "SELECT * FROM read_csv('/etc/passwd')",
    "file as table": "SELECT * FROM '/etc/passwd'",
    "text": "SELECT * FROM read_text('/etc/passwd')",
    "names of files": "SELECT * FROM glob('/etc/*')",
    "out of the store": "SELECT * FROM read_text('{store}/../in.jsonl')",
    "url": "SELECT * FROM read_csv('https://collect.example/x.csv')",
    "copy out": "COPY (SELECT 1) TO '{tmp}/out.csv'",
    "copy into the store": "COPY (SELECT 1) TO '{store}/out.parquet'",
    "export": "EXPORT DATABASE '{store}/out'",
    "attach": "ATTACH '{tmp}/other.db'",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "settings": "SET enable_external_access = true",
    "log file": "SELECT * FROM enable_logging(storage = 'file', storage_path = '{tmp}/log')",
    "hidden behind a question": "SELECT 1; COPY (SELECT 1) TO '{store}/out.parquet'",
    "explained and done": "EXPLAIN ANALYZE COPY (SELECT 1) TO '{store}/out.parquet'",
    "view made anew": "CREATE OR REPLACE VIEW events AS SELECT 1",
    "no question": "",
    "no SQL": "SELEC 1",
    "no such column": "SELECT ai.principl FROM events",
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_refuses_everything_but_questions_to_the_store(
    case: str, tracehound: Run, kept: Path, tmp_path: Path
) -> None:
    before = sorted(kept.rglob("*")), sorted(tmp_path.rglob("*"))
    ran = tracehound("hunt", ELSEWHERE[case].format(store=kept, tmp=tmp_path), "--store", kept)
    assert (ran.code, ran.out) == (2, "")
    assert "the query was refused" in ran.err
    assert "Traceback" not in ran.err
    assert (sorted(kept.rglob("*")), sorted(tmp_path.rglob("*"))) == before


def test_names_the_nearest_field(tracehound: Run, kept: Path) -> None:
    ran = tracehound("hunt", "SELECT ai.principl FROM events", "--store", kept)
    assert "principal" in ran.err


def test_store_with_a_quote_in_its_name(tracehound: Run, kept: Path, tmp_path: Path) -> None:
    odd = tmp_path / "o'store; --"
    odd.symlink_to(kept)
    assert tracehound("hunt", "SELECT count(*) AS n FROM events", "--store", odd).lines == [{"n": 2}]
