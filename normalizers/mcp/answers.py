"""What results and errors of MCP become.

https://modelcontextprotocol.io/specification/2025-11-25/schema
"""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.chat import as_text, converse
from tracehound.event import TEXTS, Event, with_conversation
from tracehound.models import maker
from tracehound.record import take, take_str

from .requests import TOOL_ROLE, Handler, Params, access
from .results import ERRORS, LISTS, contents, listed, prompt_texts, tool_output

ANSWERS = {"accept": "approved", "decline": "denied", "cancel": "denied"}


def server(event: Event, holder: Params, key: str) -> bool:
    """The server by the name that the log gives it, else by its own; whether it says its name here."""
    name, version = take_str(holder, key, "name"), take_str(holder, key, "version")
    if name is None:
        return False
    event["ai"]["mcp"]["server"] = event["ai"]["mcp"]["server"] or name
    event["api"]["service"] = {"name": event["ai"]["mcp"]["server"], "version": version}
    return True


def result(event: Event, _result: Params) -> Iterator[Event]:
    """A result of which nothing is known."""
    yield access(event)


def _tool_result(event: Event, result: Params) -> Iterator[Event]:
    """Without ``isError`` a call has succeeded, says the specification; a task has only begun."""
    error = take(result, "isError")
    wrong = error is True
    begun = isinstance(result.get("task"), dict)
    text, texts, event["resources"] = tool_output(result)
    event["status_id"] = 2 if wrong else 0 if begun else 1
    event["message_context"] = {"ai_role_id": TOOL_ROLE}
    event["ai"] |= {
        "activity": "tool_result",
        "tool": {
            "type": "mcp",
            "server": event["ai"]["mcp"]["server"],
            "phase": "result",
            "result_text": text,
            "status": "failure" if wrong else "unknown" if begun else "success",
        },
    }
    event[TEXTS] = texts
    yield event


def _list(event: Event, result: Params) -> Iterator[Event]:
    resources, texts = listed(result, event["ai"]["mcp"]["method"])
    event["resources"] = resources
    yield access(event, texts)


def _documents(event: Event, result: Params) -> Iterator[Event]:
    if event["ai"]["mcp"]["method"] == "resources/read":
        event["resources"], texts = contents(result)
    else:
        texts = prompt_texts(result)
    if texts:
        event["ai"]["tool"] = {"type": "mcp content", "phase": "result", "result_text": "\n".join(texts)}
    yield access(event, [("document", text, False) for text in texts])


def _introduced(event: Event, result: Params) -> Iterator[Event]:
    """The server's instructions go into the model's prompt."""
    server(event, result, "serverInfo")
    event["api"]["version"] = take_str(result, "protocolVersion") or event["api"].get("version")
    event["message"] = take_str(result, "instructions")
    yield access(event, [("tool_description", event["message"] or "", False)])


def _sampled(event: Event, result: Params) -> Iterator[Event]:
    model = take_str(result, "model")
    event["ai"] |= {"activity": "access", "model": {"name": model, "provider": maker(model)}}
    event["status_detail"] = take_str(result, "stopReason")
    answer = {"role": take_str(result, "role") or "assistant", "content": take(result, "content")}
    yield from with_conversation(event, converse(None, [answer]))


def _elicited(event: Event, result: Params) -> Iterator[Event]:
    action, given = take_str(result, "action"), as_text(take(result, "content"))
    event["status_detail"] = action
    event["ai"]["approval"] = {"decision": ANSWERS.get(action or "", "unknown"), "source": "user"}
    event["ai"]["prompt_text"] = given
    yield access(event, [("prompt", given or "", False)])


def failed(event: Event, message: Params) -> Event:
    """A JSON-RPC error."""
    error = message["error"] if isinstance(message.get("error"), dict) else {}
    code, said = error.get("code"), take_str(error, "message")
    known = isinstance(code, int) and not isinstance(code, bool) and -(2**31) <= code < 2**31
    if known:
        take(error, "code")
    event |= {"status_id": 2, "status_code": str(code) if known else None, "status_detail": said}
    event["api"]["response"] = {
        "code": code if known else None,
        "error": ERRORS.get(code, "Server error") if isinstance(code, int) else None,
        "error_message": said,
        "data": take(error, "data"),
    }
    return access(event, [("tool_result", said or "", False)])


RESULTS: dict[str, Handler] = {
    "tools/call": _tool_result,
    "resources/read": _documents,
    "prompts/get": _documents,
    "initialize": _introduced,
    "server/discover": _introduced,
    "sampling/createMessage": _sampled,
    "elicitation/create": _elicited,
    **dict.fromkeys(LISTS, _list),
}
