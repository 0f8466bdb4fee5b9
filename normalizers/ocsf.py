"""OCSF events -> themselves: network, HTTP and DNS activity (4001, 4002, 4003), and events of our own.

Web proxies, DNS resolvers and firewalls that write OCSF (or a lake that did the mapping) show which AI
services are used. Such an event stays as it is, its ``metadata.version`` included, and gets our ``ai`` object.
An event that has our ``ai`` object already, of any class that we write, is taken as it is: ``normalize`` can
be fed with its own output.

https://schema.ocsf.io/1.8.0/classes/http_activity
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracehound.errors import RecordError
from tracehound.event import FINISHED, TRANSIENT, Event
from tracehound.normalizers import Normalizer
from tracehound.prune import prune
from tracehound.record import Record
from tracehound.schema import constants as ocsf
from tracehound.times import epoch_ms

TRAFFIC = (4001, 4002, 4003)
OBJECTS = (
    "actor", "ai", "app", "cloud", "connection_info", "device", "dst_endpoint", "file", "http_request",
    "http_response", "metadata", "proxy", "proxy_endpoint", "proxy_http_request", "query", "src_endpoint",
    "tls", "traffic", "unmapped",
)  # fmt: skip
LISTS = ("answers", "attacks", "enrichments", "http_cookies", "malware", "observables")
NUMBERS = ("activity_id", "category_uid", "severity_id", "status_id", "type_uid")
NESTED = (
    ("actor", "user"), ("actor", "session"), ("actor", "process"), ("http_request", "url"),
    ("src_endpoint", "owner"), ("dst_endpoint", "owner"), ("device", "owner"), ("metadata", "product"),
)  # fmt: skip


def normalize(record: Record) -> Iterable[Event]:
    """Pass the event on; one whose shape OCSF does not allow is refused with the attribute's name."""
    event: Event = prune(record.data, 0)  # lakes write null for every attribute that an event lacks
    record.data.clear()
    class_uid = _number(event, "class_uid")
    _check(event)
    if _has_ours(event):
        if class_uid not in ocsf.CLASSES:
            raise _wrong(f"class_uid {class_uid} is no class that Tracehound writes")
        _check_ours(event)
        event[FINISHED] = True
    elif "ai" in event:
        raise _wrong("has an object ai, but metadata.extensions does not name ai_security")
    elif class_uid not in TRAFFIC:
        read = "of other products' OCSF events these are: 4001, 4002, 4003"
        raise RecordError(f"OCSF class {class_uid} is not read; {read}", reason="unsupported_class")
    else:
        _time(event)
        event["ai"] = {"service": "network", "activity": "traffic"}
    return [event]


def _check(event: Event) -> None:
    """Types of everything that later stages look into."""
    for key in TRANSIENT:
        if key in event:
            raise _wrong(f"has an attribute {key}, which is ours and never written")
    for key in OBJECTS:
        _typed(event, key, dict, "an object")
    for key in LISTS:
        _typed(event, key, list, "a list")
    for outer, inner in NESTED:
        _typed(event.get(outer) or {}, inner, dict, "an object", f"{outer}.")
    for key in NUMBERS:
        if event.get(key) is not None:
            _number(event, key)
    metadata = event.get("metadata") or {}
    for key in ("extensions", "labels"):
        _typed(metadata, key, list, "a list", "metadata.")
    _typed(metadata, "uid", str, "a text", "metadata.")
    if not isinstance(metadata.get("version"), str):
        raise _wrong("has no metadata.version; every OCSF event names the version it is written in")


def _check_ours(event: Event) -> None:
    """What every event of ours has, so that rules and targets can rely on it."""
    ai = event["ai"]
    if ai.get("service") not in ocsf.SERVICES:
        raise _wrong("ai.service is none of " + ", ".join(ocsf.SERVICES))
    if not isinstance(ai.get("source"), str) or not isinstance(ai.get("activity"), str):
        raise _wrong("ai.source and ai.activity are texts and always there")
    if not event["metadata"].get("uid"):
        raise _wrong("has no metadata.uid, which every event of Tracehound has")
    for key in ("time", "activity_id", "category_uid", "type_uid", "severity_id"):
        _number(event, key)
    if epoch_ms(event["time"]) != event["time"]:
        raise _wrong("time is not in epoch milliseconds")


def _time(event: Event) -> None:
    """OCSF's time is epoch milliseconds; OCSF lets ``time_dt`` stand beside it, as text."""
    time = event.get("time")
    if time is None:
        event["time"] = epoch_ms(event.get("time_dt"))
    elif isinstance(time, bool) or not isinstance(time, int) or epoch_ms(time) != time:
        raise _wrong(f"time is not in epoch milliseconds: {str(time)[:40]}")


def _number(event: Event, key: str) -> int:
    value = event.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(f"{key} is a {type(value).__name__}, OCSF wants an integer")
    return value


def _typed(data: dict[str, Any], key: str, kind: type, words: str, path: str = "") -> None:
    value = data.get(key)
    if value is not None and not isinstance(value, kind):
        raise _wrong(f"{path}{key} is a {type(value).__name__}, OCSF wants {words}")


def _has_ours(event: Event) -> bool:
    """Whether the event says that its ``ai`` object is our extension."""
    metadata = event.get("metadata") or {}
    named = [*(metadata.get("extensions") or ()), metadata.get("extension")]
    return bool(event.get("ai")) and any(
        isinstance(one, dict) and one.get("name") == ocsf.EXTENSION["name"] for one in named
    )


def _wrong(message: str) -> RecordError:
    return RecordError(f"not a well-formed OCSF event: {message}", reason="wrong_shape")


NORMALIZER = Normalizer(
    name="ocsf",
    matches=lambda data: "class_uid" in data and "metadata" in data,
    normalize=normalize,
    product="OCSF",
    vendor="OCSF",
    service="network",
    passthrough=True,
)
