"""The whole way of an event: forms of input give the same events, bad input goes to the dead letters."""

from __future__ import annotations

import gzip
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.errors import ConfigError
from tracehound.pipeline import MAX_RECORD, Pipeline

NOW = 1_795_000_000_000
RECORDED = Path(__file__).parent / "data" / "recorded" / "litellm_payload.jsonl"

Run = Callable[..., tuple[list[dict[str, Any]], DeadLetters]]


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    return Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)


@pytest.fixture
def run(pipeline: Pipeline, tmp_path: Path) -> Run:
    """Write content to a file, run the pipeline over it; events and dead letters."""

    def _run(content: bytes, name: str = "log.json") -> tuple[list[dict[str, Any]], DeadLetters]:
        path = tmp_path / name
        path.write_bytes(content)
        pipeline.dead = DeadLetters(tmp_path / f"{name}.dead")
        events = [e for batch in pipeline.run(input_connector("file").streams([str(path)])) for e in batch]
        pipeline.dead.close()
        return events, pipeline.dead

    return _run


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    return RECORDED.read_bytes().splitlines()


def letters(dead: DeadLetters) -> list[dict[str, Any]]:
    assert dead.path is not None
    return [orjson.loads(line) for line in dead.path.read_bytes().splitlines()] if dead.path.exists() else []


def uids(events: list[dict[str, Any]]) -> list[str]:
    return [event["metadata"]["uid"] for event in events]


def test_same_events_in_every_form(run: Run, lines: list[bytes]) -> None:
    plain = b"\n".join(lines)
    expected, dead = run(plain, "a.jsonl")
    assert len(expected) >= len(lines)
    assert len(dead) == 0
    forms = {
        "renamed.log": plain,
        "a.gz": gzip.compress(plain),
        "two-members.gz": gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]),
        "a.zst": zstandard.compress(plain),
        "array.json": b"[" + b",".join(lines) + b"]",
        "pretty.json": b"\n".join(orjson.dumps(orjson.loads(x), option=orjson.OPT_INDENT_2) for x in lines),
    }
    for name, content in forms.items():
        events, dead = run(content, name)
        assert len(dead) == 0, name
        assert uids(events) == uids(expected), name
        assert [e["ai"] for e in events] == [e["ai"] for e in expected], name


def test_records_without_an_id_of_their_own_are_told_apart_by_their_place(run: Run) -> None:
    line = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"ls","arguments":{}}}'
    events, _ = run(line + b"\n" + line)
    again, _ = run(gzip.compress(line + b"\n" + line), "copy.gz")
    assert len(set(uids(events))) == 2
    assert uids(again) == uids(events)
    assert [event["time"] for event in events] == [NOW, NOW]


def test_the_day_of_events_taken_back_in_is_unchanged(run: Run, lines: list[bytes]) -> None:
    events, _ = run(b"\n".join(lines))
    back, dead = run(b"\n".join(orjson.dumps(event) for event in events), "events.ndjson")
    assert len(dead) == 0
    assert back == events


BAD = {
    "truncated": (b'{"a": 1', "truncated"),
    "wrong type": (b"[1, 2]", "not_an_object"),
    "text in an envelope": (b'["x"]', "not_an_object"),
    "unknown source": (b'{"who":"knows"}', "unknown_source"),
    "2,000 levels": (b'{"a":' * 2000 + b"1" + b"}" * 2000, "too_deep"),
    "300 levels in a known record": (
        b'{"jsonrpc":"2.0","method":"x","extra":' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}",
        "too_deep",
    ),
    "20 MB line": (b'{"jsonrpc":"2.0","method":"' + b"x" * 20_000_000 + b'"}', "too_large"),
    "invalid UTF-8": (b'{"a":"\xff"}', "invalid_utf8"),
    "lone surrogate": (b'{"a":"\\udc00"}', "lone_surrogate"),
    "spoilt gzip": (gzip.compress(b'{"who":"knows"}' * 90)[:-20], "bad_compression"),
    "gzip bomb": (gzip.compress(b" " * 200_000_000), "compression_bomb"),
    "zstd bomb": (zstandard.compress(b" " * 200_000_000), "compression_bomb"),
}


