"""The texts of a call through a LiteLLM proxy."""

from __future__ import annotations

from typing import Any

from tracehound.chat import Conversation, converse, parsed
from tracehound.chat.blocks import dicts
from tracehound.chat.bodies import Sent, answered, documents, sent
from tracehound.chat.streams import assembled
from tracehound.record import take
from tracehound.values import get

NO_TEXT = {"default-message-value", "redacted-by-litellm"}
"""What LiteLLM writes in place of a text."""


def conversation(log: dict[str, Any]) -> tuple[Conversation, set[str]]:
    """The texts of the call, and why each answer ended."""
    parameters = log.get("model_parameters")
    asked = sent(parameters) if isinstance(parameters, dict) else Sent()
    body = _body(log)
    messages = _passed_through(log.pop("messages", None), body)
    beside: Any = asked.messages
    if not messages or _no_text(messages):
        messages, beside = asked.messages or body.messages, None
    response = _response(log)
    finish = {str(choice.get("finish_reason")) for choice in dicts(get(response, "choices"))}
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
        tools=next((given for given in tools if given), None),
    )
    talk.texts.extend(("document", text, False) for text in found)
    if beside:  # documents to rank, or what the messages say already
        said = {text for _, text, _ in talk.texts}
        talk.texts.extend(text for text in converse(beside).texts if text[1] not in said)
    return talk, finish


def _passed_through(messages: Any, body: Sent) -> Any:
    """Messages; of a request that the proxy passed through, those in its body, which stands for the one message."""
    one = messages[0] if isinstance(messages, list) and len(messages) == 1 else None
    inner = parsed(get(one, "content"))
    if not isinstance(inner, dict):
        return messages
    request = sent(inner)
    if not request.messages:
        return messages
    body.system, body.tools = body.system or request.system, body.tools or request.tools
    return request.messages


def _response(log: dict[str, Any]) -> Any:
    """The response body: of a stream of events put together, of the Responses API without the event around it."""
    response = log.get("response")
    if isinstance(response, list) and any("type" in chunk or "choices" in chunk for chunk in dicts(response)):
        log["response"] = assembled(response)
    elif str(get(response, "type")).startswith("response.") and isinstance(get(response, "response"), dict):
        log["response"] = get(response, "response")
    return log.get("response")


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
        for item in value:
            if not _no_text(item):
                return False
        return bool(value)
    if isinstance(value, dict):
        return _no_text(value.get("content", value.get("text")))
    return isinstance(value, str) and value in NO_TEXT
