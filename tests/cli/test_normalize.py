"""``tracehound normalize``: all forms of input, nothing lost silently."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path

import pytest
import zstandard
from commands import UNKNOWN, Run, gateway_call

CALLS = [gateway_call(uid="a"), gateway_call(uid="b")]
LINES = "".join(json.dumps(call) + "\n" for call in CALLS).encode()

FORMS = {
    "lines": LINES,
    "gzip": gzip.compress(LINES),
    "zstd": zstandard.compress(LINES),
    "array": json.dumps(CALLS).encode(),
    "envelope": json.dumps({"records": CALLS}).encode(),
    "pretty": "\n".join(json.dumps(call, indent=2) for call in CALLS).encode(),
    "concatenated": "".join(json.dumps(call) for call in CALLS).encode(),
}


def test_forms_of_input(tracehound: Run, tmp_path: Path) -> None:
    for name, content in FORMS.items():
        (tmp_path / f"{name}.log").write_bytes(content)
    ran = tracehound("normalize", *(f"{name}.log" for name in FORMS))
    assert (ran.code, ran.err) == (0, "")
    uids = [event["metadata"]["uid"] for event in ran.lines]
    assert len(uids) == 2 * len(FORMS)
    assert len(set(uids)) == 2, "the same records are the same events, whatever they are packed in"


def test_folder_and_output_file(tracehound: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    (tmp_path / "in" / "deep" / "a.jsonl").write_bytes(LINES)
    ran = tracehound("normalize", "in", "-o", "events.ndjson", "--validate")
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert len((tmp_path / "events.ndjson").read_text().splitlines()) == 2


def test_events_are_taken_as_they_are(tracehound: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(LINES)
    once = tracehound("normalize", "in.jsonl", "-o", "once.ndjson")
    twice = tracehound("normalize", "once.ndjson")
    assert (once.code, twice.code) == (0, 0)
    assert twice.out == (tmp_path / "once.ndjson").read_text()


def test_dead_letters_say_why_and_can_be_replayed(tracehound: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(LINES + json.dumps(UNKNOWN).encode() + b'\n{"a": \xff}\n')
    ran = tracehound("normalize", "in.jsonl", "--dead-letter", "dead.ndjson")
    assert ran.code == 1
    assert len(ran.lines) == 2
    dead = tmp_path / "dead.ndjson"
    letters = [json.loads(line) for line in dead.read_text().splitlines()]
    assert letters[0]["reason"] == "unknown_source"
    assert letters[0]["offset"] == len(LINES)
    assert letters[0]["source"] == "in.jsonl"
    assert len(letters) == 2
    assert stat.S_IMODE(dead.stat().st_mode) == 0o600
    again = tracehound("normalize", "dead.ndjson", "--dead-letter", "again.ndjson")
    assert (again.code, again.out) == (1, "")
    kept = [json.loads(line) for line in (tmp_path / "again.ndjson").read_text().splitlines()]
    assert [letter["reason"] for letter in kept] == [letter["reason"] for letter in letters]


def test_source_by_name_sends_what_it_cannot_read_to_the_dead_letters(
    tracehound: Run, tmp_path: Path
) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps(UNKNOWN) + "\n")
    ran = tracehound("normalize", "--source", "ocsf", "in.jsonl")
    assert (ran.code, ran.out) == (1, "")
    assert "wrong_shape" in ran.err


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", gzip.compress(b"")], ids=["empty", "blank", "gzip of nothing"]
)
def test_nothing_gives_nothing(content: bytes, tracehound: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_bytes(content)
    ran = tracehound("normalize", "in.jsonl")
    assert (ran.out, ran.err) == ("", "")
    assert ran.code == 0
