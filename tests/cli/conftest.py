"""Running the command line: in this process by its entry point, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from commands import EXE, INJECTION, Ran, Run, gateway_call, tracehound

from tracehound.scaffold import new_rule

__all__ = ["tracehound"]  # a fixture of other folders too


@pytest.fixture
def process(tmp_path: Path) -> Run:
    """Run ``tracehound ARGUMENTS`` as a process; ``stdin`` gives it bytes to read."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("TRACEHOUND_", "COV_"))}

    def run(*arguments: object, stdin: bytes = b"") -> Ran:
        command = [str(EXE), *map(str, arguments)]
        done = subprocess.run(
            command, input=stdin, capture_output=True, cwd=tmp_path, env=environment, timeout=120, check=False
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Three calls of a gateway, one of them an attack."""
    path = tmp_path / "gateway.jsonl"
    calls = [gateway_call(uid="a"), gateway_call(INJECTION, uid="b"), gateway_call(uid="c")]
    path.write_text("".join(json.dumps(call) + "\n" for call in calls), "utf-8")
    return path


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """A pack with one rule, ``attempt``, that finds the attack."""
    new_rule("attempt", "applications", tmp_path / "pack")
    return tmp_path / "pack"
