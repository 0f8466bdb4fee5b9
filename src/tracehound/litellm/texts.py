"""The texts of a call through a LiteLLM proxy."""

from __future__ import annotations

from typing import Any

from tracehound.chat import Conversation, converse
from tracehound.chat.blocks import dicts
from tracehound.chat.bodies import Sent, answered, documents, sent
from tracehound.record import take
from tracehound.values import get

NO_TEXT = {"default-message-value", "redacted-by-litellm"}
"""What LiteLLM writes in place of a text."""


def conversation(log: dict[str, Any]) -> tuple[Conversation, set[str]]:
    """The texts of the call, and why each answer ended."""
    parameters = log.get("model_parameters")
    asked = sent(parameters) if isinstance(parameters, dict) else Sent()
    body = _body(log)
    messages = log.pop("messages", None)
    if not messages or _no_text(messages):
        messages = asked.messages or body.messages
    response = log.get("response")
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
