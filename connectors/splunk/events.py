"""Events -> lines for Splunk's HTTP Event Collector, with the fields that rules use where Splunk reads them.

Splunk extracts fields from the first 10,240 characters of an event (``[kv] maxchars`` in limits.conf) and, where a
site has not raised it, the first 100 fields (``limit``). So the objects that rules test come first, and an event
above ``LIMIT`` bytes is arranged anew by ``arrange``: see there. A smaller one is OCSF as it is.

    {"time":..,"host":..,"source":..,"sourcetype":..,"index":..,"event":{..}}

https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/format-events-for-http-event-collector
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tracehound.delivery import Document
from tracehound.schema.constants import CLASSES

from .arrange import FIRST, LIMIT, arrange, dumps, marked, restored, without_nulls
from .settings import SplunkSettings

MOST_ENVELOPES = 4096
"""Envelopes that are remembered; hosts are as many as a log says."""
LATEST = 253_402_300_799_999
"""The end of year 9999 in milliseconds: what lies behind it is no time that Splunk can store."""
OTHER = "other"


def sourcetype(class_uid: Any) -> str:
    """``tracehound:ocsf:api_activity`` of 6003; classes that the schema lacks share one."""
    return f"tracehound:ocsf:{class_name(class_uid)}"


def class_name(class_uid: Any) -> str:
    """``api_activity`` of 6003."""
    info = CLASSES.get(class_uid) if type(class_uid) is int else None
    return info.key if info else OTHER


class Encoder:
    """Encodes for one Splunk.

    ``index`` and ``source`` replace the settings'; ``fields`` are indexed fields of all events. ``cut`` counts the
    events of which a field that rules may test did not fit; each names them in ``tracehound.cut``.
    """

    def __init__(
        self,
        settings: SplunkSettings,
        *,
        index: str | None = None,
        source: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> None:
        self._settings, self._index = settings, index
        self._source = source or settings.source
        self._fields = dict(fields) if fields else None
        self._envelopes: dict[tuple[Any, ...], tuple[str, bytes]] = {}
        self.cut = 0

    def documents(self, events: Iterable[Mapping[str, Any]]) -> Iterable[Document]:
        """The events, encoded, in order."""
        return map(self.document, events)

    def document(self, event: Mapping[str, Any]) -> Document:
        """One event in its envelope; its route is index and sourcetype."""
        ai, device = event.get("ai"), event.get("device")
        log = ai.get("source") if type(ai) is dict else None
        host = device.get("hostname") or device.get("name") if type(device) is dict else None
        key = (event.get("class_uid"), log, host)
        try:
            route, envelope = self._envelopes[key]
        except (KeyError, TypeError):
            route, envelope = self._envelope(*key)
        return Document(
            str(event["metadata"]["uid"]), route, b"".join((*_time(event, envelope), self.body(event), b"}"))
        )

    def body(self, event: Mapping[str, Any]) -> bytes:
        """The event alone: what ``_raw`` becomes."""
        made = {name: event[name] for name in FIRST if name in event}
        made.update(event)
        body = dumps(made)
        if b"null" in body:
            made = without_nulls(made)
            body = dumps(made)
        if len(body) > LIMIT or marked(made):
            arranged, cut = arrange(made)
            self.cut += cut
            body = dumps(arranged)
        return body

    def _envelope(self, class_uid: Any, log: Any, host: Any) -> tuple[str, bytes]:
        name = class_name(class_uid)
        settings = self._settings
        made: dict[str, Any] = {
            "host": settings.host or (host if type(host) is str else None) or "tracehound",
            "source": self._source or (f"tracehound:{log}" if type(log) is str else "tracehound"),
            "sourcetype": sourcetype(class_uid),
            "index": self._index or settings.index_of(name),
        }
        if self._fields:
            made["fields"] = self._fields
        found = f"{made['index']} {made['sourcetype']}", dumps(made)[:-1]
        if all(type(part) in (int, str, type(None)) for part in (class_uid, log, host)):
            if len(self._envelopes) >= MOST_ENVELOPES:
                self._envelopes.clear()
            self._envelopes[class_uid, log, host] = found
        return found


def _time(event: Mapping[str, Any], envelope: bytes) -> tuple[bytes, ...]:
    """The envelope with ``time`` in seconds; without one, Splunk takes the time of its arrival."""
    at = event.get("time")
    if type(at) is int and 0 <= at <= LATEST:
        return envelope, b',"time":%d.%03d,"event":' % divmod(at, 1000)
    return envelope, b',"event":'


def original(document: Document) -> bytes:
    """The event of a document as OCSF has it."""
    return orjson.dumps(restored(orjson.loads(document.body)["event"]))
