"""Templates of the events' data streams: what is put into the cluster, how a change is rolled out and taken back.

    logs-tracehound                      index template for logs-tracehound.*-*, above the built-in logs-*-*
      logs-tracehound@settings           shards, replicas
      logs-tracehound@lifecycle          names the policy; empty where the server has none
      logs-tracehound@mappings-<hash>    the mapping and its limits; a new one gets a new name, the one before stays
      logs-tracehound@custom             the company's own, if it makes one (Elasticsearch only)
    tracehound                           ILM policy; on OpenSearch the ISM policy

A changed mapping becomes a component of its own; the index template then names it, and each data stream whose write
index has another one is rolled over. ``rollback`` names the one before again. Everything carries
``_meta: {managed_by, hash}``; an object of that name without it is somebody else's and is never touched.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from tracehound.errors import ConfigError
from tracehound.schema import elasticsearch_mapping

from .client import Server, request
from .ecs import own_fields
from .settings import ElasticSettings

NAME = "logs-tracehound"
PATTERN = "logs-tracehound.*-*"
POLICY = "tracehound"
OWNER = "tracehound"
PRIORITY = 250
"""Above the built-in template of logs-*-* (100) and those of integrations (200)."""
IGNORE_ABOVE = 8191
MAPPINGS = f"{NAME}@mappings-"

NAMED = ("index_patterns", "priority", "composed_of", "ignore_missing_component_templates")
"""What of an index template is ours to say."""

_AS_KEYWORD = frozenset(("keyword", "wildcard", "constant_keyword"))


@dataclass(frozen=True, slots=True)
class TemplateObject:
    """One thing to be put: ``kind`` is policy, component or template; ``path`` its address."""

    kind: str
    name: str
    path: str
    body: dict[str, Any]


def mapping(server: Server) -> dict[str, Any]:
    """``mappings`` of a backing index: the schema's, with the ECS fields, in what this server knows."""
    mappings: dict[str, Any] = copy.deepcopy(elasticsearch_mapping()["template"]["mappings"])
    properties = mappings["properties"]
    for name, kind in own_fields().items():
        *above, last = name.split(".")
        node = properties
        for step in above:
            node = node.setdefault(step, {"properties": {}})["properties"]
        node[last] = _ecs_leaf(kind)
    if server.opensearch:
        # It has no flattened; its flat_object refuses values above 32,766 bytes.
        properties["unmapped"] = {"type": "object", "enabled": False}
    mappings["_meta"] |= {"managed_by": OWNER, "hash": hash_of(properties)}
    return mappings


def _ecs_leaf(kind: str) -> dict[str, Any]:
    if kind in _AS_KEYWORD:
        return {"type": "keyword", "ignore_above": IGNORE_ABOVE}
    if kind == "integer":
        return {"type": "long"}
    return {"type": kind}


def hash_of(body: Any) -> str:
    """Names a body, whatever the order of its keys."""
    return blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()


def hash_as_put(body: dict[str, Any]) -> str:
    """The hash of a component or index template, from our body as from the server's, which has numbers as texts."""
    kept = body.get("template", {}) if "composed_of" not in body else {name: body.get(name) for name in NAMED}
    return hash_of(_plain(kept))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else str(value).lower()


def objects(settings: ElasticSettings, server: Server, lifecycle: bool = True) -> list[TemplateObject]:
    """What is put, in this order. ``lifecycle``: the server has ILM or ISM."""
    mappings = mapping(server)
    limits = elasticsearch_mapping()["template"]["settings"]
    component = MAPPINGS + mappings["_meta"]["hash"]
    index: dict[str, Any] = {
        "number_of_shards": settings.shards,
        "number_of_replicas": settings.replicas,
    }
    if server.flavour == "elasticsearch":
        # 9.x stores logs-*-* as logsdb by itself, whose synthetic source gives numbers and dates back as texts.
        index["mode"] = "standard"
    if server.flavour == "serverless":
        del index["number_of_shards"], index["number_of_replicas"]
    parts: list[TemplateObject] = list(_policy(settings, server)) if lifecycle else []
    life = _lifecycle(settings, server) if lifecycle or server.flavour == "serverless" else {}
    parts += [
        _component(f"{NAME}@settings", {"settings": {"index": index}}),
        _component(f"{NAME}@lifecycle", life),
        # The limit of fields belongs to the mapping: without it the component alone is refused.
        _component(component, {"settings": limits, "mappings": mappings}),
    ]
    template: dict[str, Any] = {
        "index_patterns": [PATTERN],
        "data_stream": {},
        "priority": PRIORITY,
        "composed_of": [f"{NAME}@settings", f"{NAME}@lifecycle", component],
    }
    if not server.opensearch:
        template["composed_of"].append(f"{NAME}@custom")
        template["ignore_missing_component_templates"] = [f"{NAME}@custom"]
    template["_meta"] = {"managed_by": OWNER, "hash": hash_as_put(template)}
    parts.append(TemplateObject("template", NAME, f"/_index_template/{NAME}", template))
    return parts


