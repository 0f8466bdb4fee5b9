"""Runs of tools, permission decisions, and methods of the Model Context Protocol, told by spans and log records."""

from __future__ import annotations

from typing import Any

from tracehound.chat import as_text, parsed
from tracehound.chat.blocks import result_text
from tracehound.event import TEXTS, split_tool_name
from tracehound.guardrails import security_control
from tracehound.otel.fields import Attributes, anything, only, text

from .conversation import said
from .kinds import TOOL_NAMES
from .outcome import outcome

Event = dict[str, Any]

ARGUMENTS = (
    "gen_ai.tool.call.arguments", "tool_call.function.arguments", "ai.toolCall.args", "tool_arguments",
    "gcp.vertex.agent.tool_call_args", "mcp.request.argument", "mcp.request.arguments", "arguments",
    "function_args", "tool_input", "traceloop.entity.input", "langfuse.observation.input", "input.value",
    "full_command", "input", "gen_ai.input.messages", "mlflow.spanInputs",
)  # fmt: skip
RESULTS = (
    "gen_ai.tool.call.result", "ai.toolCall.result", "tool_response", "gcp.vertex.agent.tool_response",
    "mcp.response.value", "tool_result", "traceloop.entity.output", "langfuse.observation.output", "output.value",
    "output", "gen_ai.output.messages", "mlflow.spanOutputs", "gen_ai.tool.output",
)  # fmt: skip
DEFINITIONS = ("tool.parameters", "tool.json_schema")
CALL_UID = ("gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id", "tool_use_id", "call_id", "tool.id")
COPIES = (
    "input.mime_type", "output.mime_type", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response",
    "gcp.vertex.agent.event_id", "operation.name", "resource.name",
)  # fmt: skip
TRANSPORTS = {"pipe": "stdio", "tcp": "http", "quic": "http", "unix": "unix"}
DECISIONS = {
    "accept": "approved", "approved": "approved", "approved_for_session": "approved", "allow": "approved",
    "approved_execpolicy_amendment": "approved", "modify": "approved",
    "auto_accept": "auto_approved", "auto_approved": "auto_approved",
    "reject": "denied", "denied": "denied", "abort": "denied", "deny": "denied",
}  # fmt: skip


def call_of_span(event: Event, log: dict[str, Any], attributes: Attributes, events: list[Any]) -> Event:
    """One event for a tool's run: arguments, result and status."""
    _bodies_of_event(attributes, events)
    named = text(attributes, TOOL_NAMES) or only(attributes, "traceloop.entity.name") or _span_name(event)
    name, server = split_tool_name(named)
    ai = event["ai"]
    mcp_server = (ai.get("mcp") or {}).get("server")
    server = text(attributes, ("mcp_server", "mcp.server.name", "mcp_server_name")) or server or mcp_server
    arguments = anything(attributes, ARGUMENTS)
    result = _result(anything(attributes, RESULTS))
    defined = anything(attributes, DEFINITIONS)
    if arguments is None and defined is not None:
        arguments, defined = defined, None
    for copy in COPIES:
        attributes.pop(copy, None)
    beside = said(attributes, events).conversation().texts
    outcome(event, log, attributes, done=result is not None)
    kind = text(attributes, ("gen_ai.tool.type", "tool_type")) or (
        "mcp" if server or "mcp" in ai else "function"
    )
    ai["activity"] = "tool_call"
    ai["tool"] = {
        "name": name,
        "type": kind,
        "server": server,
        "phase": "executed",
        "arguments_text": _arguments(arguments),
        "result_text": result,
        "status": {1: "success", 2: "failure"}.get(event["status_id"], "unknown"),
    }
    uid = text(attributes, CALL_UID)
    event["api"] |= {
        "operation": name or event["api"]["operation"],
        "service": {"name": server} if server else None,
    }
    if uid:
        event["api"]["request"] = {"uid": uid}
    event["message_context"] = (event.get("message_context") or {}) | {"ai_role_id": 3}
    event[TEXTS] = _texts(ai["tool"], defined, attributes) + [(d, t, True) for d, t, _ in beside]
    return event


