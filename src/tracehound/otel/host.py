"""Where a record comes from: cloud, host, operating system, process, from the resource's attributes.

https://opentelemetry.io/docs/specs/semconv/resource/
"""

from __future__ import annotations

from typing import Any

from tracehound.otel.fields import Attributes, address, count, only

Event = dict[str, Any]

OS_TYPES = {"windows": 100, "linux": 200, "darwin": 300, "macos": 300, "ios": 301, "android": 201, "solaris": 400,
            "aix": 401, "hpux": 402}  # fmt: skip
OS_NAMES = {"darwin": "macOS", "windows": "Windows", "linux": "Linux"}
CLOUDS = {"aws": "AWS", "azure": "Azure", "gcp": "GCP"}


def cloud(resource: Attributes) -> Event | None:
    said = only(resource, "cloud.provider")
    if said is None:
        return None
    account = only(resource, "cloud.account.id")
    return {
        "provider": CLOUDS.get(said.lower(), said),
        "region": only(resource, "cloud.region"),
        "zone": only(resource, "cloud.availability_zone"),
        "account": {"uid": account} if account else None,
    }


def device(resource: Attributes) -> Event | None:
    """The host that the emitting process runs on; None where the resource names none."""
    name, uid = only(resource, "host.name"), only(resource, "host.id")
    if not name and not uid:
        return None
    ip = resource.get("host.ip")
    first = ip[0] if isinstance(ip, list) and ip else ip
    found, _port = address(first)
    if found and (not isinstance(ip, list) or len(ip) == 1):
        resource.pop("host.ip")
    return {
        "hostname": name,
        "uid": uid,
        "type_id": 0,
        "type": "Unknown",
        "ip": found,
        "os": system(resource),
    }


def system(resource: Attributes) -> Event | None:
    """The operating system, ``os.type`` and ``os.version``."""
    said = only(resource, "os.type")
    name = only(resource, "os.name")
    if not said and not name:
        return None
    kind = (said or name or "").lower()
    type_id = OS_TYPES.get(kind, 99)
    return {
        "name": name or OS_NAMES.get(kind, said),
        "type_id": type_id,
        "type": said if type_id == 99 else OS_NAMES.get(kind, said),
        "version": only(resource, "os.version"),
    }


def process(resource: Attributes) -> Event | None:
    """The emitting process. Its arguments are not kept: an agent's command line holds the prompt."""
    for name in ("process.command_args", "process.command_line"):
        resource.pop(name, None)
    pid = count(resource, ("process.pid",))
    if pid is None:
        return None
    owner = only(resource, "process.owner")
    return {
        "pid": pid,
        "name": only(resource, "process.executable.name"),
        "path": only(resource, "process.executable.path"),
        "user": {"name": owner} if owner else None,
    }
