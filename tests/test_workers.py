"""Several processes give what one gives: events, findings and dead letters, byte for byte."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tracehound import workers as module
from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.matcher import Engine
from tracehound.pipeline import Pipeline
from tracehound.rules import load_rules
from tracehound.workers import Job, Workers, lines

NOW = 1_795_000_000_000
DAY = Path(module.__file__).parent / "demo" / "day" / "logs"
RECORDED = Path(__file__).parent / "data" / "recorded" / "litellm_payload.jsonl"


def run(places: Sequence[str], dead: Path, count: int, *, rules: Any = ()) -> tuple[list[bytes], list[bytes]]:
    """Event lines (without rules) or findings (with rules), and dead letters without their time."""
    letters = DeadLetters(dead)
    pipeline = Pipeline(Settings(), letters, clock=lambda: NOW)
    engine = Engine(rules, lateness=None) if rules else None
    out: list[bytes] = []
    for batch in _batches(pipeline, places, count, engine):
        if engine is None:
            out += lines(batch)
        else:
            out += map(orjson.dumps, engine.process(batch))
    if engine is not None:
        out += map(orjson.dumps, engine.flush())
    letters.close()
    lost = dead.read_bytes().splitlines() if dead.exists() else []
    return out, [_timeless(letter) for letter in lost]


def _batches(
    pipeline: Pipeline, places: Sequence[str], count: int, engine: Engine | None
) -> Iterator[list[dict[str, Any]]]:
    inputs = input_connector("file")
    streams = [inputs.streams([place]) for place in inputs.find(places)]
    if count == 1:
        yield from pipeline.run_by_time(streams)
        return
    job = Job(pipeline.settings, None, False, tuple(engine.rules) if engine else (), engine is None)
    with Workers(pipeline, job, count, engine) as several:
        yield from several.run_by_time(streams)


def _timeless(letter: bytes) -> bytes:
    return orjson.dumps({key: value for key, value in orjson.loads(letter).items() if key != "time"})


def test_the_demo_day_is_the_same_with_four_processes(tmp_path: Path) -> None:
    one = run([str(DAY)], tmp_path / "one", 1)
    four = run([str(DAY)], tmp_path / "four", 4)
    assert len(one[0]) > 3000
    assert four == one


def test_findings_are_the_same_with_four_processes(tmp_path: Path) -> None:
    rules = list(load_rules(()))
    assert rules
    one = run([str(DAY)], tmp_path / "one", 1, rules=rules)
    four = run([str(DAY)], tmp_path / "four", 4, rules=rules)
    assert one[0]
    assert four == one


def _shapes() -> dict[str, bytes]:
    """What lies across the ends of blocks of 4 KB."""
    records = [orjson.loads(line) for line in RECORDED.read_bytes().splitlines()]
    small = [orjson.dumps({"n": n, "model": "x" * (n % 700)}) for n in range(200)]
    plain = [orjson.dumps(record | {"id": f"r{n}"}) for n in range(6) for record in records]
    long = orjson.dumps(records[0] | {"id": "long", "padding": "p" * 50_000})
    pretty = [orjson.dumps(record, option=orjson.OPT_INDENT_2) for record in records]
    return {
        "lines": b"\n".join([*plain, *small]) + b"\n",
        "no final newline": b"\n".join(plain),
        "mark of byte order": b"\xef\xbb\xbf" + b"\n".join(plain),
        "long lines": b"\n".join([plain[0], long, *plain, long, plain[1]]),
        "one array": b"[" + b",".join(plain) + b"]",
        "pretty-printed": b"\n".join(pretty * 3),
        "pretty-printed after lines": b"\n".join([*plain, *pretty, *plain]),
        "concatenated": b"".join(plain),
        "broken lines": b"\n".join(
            [b"nonsense", *plain[:9], b'{"a": [1,', *plain[9:20], b"\xff\xfe", b'{"cut']
        )
        + b"\n",
        "truncated at the end": b"\n".join(plain) + b'\n{"id": [\n1, 2,\n',
        "blank": b"\n" * 9000 + plain[0],
        "nothing": b"",
    }


@pytest.mark.parametrize("name", _shapes())
def test_values_across_the_ends_of_blocks(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process, with small blocks: how a stream is cut shows nowhere."""
    monkeypatch.setattr(module, "BLOCK", 4096)
    monkeypatch.setattr(module, "ProcessPoolExecutor", _Here)
    for suffix, content in (("json", _shapes()[name]), ("gz", gzip.compress(_shapes()[name]))):
        path = tmp_path / f"log.{suffix}"
        path.write_bytes(content)
        assert run([str(path)], tmp_path / "two", 2) == run([str(path)], tmp_path / "one", 1)


def test_spoilt_compression_after_good_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 4096)
    monkeypatch.setattr(module, "ProcessPoolExecutor", _Here)
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(_shapes()["lines"])[:-900])
    one, two = run([str(path)], tmp_path / "one", 1), run([str(path)], tmp_path / "two", 2)
    assert one == two
    assert orjson.loads(one[1][-1])["reason"] == "bad_compression"


class _Here:
    """Stands for the pool: works at once, in this process."""

    def __init__(self, _count: int, _context: Any, *, initializer: Any, initargs: Any) -> None:
        self._process = module._Process(*initargs)

    def submit(self, _function: Any, block: Any) -> Any:
        done = self._process.work(block)
        return _Result(done)

    def shutdown(self, **_: Any) -> None:
        pass


class _Result:
    def __init__(self, done: Any) -> None:
        self._done = done

    def result(self) -> Any:
        return self._done

    def cancel(self) -> None:
        pass
