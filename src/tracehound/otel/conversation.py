"""The conversation of a record: what was sent and answered, wherever a convention keeps it.

All content is taken out, also the copies that are not used: a span of OpenInference holds a request both as
attributes and as ``input.value``. What is kept of it is decided by the privacy setting, not by ``unmapped``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tracehound.chat import Conversation, as_text, converse, parsed
from tracehound.chat.bodies import answered, sent
from tracehound.otel.fields import Attributes, anything
from tracehound.otel.indexed import (
    blocks,
    documents,
    openinference_messages,
    openllmetry_messages,
    take_lists,
    tool_definitions,
)
from tracehound.otel.vercel import calls as vercel_calls
from tracehound.otel.vercel import prompt as vercel_prompt

INPUTS = (
    "gen_ai.input.messages", "gen_ai.prompt", "pydantic_ai.all_messages", "all_messages_events",
    "gcp.vertex.agent.llm_request", "langfuse.observation.input", "gen_ai.task.input", "gen_ai.workflow.input",
    "traceloop.entity.input", "input.value", "langfuse.trace.input", "mlflow.spanInputs", "user_prompt", "prompt",
    "request_text", "embedding.text", "ai.value", "ai.values", "gen_ai.retrieval.query.text", "reranker.query",
    "input", "query", "new_context",
)  # fmt: skip
OUTPUTS = (
    "gen_ai.output.messages", "gen_ai.completion", "final_result", "gcp.vertex.agent.llm_response",
    "langfuse.observation.output", "gen_ai.task.output", "gen_ai.workflow.output", "traceloop.entity.output",
    "output.value", "langfuse.trace.output", "mlflow.spanOutputs", "response_text", "response.model_output",
    "ai.response.object", "output",
)  # fmt: skip
SYSTEM = (
    "gen_ai.system_instructions", "gen_ai.agent.instructions", "user_system_prompt", "system_prompt_preview",
    "llm.prompt_template.template",
)  # fmt: skip
TOOLS = (
    "gen_ai.tool.definitions",
    "ai.prompt.tools",
    "llm.tools",
    "gen_ai.agent.tools",
    "model_request_parameters",
)
RETRIEVED = ("gen_ai.retrieval.documents", "retrieval.documents")
BULK = ("ai.embedding", "ai.embeddings", "embedding.vector", "ai.response.files", "ai.settings.output")
"""Vectors and binary content."""
OTHER_CONTENT = (
    "llm.prompt_template.variables",
    "llm.prompts",
    "ai.response.reasoning",
    "gen_ai.reasoning.content",
)

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
PARAMETER_CONTENT = (
    "messages", "prompt", "input", "inputs", "contents", "system", "instructions", "tools", "functions", "suffix",
    "query", "documents", "texts", "system_instruction", "text", "config",
    "extra_body", "extra_headers", "input_messages",
)  # fmt: skip


@dataclass(slots=True)
class Said:
    """What a record says of a conversation, in any dialect of ``tracehound.chat``."""

    messages: Any = None
    output: Any = None
    system: Any = None
    tools: Any = None
    documents: list[str] = field(default_factory=list)

    def conversation(self) -> Conversation:
        talk = converse(self.messages, self.output, system=self.system, tools=self.tools)
        talk.texts.extend(("document", text, False) for text in self.documents)
        return talk


def said(attributes: Attributes, events: list[Any]) -> Said:
    """Take the conversation out of attributes and span events."""
    lists = take_lists(attributes)
    found = Said()
    by_events = from_events(events)
    found.messages = (
        _structured(attributes, "gen_ai.input.messages")
        or openinference_messages(lists.get("llm.input_messages"))
        or openllmetry_messages(lists.get("gen_ai.prompt"), "user")
        or vercel_prompt(attributes)
        or by_events.messages
        or _texts(lists.get("llm.prompts"), "prompt", "text")
        or _texts(lists.get("embedding.embeddings"), "embedding", "text")
    )
    found.output = (
        _structured(attributes, "gen_ai.output.messages")
        or openinference_messages(lists.get("llm.output_messages"))
        or openllmetry_messages(lists.get("gen_ai.completion"), "assistant")
        or vercel_calls(attributes)
        or by_events.output
        or _texts(lists.get("llm.choices") or lists.get("llm.completions"), "completion", "text")
    )
    found.system = anything(attributes, SYSTEM)
    found.tools = tool_definitions(lists) or None
    defined = anything(attributes, TOOLS)
    if found.tools is None:
        found.tools = _tools(defined)
    _from_bodies(found, attributes)
    for name in (*OTHER_CONTENT, *BULK):
        attributes.pop(name, None)
    found.documents = _retrieved(attributes, lists) or by_events.documents
    _clean_parameters(attributes)
    return found


def _structured(attributes: Attributes, name: str) -> Any:
    """Messages of the current conventions: JSON text on spans, structured on log events."""
    value = parsed(attributes.pop(name, None))
    if isinstance(value, list):
        return [_loose(message) for message in value] or None
    return _loose(value) or None


def _from_bodies(found: Said, attributes: Attributes) -> None:
    """Requests and responses that are kept whole: JSON of a body, of messages, or plain text."""
    request, response = parsed(anything(attributes, INPUTS)), parsed(anything(attributes, OUTPUTS))
    if found.messages is None:
        found.messages = request
        if isinstance(request, dict) and "role" not in request:
            body = sent(request)
            found.messages = (
                body.messages if body.messages is not None else as_text(request) if request else None
            )
            found.system = found.system if found.system is not None else body.system
            found.tools = found.tools if found.tools is not None else body.tools
        elif isinstance(request, list):
            found.messages = _message_list(request)
    if found.output is None:
        found.output = response
        if isinstance(response, dict) and "role" not in response:
            found.output = _answer(response)
        elif isinstance(response, list):
            found.output = _message_list(response)
        elif isinstance(response, (int, float)):
            found.output = str(response)


def _answer(response: dict[str, Any]) -> Any:
    messages = response.get("messages")
    if isinstance(messages, list) and messages:
        return [_loose(message) for message in messages]
    return answered(response) or as_text(response) if response else None


def _message_list(items: list[Any]) -> Any:
    """A list of messages; of anything else its JSON."""
    flat = [inner for item in items for inner in (item if isinstance(item, list) else [item])]
    if all(isinstance(item, str) for item in flat):
        return flat
    if all(isinstance(item, dict) and ("role" in item or "type" in item) for item in flat):
        return [_loose(item) for item in flat]
    return as_text(items)


def _loose(message: Any) -> Any:
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


def _texts(items: list[Any] | None, *path: str) -> list[str] | None:
    texts = []
    for item in items or ():
        for key in path:
            item = item.get(key) if isinstance(item, dict) else item
        if isinstance(item, str) and item:
            texts.append(item)
    return texts or None


def _tools(value: Any) -> Any:
    value = parsed(value)
    return [parsed(tool) for tool in value] if isinstance(value, list) else value


def _retrieved(attributes: Attributes, lists: dict[str, list[Any]]) -> list[str]:
    texts = [
        text
        for prefix in ("retrieval.documents", "reranker.output_documents", "reranker.input_documents")
        for text in documents(lists.get(prefix))
    ]
    value = parsed(attributes.get(RETRIEVED[0]))
    if isinstance(value, list):
        found = documents(value)
        if found:  # ids and scores stay in ``unmapped``
            attributes[RETRIEVED[0]] = [
                {k: v for k, v in item.items() if k != "content"} for item in value if isinstance(item, dict)
            ]
        texts.extend(found)
    return list(dict.fromkeys(texts))


def _clean_parameters(attributes: Attributes) -> None:
    """Parameters of the call without the content that some instrumentations put among them."""
    name = "llm.invocation_parameters"
    value = parsed(attributes.get(name))
    if isinstance(value, dict):
        attributes[name] = {k: v for k, v in value.items() if k not in PARAMETER_CONTENT}


def from_events(events: list[Any]) -> Said:
    """Messages in span events of the previous conventions; an event of which nothing is left is removed."""
    found = Said()
    sent_, answered_ = list[Any](), list[Any]()
    for event in list(events):
        name = event.get("name") if isinstance(event, dict) else None
        inner = event.get("attributes") if isinstance(event, dict) else None
        if not isinstance(name, str) or not isinstance(inner, dict):
            continue
        if name in MESSAGE_EVENTS:
            (answered_ if name == "gen_ai.choice" else sent_).append(message_of(name, inner))
        elif name in CONTENT_EVENTS:
            sent_.extend(_listed(anything(inner, ("gen_ai.input.messages", "gen_ai.prompt"))))
            answered_.extend(_listed(anything(inner, ("gen_ai.output.messages", "gen_ai.completion"))))
            if found.system is None:
                found.system = anything(inner, SYSTEM)
        elif "db.query.result.document" in inner:
            found.documents.extend(_strings(inner.pop("db.query.result.document")))
        else:
            continue
        if not inner:
            events.remove(event)
    found.messages, found.output = sent_ or None, answered_ or None
    return found


def _listed(value: Any) -> list[Any]:
    value = parsed(value)
    return value if isinstance(value, list) else [] if value is None else [value]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value:
        yield value


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
    for key in ("content", "tool_calls", "id", "name", "parts", "tool_call_id", "refusal"):
        if source.get(key) is not None:
            made[key] = (
                blocks(source[key]) if isinstance(source[key], str) and key == "content" else source[key]
            )
        inner.pop(key, None)
    for key in ("role", "message"):
        inner.pop(key, None)
    if isinstance(made.get("tool_calls"), str):
        made["tool_calls"] = parsed(made["tool_calls"])
    return _loose(made)  # type: ignore[no-any-return]  # a dict in gives a dict
