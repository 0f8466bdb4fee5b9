"""Templates into the cluster, and out again: idempotent, owned objects only, changes by rollover."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from tracehound.errors import ConfigError, TargetError

from .client import Server, elastic, request, server_of
from .settings import ElasticSettings
from .templates import (
    MAPPINGS,
    NAME,
    OWNER,
    PATTERN,
    TemplateObject,
    hash_as_put,
    mapping_in_use,
    objects,
    template_in_use,
)

EXACT = frozenset(("template", "settings", "mappings"))
NO_LIFECYCLE = "this server has no lifecycle management: backing indices grow until somebody rolls them over"


def install(
    client: Elasticsearch, settings: ElasticSettings, server: Server, only: Collection[str] | None = None
) -> list[str]:
    """Put what differs and roll over what has another mapping; says what it did, nothing when all was there.

    ``only``: just the objects of these fields (``field_of``), and these also where somebody edited them by hand.
    Raises ``ConfigError`` where an object of that name is somebody else's, ``TargetError`` where one is refused.
    """
    managed = has_lifecycle(client, settings, server)
    said = []
    wanted = objects(settings, server, managed)
    for one in wanted:
        if only is not None and field_of(one) not in only:
            continue
        if one.kind == "template":
            _remember_before(client, settings, one)
        if _put(client, settings, one, anyway=only is not None):
            said.append(f"{one.kind} {one.name}: written")
    said += roll_over_stale(client, settings, mapping_in_use(client, settings) or _hash(wanted))
    _remove_old(client, settings)
    if not managed and server.flavour != "serverless":
        said.append(NO_LIFECYCLE)
    return said


def rollback(client: Elasticsearch, settings: ElasticSettings) -> list[str]:
    """Go back to the mapping before this one, and roll over. Raises ``ConfigError`` where there is none.

    The template counts as edited from then on: the next ``install`` leaves it, and ``plan`` says so.
    """
    template = template_in_use(client, settings)
    before = (template or {}).get("_meta", {}).get("previous")
    if template is None or not before:
        raise ConfigError("elastic: there is no mapping before this one to go back to")
    for name in [key for key in template if key.startswith(("created_date", "modified_date"))]:
        del template[name]  # the server's own, which it does not take back
    now = next(name for name in template["composed_of"] if name.startswith(MAPPINGS))
    template["composed_of"] = [before if name == now else name for name in template["composed_of"]]
    template["_meta"] = {"managed_by": OWNER, "hash": "", "previous": now}
    request(client, settings, "PUT", f"/_index_template/{NAME}", template)
    back = before.removeprefix(MAPPINGS)
    return [
        f"template {NAME}: back to mapping {back}",
        *roll_over_stale(client, settings, back),
    ]


def back(settings: ElasticSettings) -> list[str]:
    """``rollback`` by the settings alone, for the command line."""
    client = elastic(settings)
    try:
        server_of(client, settings)
        return rollback(client, settings)
    finally:
        client.close()


def uninstall(
    client: Elasticsearch, settings: ElasticSettings, server: Server, *, data: bool = False
) -> list[str]:
    """Remove templates and policy; with ``data`` the events too. Without it, templates in use stay."""
    said = []
    streams = data_streams(client, settings)
    if streams and not data:
        return [f"{len(streams)} data stream(s) hold events: templates stay with them"]
    for stream in streams:
        request(client, settings, "DELETE", f"/_data_stream/{stream}", missing_ok=True)
        said.append(f"data stream {stream}: removed with its events")
    if template_in_use(client, settings) is not None:
        request(client, settings, "DELETE", f"/_index_template/{NAME}", missing_ok=True)
        said.append(f"template {NAME}: removed")
    for name in _components(client, settings):
        request(client, settings, "DELETE", f"/_component_template/{name}", missing_ok=True)
        said.append(f"component {name}: removed")
    for one in objects(settings, server, has_lifecycle(client, settings, server)):
        if one.kind == "policy" and state_of(client, settings, one).ours:
            request(client, settings, "DELETE", one.path, missing_ok=True)
            said.append(f"policy {one.name}: removed")
    return said


def has_lifecycle(client: Elasticsearch, settings: ElasticSettings, server: Server) -> bool:
    """Whether the server has ILM (ISM on OpenSearch)."""
    if server.flavour == "serverless":
        return False
    path = "/_plugins/_ism/policies?size=1" if server.opensearch else "/_ilm/status"
    try:
        return request(client, settings, "GET", path, missing_ok=True) is not None
    except TargetError:  # no such address: 400 "no handler found" or 405
        return False


def data_streams(client: Elasticsearch, settings: ElasticSettings) -> dict[str, str]:
    """Our data streams -> the name of their write index."""
    found = request(client, settings, "GET", f"/_data_stream/{PATTERN}", missing_ok=True) or {}
    return {
        one["name"]: one["indices"][-1]["index_name"]
        for one in found.get("data_streams", ())
        if one.get("template", NAME) == NAME
    }


def roll_over_stale(client: Elasticsearch, settings: ElasticSettings, wanted: str) -> list[str]:
    """Roll over each data stream whose write index has another mapping."""
    streams = data_streams(client, settings)
    if not streams:
        return []
    mappings = request(client, settings, "GET", f"/{PATTERN}/_mapping?filter_path=*.mappings._meta") or {}
    said = []
    for stream, index in streams.items():
        has = mappings.get(index, {}).get("mappings", {}).get("_meta", {}).get("hash")
        if has != wanted:
            request(client, settings, "POST", f"/{stream}/_rollover")
            said.append(f"data stream {stream}: rolled over to mapping {wanted}")
    return said


def _hash(wanted: list[TemplateObject]) -> str:
    return next(o.name.removeprefix(MAPPINGS) for o in wanted if o.name.startswith(MAPPINGS))


@dataclass(frozen=True, slots=True)
class State:
    """What is there under an object's name: ``found`` as the server says it, None where nothing is.

    ``hash`` is that of what we put, None where it is not ours; ``edited``: somebody changed it since, by hand.
    """

    found: Any = None
    hash: str | None = None
    edited: bool = False

    @property
    def ours(self) -> bool:
        return self.hash is not None


def field_of(one: TemplateObject) -> str:
    """A name for an object that its versions share: mappings have the hash in theirs."""
    name = one.name.removeprefix(NAME).lstrip("@")
    return "mappings" if name.startswith("mappings-") else name if one.kind == "component" else one.kind


def state_of(client: Elasticsearch, settings: ElasticSettings, one: TemplateObject) -> State:
    """What is there. An edit is told by the object's hash, which is not of what it holds any more."""
    found = request(client, settings, "GET", one.path, missing_ok=True)
    if not found:
        return State()
    if one.kind == "component":
        found = body = found["component_templates"][0]["component_template"]
    elif one.kind == "template":
        found = body = found["index_templates"][0]["index_template"]
    else:
        body = found if "policy" in found else found.get(one.name, {})
    has = hash_in(one, body)
    if has == hash_in(one, one.body):
        return State(found, has, not same(one.body, body))
    return State(found, has, has is not None and one.kind != "policy" and has != hash_as_put(body))


