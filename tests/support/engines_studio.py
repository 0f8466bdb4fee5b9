"""Splunk's own dashboard packages in a headless Chromium: boards are checked by their schema, and drawn.

The packages (npm ``@splunk/dashboard-*``, Apache-2.0) are fetched when a test first asks, bundled with our page to
one file, and taken away again but for that file and what drives the browser. Nothing of them is in this repository.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from engines_build import ENGINES, EngineError, EngineMissing, cache_folder, locked

RECIPE = ENGINES / "dashboard_studio"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
KEPT = "playwright-core"
BUNDLE = (
    "page.jsx", "--bundle", "--minify", "--outfile=page.js", "--jsx=transform", "--log-level=error",
    '--define:process.env.NODE_ENV="production"', "--define:global=window",
)  # fmt: skip
BUILD_TIMEOUT, TIMEOUT = 900, 240


@dataclass(frozen=True)
class Studio:
    """What is needed to draw."""

    node: str
    chromium: str
    folder: Path


@cache
def prepare() -> Studio:
    """Fetches and bundles unless it was done; raises EngineMissing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        raise EngineMissing("node and npm are not on PATH")
    chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not chromium:
        raise EngineMissing(f"no browser on PATH ({', '.join(BROWSERS)})")
    digest = hashlib.sha256(b"\0".join((RECIPE / name).read_bytes() for name in ("package.json", "page.jsx")))
    folder = cache_folder() / f"dashboard_studio-{digest.hexdigest()[:12]}"
    with locked(folder.name):
        if not (folder / "done").exists():
            _build(npm, node, folder)
        shutil.copy(RECIPE / "draw.mjs", folder)
    return Studio(node, chromium, folder)


def schema() -> dict[str, Any]:
    """The JSON Schema of definitions, of the packages themselves."""
    found: dict[str, Any] = _asked({"schema": True}, "schema")["schema"]
    return found


def drawn(definition: dict[str, Any], name: str = "board", **job: Any) -> dict[str, Any]:
    """What is seen of a board: for each theme its panels, inputs, errors, and what clicks opened.

    ``picture``: a file name with ``THEME`` in it; ``clicks``: ``{"panel": ID, "cell": TEXT or "point": NUMBER}``;
    ``tab``: the label of a tab that is looked at last.
    """
    panels = [item["item"] for item in _first_layout(definition)]
    height = max(item["position"]["y"] + item["position"]["h"] for item in _first_layout(definition))
    asked = {"themes": ["dark", "light"], "definition": definition, "panels": panels, **job}
    return _asked({"height": round(height * 1.2) + 400, **asked}, name)


def _first_layout(definition: dict[str, Any]) -> list[dict[str, Any]]:
    layout = definition["layout"]
    found: list[dict[str, Any]] = layout["layoutDefinitions"][layout["tabs"]["items"][0]["layoutId"]][
        "structure"
    ]
    return found


def _asked(job: dict[str, Any], name: str) -> dict[str, Any]:
    studio = prepare()
    path = studio.folder / f"{name}-{os.getpid()}.json"
    path.write_text(json.dumps({**job, "chromium": studio.chromium, "folder": str(studio.folder)}), "utf-8")
    try:
        done = _run(
            [studio.node, "draw.mjs", str(path)], studio.folder, TIMEOUT, EngineError("no board was drawn")
        )
    finally:
        path.unlink()
    answer: dict[str, Any] = json.loads(done)
    return answer


def _build(npm: str, node: str, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "page.jsx"):
        shutil.copy(RECIPE / name, folder)
    missing = EngineMissing("npm could not fetch Splunk's dashboard packages")
    _run(
        [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"],
        folder,
        BUILD_TIMEOUT,
        missing,
    )
    broken = EngineError("tests/engines/dashboard_studio/page.jsx could not be bundled")
    _run(
        [node, str(Path("node_modules") / "esbuild" / "bin" / "esbuild"), *BUNDLE],
        folder,
        BUILD_TIMEOUT,
        broken,
    )
    (folder / "node_modules" / KEPT).rename(folder / KEPT)
    shutil.rmtree(folder / "node_modules")
    (folder / "node_modules").mkdir()
    (folder / KEPT).rename(folder / "node_modules" / KEPT)
    (folder / "done").touch()


def _run(command: list[str], folder: Path, timeout: int, error: Exception) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise type(error)(f"{error}: not done after {timeout} s") from late
    if done.returncode:
        raise type(error)(f"{error}: {done.stderr[-800:]}")
    return done.stdout
