"""LiteLLM proxy, StandardLoggingPayload -> OCSF API Activity (6003), Datastore Activity (6005) for retrieval.

One object per call: bare, inside ``{"kind", "standard_logging_object"}`` as a custom callback gets it, as webhooks
and buckets carry it, and the rows of the spend log, which hold metadata, messages and response as JSON texts.
https://docs.litellm.ai/docs/proxy/logging_spec
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracehound.chat import Conversation, as_text, converse, parsed
from tracehound.chat.blocks import dicts, result_text
from tracehound.chat.bodies import Sent, answered, documents, sent
from tracehound.event import TEXTS, Event, with_conversation
from tracehound.guardrails import policy, security_control, strictest
from tracehound.models import MAKERS, SERVING, bedrock_name, maker
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_dict, take_int, take_str, whole
from tracehound.times import epoch_ms
from tracehound.values import email, endpoint, ip, ips

STATUS = {"success": 1, "failure": 2}
GUARDRAIL = {
    "success": "allowed",
    "guardrail_flagged": "flagged",
    "guardrail_intervened": "blocked",
    "blocked": "blocked",  # before 1.75
    "failure": "error",
    "guardrail_failed_to_respond": "error",
}
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
NOBODY = {
    "default_user_id",
    "litellm_proxy_master_key",
    "litellm-internal-health-check",
    "default-internal-user",
}
"""What LiteLLM writes where it knows nobody."""
NO_TEXT = {"default-message-value", "redacted-by-litellm"}
"""What LiteLLM writes in place of a text."""
SECRET_HEADERS = {
    "authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key", "x-goog-api-key",
    "x-litellm-api-key", "ocp-apim-subscription-key", "x-amz-security-token",
}  # fmt: skip
SESSIONS = (
    ("session_id",), ("metadata", "session_id"), ("metadata", "requester_metadata", "session_id"),
    ("metadata", "requester_metadata", "litellm_session_id"),
    ("metadata", "mcp_tool_call_metadata", "mcp_session_id"),
)  # fmt: skip
VERDICT_TEXTS = {
    "text",
    "content",
    "match",
    "matched_text",
    "snippet",
    "value",
    "input",
    "output",
    "outputs",
    "prompt",
}


def normalize(record: Record) -> Iterable[Event]:
    """Map one call: the model call with the tool calls it asks for, or the tool call, listing or retrieval."""
    log = _payload(record)
    call = take_str(log, "call_type")
    activity, activity_id = _activity(call)
    talk, finish = _conversation(log)
    event = _event(log, call, activity, activity_id)
    event |= _guardrail(log, event, finish)
    events = list(_events(log, event, talk))
    _forget(log, event)
    return events


def _events(log: dict[str, Any], event: Event, talk: Conversation) -> Iterator[Event]:
    activity = event["ai"]["activity"]
    retrievals = list(_retrievals(log, event))
    if activity == "tool_call":
        yield _tool_event(log, event)
    elif isinstance(log.get("response"), list) and activity == "access":
        yield _listing(log, event)
    else:
        yield from with_conversation(event, talk)
    yield from retrievals


def _payload(record: Record) -> dict[str, Any]:
    """The payload itself, whatever it came in, its JSON texts decoded; ``record.data`` becomes it."""
    log = record.data
    if isinstance(log.get("standard_logging_object"), dict):
        log.update(log.pop("standard_logging_object"))
        log.pop("kind", None)
    for key in (
        "metadata",
        "messages",
        "response",
        "proxy_server_request",
        "request_tags",
        "model_parameters",
    ):
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
    user, principal = _user(log)
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
        "actor": {"user": user, "app_name": alias},
        "src_endpoint": {"ip": _address(log)},
        "dst_endpoint": endpoint(log.get("api_base")),
        "http_request": _http_request(log),
        "resources": _deployment(log),
        "trace": {"uid": trace} if trace else None,
        "metadata": {
            "original_time": original,
            "original_event_uid": take_str(log, "id"),
            "correlation_uid": trace,
            "event_code": call,
            "labels": _tags(log),
        },
        "ai": {
            "activity": activity,
            "principal": principal or alias,
            "session_uid": next((s for path in SESSIONS if (s := take_str(log, *path))), None) or trace,
            "agent": {"uid": take_str(log, "agent_id")},
            "model": _model(log),
            "tokens": {kind: _count(log, f"{kind}_tokens") for kind in ("prompt", "completion", "total")},
            "cost_usd": _cost(log),
        },
    }


def _time(log: dict[str, Any], key: str) -> tuple[int | None, str | None]:
    ms = epoch_ms(log.get(key))
    return (ms, str(log.pop(key))) if ms else (None, None)


def _outcome(log: dict[str, Any]) -> Event:
    said = take_str(log, "status")
    error = log.get("error_information")
    status_id = STATUS.get(said or "", 99 if said else 0)
    return {
        "status_id": status_id,
        "status": said if status_id == 99 else None,
        "status_code": take_str(error, "error_code"),
        "status_detail": take_str(error, "normalized_error")
        or take_str(log, "status_fields", "llm_api_status"),
    }


def _response(log: dict[str, Any]) -> dict[str, Any]:
    error = log.get("error_information")
    message = take_str(error, "error_message")
    return {
        "error": take_str(error, "error_class"),
        "error_message": message or take_str(log, "error_str"),
    }


def _flags(log: dict[str, Any]) -> list[str] | None:
    return ["stream"] if log.get("stream") is True and log.pop("stream") else None


def _user(log: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The user behind the virtual key, and who answers for the call."""
    meta = log.get("metadata")
    address = (
        take_str(meta, "user_api_key_user_email") if email(_get(meta, "user_api_key_user_email")) else None
    )
    uid = take_str(meta, "user_api_key_user_id") or take_str(log, "user")
    end_user = take_str(log, "end_user") or take_str(meta, "user_api_key_end_user_id")
    key = take_str(meta, "user_api_key_hash") or take_str(meta, "user_api_key") or take_str(log, "api_key")
    alias = _get(meta, "user_api_key_alias")
    alias = alias if isinstance(alias, str) else None
    known = [who for who in (address, uid, end_user, alias, key) if who and who not in NOBODY]
    anybody = known or [who for who in (uid, key) if who]
    groups = [
        _named(log, "team", "team_alias", "team_id"),
        _named(log, "project", "project_alias", "project_id"),
    ]
    user = {
        "name": next(iter(anybody), None),
        "email_addr": address,
        "uid": uid,
        "uid_alt": end_user,
        "credential_uid": key,
        "groups": [group for group in groups if group],
        "org": _named(log, None, "org_alias", "org_id") or None,
    }
    return user if anybody else {}, next(iter(anybody), None)