def _component(name: str, template: dict[str, Any]) -> TemplateObject:
    meta = {"managed_by": OWNER, "hash": hash_as_put({"template": template})}
    return TemplateObject(
        "component", name, f"/_component_template/{name}", {"template": template, "_meta": meta}
    )


def _lifecycle(settings: ElasticSettings, server: Server) -> dict[str, Any]:
    """The component that ties an index to its lifecycle; ISM finds its indices by pattern."""
    if server.opensearch:
        return {}
    if server.flavour == "serverless":
        keep = settings.lifecycle.delete_after
        return {"lifecycle": {"data_retention": keep} if keep else {}}
    return {"settings": {"index": {"lifecycle": {"name": POLICY}}}}


def _policy(settings: ElasticSettings, server: Server) -> Iterator[TemplateObject]:
    life = settings.lifecycle
    if server.flavour == "elasticsearch":
        rollover = {"max_age": life.rollover_age, "max_primary_shard_size": life.rollover_size}
        phases: dict[str, Any] = {"hot": {"min_age": "0ms", "actions": {"rollover": rollover}}}
        if life.delete_after:
            phases["delete"] = {"min_age": life.delete_after, "actions": {"delete": {}}}
        meta = {"managed_by": OWNER, "hash": hash_of(phases)}
        yield TemplateObject(
            "policy", POLICY, f"/_ilm/policy/{POLICY}", {"policy": {"phases": phases, "_meta": meta}}
        )
    elif server.opensearch:
        hot: dict[str, Any] = {
            "name": "hot",
            "actions": [
                {
                    "rollover": {
                        "min_index_age": life.rollover_age,
                        "min_primary_shard_size": life.rollover_size,
                    }
                }
            ],
            "transitions": [],
        }
        states = [hot]
        if life.delete_after:
            gone = {"min_rollover_age": life.delete_after}
            hot["transitions"] = [{"state_name": "delete", "conditions": gone}]
            states.append({"name": "delete", "actions": [{"delete": {}}], "transitions": []})
        policy = {
            "description": f"Events of Tracehound (managed_by {OWNER}, hash {hash_of(states)})",
            "default_state": "hot",
            "states": states,
            "ism_template": [
                {"index_patterns": [PATTERN], "priority": PRIORITY}
            ],  # of data streams, not of their indices
        }
        yield TemplateObject("policy", POLICY, f"/_plugins/_ism/policies/{POLICY}", {"policy": policy})


def mapping_in_use(client: Elasticsearch, settings: ElasticSettings) -> str | None:
    """The hash of the mapping that the index template names; None where there is no template of ours."""
    template = template_in_use(client, settings)
    if template is None:
        return None
    return next((n.removeprefix(MAPPINGS) for n in template["composed_of"] if n.startswith(MAPPINGS)), None)


def template_in_use(client: Elasticsearch, settings: ElasticSettings) -> dict[str, Any] | None:
    """Our index template; None where there is none. Raises ``ConfigError`` where it is somebody else's."""
    found = request(client, settings, "GET", f"/_index_template/{NAME}", missing_ok=True)
    if not found or not found.get("index_templates"):
        return None
    template: dict[str, Any] = found["index_templates"][0]["index_template"]
    if template.get("_meta", {}).get("managed_by") != OWNER:
        raise ConfigError(
            f"index template {NAME}: is not Tracehound's (no _meta.managed_by); rename or remove it first"
        )
    return template
