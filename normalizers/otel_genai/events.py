"""Messages in span events and log events, as the previous GenAI conventions write them.

https://github.com/open-telemetry/semantic-conventions/blob/v1.36.0/docs/gen-ai/gen-ai-events.md
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tracehound.chat import parsed
from tracehound.otel.fields import Attributes, anything

from .indexed import blocks

SYSTEM = (
    "gen_ai.system_instructions", "gen_ai.agent.instructions", "user_system_prompt", "system_prompt_preview",
    "llm.prompt_template.template",
)  # fmt: skip
MESSAGE_EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
CONTENT_EVENTS = (
    "gen_ai.content.prompt",
    "gen_ai.content.completion",
    "gen_ai.client.inference.operation.details",
)
STRUCTURE = ("event.name", "gen_ai.message.index", "index")
DOCUMENT = "db.query.result.document"


@dataclass(slots=True)
class InEvents:
    """What span events hold of a conversation."""

    messages: list[Any] = field(default_factory=list)
    output: list[Any] = field(default_factory=list)
    system: Any = None
    documents: list[str] = field(default_factory=list)


def from_events(events: list[Any]) -> InEvents:
    """Messages in span events; an event of which nothing is left is removed."""
    found = InEvents()
    events[:] = [event for event in events if not _taken(event, found)]
    return found


def in_attribute(attributes: Attributes) -> list[dict[str, Any]]:
    """Message events that Pydantic AI writes as JSON in one attribute, ``events``: taken out, as span events."""
    told = parsed(attributes.get("events"))
    if not isinstance(told, list) or not told or not all(_is_message(one) for one in told):
        return []
    del attributes["events"]
    return [
        {"name": one["event.name"], "attributes": {k: v for k, v in one.items() if k not in STRUCTURE}}
        for one in told
    ]


def _is_message(value: Any) -> bool:
    name = value.get("event.name") if isinstance(value, dict) else None
    return isinstance(name, str) and name in MESSAGE_EVENTS


def _taken(event: Any, found: InEvents) -> bool:
    """Take what one event holds; whether that is all it held."""
    name = event.get("name") if isinstance(event, dict) else None
    inner = event.get("attributes") if isinstance(event, dict) else None
    if not isinstance(name, str) or not isinstance(inner, dict):
        return False
    if name in MESSAGE_EVENTS:
        (found.output if name == "gen_ai.choice" else found.messages).append(message_of(name, inner))
    elif name in CONTENT_EVENTS:
        found.messages.extend(_listed(anything(inner, ("gen_ai.input.messages", "gen_ai.prompt"))))
        found.output.extend(_listed(anything(inner, ("gen_ai.output.messages", "gen_ai.completion"))))
        said = anything(inner, SYSTEM)
        found.system = said if found.system is None else found.system
    elif isinstance(inner.get(DOCUMENT), str):
        found.documents.append(inner.pop(DOCUMENT))
    else:
        return False
    return not inner


def _listed(value: Any) -> list[Any]:
    value = parsed(value)
    return value if isinstance(value, list) else [] if value is None else [value]


def message_of(event_name: str, inner: Attributes) -> dict[str, Any]:
    """The message in a ``gen_ai.*.message`` or ``gen_ai.choice`` event, taken out of ``inner``."""
    content = parsed(inner.pop("gen_ai.event.content", None))
    source = {**content, **inner} if isinstance(content, dict) else dict(inner)
    message = parsed(source.get("message"))
    if isinstance(message, dict):
        source |= message
    elif message is not None:
        source["content"] = message
    elif content is not None and not isinstance(content, dict):
        source["content"] = content
    made = {"role": source.get("role") or MESSAGE_EVENTS[event_name]}
    if event_name == "gen_ai.tool.message":
        made["role"] = "tool"
    for key in ("content", "tool_calls", "id", "name", "parts", "tool_call_id", "refusal", "finish_reason"):
        if source.get(key) is not None:
            made[key] = (
                blocks(source[key]) if isinstance(source[key], str) and key == "content" else source[key]
            )
        inner.pop(key, None)
    for key in ("role", "message"):
        inner.pop(key, None)
    if isinstance(made.get("tool_calls"), str):
        made["tool_calls"] = parsed(made["tool_calls"])
    return loose(made)  # type: ignore[no-any-return]  # a dict in gives a dict


def loose(message: Any) -> Any:
    """``{"role", "content": {"content" | "message": ...}}`` (Amazon's agents) with its inner content."""
    if not isinstance(message, dict):
        return message
    content = message.get("content")
    if isinstance(content, dict) and "type" not in content and "text" not in content:
        inner = content.get("content", content.get("message"))
        if inner is not None:
            content = inner
    if isinstance(content, str):
        content = blocks(content)
    return {**message, "content": content} if content is not message.get("content") else message