def _named(log: dict[str, Any], kind: str | None, name: str, uid: str) -> dict[str, Any]:
    """A team, project or organisation: the key's, else the one named beside it."""
    meta = log.get("metadata")
    outside = {"org_id": "organization_id"}.get(uid, uid)
    found = {
        "name": take_str(meta, f"user_api_key_{name}") or take_str(meta, name),
        "uid": take_str(meta, f"user_api_key_{uid}") or take_str(meta, uid) or take_str(log, outside),
    }
    return found | ({"type": kind} if kind else {}) if any(found.values()) else {}


def _address(log: dict[str, Any]) -> str | None:
    for place in (log, log.get("metadata")):
        said = _get(place, "requester_ip_address")
        if found := ip(said):
            if said == found:
                take(place, "requester_ip_address")
            return found
    return None


def _http_request(log: dict[str, Any]) -> dict[str, Any]:
    meta = log.get("metadata")
    headers = take_dict(meta, "requester_custom_headers") | take_dict(meta, "requester_metadata", "headers")
    headers = {name.lower(): str(value) for name, value in headers.items() if value is not None}
    agent = headers.pop("user-agent", None)
    forwarded = ips(headers.get("x-forwarded-for"))
    if forwarded:
        del headers["x-forwarded-for"]
    return {
        "user_agent": take_str(log, "user_agent") or take_str(meta, "user_agent") or agent,
        "url": {"path": take_str(meta, "user_api_key_request_route")},
        "body_length": whole(headers.pop("content-length", None)),
        "x_forwarded_for": forwarded,
        "http_headers": [
            {"name": name, "value": "***" if name in SECRET_HEADERS else value}
            for name, value in headers.items()
        ],
    }


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
        answered_by = _get(log.get("response"), "model")
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


def _conversation(log: dict[str, Any]) -> tuple[Conversation, set[str]]:
    """The texts of the call, and why each answer ended."""
    parameters = log.get("model_parameters")
    asked = sent(parameters) if isinstance(parameters, dict) else Sent()
    body = _body(log)
    messages = log.pop("messages", None)
    if not messages or _no_text(messages):
        messages = asked.messages or body.messages
    response = log.get("response")
    finish = {str(choice.get("finish_reason")) for choice in dicts(_get(response, "choices"))}
    # The Responses API repeats system text and tools in its answer.
    system = (asked.system, body.system, take(response, "instructions"))
    tools = (asked.tools, body.tools, take(response, "tools"))
    output: Any = None
    found: list[str] = []
    if isinstance(response, dict) and "is_error" not in response:  # which is what a tool answered
        found = documents(response)
        output = answered(response)
    elif isinstance(response, str):
        output = log.pop("response")
    talk = converse(
        None if _no_text(messages) else messages,
        None if _no_text(output) else output,
        system=next((text for text in system if text), None),
        tools=next((found for found in tools if found), None),
    )
    talk.texts.extend(("document", text, False) for text in found)
    return talk, finish


