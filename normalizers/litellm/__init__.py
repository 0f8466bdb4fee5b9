"""LiteLLM proxy, StandardLoggingPayload -> OCSF API Activity (6003), Datastore Activity (6005) for retrieval.

One object per call: bare, inside ``{"kind", "standard_logging_object"}`` as a custom callback gets it, as webhooks
and buckets carry it, and the rows of the spend log, which hold metadata, messages and response as JSON texts.
https://docs.litellm.ai/docs/proxy/logging_spec
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracehound.chat import Conversation, parsed
from tracehound.event import Event, with_conversation
from tracehound.models import MAKERS, SERVING, bedrock_name, maker
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_dict, take_int, take_str, whole
from tracehound.times import epoch_ms
from tracehound.values import endpoint, get

from .caller import address, http_request, user
from .texts import conversation
from .tools import listing, retrievals, tool_event
from .verdict import guardrail

STATUS = {"success": 1, "failure": 2}
TOOL_CALLS = {"call_mcp_tool", "run_code", "arun_code", "code_interpreter_tool", "acode_interpreter_tool"}
RETRIEVALS = {"search", "asearch", "query", "aquery", "vector_store_search", "avector_store_search"}
VERBS = (
    (1, {"create", "upload", "ingest", "add"}),
    (2, {"get", "list", "retrieve", "content", "tools"}),
    (3, {"update"}),
    (4, {"delete", "cancel"}),
)
"""Words of call types about files, batches, threads, containers and tool lists -> OCSF activity."""
GENERATES = {"create_video", "acreate_video", "generate", "agenerate"}
JSON_TEXTS = ("metadata", "messages", "response", "proxy_server_request", "request_tags", "model_parameters")
"""What the spend log holds as text."""
SESSIONS = (
    ("session_id",), ("metadata", "session_id"), ("metadata", "requester_metadata", "session_id"),
    ("metadata", "requester_metadata", "litellm_session_id"),
    ("metadata", "mcp_tool_call_metadata", "mcp_session_id"),
)  # fmt: skip


def normalize(record: Record) -> Iterable[Event]:
    """Map one call: the model call with the tool calls it asks for, or the tool call, listing or retrieval."""
    log = _payload(record)
    call = take_str(log, "call_type")
    activity, activity_id = _activity(call)
    talk, finish = conversation(log)
    event = _event(log, call, activity, activity_id)
    event |= guardrail(log, event, finish)
    events = list(_events(log, event, talk))
    _forget(log, event)
    return events


def _events(log: dict[str, Any], event: Event, talk: Conversation) -> Iterator[Event]:
    activity = event["ai"]["activity"]
    searches = list(retrievals(log, event))
    if activity == "tool_call":
        yield tool_event(log, event)
    elif isinstance(log.get("response"), list) and activity == "access":
        yield listing(log, event)
    else:
        yield from with_conversation(event, talk)
    yield from searches


def _payload(record: Record) -> dict[str, Any]:
    """The payload itself, whatever it came in, its JSON texts decoded; ``record.data`` becomes it."""
    log = record.data
    if isinstance(log.get("standard_logging_object"), dict):
        log.update(log.pop("standard_logging_object"))
        log.pop("kind", None)
    for key in JSON_TEXTS:
        if isinstance(log.get(key), str):
            log[key] = parsed(log[key])
    return log


def _activity(call: str | None) -> tuple[str, int]:
    """Our activity and OCSF's number for a call type."""
    call = call or ""
    if call in TOOL_CALLS:
        return "tool_call", 99
    if call in RETRIEVALS:
        return "retrieval", 2
    words = set(call.strip("_").split("_")) | {call.lstrip("_").removeprefix("a").partition("_")[0]}
    for number, verbs in VERBS:
        if words & verbs and not GENERATES & (words | {call}):
            return "access", number
    return "inference", 99


