"""Independent software that says what a rule means, in environments of its own.

They are made once, in ``TRACEHOUND_ORACLES`` or the user's cache folder. Where that fails the tests are
reported as skipped with the reason; with ``CI=true`` they must run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

SQLITE = ("pysigma-backend-sqlite==2.1.1", "pysigma==2.0.1")
MINUTES = 5


class Oracle:
    """A worker process that answers one JSON line with another."""

    def __init__(self, python: Path, script: Path) -> None:
        self._process = subprocess.Popen(
            [str(python), str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def ask(self, case: dict[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(case) + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    def close(self) -> None:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=30)


def environment(name: str, packages: tuple[str, ...]) -> Path:
    """The Python of an environment with these packages, made if it is not there.

    It is made under another name and then renamed, so that two test runs at once do not meet half of one.
    """
    home = Path(os.environ.get("TRACEHOUND_ORACLES") or Path.home() / ".cache" / "tracehound-oracles")
    mark = sha256("\n".join((sys.version, *packages)).encode()).hexdigest()[:12]
    folder = home / f"{name}-{mark}"
    inside = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    if not folder.is_dir():
        making = home / f"{folder.name}.{os.getpid()}"
        run(name, [sys.executable, "-m", "venv", "--clear", str(making)])
        pip = [str(making / inside), "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "20"]
        run(name, [*pip, *packages])
        try:
            making.rename(folder)
        except OSError:  # another run was first
            shutil.rmtree(making)
    return folder / inside


def run(name: str, step: list[str]) -> None:
    try:
        ran = subprocess.run(step, capture_output=True, text=True, timeout=MINUTES * 60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        give_up(f"{name} oracle: {error}")
    else:
        if ran.returncode:
            give_up(f"{name} oracle: {' '.join(ran.stderr.strip().splitlines()[-1:])}")


def give_up(reason: str) -> None:
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def sqlite_oracle() -> Iterator[Oracle]:
    """pySigma's sqlite backend on a real SQLite."""
    python = environment("sqlite", SQLITE)
    oracle = Oracle(python, Path(__file__).with_name("sqlite_worker.py"))
    yield oracle
    oracle.close()
