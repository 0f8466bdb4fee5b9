"""Splunk's own checks of apps: AppInspect, ``slim validate`` and ``ksconf check``, in a venv in the cache folder.

They are test tools (AppInspect and slim under Splunk's terms, ksconf under Apache-2.0), fetched from the registry
when a test first asks; nothing of them is in the repository, sdist or wheel.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from engines_build import ENGINES, EngineError, EngineMissing, cache_folder, locked
from engines_venv import own_environment, step

PACKAGES = (
    "splunk-appinspect==4.3.1",
    "splunk-packaging-toolkit==1.2.8",
    "ksconf==0.13.10",
    "pylibmagic==0.5.0",
)
NEWEST = (3, 13)
"""Of Python, that Splunk's packaging toolkit takes."""
INSTALL_TIMEOUT, TIMEOUT = 300, 120


@dataclass(frozen=True)
class Said:
    """What a check of AppInspect says, unless it passed or does not apply."""

    check: str
    result: str
    messages: tuple[str, ...]


@cache
def prepare() -> Path:
    """The venv, made when there is none; raises EngineMissing."""
    with locked("splunkapps"):
        if sys.version_info[:2] > NEWEST:
            raise EngineMissing(f"Splunk's packaging toolkit takes Python up to {'.'.join(map(str, NEWEST))}")
        named = f"{sys.version_info[:2]} {' '.join(PACKAGES)}"
        venv = cache_folder() / f"splunkapps-{sha256(named.encode()).hexdigest()[:12]}"
        if not (venv / "done").exists():
            shutil.rmtree(venv, ignore_errors=True)
            step([sys.executable, "-m", "venv", str(venv)], "no venv could be made", INSTALL_TIMEOUT)
            install = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
            step(install, f"pip could not install {', '.join(PACKAGES)}", INSTALL_TIMEOUT)
            (venv / "done").touch()
    return venv


def appinspect(package: Path, tag: str) -> list[Said]:
    """What AppInspect has to say of a package, by the checks of a tag (``cloud``, ``private_victoria``)."""
    python, program = prepare() / "bin" / "python", ENGINES / "splunkapps" / "inspect_app.py"
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "report.json"
        done = _asked([python, program, package, tag, made])
        if not made.exists():
            raise EngineError(f"AppInspect: {(done.stdout + done.stderr)[-2000:]}")
        report = json.loads(made.read_text("utf-8"))
    checks = [c for one in report["reports"] for group in one["groups"] for c in group["checks"]]
    if len(checks) < 100:
        raise EngineError(f"AppInspect ran {len(checks)} checks only; does it know the tag {tag}?")
    return [
        Said(c["name"], c["result"], tuple(message["message"] for message in c["messages"]))
        for c in checks
        if c["result"] not in ("success", "not_applicable", "skipped")
    ]


def slim_says(folder: Path) -> str:
    """What ``slim validate`` says of an app's folder: warnings and errors."""
    done = _asked([prepare() / "bin" / "slim", "validate", folder])
    lines = (done.stdout + done.stderr).splitlines()
    said = [line for line in lines if "[INFO]" not in line and "Validating app at" not in line]
    return "\n".join([*said, *([f"exit code {done.returncode}"] if done.returncode else [])]).strip()


def ksconf_says(files: list[Path]) -> str:
    """What ``ksconf check`` has against .conf and .meta files."""
    done = _asked([prepare() / "bin" / "ksconf", "check", *files])
    if not done.returncode and f"{len(files)} files were parsed successfully" in done.stdout + done.stderr:
        return ""
    return done.stdout + done.stderr


def _asked(command: list[object]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
        env=own_environment(),
    )
