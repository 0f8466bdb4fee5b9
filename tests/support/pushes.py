"""Pushes that may be killed at any moment: processes of their own, for the tests of all targets."""

from __future__ import annotations

import os
import select
import subprocess
import sys

PUSH = """
import importlib, os, sys
import tracehound.pipeline, tracehound.delivery.feed, tracehound.cli.push
from tracehound.cli import main
from tracehound.config import Settings
from tracehound.deadletter import DeadLetters

tracehound.pipeline.BATCH_RECORDS = 4
TARGET = sys.argv[1]
importlib.import_module(f"tracehound.connectors.{TARGET}.push")
tracehound.pipeline.Pipeline(Settings(), DeadLetters(None))  # everything is loaded before the first push
for line in sys.stdin:
    pid = os.fork()
    if pid == 0:
        sys.argv = ["tracehound", "push", TARGET, "--checkpoint-every", "0", *line.split()]
        os.close(1)
        os.open(os.devnull, os.O_WRONLY)
        try:
            main()
        except SystemExit as done:
            os._exit(done.code)
        os._exit(9)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


class Pushes:
    """Pushes as processes of their own, forked from one that has loaded everything."""

    def __init__(self, target: str, **environ: str) -> None:
        pipe = subprocess.PIPE
        self._parent = subprocess.Popen(
            [sys.executable, "-c", PUSH, target],
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **environ},
        )

    def __enter__(self) -> Pushes:
        return self

    def __exit__(self, *_: object) -> None:
        self._parent.kill()
        self._parent.communicate()

    def start(self, arguments: list[str]) -> int:
        """The id of a new process."""
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.write(" ".join(arguments) + "\n")
        self._parent.stdin.flush()
        return int(self._parent.stdout.readline())

    def ended(self) -> bool:
        """Whether the process has ended by itself."""
        return bool(select.select([self._parent.stdout], [], [], 0)[0])

    def wait(self) -> int:
        """How the process ended."""
        assert self._parent.stdout is not None
        return int(self._parent.stdout.readline())

    def run(self, arguments: list[str]) -> int:
        """Start one, and wait for it."""
        self.start(arguments)
        return self.wait()