def _event(log: dict[str, Any], call: str | None, activity: str, activity_id: int) -> Event:
    start, original = _time(log, "startTime")
    if log.get("completionStartTime") == log.get("endTime"):
        take(log, "completionStartTime")  # of a plain call the first token is the last
    end, _ = _time(log, "endTime")
    trace = take_str(log, "trace_id")
    uid = take_str(log, "litellm_call_id") or take_str(log, "request_id")
    caller, principal = user(log)
    alias = take_str(log, "metadata", "user_api_key_alias")
    parameters = take_dict(log, "model_parameters") if uid else {}
    return {
        "class_uid": 6003,
        "activity_id": activity_id,
        "time": start or end,
        "start_time": start,
        "end_time": end,
        "duration": end - start if start and end and end >= start else None,
        **_outcome(log),
        "api": {
            "operation": call or "Unknown",
            "service": {"name": "LiteLLM"},
            "request": {"uid": uid, "flags": _flags(log), "data": parameters} if uid else None,
            "response": _response(log),
        },
        "actor": {"user": caller, "app_name": alias},
        "src_endpoint": {"ip": address(log)},
        "dst_endpoint": endpoint(log.get("api_base")),
        "http_request": http_request(log),
        "resources": _deployment(log),
        "trace": {"uid": trace} if trace else None,
        "metadata": {
            "original_time": original,
            "original_event_uid": take_str(log, "id"),
            "correlation_uid": trace,
            "event_code": call,
            "labels": _tags(log),
        },
        "ai": _ai(log, trace) | {"activity": activity, "principal": principal or alias},
    }


def _ai(log: dict[str, Any], trace: str | None) -> dict[str, Any]:
    return {
        "session_uid": next((s for path in SESSIONS if (s := take_str(log, *path))), None) or trace,
        "agent": {"uid": take_str(log, "agent_id")},
        "model": _model(log),
        "tokens": {kind: _count(log, f"{kind}_tokens") for kind in ("prompt", "completion", "total")},
        "cost_usd": _cost(log),
    }


def _time(log: dict[str, Any], key: str) -> tuple[int | None, str | None]:
    ms = epoch_ms(log.get(key))
    return (ms, str(log.pop(key))) if ms else (None, None)


def _outcome(log: dict[str, Any]) -> Event:
    said, error = take_str(log, "status") or take_str(log, "metadata", "status"), _error(log)
    status_id = STATUS.get(said or "", 99 if said else 0)
    return {
        "status_id": status_id,
        "status": said if status_id == 99 else None,
        "status_code": take_str(error, "error_code"),
        "status_detail": take_str(error, "normalized_error")
        or take_str(log, "status_fields", "llm_api_status")
        or said,
    }


def _error(log: dict[str, Any]) -> Any:
    """What is said of an error: beside the call, in the spend log within the metadata."""
    return log.get("error_information") or get(log.get("metadata"), "error_information")


def _response(log: dict[str, Any]) -> dict[str, Any]:
    error = _error(log)
    message = take_str(error, "error_message")
    return {
        "error": take_str(error, "error_class"),
        "error_message": message or take_str(log, "error_str"),
    }


def _flags(log: dict[str, Any]) -> list[str] | None:
    return ["stream"] if log.get("stream") is True and log.pop("stream") else None


def _deployment(log: dict[str, Any]) -> list[dict[str, Any]] | None:
    """What the caller asked for by name: LiteLLM's model group, and the deployment that took the call."""
    name, uid = take_str(log, "model_group"), take_str(log, "model_id")
    return [{"name": name, "uid": uid, "type": "model deployment"}] if name or uid else None


def _tags(log: dict[str, Any]) -> list[str] | None:
    tags = log.get("request_tags")
    if isinstance(tags, list) and tags and all(isinstance(tag, str) for tag in tags):
        return list(log.pop("request_tags"))
    return None


