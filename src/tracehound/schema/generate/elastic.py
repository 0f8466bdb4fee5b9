"""Elasticsearch: the body of a component template, with a ``caseless`` twin under every string."""

from __future__ import annotations

from typing import Any

from tracehound.schema.catalog import FieldInfo, fields
from tracehound.schema.constants import EXTENSION, OCSF_VERSION

# The longest string that is sure to fit into a term of 32,766 bytes, at four bytes a character.
IGNORE_ABOVE = 8191
# A flattened term carries the path too.
FLATTENED_IGNORE_ABOVE = 4096
# Above what a record may nest; the default of 20 would refuse whole events.
FLATTENED_DEPTH = 100
FIELDS_LIMIT = 4000

_KEYWORD = {
    "type": "keyword",
    "ignore_above": IGNORE_ABOVE,
    "fields": {"caseless": {"type": "keyword", "normalizer": "lowercase", "ignore_above": IGNORE_ABOVE}},
}


def elasticsearch_mapping(*, dynamic: bool = False) -> dict[str, Any]:
    """Body of ``PUT _component_template/NAME``.

    Attributes that the schema lacks stay in ``_source`` and are not indexed, so no log can make the mapping
    grow. ``dynamic=True`` indexes them too, up to the limit of fields: for a data stream of traffic logs that are
    OCSF already and whose further attributes are to be searched.
    """
    settings: dict[str, Any] = {
        "total_fields": {"limit": FIELDS_LIMIT},
        # An address or number that is none costs its own field, not the event.
        "ignore_malformed": True,
    }
    mappings: dict[str, Any] = {"dynamic": False, "properties": _properties()}
    if dynamic:
        settings["total_fields"]["ignore_dynamic_beyond_limit"] = True
        mappings["dynamic"] = True
        mappings["dynamic_templates"] = [
            {"strings": {"match_mapping_type": "string", "mapping": _KEYWORD}},
        ]
        mappings["date_detection"] = False
        mappings["properties"]["ai"]["dynamic"] = False
    mappings["_meta"] = {"ocsf": OCSF_VERSION, EXTENSION["name"]: EXTENSION["version"]}
    return {"template": {"settings": {"index": {"mapping": settings}}, "mappings": mappings}}


def _properties() -> dict[str, Any]:
    root: dict[str, Any] = {}
    for path, info in fields().items():
        *above, last = path.split(".")
        node = root
        for step in above:
            node = node.setdefault(step, {"properties": {}})["properties"]
        node[last] = _leaf(info)
    return root


def _leaf(info: FieldInfo) -> dict[str, Any]:
    if info.path == "unmapped":
        return {
            "type": "flattened",
            "depth_limit": FLATTENED_DEPTH,
            "ignore_above": FLATTENED_IGNORE_ABOVE,
        }
    if info.path == "raw_data":
        # Kept to be read, not searched; a keyword that is neither indexed nor stored in columns has no limit.
        return {"type": "keyword", "index": False, "doc_values": False}
    if info.type == "keyword":
        return _KEYWORD
    if info.type == "date":
        return {"type": "date", "format": "epoch_millis"}
    if info.type == "json":
        # May be any JSON, in one event an object and in the next a number.
        return {"type": "object", "enabled": False}
    return {"type": info.type}