@pytest.mark.parametrize(("content", "reason"), BAD.values(), ids=BAD)
def test_bad_input_goes_to_the_dead_letters_and_the_run_goes_on(
    run: Run, lines: list[bytes], content: bytes, reason: str
) -> None:
    compressed = content[:2] == b"\x1f\x8b" or content[:4] == b"\x28\xb5\x2f\xfd"
    events, dead = run(content if compressed else content + b"\n" + lines[0])
    assert dead.reasons[reason] >= 1
    assert bool(events) is not compressed
    letter = letters(dead)[0]
    assert letter["reason"] == reason
    assert letter["source"].endswith("log.json")
    assert letter["offset"] == 0 or compressed
    assert letter["message"]


def test_an_empty_file_is_no_error(run: Run) -> None:
    events, dead = run(b"")
    assert (events, len(dead)) == ([], 0)


def test_the_dead_letter_file_is_private_and_can_be_replayed(
    run: Run, lines: list[bytes], pipeline: Pipeline
) -> None:
    expected, _ = run(b"\n".join(lines))
    known = pipeline.registry
    pipeline.registry, pipeline._last = type(known)([]), None
    try:
        _, dead = run(b"\n".join(lines))
    finally:
        pipeline.registry = known
    assert len(dead) == len(lines)
    assert dead.path is not None
    assert stat.S_IMODE(os.stat(dead.path).st_mode) == 0o600  # noqa: PTH116
    events, again = run(dead.path.read_bytes(), "dead.ndjson")
    assert len(again) == 0
    assert events == expected


def test_a_large_record_is_cut_in_the_dead_letter(run: Run) -> None:
    _, dead = run(b'{"a":"' + b"x" * (MAX_RECORD + 1) + b'"}')
    (letter,) = letters(dead)
    assert letter["cut"] is True
    assert letter["size"] > MAX_RECORD
    assert len(letter["raw"]) < MAX_RECORD


def test_a_broken_normalizer_does_not_stop_the_run(
    run: Run, lines: list[bytes], pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tracehound import pipeline as module

    def fails(*_: object) -> None:
        raise KeyError("mistake")

    monkeypatch.setattr(module, "complete", fails)
    events, dead = run(b"\n".join(lines))
    assert events == []
    assert dead.reasons == {"normalizer_error": len(lines)}
    assert "KeyError" in letters(dead)[0]["message"]


def test_an_unknown_normalizer_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="did you mean 'litellm'"):
        Pipeline(Settings(), DeadLetters(None), source="litelm")


def test_standard_input(monkeypatch: pytest.MonkeyPatch, lines: list[bytes], pipeline: Pipeline) -> None:
    content = io.TextIOWrapper(io.BytesIO(gzip.compress(lines[0])))
    monkeypatch.setattr("sys.stdin", content)
    events = [e for batch in pipeline.run(input_connector("file").streams(["-"])) for e in batch]
    assert events[0]["ai"]["source"] == "litellm"


def test_several_files_are_merged_by_the_time_of_their_records(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.dead = DeadLetters(None)
    parsed = sorted(map(orjson.loads, RECORDED.read_bytes().splitlines()), key=lambda log: log["startTime"])
    for name, own in (("a", parsed[::2]), ("b", parsed[1::2])):
        (tmp_path / name).write_bytes(b"\n".join(map(orjson.dumps, own)))
    inputs = [input_connector("file").streams([str(tmp_path / name)]) for name in ("a", "b")]
    events = [e for batch in pipeline.run_by_time(inputs) for e in batch]
    firsts = list({e["metadata"]["correlation_uid"]: e["time"] for e in events}.values())
    assert len(firsts) > 3
    assert firsts == sorted(firsts)
    plain = [
        e
        for batch in pipeline.run(input_connector("file").streams([str(tmp_path / n) for n in "ab"]))
        for e in batch
    ]
    assert sorted(uids(events)) == sorted(uids(plain))


def test_the_raw_record_is_kept_only_where_that_is_set(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(RECORDED.read_bytes().splitlines()[0])
    streams = input_connector("file").streams
    for raw in ("drop", "store"):
        pipeline = Pipeline(
            Settings.model_validate({"privacy": {"raw": raw, "redact": False}}), DeadLetters(None)
        )
        (first, *_others), *_ = pipeline.run(streams([str(path)]))
        assert ("raw_data" in first) is (raw == "store")
        if raw == "store":
            assert orjson.loads(first["raw_data"])["litellm_call_id"]
