"""From what a normalizer yields to whole OCSF events: every derived field is filled here and nowhere else.

A normalizer writes the attributes that the log holds, in OCSF's shape, and ``ai`` beside them. It leaves out
what follows from these: captions, ``type_uid``, ``ai_model``, ``message_context``, profiles, extension,
``metadata.uid``, the hash of the raw record, and required attributes for which OCSF wants a stand-in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b, sha256
from typing import Any

from tracehound.chat import Conversation, ToolCall, ToolResult
from tracehound.errors import RecordError
from tracehound.normalizers import Normalizer
from tracehound.prune import leftover, prune, prune_own
from tracehound.record import Record
from tracehound.schema import constants as ocsf

Event = dict[str, Any]

TEXTS = "_texts"
"""Transient key: what is to be scanned, as ``(direction, text, is_context)``, for the content enricher."""
JOIN = "_join"
"""Transient key: what the event offers to, or wants from, another record (``tracehound.join``)."""
FINISHED = "_finished"
"""Transient key: the event was enriched before it came to us and is taken as it is."""
TRANSIENT = (TEXTS, JOIN, FINISHED)

OTHER = ocsf.OTHER
UNKNOWN = "Unknown"

ACTIVITY_NAMES = {
    "inference": "Inference",
    "tool_call": "Tool Call",
    "tool_result": "Tool Result",
    "retrieval": "Retrieval",
    "approval": "Approval",
    "login": "Login",
    "access": "Access",
    "config_change": "Configuration Change",
    "traffic": "Traffic",
    "finding": "Finding",
}
TOOL_ROLE, ASSISTANT_ROLE = 3, 2
# Versions of OCSF that brought these attributes: events of an older version keep to theirs.
EXTENSIONS_SINCE, RAW_HASH_SINCE = (1, 1), (1, 6)
ENDPOINT_NAMES = frozenset(
    ("ip", "uid", "name", "hostname", "svc_name", "instance_uid", "interface_uid", "interface_name", "domain")
)
"""OCSF wants one of these in an endpoint."""
SHARED_BY_TOOL_EVENTS = ("actor", "cloud", "device", "dst_endpoint", "src_endpoint", "trace")
AI_SHARED_BY_TOOL_EVENTS = ("service", "principal", "session_uid", "agent", "model")


def with_conversation(event: Event, talk: Conversation) -> Iterator[Event]:
    """The model call with its texts, then one event per tool call it asks for and per new tool result."""
    ai = event["ai"]
    ai["prompt_text"], ai["response_text"] = talk.prompt, talk.response
    event[TEXTS] = talk.texts
    yield event
    for call in talk.calls:
        yield tool_call(event, call)
    for result in talk.results:
        yield tool_result(event, result)


def tool_call(event: Event, call: ToolCall, phase: str = "requested") -> Event:
    """The event of a tool call, with who, where and in which session from the event it belongs to."""
    made = _tool_event(event, call.name, call.server, call.type, call.uid)
    made["time"] = event.get("end_time") or event.get("time")
    made["ai"]["activity"] = "tool_call"
    made["ai"]["tool"] |= {"phase": phase, "arguments_text": call.arguments, "status": "unknown"}
    made[TEXTS] = [("tool_call", call.arguments, False)] if call.arguments else []
    return made


def tool_result(event: Event, result: ToolResult) -> Event:
    """The event of a tool's result."""
    made = _tool_event(event, result.name, result.server, result.type, result.uid)
    made["time"] = event.get("time")
    status = {True: "failure", False: "success", None: "unknown"}[result.failed]
    made["status_id"] = {"failure": 2, "success": 1, "unknown": 0}[status]
    made["ai"]["activity"] = "tool_result"
    made["ai"]["tool"] |= {
        "phase": "result",
        "arguments_text": result.arguments,
        "result_text": result.text,
        "status": status,
    }
    made[TEXTS] = [("tool_result", result.text, False)] if result.text else []
    return made


def _tool_event(
    event: Event, name: str | None, server: str | None, kind: str | None, uid: str | None
) -> Event:
    plain, named_server = split_tool_name(name)
    server = server or named_server
    metadata = event.get("metadata") or {}
    made = {key: event[key] for key in SHARED_BY_TOOL_EVENTS if key in event}
    made |= {
        "class_uid": 6003,
        "activity_id": OTHER,
        "api": {
            "operation": name or UNKNOWN,
            "service": {"name": server} if server else None,
            "request": {"uid": uid} if uid else None,
        },
        "message_context": {"ai_role_id": TOOL_ROLE},
        "metadata": {k: v for k, v in metadata.items() if k not in ("original_event_uid", "event_code")},
        "ai": {key: event["ai"][key] for key in AI_SHARED_BY_TOOL_EVENTS if key in event["ai"]},
    }
    made["ai"]["tool"] = {"name": plain, "type": kind or ("mcp" if server else None), "server": server}
    if server:
        made["ai"]["mcp"] = {"server": server}
    return made


