"""Conversations as model APIs write them, split into new part and context.

A chat log repeats the conversation with every turn. The *new part* is what follows the last assistant
message: its user text is the prompt, its tool messages are tool results. All before it is context. An assistant
message at the very end is the beginning of the answer, which a client may give (prefill): context too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tracehound.chat.dialects import read
from tracehound.chat.messages import Message, Plain, ToolCall, ToolResult, as_text, parsed

__all__ = [
    "Conversation",
    "Message",
    "Plain",
    "Text",
    "ToolCall",
    "ToolResult",
    "as_text",
    "converse",
    "parsed",
    "read",
]

DIRECTIONS = {"user": "prompt", "assistant": "response", "system": "system", "tool": "tool_result"}


Text = tuple[str, str, bool]
"""Direction, text, and whether it is context."""


@dataclass(slots=True)
class Conversation:
    """A model call's texts: the new part by name, everything that is to be scanned in ``texts``."""

    prompt: str | None = None
    response: str | None = None
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)


def converse(messages: Any, output: Any = None, *, system: Any = None, tools: Any = None) -> Conversation:
    """Read a model call: the messages sent, the message(s) that came back, system text, tool definitions.

    Each may be None, a text, a message or a list of messages in any dialect named above.
    """
    talk = Conversation()
    texts = talk.texts
    sent = read(messages, "user")
    for message in read(system, "system"):
        texts += [("system", text, False) for text in message.texts]
    if tools is not None:
        texts += [("tool_description", text, True) for text in _tool_descriptions(tools)]
    first, end = _new_part(sent)
    for message in (*sent[:first], *sent[end:]):
        _add_context(texts, message)
    new = sent[first:end]
    for message in new:
        _take_new(talk, message)
    if talk.results:
        _name_results(talk.results, sent)
    for message in read(output, "assistant"):
        _take_output(talk, message)
    return talk


def _new_part(sent: list[Message | Plain]) -> tuple[int, int]:
    """Where the new part begins and ends."""
    end = len(sent)
    while end and sent[end - 1].role == "assistant":
        end -= 1
    first = end
    while first and sent[first - 1].role != "assistant":
        first -= 1
    return first, end


def _add_context(texts: list[Text], message: Message | Plain) -> None:
    direction = DIRECTIONS[message.role]
    for text in message.texts:
        texts.append((direction, text, True))
    if message.__class__ is Plain:
        return
    for text in message.reasoning:
        texts.append((direction, text, True))
    for text in message.documents:
        texts.append(("document", text, True))
    for result in message.results:
        if result.text:
            texts.append(("tool_result", result.text, True))
    for call in message.calls:
        if call.arguments:
            texts.append(("tool_call", call.arguments, True))


def _take_new(talk: Conversation, message: Message | Plain) -> None:
    if message.role == "system":
        talk.texts += [("system", text, False) for text in message.texts]
    elif message.role == "user" and (text := "\n".join(message.texts)):
        talk.prompt = f"{talk.prompt}\n{text}" if talk.prompt else text
        talk.texts.append(("prompt", text, False))
    for document in message.documents:
        talk.texts.append(("document", document, False))
    talk.results += message.results


def _name_results(results: list[ToolResult], sent: list[Message | Plain]) -> None:
    """What only the call says of a tool's result: name, arguments, server and type."""
    called = {call.uid: call for message in sent for call in message.calls if call.uid}
    for result in results:
        call = called.get(result.uid or "")
        if call is not None:
            result.name = result.name or call.name
            result.arguments = call.arguments
            result.server, result.type = call.server, call.type


def _take_output(talk: Conversation, message: Message | Plain) -> None:
    text = "\n".join(message.texts)
    if text:
        talk.response = f"{talk.response}\n{text}" if talk.response else text
        talk.texts.append(("response", text, False))
    for thought in message.reasoning:
        talk.texts.append(("response", thought, True))
    talk.calls += message.calls
    talk.results += message.results


def _tool_descriptions(tools: Any) -> Iterator[str]:
    """One text per tool definition: its name, description and parameters, whatever the dialect."""
    tools = parsed(tools)
    if isinstance(tools, dict):
        tools = tools.get("tools") or [tools]
    for tool in tools if isinstance(tools, list) else ():
        text = as_text(tool)
        if text:
            yield text