def _body(log: dict[str, Any]) -> Sent:
    """The request body that spend logs keep; LiteLLM puts the whole request there."""
    for place in (log, log.get("metadata")):
        request = take(place, "proxy_server_request")
        body = request.get("body", request) if isinstance(request, dict) else None
        if isinstance(body, dict):
            return sent(body)
    return Sent()


def _no_text(value: Any) -> bool:
    """Whether messages are only what LiteLLM writes in place of them."""
    if isinstance(value, list):
        return bool(value) and all(_no_text(item) for item in value)
    if isinstance(value, dict):
        return _no_text(value.get("content", value.get("text")))
    return isinstance(value, str) and value in NO_TEXT


def _guardrail(log: dict[str, Any], event: Event, finish: set[str]) -> Event:
    """The strictest verdict of LiteLLM's guardrails and of the provider's content filter."""
    verdicts: list[tuple[str | None, str | None, str | None]] = []
    for entry in _guardrails(log):
        verdicts.append(_verdict(entry))
    overall = GUARDRAIL.get(str(_get(log.get("status_fields"), "guardrail_status")))
    if not verdicts and overall:
        names = (
            log.get("metadata", {}).get("applied_guardrails")
            if isinstance(log.get("metadata"), dict)
            else None
        )
        named = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        verdicts.append((overall, policy(named), "litellm"))
    filtered = "content_filter" in finish or event["status_code"] == "content_filter"
    if filtered or event["api"]["response"]["error"] == "ContentPolicyViolationError":
        provider = take_str(log, "error_information", "llm_provider") or event["ai"]["model"].get("provider")
        verdicts.append(("blocked", "content_filter", provider))
    action = strictest(verdict[0] for verdict in verdicts)
    if action is None:
        return {}
    decided = [verdict for verdict in verdicts if verdict[0] == action]
    event["ai"]["guardrail"] = {
        "action": action,
        "policy": policy(name for _, name, _ in decided),
        "provider": policy(provider for _, _, provider in decided),
    }
    return security_control(action)


def _guardrails(log: dict[str, Any]) -> list[dict[str, Any]]:
    for place in (log, log.get("metadata")):
        found = _get(place, "guardrail_information")
        entries = [found] if isinstance(found, dict) else dicts(found)
        if entries:
            return entries
    return []


