"""A Splunk app as a package: a ``.tar.gz`` with the same bytes for the same files; and what all apps have."""

from __future__ import annotations

import gzip
import io
import json
import re
import struct
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracehound.compiler.conf_text import written

EPOCH = 1_577_836_800
"""2020-01-01: the time of all files in a package, whenever it is made."""
AUTHOR = "The Tracehound authors"
HEAD = "# Written by `tracehound build splunk`. Change it in a file of the same name in local/.\n"
READ_BY_ALL = "read : [ * ], write : [ admin, sc_admin ]"
"""Splunk Cloud has sc_admin instead of admin."""
Stanzas = Iterable[tuple[str, Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Package:
    """An app: its folder's name, and its files by path below that folder."""

    name: str
    version: str
    files: dict[str, bytes] = field(default_factory=dict)

    def archive(self) -> bytes:
        """The package, as Splunk's upload and ``splunk install app`` take it."""
        raw = io.BytesIO()
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for folder in sorted(
                {parent for path in self.files for parent in _parents(f"{self.name}/{path}")}
            ):
                info = _entry(folder, 0o755)
                info.type = tarfile.DIRTYPE
                tar.addfile(info)
            for path, content in sorted(self.files.items()):
                info = _entry(f"{self.name}/{path}", 0o644)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return gzip.compress(raw.getvalue(), mtime=0)

    @property
    def file_name(self) -> str:
        """``tracehound-0.1.0.tar.gz``."""
        return f"{self.name}-{self.version}.tar.gz"


def conf(stanzas: Stanzas, head: str = HEAD) -> bytes:
    """A .conf file."""
    return (head + "".join(f"\n{written(name, values)}" for name, values in stanzas)).encode()


def build_number(version: str) -> int:
    """Splunk Web caches an app's files by it, and wants another for each version: 1.4.0 is 1004000."""
    major, minor, patch = (int(part) for part in re.findall(r"\d+", version)[:3])
    return major * 1_000_000 + minor * 1_000 + patch


def app_conf(name: str, version: str, label: str, description: str, *, visible: bool) -> bytes:
    """default/app.conf."""
    return conf(
        [
            ("install", {"is_configured": "false", "build": str(build_number(version))}),
            ("id", {"name": name, "version": version}),
            ("package", {"id": name, "check_for_updates": "false"}),
            ("ui", {"is_visible": str(visible).lower(), "label": label}),
            ("launcher", {"author": AUTHOR, "description": description, "version": version}),
        ]
    )


def manifest(
    name: str, version: str, title: str, description: str, *, workloads: Iterable[str],
    models: Iterable[str] = (),
) -> bytes:  # fmt: skip
    """app.manifest, which ``slim`` and Splunk Cloud read: on which machines the app belongs."""
    info = {
        "title": title,
        "id": {"group": None, "name": name, "version": version},
        "author": [{"name": AUTHOR, "email": None, "company": None}],
        "releaseDate": None,
        "description": description,
        "classification": {
            "intendedAudience": "Security",
            "categories": ["Security, Fraud & Compliance"],
            "developmentStatus": "Development",
        },
        "commonInformationModels": dict.fromkeys(models, ">=4.20") or None,
        "license": {"name": "Apache-2.0", "text": None, "uri": "https://www.apache.org/licenses/LICENSE-2.0"},
        "privacyPolicy": {"name": None, "text": None, "uri": None},
        "releaseNotes": {"name": None, "text": "./README.md", "uri": None},
    }
    made = {
        "schemaVersion": "2.0.0",
        "info": info,
        "dependencies": None,
        "tasks": None,
        "inputGroups": None,
        "incompatibleApps": None,
        "platformRequirements": None,
        "supportedDeployments": ["_standalone", "_distributed", "_search_head_clustering"],
        "targetWorkloads": sorted(workloads),
    }
    return json.dumps(made, indent=2).encode() + b"\n"


def icons() -> dict[str, bytes]:
    """The icons of an app, for light and dark bars, in both sizes that Splunk asks for."""
    made = {}
    for alternative, ink in (("", (32, 44, 68)), ("Alt", (238, 242, 250))):
        made[f"static/appIcon{alternative}.png"] = icon(36, ink)
        made[f"static/appIcon{alternative}_2x.png"] = icon(72, ink)
    return made


def icon(size: int, ink: tuple[int, int, int]) -> bytes:
    """A ring with a point in it, as PNG."""
    middle, lines = (size - 1) / 2, bytearray()
    for y in range(size):
        lines.append(0)
        for x in range(size):
            away = ((x - middle) ** 2 + (y - middle) ** 2) ** 0.5 / size
            there = min(abs(away - 0.36) - 0.07, away - 0.14)
            lines += bytes((*ink, max(0, min(255, round(255 * (0.5 - there * size))))))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(lines), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def _parents(path: str) -> list[str]:
    steps = path.split("/")[:-1]
    return ["/".join(steps[: n + 1]) for n in range(len(steps))]


def _entry(name: str, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.mode, info.mtime = mode, EPOCH
    return info
