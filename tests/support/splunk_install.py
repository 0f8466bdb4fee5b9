"""An app's folder or package -> objects of the Splunk stand-in.

Pages: Admin Manual, "Configuration file precedence", "default.meta.conf"; Developer Guide, "App anatomy".
``default/`` is what the app ships, ``local/`` is an edit.
"""

from __future__ import annotations

import csv
import io
import re
import tarfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from splunk_kinds import COLLECTION_KEYS, MACRO_KEYS
from splunk_objects import App, Objects, Stored
from splunk_searches import known

KNOWN: dict[str, Callable[[str], bool]] = {
    "savedsearches": known,
    "macros": lambda key: key in MACRO_KEYS,
    "collections": lambda key: key in COLLECTION_KEYS or key.startswith(("field.", "accelerated_fields.")),
}
ACCESS = re.compile(r"(read|write)\s*:\s*\[([^\]]*)\]")


def read_app(path: Path) -> tuple[str, dict[str, str]]:
    """The app's name and its text files by their path in it; a folder, or a .tgz, .spl or .tar.gz."""
    if path.is_dir():
        files = [one for one in path.rglob("*") if one.is_file()]
        return path.name, {
            one.relative_to(path).as_posix(): one.read_text("utf-8", "replace") for one in files
        }
    found: dict[str, str] = {}
    with tarfile.open(path) as archive:
        for member in archive:
            handle = archive.extractfile(member)
            if handle is not None:
                found[member.name.removeprefix("./")] = handle.read().decode("utf-8", "replace")
    tops = {PurePosixPath(name).parts[0] for name in found}
    if len(tops) != 1:
        raise ValueError(f"an app package holds one folder, not {sorted(tops)}")
    (top,) = tops
    return top, {name.removeprefix(f"{top}/"): text for name, text in found.items()}


def parse_conf(text: str) -> dict[str, dict[str, str]]:
    """Stanzas of a .conf file; a backslash at the end of a line continues it on the next."""
    stanzas: dict[str, dict[str, str]] = {}
    current = "default"
    lines = iter(text.replace("\r\n", "\n").split("\n"))
    for line in lines:
        while line.endswith("\\") and not line.lstrip().startswith("#"):
            line = f"{line[:-1]}\n{next(lines, '')}"
        bare = line.strip()
        if not bare or bare[0] in "#;":
            continue
        if bare[0] == "[" and "]" in bare:
            current = bare[1 : bare.rindex("]")]
            stanzas.setdefault(current, {})
            continue
        name, _, value = line.partition("=")
        stanzas.setdefault(current, {})[name.strip()] = value.strip()
    return stanzas


def complaints(files: dict[str, str]) -> list[str]:
    """What ``btool check`` says of keys that neither Splunk's nor the app's own specification has."""
    found = []
    for conf, fits in KNOWN.items():
        own = {
            key for values in parse_conf(files.get(f"README/{conf}.conf.spec", "")).values() for key in values
        }
        for layer in ("default", "local"):
            for stanza, values in parse_conf(files.get(f"{layer}/{conf}.conf", "")).items():
                strange = [key for key in values if key not in own and not fits(key)]
                found += [
                    f"Invalid key in stanza [{stanza}] in {layer}/{conf}.conf: {key}" for key in strange
                ]
    return found


class Rights:
    """``metadata/default.meta`` and ``local.meta``: who may read and write what, and what other apps see."""

    def __init__(self, files: dict[str, str]) -> None:
        self._stanzas: dict[str, dict[str, str]] = {}
        for name in ("metadata/default.meta", "metadata/local.meta"):
            for stanza, values in parse_conf(files.get(name, "")).items():
                self._stanzas.setdefault(unquote(stanza), {}).update(values)

    def of(self, conf: str, name: str) -> dict[str, str]:
        """From the app's own to the object's, the nearer one wins."""
        found: dict[str, str] = {}
        for stanza in ("", conf, f"{conf}/{name}"):
            found.update(self._stanzas.get(stanza, {}))
        return found


def install(objects: Objects, path: Path) -> App:
    """Put an app in, as its installation does; what it shipped before is replaced, edits stay."""
    name, files = read_app(path)
    rights = Rights(files)
    objects.complaints += complaints(files)
    conf = parse_conf(files.get("default/app.conf", ""))
    app = objects.apps.setdefault(name, App(name))
    app.label = conf.get("ui", {}).get("label", name)
    app.version = conf.get("launcher", {}).get("version", "") or conf.get("id", {}).get("version", "")
    app.visible = conf.get("ui", {}).get("is_visible", "1") in ("1", "true", "True")
    app.read, app.write = _roles(rights.of("", ""), app)
    for file, text in sorted(files.items()):
        place = PurePosixPath(file)
        layer = place.parts[0]
        if layer == "lookups":
            _put(objects, app, rights, ("lookups", place.name), {"rows": text, "eai:data": file}, "default")
        elif layer not in ("default", "local"):
            continue
        elif place.parent.name == layer and place.suffix == ".conf":
            stanzas = parse_conf(text)
            common = stanzas.pop("default", {})
            for stanza, values in stanzas.items():
                _put(objects, app, rights, (place.stem, stanza), {**common, **values}, layer)
        elif place.suffix == ".xml" and place.parts[1:3] == ("data", "ui"):
            _put(objects, app, rights, (place.parent.name, place.stem), {"eai:data": text}, layer)
    return app


def _put(
    objects: Objects, app: App, rights: Rights, key: tuple[str, str], values: dict[str, str], layer: str
) -> None:
    conf, name = key
    said = rights.of(conf, name)
    owner, sharing = said.get("owner", "nobody"), "global" if said.get("export") == "system" else "app"
    there = next((o for o in objects.of(conf) if o.place == (app.name, "nobody", name)), None)
    stored = there or Stored(conf, name, app.name, owner, sharing)
    stored.read, stored.write = _roles(said, app)
    if layer == "default":
        stored.default = values
    else:
        stored.local = values
    objects.put(stored)


def _roles(said: dict[str, str], app: App) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = {
        kind: tuple(role.strip() for role in roles.split(",") if role.strip())
        for kind, roles in ACCESS.findall(said.get("access", ""))
    }
    return found.get("read", app.read), found.get("write", app.write)


def csv_rows(text: str) -> tuple[list[str], list[dict[str, list[str]]]]:
    """Columns and rows of a lookup file."""
    reader = csv.DictReader(io.StringIO(text))
    rows = [{name: [value] for name, value in row.items() if value} for row in reader]
    return list(reader.fieldnames or ()), rows
