"""The apps of Splunk as ``build`` makes them, and their files read as Splunk reads them."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

from tracehound.config import Settings
from tracehound.targets import target

SPLUNK = target("splunk")


def part(name: str) -> Any:
    """A module of the connector."""
    return importlib.import_module(f"{SPLUNK.package}.{name}")


def apps(app: Settings | None = None, refused: list[str] | None = None) -> dict[str, bytes]:
    """All files by path: of each app, and the packages."""
    heard = [] if refused is None else refused
    files = dict(SPLUNK.part("build")(app or Settings(), heard.append))
    assert refused is not None or not heard
    return files


@cache
def our_apps() -> dict[str, bytes]:
    """The apps of our own content; not to be changed."""
    return apps()


def write(files: dict[str, bytes], folder: Path) -> Path:
    """The files of ``apps`` in a folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def stanzas(content: bytes) -> dict[str, dict[str, str]]:
    """A .conf file: a line that ends in a backslash goes on in the next; nothing stands outside a stanza."""
    found: dict[str, dict[str, str]] = {}
    current: dict[str, str] | None = None
    lines = iter(content.decode().split("\n"))
    for line in lines:
        while line.endswith("\\"):
            line = line[:-1] + "\n" + next(lines)
        if line.startswith("[") and line.endswith("]"):
            assert line[1:-1] not in found, f"two stanzas {line}"
            current = found[line[1:-1]] = {}
        elif line and not line.startswith("#"):
            key, separator, value = line.partition(" = ")
            assert separator, line
            assert current is not None, line
            assert key not in current, key
            current[key] = value
    return found
