"""Retrieval from a store that is known: OCSF Datastore Activity (6005)."""

from __future__ import annotations

from typing import Any

from tracehound.otel.fields import Attributes, only, text

from .kinds import VECTOR_STORES

Event = dict[str, Any]

QUERY = 4
DATABASE, TABLE = 1, 3
STORE = ("gen_ai.data_source.id", "aws.bedrock.knowledge_base.id")
SYSTEM = ("db.system.name", "db.system", "vector_db.vendor")
NAME = ("db.namespace", "db.name")
COLLECTION = (
    "db.collection.name", "db.chroma.query.collection_name", "db.milvus.search.collection_name",
    "db.qdrant.collection_name", "db.weaviate.collection_name", "db.pinecone.query.namespace",
    "pinecone.query.namespace",
)  # fmt: skip
VECTOR, UNKNOWN_TYPE = 7, 0


def datastore(event: Event, log: dict[str, Any], attributes: Attributes) -> None:
    """Make the event one of class 6005 where the record names the store or its collection."""
    uid, system, name = text(attributes, STORE), text(attributes, SYSTEM), text(attributes, NAME)
    collection = text(attributes, COLLECTION)
    vector = uid is not None
    uid = uid or only(attributes, "gen_ai.memory.store.id")
    if not (uid or name or collection or system):
        return
    vector = vector or (system or "").lower() in VECTOR_STORES
    type_id = VECTOR if vector else UNKNOWN_TYPE
    event |= {"class_uid": 6005, "activity_id": QUERY, "type_id": DATABASE, "type": "Database"}
    event["database"] = {
        "uid": uid,
        "name": name or system or uid,
        "type_id": type_id,
        "type": "Vector" if vector else "Unknown",
    }
    if collection:
        event["table"] = {"name": collection}
    trace = event.pop("trace", None)  # Datastore Activity has none
    if trace:
        log["trace"] = trace
    if not event.get("cloud"):  # and an API only in a cloud
        api = event.pop("api")
        event["metadata"]["event_code"] = event["metadata"]["event_code"] or api["operation"]
        if api.get("service"):
            event["dst_endpoint"] = (event["dst_endpoint"] or {}) | {"svc_name": api["service"]["name"]}
