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
MOST_KEY_BYTES = 240
"""Of a name in ``unmapped``: 64 of them, one in another, and a value fit into a Lucene term of 32,766 bytes."""
LONG = 16_000
"""Bytes of a document below which its names are short enough together."""
NUL = b"\\u0000"
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
        class_uid = event.get("class_uid")
        named, stream = self._places.get(class_uid if type(class_uid) is int else 0, self._other)
        made = with_ecs(event, named, self.namespace)
        body = _json(made)
        if "unmapped" in made and (len(body) > LONG or NUL in body):
            body = _json({**made, "unmapped": storable(made["unmapped"])})
        return Document(document_id(event["metadata"]["uid"]), stream, body)


def _json(made: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(made)
    except TypeError:
        return orjson.dumps(encodable(made), default=str)


def storable(value: Any) -> Any:
    """``unmapped`` with names that a flattened field takes: no NUL, and none of more than 240 bytes.

    Whoever writes a log chooses these names: one that is refused would keep the event out of the cluster.
    """
    if type(value) is list:
        return [storable(one) for one in value]
    if type(value) is not dict:
        return value
    return {_name(str(key)): storable(inner) for key, inner in value.items()}


def _name(key: str) -> str:
    key = key.replace("\0", "\ufffd")
    raw = key.encode("utf-8", "replace")
    if len(raw) <= MOST_KEY_BYTES:
        return key
    mark = blake2b(raw, digest_size=8).hexdigest()
    return raw[: MOST_KEY_BYTES - len(mark) - 1].decode("utf-8", "ignore") + "~" + mark


def original(document: Document) -> bytes:
    """The event of a document, without what was added for Elastic."""
    return orjson.dumps(without_ecs(orjson.loads(document.body)))
