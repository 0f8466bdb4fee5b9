"""New content from templates, made so that its tests pass at once.

A rule: its Sigma file, one event that matches and one that does not. A normalizer: its module, a sample record
and a test. Templates lie beside this module.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from pathlib import Path
from string import Template

from tracehound.content import CHECKOUT, content_root
from tracehound.errors import ConfigError

AREAS = ("models", "data", "applications", "agents", "configuration")
NAME = re.compile(r"[a-z][a-z0-9_]{2,89}")
TEMPLATES = Path(__file__).parent / "templates"


def destination(pack: Path | None) -> Path:
    """The folder that new content goes to: the pack, else the checkout that runs."""
    if pack is not None:
        return pack
    if content_root() == CHECKOUT:
        return CHECKOUT
    raise ConfigError("name the folder of your own content: --pack DIR (it is made where there is none)")


def new_rule(name: str, area: str, pack: Path | None) -> list[Path]:
    """Make ``detections/<area>/<name>/`` with the rule and its events; the files made."""
    _check(name)
    title = name.replace("_", " ").capitalize()
    words = {"id": str(uuid.uuid4()), "title": title, "date": datetime.now(UTC).date().isoformat()}
    folder = destination(pack) / "detections" / area / name
    return _make(
        {
            folder / f"{name}.yml": ("rule.yml", words),
            folder / "events" / "match_example.json": ("match_example.json", {}),
            folder / "events" / "pass_example.json": ("pass_example.json", {}),
        }
    )


def new_normalizer(name: str, pack: Path | None) -> list[Path]:
    """Make ``normalizers/<name>.py``, a sample record and a test; the files made."""
    _check(name)
    root = destination(pack)
    words = {"name": name, "title": name.replace("_", " ").capitalize()}
    return _make(
        {
            root / "normalizers" / f"{name}.py": ("normalizer.py", words),
            root / "tests" / "data" / "normalizers" / name / "example.json": ("normalizer.json", words),
            root / "tests" / "normalizers" / f"test_{name}.py": ("test_normalizer.py", words),
        }
    )


def _check(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ConfigError(f"{name}: a name is 3 to 90 small letters, digits and underscores, a letter first")


def _make(files: dict[Path, tuple[str, dict[str, str]]]) -> list[Path]:
    for path in files:
        if path.exists():
            raise ConfigError(f"{path} is there already; choose another name")
    for path, (template, words) in files.items():
        text = (TEMPLATES / f"{template}.txt").read_text("utf-8")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(words) if words else text, "utf-8")
    return list(files)