def _bodies_of_event(attributes: Attributes, events: list[Any]) -> None:
    """Claude Code keeps what went in and came out in a span event."""
    for event in events:
        inner = event.get("attributes") if isinstance(event, dict) else None
        if isinstance(inner, dict) and event.get("name") == "tool.output":
            for key in [k for k in inner if k not in attributes]:
                attributes[key] = inner.pop(key)


def _span_name(event: Event) -> str | None:
    """A tool's span is named after it, by the conventions with the operation before: ``tools/call get_rate``."""
    name: str | None = event["trace"].get("span", {}).get("operation") or event["metadata"].get("event_code")
    for start in ("tools/call ", "execute_tool "):
        if name and start in name:
            return name.partition(start)[2].strip() or None
    return None if name is None or event["ai"].get("mcp") or name == event["api"]["operation"] else name


def _texts(tool: Event, defined: Any, attributes: Attributes) -> list[tuple[str, str, bool]]:
    texts = [
        ("tool_call", tool["arguments_text"], False),
        ("tool_result", tool["result_text"], False),
        ("tool_description", as_text(defined), True),
    ]
    for key in ("gen_ai.tool.description", "tool.description", "tool_description"):
        if isinstance(attributes.get(key), str):
            texts.append(("tool_description", attributes.pop(key), True))
    return [(direction, text, context) for direction, text, context in texts if text]


def _arguments(value: Any) -> str | None:
    value = parsed(value)
    if isinstance(value, dict) and value.keys() <= {
        "args",
        "kwargs",
    }:  # OpenLLMetry's record of a function call
        kept = {key: inner for key, inner in value.items() if inner}
        value = kept.get("kwargs", kept.get("args")) if len(kept) == 1 else kept or None
    return as_text(value)


def _result(value: Any) -> str | None:
    """The result's text; JSON of MCP's or a message's content gives its texts."""
    inner = parsed(value)
    if isinstance(inner, dict) and isinstance(inner.get("content"), (list, str)):
        return result_text(inner["content"]) or as_text(value)
    return as_text(value)


def approval(event: Event, attributes: Attributes) -> Event:
    """A decision on a tool call."""
    decision, source = (
        text(attributes, ("decision", "decision_type")),
        text(attributes, ("source", "decision_source")),
    )
    name, server = split_tool_name(text(attributes, TOOL_NAMES))
    made = DECISIONS.get((decision or "").lower(), "unknown")
    if made == "approved" and source is not None and not source.lower().startswith("user"):
        made = "auto_approved"
    arguments = as_text(anything(attributes, (*ARGUMENTS, "tool_parameters")))
    uid = text(attributes, CALL_UID)
    event["api"] |= {"operation": name or event["api"]["operation"], "request": {"uid": uid} if uid else None}
    event["status_id"] = {"denied": 2, "unknown": 0}.get(made, 1)
    event["status_code"] = decision
    event |= security_control({"denied": "blocked", "unknown": None}.get(made, "allowed"))
    event["ai"] |= {
        "activity": "approval",
        "approval": {"decision": made, "source": source},
        "tool": {
            "name": name,
            "server": server,
            "phase": "requested",
            "arguments_text": arguments,
            "status": "denied" if made == "denied" else "unknown",
        },
    }
    event[TEXTS] = [("tool_call", arguments, False)] if arguments else []
    return event


def mcp(event: Event, attributes: Attributes, kind: str) -> None:
    """What the conventions for MCP add: server, method, transport, and the resource or prompt."""
    method = only(attributes, "mcp.method.name")
    if method is None:
        return
    server = only(attributes, "mcp.server.name")
    if server is None:
        server = (
            event["actor"].get("app_name")
            if kind == "SERVER"
            else (event["dst_endpoint"] or {}).get("hostname")
        )
    transport = only(attributes, "network.transport")
    event["ai"] |= {
        "service": "mcp",
        "mcp": {"server": server, "method": method, "transport": TRANSPORTS.get(transport or "", transport)},
    }
    event["api"]["service"] = {"name": server} if server else None
    request = only(attributes, "jsonrpc.request.id")
    event["api"]["request"] = {"uid": request} if request else None
    uri, prompt = only(attributes, "mcp.resource.uri"), only(attributes, "gen_ai.prompt.name")
    event["resources"] = [
        {"uid": uri, "type": "MCP resource"} if uri else None,
        {"name": prompt, "type": "MCP prompt"} if prompt else None,
    ]
