"""ES|QL parsed and type-checked for versions of Elasticsearch that do not run here.

The checker is Elastic's own (PyPI ``detection-rules-esql-py``, Elastic-2.0, a test tool) and wants Python 3.12; it
lives in a venv in the cache folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from engines_build import ENGINES, EngineError, EngineMissing, cache_folder, locked
from engines_venv import own_environment, step

PACKAGE = "detection-rules-esql-py==0.1.0"
NEEDS = (3, 12)
TIMEOUT = 300


@cache
def prepare() -> Path:
    """The Python of the venv, made when there is none; raises EngineMissing."""
    with locked("esqlcheck"):
        base = _python()
        name = f"esqlcheck-{PACKAGE.rpartition('==')[2]}-py{'.'.join(map(str, base[1]))}"
        venv = cache_folder() / name
        python = venv / "bin" / "python"
        if not (venv / "done").exists():
            shutil.rmtree(venv, ignore_errors=True)
            step([base[0], "-m", "venv", str(venv)], "no venv could be made", TIMEOUT)
            install = [str(python), "-m", "pip", "install", "--quiet", PACKAGE]
            step(install, f"pip could not install {PACKAGE}", TIMEOUT)
            (venv / "done").touch()
    return python


def esql_problems(
    queries: list[str], *, version: str, properties: dict[str, Any] | None = None
) -> list[str | None]:
    """For each query None when that version of Elasticsearch takes it, else what is wrong.

    ``version`` is 8.19, 9.3, 9.4 or 9.5; ``properties`` those of a mapping, ours when not given.
    """
    if properties is None:
        from engines_index import mappings

        properties = mappings()["properties"]
    asked = json.dumps({"queries": queries, "version": version, "properties": properties})
    command = [str(prepare()), str(ENGINES / "esqlcheck" / "check.py")]
    done = subprocess.run(
        command,
        input=asked,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        env=own_environment(),
    )
    if done.returncode:
        raise EngineError(f"esqlcheck: {done.stderr[-2000:]}")
    answers: list[str | None] = json.loads(done.stdout)
    return answers


def _python() -> tuple[str, tuple[int, int]]:
    names = [sys.executable, *filter(None, (shutil.which(f"python3.{minor}") for minor in range(20, 11, -1)))]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    uv = Path.home() / ".local" / "share" / "uv" / "python"
    names += [str(path) for folder in (pyenv, uv) for path in sorted(folder.glob("*3.*/bin/python3"))]
    for name in names:
        version = _version(name)
        if version >= NEEDS:
            return name, version
    raise EngineMissing(f"no Python {NEEDS[0]}.{NEEDS[1]} or newer on PATH, in pyenv or from uv")


def _version(python: str) -> tuple[int, int]:
    try:
        ask = [python, "-c", "import sys; print(*sys.version_info[:2])"]
        done = subprocess.run(
            ask, capture_output=True, text=True, timeout=20, check=False, env=own_environment()
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return 0, 0
    return int(major), int(minor)
