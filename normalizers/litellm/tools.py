"""Tools and vector stores behind a LiteLLM proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.chat import as_text
from tracehound.chat.blocks import dicts, result_text
from tracehound.chat.bodies import documents
from tracehound.event import TEXTS, Event
from tracehound.record import take, take_str
from tracehound.times import epoch_ms
from tracehound.values import get


def tool_event(log: dict[str, Any], event: Event) -> Event:
    """A tool that the gateway ran, with arguments and result."""
    meta = log.get("metadata")
    called = get(meta, "mcp_tool_call_metadata")
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
        result = get(place, key)
        if isinstance(result, dict) and result:
            content = take(result, "content")
            structured = next(
                (take(result, k) for k in ("structured_content", "structuredContent") if k in result), None
            )
            failed = get(result, "is_error", get(result, "isError"))
            text = result_text(content if content is not None else structured)
            return text, failed if isinstance(failed, bool) else None
        if result:
            return result_text(take(place, key)), None
    return None, None


def listing(log: dict[str, Any], event: Event) -> Event:
    """The tools that MCP servers offer: their descriptions are scanned."""
    tools = log.pop("response")
    servers = get(get(log.get("metadata"), "spend_logs_metadata"), "requested_mcp_servers")
    named = [name for name in servers if isinstance(name, str)] if isinstance(servers, list) else []
    event["resources"] = [
        {"name": tool["name"], "type": "tool"} for tool in dicts(tools) if isinstance(tool.get("name"), str)
    ]
    event["ai"]["mcp"] = {"server": named[0] if named else None, "method": "tools/list"}
    event[TEXTS] = [("tool_description", text, False) for tool in dicts(tools) if (text := as_text(tool))]
    return event


def retrievals(log: dict[str, Any], event: Event) -> Iterator[Event]:
    """Vector stores that LiteLLM asked before the call."""
    meta = log.get("metadata")
    for search in dicts(get(meta, "vector_store_request_metadata")):
        store, query = take_str(search, "vector_store_id"), take_str(search, "query")
        found = get(search, "vector_store_search_response")
        start = epoch_ms(search.get("start_time"))
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
