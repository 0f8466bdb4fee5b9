"""What is measured in processes of their own: memory over time, start-up, workers."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import corpus
from benchmarks.figures import Figure

ROOT = Path(__file__).resolve().parent.parent
MEGA = 1024 * 1024
ENVELOPE = 60 * MEGA
HERE = "benchmarks.processes"


def _environment(cache: Path) -> dict[str, str]:
    """Compiled modules are kept, as an installed package has them."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(cache)}


def _cpu(command: list[str], cache: Path) -> tuple[float, float]:
    """CPU and wall seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=False, env=_environment(cache), cwd=ROOT, capture_output=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def start_up(runs: int) -> Iterator[Figure]:
    """``--help``, and ``detect`` on one record with warm caches: the least of the runs."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.json"
        one.write_bytes(corpus.build(1).lines["litellm"][0])
        for name, arguments, limit in (
            ("--help", ["--help"], 0.3),
            ("detect, one record", ["detect", str(one), "--format", "ndjson"], 0.8),
        ):
            command = [sys.executable, "-c", "from tracehound.cli import main; main()", *arguments]
            _cpu(command, Path(folder) / "cache")
            found = sorted(_cpu(command, Path(folder) / "cache") for _ in range(runs))
            yield Figure(
                "start-up", name, found[0][0], "s of CPU", f"{found[0][1]:.2f} s by the clock", limit
            )


def memory(count: int) -> Iterator[Figure]:
    """Resident memory of one process with warm caches: over many records, and with an envelope of 60 MB."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.json"
        one.write_bytes(corpus.build(1).lines["litellm"][0])
        _watch(["detect", str(one)], Path(folder) / "cache")
        for kind, limit in (("records", 120.0), ("envelope", 600.0)):
            path = Path(folder) / f"{kind}.jsonl"
            command = [sys.executable, "-m", HERE, kind, str(count), str(path)]
            subprocess.run(command, check=True, cwd=ROOT)
            for verb in ("normalize", "detect"):
                sizes = _watch([verb, str(path)], Path(folder) / "cache")
                over = sizes[len(sizes) // 8 :: max(1, len(sizes) // 8)]
                beside = "over time " + " ".join(f"{size:.0f}" for size in over)
                what = f"{count:,} records" if kind == "records" else "one envelope of 60 MB"
                yield Figure("resident memory", f"{verb}, {what}", max(sizes), "MB", beside, limit)
            path.unlink()


def _watch(arguments: list[str], cache: Path) -> list[float]:
    """Resident memory of a command in MB, ten times a second."""
    command = [sys.executable, "-c", "from tracehound.cli import main; main()", *arguments]
    sizes = [0.0]
    with subprocess.Popen(
        command, cwd=ROOT, env=_environment(cache), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        place = Path(f"/proc/{running.pid}/statm")
        while running.poll() is None:
            fields = place.read_text("utf-8").split() if place.exists() else []
            if len(fields) > 1:
                sizes.append(int(fields[1]) * os.sysconf("SC_PAGE_SIZE") / MEGA)
            time.sleep(0.1)
    return sizes


def workers(count: int) -> Iterator[Figure]:
    """Two processes beside one, over one file; start-up is not counted.

    By CPU time: what two free cores give is bounded by the busiest process and by half of the work. Neighbours do
    not change that as they change the clock.
    """
    from benchmarks.path import NOW

    from tracehound.config import Settings
    from tracehound.connectors import input_connector
    from tracehound.deadletter import DeadLetters
    from tracehound.pipeline import Pipeline
    from tracehound.workers import Job, Workers, lines, settle_memory

    made, inputs = corpus.build(count), input_connector("file")
    with tempfile.TemporaryDirectory() as folder:
        path, warm = Path(folder) / "log.jsonl", Path(folder) / "warm.jsonl"
        made.write(path)
        corpus.build(400).write(warm)
        pipeline = Pipeline(Settings(), DeadLetters(None), clock=lambda: NOW)
        settle_memory()
        for _ in range(2):
            for batch in pipeline.run_by_time([inputs.streams([str(warm)])]):
                list(lines(batch))
        alone, start = time.process_time(), time.perf_counter()
        for batch in pipeline.run_by_time([inputs.streams([str(path)])]):
            list(lines(batch))
        alone, clock = time.process_time() - alone, time.perf_counter() - start
        with Workers(pipeline, Job(Settings(), None, False), 2) as several:
            for batch in several.run_by_time([inputs.streams([str(warm)]) for _ in range(4)]):
                list(lines(batch))
            pids = [os.getpid(), *several.processes]
            before, start = [_ticks(pid) for pid in pids], time.perf_counter()
            for batch in several.run_by_time([inputs.streams([str(path)])]):
                list(lines(batch))
            shared = time.perf_counter() - start
            spent = [_ticks(pid) - earlier for pid, earlier in zip(pids, before, strict=True)]
    bound = max(*spent, sum(spent) / 2)
    beside = (
        f"CPU {alone:.1f} s alone; {spent[0]:.1f} s in the parent, {spent[1]:.1f} and {spent[2]:.1f} s in the "
        f"processes; by the clock {clock:.1f} and {shared:.1f} s"
    )
    yield Figure("workers", "two processes beside one", alone / bound, "×", beside, 1.8, at_least=True)


def _ticks(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _write(kind: str, count: int, path: Path) -> None:
    if kind == "records":
        with path.open("wb") as file:
            for part in range(0, count, 2000):
                file.write(b"\n".join(corpus.build(2000, corpus.SEED + part).mixed()) + b"\n")
        return
    trail = corpus.build(3000).lines["aws_cloudtrail"]
    with path.open("wb") as file:
        file.write(b'{"Records":[' + trail[0])
        size, number = len(trail[0]), 0
        while size < ENVELOPE:
            number += 1
            record = trail[number % len(trail)]
            file.write(b"," + record)
            size += len(record) + 1
        file.write(b"]}\n")


if __name__ == "__main__":
    _write(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