def split_tool_name(name: str | None) -> tuple[str | None, str | None]:
    """``mcp__github__create_issue`` -> ``create_issue``, ``github``: how agents name tools of MCP servers."""
    if name and name.startswith("mcp__"):
        server, _, tool = name[5:].partition("__")
        if tool:
            return tool, server
    return name, None


def complete(
    events: Iterable[Event], record: Record, normalizer: Normalizer, identity: str | None
) -> list[Event]:
    """Fill everything derived in the events of one record; what is left of the record goes to the first.

    The first event is the normalizer's own and is changed in place; further ones are copied, as they share what
    tells who and where with the first.
    """
    made = list(events)
    first = made[0] if made else None
    if not first:
        raise RecordError("the normalizer made no event of it", reason="no_event")
    transient = [_transient(event) for event in made]
    made[0] = prune_own(first, 0)
    for ordinal in range(1, len(made)):
        made[ordinal] = _apart(made[ordinal], first)
    digest = sha256(record.raw).hexdigest()
    seed = _seed(record, normalizer, identity, digest)
    for ordinal, event in enumerate(made):
        uid = blake2b(f"{seed}\0{ordinal}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        kept = transient[ordinal]
        if not normalizer.passthrough:
            _derive(event, record, normalizer, uid, digest)
        elif FINISHED not in kept:
            _adopt(event, record, normalizer, uid, digest)
        event.update(kept)
    left = leftover(record.data, 0)
    if left:
        unmapped = first.get("unmapped")
        first["unmapped"] = unmapped | left if unmapped else left
    return made


def _transient(event: Event) -> Event:
    """Take out what is not of OCSF; what is empty says nothing."""
    return {key: value for key in TRANSIENT if key in event and (value := event.pop(key))}


def _apart(event: Event, first: Event) -> Event:
    """A pruned copy; whole parts that tell who and where are those of the first event, which are pruned already."""
    shared = {}
    places = event.copy()
    for key in SHARED_BY_TOOL_EVENTS:
        if (item := event.get(key)) is not None and item is first.get(key):
            shared[key] = item
            places[key] = True
    return prune(places, 0) | shared


def _seed(record: Record, normalizer: Normalizer, identity: str | None, digest: str) -> str:
    if identity:
        return f"{normalizer.name}\0id\0{identity}"
    return f"{normalizer.name}\0at\0{record.stream}\0{record.offset}\0{record.index}\0{digest}"


def _raw_hash(digest: str) -> dict[str, Any]:
    return {"algorithm_id": 3, "algorithm": "SHA-256", "value": digest}


def _adopt(event: Event, record: Record, normalizer: Normalizer, uid: str, digest: str) -> None:
    """An event that is OCSF already: ``ai`` and its extension are added, and what it lacks that is always there.

    Nothing that it has is changed: its version stays what it is, and it validates against that one.
    """
    class_uid = event["class_uid"]
    ai = event.setdefault("ai", {})
    ai["source"] = normalizer.name
    ai.setdefault("service", normalizer.service)
    event["time"] = event.get("time") or record.time_read
    event.setdefault("category_uid", class_uid // 1000)
    event.setdefault("activity_id", ocsf.UNKNOWN)
    event.setdefault("severity_id", ocsf.UNKNOWN)
    event.setdefault("type_uid", ocsf.type_uid(class_uid, event["activity_id"]))
    metadata = event["metadata"] = dict(event.get("metadata") or {})
    metadata["uid"] = metadata.get("uid") or uid
    metadata.setdefault("version", ocsf.OCSF_VERSION)
    product = metadata.setdefault("product", {"name": normalizer.product, "vendor_name": normalizer.vendor})
    metadata.setdefault("log_provider", product.get("name") or normalizer.product)
    version = tuple(int(part) for part in metadata["version"].split("-")[0].split(".") if part.isdecimal())
    if version < EXTENSIONS_SINCE:
        metadata.setdefault("extension", ocsf.EXTENSION)
    else:
        metadata["extensions"] = [*(metadata.get("extensions") or ()), ocsf.EXTENSION]
    if version >= RAW_HASH_SINCE:
        event.setdefault("raw_data_hash", _raw_hash(digest))


def _derive(event: Event, record: Record, normalizer: Normalizer, uid: str, digest: str) -> None:
    class_uid = event["class_uid"]
    ai = event.setdefault("ai", {})
    ai["source"] = normalizer.name
    ai.setdefault("service", normalizer.service)
    activity_id = event.setdefault("activity_id", OTHER)
    event |= _captions(class_uid, activity_id, ai.get("activity"), event.get("activity_name"))
    event["time"] = event.get("time") or record.time_read
    severity_id = event.setdefault("severity_id", 1)
    event.setdefault("severity", ocsf.SEVERITY.get(severity_id, "Other"))
    status_id = event.get("status_id")
    if status_id is not None and "status" not in event:
        statuses = ocsf.FINDING_STATUS if class_uid in ocsf.FINDING_CLASSES else ocsf.STATUS
        event["status"] = statuses.get(status_id, "Other")
    disposition_id = event.get("disposition_id")
    if disposition_id is not None:
        event.setdefault("disposition", ocsf.DISPOSITION.get(disposition_id, "Other"))
    _stand_ins(event, class_uid, ai, normalizer)
    if class_uid in ocsf.AI_OPERATION_CLASSES:
        _ai_operation(event, ai, normalizer)
    metadata = event.setdefault("metadata", {})
    metadata["uid"] = uid
    metadata["version"] = ocsf.OCSF_VERSION
    product = {"name": normalizer.product, "vendor_name": normalizer.vendor}
    metadata["product"] = product | metadata["product"] if "product" in metadata else product
    metadata.setdefault("log_provider", normalizer.log_provider or normalizer.product)
    metadata["extensions"] = [ocsf.EXTENSION]
    profiles = _profiles(event, class_uid)
    if profiles:
        metadata["profiles"] = profiles
    event["raw_data_hash"] = _raw_hash(digest)
    event["raw_data_size"] = len(record.raw)


@lru_cache(1024)
def _captions(class_uid: int, activity_id: int, activity: str | None, said: str | None) -> dict[str, Any]:
    """The names that follow from class and activity; ``said`` is the vendor's own name of the activity."""
    info = ocsf.CLASSES[class_uid]
    named = ACTIVITY_NAMES.get(activity or "", "Other") if activity_id == OTHER else None
    name = said or named or info.activities.get(activity_id, "Other")
    return {
        "activity_name": name,
        "category_uid": info.category_uid,
        "category_name": info.category_name,
        "class_name": info.name,
        "type_uid": ocsf.type_uid(class_uid, activity_id),
        "type_name": f"{info.name}: {name}",
    }


def _stand_ins(event: Event, class_uid: int, ai: dict[str, Any], normalizer: Normalizer) -> None:
    """What OCSF requires and the log may lack: a user's name, the emitting service as source and as actor."""
    actor, source = event.get("actor"), event.get("src_endpoint")
    for holder in (actor, event):
        user = holder.get("user") if holder else None
        if user and "email_addr" in user and not ("name" in user or "uid" in user):
            user["name"] = user["email_addr"]
    wanted = class_uid in ocsf.AI_OPERATION_CLASSES
    if wanted and actor is None:
        event["actor"] = {"app_name": _agent_or_product(ai, normalizer)}
    if source is None:
        if wanted and class_uid != 1007:
            event["src_endpoint"] = {"svc_name": _agent_or_product(ai, normalizer)}
    elif ENDPOINT_NAMES.isdisjoint(source):
        source["svc_name"] = _agent_or_product(ai, normalizer)


def _agent_or_product(ai: dict[str, Any], normalizer: Normalizer) -> Any:
    return ai.get("agent", {}).get("name") or normalizer.product


def _ai_operation(event: Event, ai: dict[str, Any], normalizer: Normalizer) -> None:
    """``ai_model`` and ``message_context`` from our ``ai``, which holds the same on every class."""
    model = ai.get("model")
    if model and ("name" in model or "provider" in model):
        made = {"name": model.get("name", UNKNOWN), "ai_provider": model.get("provider", UNKNOWN)}
        if "version" in model:
            made["version"] = model["version"]
        event["ai_model"] = made
    context = event.get("message_context", {})
    if ai.get("activity") == "inference":
        context.setdefault("ai_role_id", ASSISTANT_ROLE)
    if "tokens" in ai:
        for kind, count in ai["tokens"].items():
            context[f"{kind}_tokens"] = count
    if context:
        if "service" not in context and "application" not in context:
            context["service"] = {"name": normalizer.product}
        if "ai_role_id" in context:
            context["ai_role"] = ocsf.AI_ROLE.get(context["ai_role_id"], "Other")
        event["message_context"] = context


def _profiles(event: Event, class_uid: int) -> list[str]:
    profiles = []
    if "ai_model" in event or "message_context" in event:
        profiles.append("ai_operation")
    if "cloud" in event:
        profiles.append("cloud")
    if (class_uid in (6003, 6005) and "device" in event) or (
        class_uid in ocsf.FINDING_CLASSES and ("actor" in event or "device" in event)
    ):
        profiles.append("host")
    if "disposition_id" in event or "action_id" in event:
        profiles.append("security_control")
    if "trace" in event:
        profiles.append("trace")
    return profiles
