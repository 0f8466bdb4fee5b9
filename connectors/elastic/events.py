"""Events -> documents of the data streams ``logs-tracehound.<class>-<namespace>``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from tracehound.delivery import Document
from tracehound.encode import encodable
from tracehound.schema.constants import CLASSES

from .ecs import with_ecs, without_ecs

MOST_ID_BYTES = 512
DATASETS = {uid: "tracehound." + info.name.lower().replace(" ", "_") for uid, info in CLASSES.items()}


def dataset(class_uid: Any) -> str:
    """``tracehound.api_activity`` of 6003; classes that the schema lacks share one."""
    return DATASETS.get(class_uid, "tracehound.other")


def stream_name(class_uid: Any, namespace: str) -> str:
    """The data stream of a class."""
    return f"logs-{dataset(class_uid)}-{namespace}"


def document_id(uid: Any) -> str:
    """``_id`` of a ``metadata.uid``: itself, where it fits (512 bytes), else its hash."""
    text = str(uid)
    raw = text.encode("utf-8", "surrogatepass")
    fits = 0 < len(raw) <= MOST_ID_BYTES and (text.isascii() or raw == text.encode("utf-8", "replace"))
    return text if fits else blake2b(raw, digest_size=16).hexdigest()


class Encoder:
    """Encodes for one namespace."""

    def __init__(self, namespace: str = "default") -> None:
        self.namespace = namespace
        self._places = {uid: (dataset(uid), stream_name(uid, namespace)) for uid in CLASSES}
        self._other = (dataset(None), stream_name(None, namespace))

    def documents(self, events: Iterable[Mapping[str, Any]]) -> Iterable[Document]:
        """The events, encoded, in order."""
        return map(self.document, events)

    def document(self, event: Mapping[str, Any]) -> Document:
        """One event with its ECS fields, as JSON."""
        named, stream = self._places.get(event.get("class_uid", 0), self._other)
        made = with_ecs(event, named, self.namespace)
        try:
            body = orjson.dumps(made)
        except TypeError:
            body = orjson.dumps(encodable(made), default=str)
        return Document(document_id(event["metadata"]["uid"]), stream, body)


def original(document: Document) -> bytes:
    """The event of a document, without what was added for Elastic."""
    return orjson.dumps(without_ecs(orjson.loads(document.body)))