def _verdict(entry: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Action, policy and provider of one guardrail; texts that it quotes are taken out."""
    action = GUARDRAIL.get(str(entry.get("guardrail_status")))
    masked = entry.get("masked_entity_count")
    if action == "allowed" and isinstance(masked, dict) and any(whole(count) for count in masked.values()):
        action = "modified"
    entry.pop("guardrail_request", None)
    for key in ("guardrail_response", "match_details", "classification"):
        _without_texts(entry.get(key))
    name = take_str(entry, "guardrail_name") or take_str(entry, "guardrail_id")
    kinds = entry.get("violation_categories")
    kinds = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []
    if action == "modified" and isinstance(masked, dict):
        kinds = [*kinds, *masked]
    named = f"{name} / {', '.join(kinds)}" if name and kinds else name
    return action, named, take_str(entry, "guardrail_provider") or "litellm"


def _without_texts(value: Any) -> None:
    if isinstance(value, dict):
        for key in VERDICT_TEXTS & value.keys():
            del value[key]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without_texts(item)


def _tool_event(log: dict[str, Any], event: Event) -> Event:
    """A tool that the gateway ran, with arguments and result."""
    meta = log.get("metadata")
    called = _get(meta, "mcp_tool_call_metadata")
    server, name = take_str(called, "mcp_server_name"), take_str(called, "name")
    arguments = as_text(take(called, "arguments"))
    text, failed = _result(log, called)
    if failed is None:
        failed = {1: False, 2: True}.get(event["status_id"])
    status = "unknown" if failed is None else "failure" if failed else "success"
    event["api"] |= {"operation": name or event["api"]["operation"]}
    event["api"]["service"] = {"name": server or "LiteLLM"}
    event["message_context"] = {"ai_role_id": 3}
    event["ai"] |= {
        "tool": {
            "name": name, "type": "mcp" if called else "function", "server": server, "phase": "executed",
            "arguments_text": arguments, "result_text": text, "status": status,
        },
        "mcp": {"server": server, "method": "tools/call"} if called else None,
    }  # fmt: skip
    event[TEXTS] = [
        (kind, said, False) for kind, said in (("tool_call", arguments), ("tool_result", text)) if said
    ]
    return event


def _result(log: dict[str, Any], called: Any) -> tuple[str | None, bool | None]:
    """What the tool gave back, and whether it failed; LiteLLM logs it as response, older ones beside the call."""
    for place, key in ((log, "response"), (called, "result")):
        result = _get(place, key)
        if isinstance(result, dict) and result:
            content = take(result, "content")
            structured = next(
                (take(result, k) for k in ("structured_content", "structuredContent") if k in result), None
            )
            failed = _get(result, "is_error", _get(result, "isError"))
            text = result_text(content if content is not None else structured)
            return text, failed if isinstance(failed, bool) else None
        if result:
            return result_text(take(place, key)), None
    return None, None


def _listing(log: dict[str, Any], event: Event) -> Event:
    """The tools that MCP servers offer: their descriptions are scanned."""
    tools = log.pop("response")
    servers = _get(_get(log.get("metadata"), "spend_logs_metadata"), "requested_mcp_servers")
    named = [name for name in servers if isinstance(name, str)] if isinstance(servers, list) else []
    event["resources"] = [
        {"name": tool["name"], "type": "tool"} for tool in dicts(tools) if isinstance(tool.get("name"), str)
    ]
    event["ai"]["mcp"] = {"server": named[0] if named else None, "method": "tools/list"}
    event[TEXTS] = [("tool_description", text, False) for tool in dicts(tools) if (text := as_text(tool))]
    return event


def _retrievals(log: dict[str, Any], event: Event) -> Iterator[Event]:
    """Vector stores that LiteLLM asked before the call."""
    meta = log.get("metadata")
    for search in dicts(_get(meta, "vector_store_request_metadata")):
        store, query = take_str(search, "vector_store_id"), take_str(search, "query")
        found = _get(search, "vector_store_search_response")
        start, _ = _time(search, "start_time")
        shared = {key: event[key] for key in ("actor", "src_endpoint")}
        ai = {key: event["ai"][key] for key in ("principal", "session_uid", "agent")}
        texts = [("prompt", query, False)]
        texts += [("document", text, False) for text in (documents(found) if isinstance(found, dict) else ())]
        yield {
            "class_uid": 6005,
            "activity_id": 4,
            **shared,
            "time": start or event["time"],
            "type_id": 1,
            "type": "Database",
            "database": {"uid": store or "Unknown", "type_id": 7, "type": "Vector"},
            "metadata": {"correlation_uid": event["metadata"]["correlation_uid"]},
            "ai": {**ai, "activity": "retrieval", "prompt_text": query},
            TEXTS: [text for text in texts if text[1]],
        }


def _forget(log: dict[str, Any], event: Event) -> None:
    """Take out what repeats the event, and LiteLLM's table of prices and abilities of the model."""
    meta, response, hidden = log.get("metadata"), log.get("response"), log.get("hidden_params")
    for place in (log, meta):
        take(place, "model_map_information")
    usage = _get(response, "usage")
    if usage and usage == _get(meta, "usage_object"):
        take(meta, "usage_object")
    user, http = event["actor"]["user"], event["http_request"]
    tokens, deployments = event["ai"]["tokens"], event["resources"] or [{}]
    repeats: tuple[tuple[Any, str, Any], ...] = (
        (meta, "user_api_key_end_user_id", user.get("uid_alt")),
        (meta, "requester_ip_address", event["src_endpoint"]["ip"]),
        (meta, "user_agent", http["user_agent"]),
        (hidden, "model_id", deployments[0].get("uid")),
        (hidden, "api_base", log.get("api_base")),
        (hidden, "response_cost", event["ai"]["cost_usd"]),
        (_get(log, "cost_breakdown"), "total_cost", event["ai"]["cost_usd"]),
        (response, "id", event["metadata"]["original_event_uid"]),
        (response, "model", event["ai"]["model"].get("name")),
        (log, "error_str", event["api"]["response"]["error_message"]),
        *(
            (place, f"{kind}_tokens", tokens[kind])
            for kind in tokens
            for place in (usage, _get(meta, "usage_object"))
        ),
    )
    for place, key, value in repeats:
        if value is not None and _get(place, key) == value:
            take(place, key)


def _get(data: Any, key: str, default: Any = None) -> Any:
    return data.get(key, default) if isinstance(data, dict) else default


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
