"""What requests and notifications of MCP become.

https://modelcontextprotocol.io/specification/2025-11-25/schema
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from tracehound.chat import as_text, converse
from tracehound.event import TEXTS, UNKNOWN, Event, with_conversation
from tracehound.record import take, take_str

TOOL_ROLE = 3
Params = dict[str, Any]
Handler = Callable[[Event, Params], Iterator[Event]]


def access(event: Event, texts: list[tuple[str, str, bool]] | None = None) -> Event:
    """The event as ``access``, with what is to be scanned."""
    event["ai"]["activity"] = "access"
    event[TEXTS] = [text for text in texts or () if text[1]]
    return event


def client(event: Event, holder: Params, key: str) -> None:
    """The client by its own name: it is the agent that acts."""
    name = take_str(holder, key, "name")
    if name:
        event["ai"]["agent"] = {"name": event["ai"]["agent"]["name"] or name}
        event["actor"] = {"app_name": name} | {k: v for k, v in (event["actor"] or {}).items() if v}


def request(event: Event, params: Params) -> Iterator[Event]:
    """A request or notification of which nothing is known but what it names."""
    name, uri = take_str(params, "name"), take_str(params, "uri")
    if name or uri:
        event["resources"] = [{"name": name, "uid": uri, "type": "MCP resource" if uri else "MCP prompt"}]
    reason = take_str(params, "reason") or take_str(params, "message")
    event["status_detail"] = reason
    event["status_id"] = 0
    yield access(event)


def _call(event: Event, params: Params) -> Iterator[Event]:
    name, arguments = take_str(params, "name"), as_text(take(params, "arguments"))
    event["api"]["operation"] = name or UNKNOWN
    event["status_id"] = 0
    event["message_context"] = {"ai_role_id": TOOL_ROLE}
    event["ai"] |= {
        "activity": "tool_call",
        "tool": {
            "name": name,
            "type": "mcp",
            "server": event["ai"]["mcp"]["server"],
            "phase": "executed",
            "arguments_text": arguments,
            "status": "unknown",
        },
    }
    event[TEXTS] = [("tool_call", arguments, False)] if arguments else []
    yield event


def _get_prompt(event: Event, params: Params) -> Iterator[Event]:
    arguments = as_text(take(params, "arguments"))
    event["ai"]["tool"] = {"type": "mcp prompt", "arguments_text": arguments} if arguments else None
    made = list(request(event, params))
    made[0][TEXTS] = [("tool_call", arguments, False)] if arguments else []
    yield from made


def _initialize(event: Event, params: Params) -> Iterator[Event]:
    client(event, params, "clientInfo")
    event["api"]["version"] = take_str(params, "protocolVersion")
    event["status_id"] = 0
    yield access(event)


def _sampling(event: Event, params: Params) -> Iterator[Event]:
    """The server asks the client's model: its text reaches the model as if the user had written it."""
    event["status_id"] = 0
    event["ai"]["activity"] = "inference"
    system, tools = take(params, "systemPrompt"), take(params, "tools")
    talk = converse(take(params, "messages"), system=system if isinstance(system, str) else None, tools=tools)
    yield from with_conversation(event, talk)


def _elicitation(event: Event, params: Params) -> Iterator[Event]:
    """The server asks the user."""
    asked, url = take_str(params, "message"), take_str(params, "url")
    event["message"] = asked
    event["status_id"] = 0
    event["resources"] = [{"uid": url, "type": "URL"}] if url else None
    yield access(event, [("tool_result", asked or "", False), ("tool_result", url or "", False)])


def _completion(event: Event, params: Params) -> Iterator[Event]:
    typed = params.get("argument")
    value = take_str(typed, "value")
    event["status_id"] = 0
    yield access(event, [("prompt", value or "", True)])


def _logged(event: Event, params: Params) -> Iterator[Event]:
    """``notifications/message``: the server's own log."""
    event["metadata"]["log_level"] = take_str(params, "level")
    event["message"] = as_text(take(params, "data"))
    event["status_id"] = 0
    yield access(event, [("tool_result", event["message"] or "", False)])


def _cancelled(event: Event, params: Params) -> Iterator[Event]:
    event |= {"status_id": 0, "status_code": "cancelled", "status_detail": take_str(params, "reason")}
    yield access(event)


REQUESTS: dict[str, Handler] = {
    "tools/call": _call,
    "initialize": _initialize,
    "prompts/get": _get_prompt,
    "sampling/createMessage": _sampling,
    "elicitation/create": _elicitation,
    "completion/complete": _completion,
    "notifications/message": _logged,
    "notifications/cancelled": _cancelled,
}
