"""Programs of Python that need a venv of their own: how they are run."""

from __future__ import annotations

import os
import subprocess

from engines_build import EngineMissing


def own_environment() -> dict[str, str]:
    """Ours, without what would lead another Python to our packages."""
    return {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONHOME"}}


def step(command: list[str], what: str, timeout: int) -> None:
    """One step of installing. Raises ``EngineMissing``."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=timeout, check=False, env=own_environment()
        )
    except subprocess.TimeoutExpired as late:
        raise EngineMissing(f"{what}: not done after {timeout} s") from late
    if done.returncode:
        raise EngineMissing(f"{what}: {' '.join(done.stderr.split())[-400:]}")