def _model(log: dict[str, Any]) -> dict[str, Any]:
    """``bedrock/us.anthropic.claude-x`` is routed to Bedrock, named ``anthropic.claude-x`` and Anthropic's."""
    named, provider = log.get("model"), log.get("custom_llm_provider")
    provider = provider if isinstance(provider, str) else None
    if not isinstance(named, str) or not named or named.startswith("MCP: "):
        model: dict[str, Any] = {"provider": maker(None, provider)}
    else:
        route, _, rest = named.partition("/")
        known = route in MAKERS or route in SERVING
        routed = rest and (route in (provider, SERVING.get(provider or "")) or (not provider and known))
        name = rest if routed else named
        model = {
            "name": bedrock_name(name),
            "provider": maker(named, provider or (route if routed else None)),
        }
        if model["name"] == name:
            del log["model"]
        answered_by = get(log.get("response"), "model")
        if isinstance(answered_by, str) and answered_by.startswith(f"{name}-"):
            model["version"] = answered_by[len(name) + 1 :]
    if model["provider"] == provider:
        take(log, "custom_llm_provider")
    return model


def _count(log: dict[str, Any], key: str) -> int | None:
    number = whole(log.get(key))
    return take_int(log, key) if number is not None and number >= 0 else None


def _cost(log: dict[str, Any]) -> float | None:
    for key in ("response_cost", "spend"):
        cost = log.get(key)
        if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < 1e15:
            return float(log.pop(key))
    return None


def _forget(log: dict[str, Any], event: Event) -> None:
    """Take out what repeats the event, and LiteLLM's table of prices and abilities of the model."""
    meta, response, hidden = log.get("metadata"), log.get("response"), log.get("hidden_params")
    for place in (log, meta):
        take(place, "model_map_information")
    usage = get(response, "usage")
    if usage and usage == get(meta, "usage_object"):
        take(meta, "usage_object")
    user, http = event["actor"]["user"], event["http_request"]
    tokens, deployments = event["ai"]["tokens"], event["resources"] or [{}]
    cost = event["ai"]["cost_usd"]
    _without(
        meta,
        user_api_key_end_user_id=user.get("uid_alt"),
        requester_ip_address=event["src_endpoint"]["ip"],
        user_agent=http["user_agent"],
    )
    _without(hidden, model_id=deployments[0].get("uid"), api_base=log.get("api_base"), response_cost=cost)
    _without(log.get("cost_breakdown"), total_cost=cost)
    _without(response, id=event["metadata"]["original_event_uid"], model=event["ai"]["model"].get("name"))
    _without(log, error_str=event["api"]["response"]["error_message"])
    for place in (usage, get(meta, "usage_object")):
        _without(
            place,
            prompt_tokens=tokens["prompt"],
            completion_tokens=tokens["completion"],
            total_tokens=tokens["total"],
        )


def _without(place: Any, **repeats: Any) -> None:
    """Take out what says the same."""
    if isinstance(place, dict):
        for key, value in repeats.items():
            if value is not None and place.get(key) == value:
                del place[key]


def matches(data: dict[str, Any]) -> bool:
    """A payload, wrapped or bare, or a row of the spend log."""
    if isinstance(data.get("standard_logging_object"), dict):
        return True
    return (
        "call_type" in data
        and "startTime" in data
        and ("custom_llm_provider" in data or "model_group" in data)
    )


def identify(data: dict[str, Any]) -> str | None:
    """Response id, call id, outcome and start: a retried call has the same ids and another start."""
    inner = data.get("standard_logging_object")
    log = inner if isinstance(inner, dict) else data
    uid = log.get("id") or log.get("request_id")
    if not isinstance(uid, str):
        return None
    return "|".join((uid, *(str(log.get(key)) for key in ("litellm_call_id", "status", "startTime"))))


NORMALIZER = Normalizer(
    name="litellm",
    matches=matches,
    normalize=normalize,
    product="LiteLLM Proxy",
    vendor="BerriAI",
    service="gateway",
    identify=identify,
)