def hash_in(one: TemplateObject, body: dict[str, Any]) -> str | None:
    """The hash that an object carries; None where it is not ours."""
    if one.kind == "policy":
        policy = body.get("policy", {})
        words = policy.get("description", "")
        if f"managed_by {OWNER}, hash " in words:  # ISM keeps no _meta
            return str(words.rpartition("hash ")[2].rstrip(")"))
        meta = policy.get("_meta", {})
    else:
        meta = body.get("_meta", {})
    return str(meta.get("hash", "")) if meta.get("managed_by") == OWNER else None


def same(ours: Any, theirs: Any, exact: bool = False) -> bool:
    """Whether a server has what we put: it writes numbers as texts and adds what it has defaults for.

    In a component it adds nothing (but to a lifecycle): there what is added was added by somebody.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if exact and theirs.keys() - ours.keys():
            return False
        names = ours.keys() if exact else ours.keys() - {"_meta"}  # that has the mapping before it too
        return all(
            name in theirs
            and same(ours[name], theirs[name], (exact or name in EXACT) and name != "lifecycle")
            for name in names
        )
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    return str(ours).lower() == str(theirs).lower()


def _put(client: Elasticsearch, settings: ElasticSettings, one: TemplateObject, *, anyway: bool) -> bool:
    """Put one object where it is missing or another and nobody edited it (``anyway``: in any case)."""
    there = state_of(client, settings, one)
    if there.found is not None and not there.ours:
        raise ConfigError(f"{one.kind} {one.name}: is there and not Tracehound's; rename or remove it first")
    if not anyway and (there.edited or there.hash == hash_in(one, one.body)):
        return False
    path = one.path
    if one.path.startswith("/_plugins/_ism") and there.found is not None:
        path += f"?if_seq_no={there.found['_seq_no']}&if_primary_term={there.found['_primary_term']}"
    request(client, settings, "PUT", path, dict(one.body))
    return True


def _remember_before(client: Elasticsearch, settings: ElasticSettings, one: TemplateObject) -> None:
    """Write into the new index template which mapping it replaces."""
    template = template_in_use(client, settings)
    if template is None:
        return
    now = next((name for name in one.body["composed_of"] if name.startswith(MAPPINGS)), None)
    had = next((name for name in template["composed_of"] if name.startswith(MAPPINGS)), None)
    before = had if had != now else template["_meta"].get("previous")
    if before:
        one.body["_meta"]["previous"] = before


def _components(client: Elasticsearch, settings: ElasticSettings) -> list[str]:
    """Our component templates."""
    found = request(client, settings, "GET", f"/_component_template/{NAME}@*", missing_ok=True) or {}
    return [
        one["name"]
        for one in found.get("component_templates", ())
        if one["component_template"].get("_meta", {}).get("managed_by") == OWNER
    ]


def _remove_old(client: Elasticsearch, settings: ElasticSettings) -> None:
    """Mappings older than the one before go."""
    template = template_in_use(client, settings) or {}
    kept = {*template.get("composed_of", ()), template.get("_meta", {}).get("previous")}
    for name in _components(client, settings):
        if name.startswith(MAPPINGS) and name not in kept:
            request(client, settings, "DELETE", f"/_component_template/{name}", missing_ok=True)
