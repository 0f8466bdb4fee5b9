"""The conversation of a record: what was sent and answered, wherever a convention keeps it.

All content is taken out, also the copies that are not used: a span of OpenInference holds a request both as
attributes and as ``input.value``. What is kept of it is decided by the privacy setting, not by ``unmapped``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tracehound.chat import Conversation, as_text, converse, parsed
from tracehound.chat.blocks import dicts, name_of
from tracehound.chat.bodies import answered, sent
from tracehound.otel.fields import Attributes, anything

from .events import SYSTEM, from_events, loose
from .indexed import (
    documents,
    openinference_messages,
    openllmetry_messages,
    take_lists,
    tool_definitions,
)
from .vercel import calls as vercel_calls
from .vercel import prompt as vercel_prompt

INPUTS = (
    "gen_ai.input.messages", "gen_ai.prompt", "pydantic_ai.all_messages", "all_messages_events",
    "gcp.vertex.agent.llm_request", "langfuse.observation.input", "gen_ai.task.input", "gen_ai.workflow.input",
    "traceloop.entity.input", "input.value", "langfuse.trace.input", "mlflow.spanInputs", "user_prompt", "prompt",
    "request_text", "embedding.text", "ai.value", "ai.values", "gen_ai.retrieval.query.text",
    "gen_ai.memory.query.text", "gen_ai.guardrail.security.content.input.value", "reranker.query",
    "input", "query", "new_context", "request_payload",
)  # fmt: skip
OUTPUTS = (
    "gen_ai.output.messages", "gen_ai.completion", "final_result", "gcp.vertex.agent.llm_response",
    "langfuse.observation.output", "gen_ai.task.output", "gen_ai.workflow.output", "traceloop.entity.output",
    "output.value", "langfuse.trace.output", "mlflow.spanOutputs", "response_text", "response.model_output",
    "ai.response.object", "gen_ai.guardrail.security.content.output.value", "output",
    "response_payload",
)  # fmt: skip
BODIES = frozenset((*INPUTS, *OUTPUTS))
TOOLS = (
    "gen_ai.tool.definitions",
    "ai.prompt.tools",
    "llm.tools",
    "gen_ai.agent.tools",
    "model_request_parameters",
)
RETRIEVED = ("gen_ai.retrieval.documents", "gen_ai.memory.records")
BULK = ("ai.embedding", "ai.embeddings", "embedding.vector", "ai.response.files", "ai.settings.output")
"""Vectors and binary content."""
OTHER_CONTENT = (
    "llm.prompt_template.variables",
    "llm.prompts",
    "ai.response.reasoning",
    "gen_ai.reasoning.content",
)
UNUSED = frozenset((*OTHER_CONTENT, *BULK))

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
    uid: str | None = None
    reasons: list[str] = field(default_factory=list)

    def finish_reasons(self) -> list[str]:
        """Why the model stopped, where the messages say so themselves."""
        listed = self.output if isinstance(self.output, list) else [self.output]
        reasons = [message.get("finish_reason") for message in listed if isinstance(message, dict)]
        return [reason for reason in reasons if isinstance(reason, str)] or self.reasons

    def conversation(self) -> Conversation:
        talk = converse(self.messages, self.output, system=self.system, tools=self.tools)
        talk.texts.extend(("document", text, False) for text in self.documents)
        return talk


def said(attributes: Attributes, events: list[Any]) -> Said:
    """Take the conversation out of attributes and span events."""
    lists = take_lists(attributes)  # most records have none
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
    system = anything(attributes, SYSTEM)
    found.system = system if system is not None else by_events.system
    found.tools = tool_definitions(lists) or None
    defined = anything(attributes, TOOLS)
    if found.tools is None:
        found.tools = _tools(defined)
    _from_bodies(found, attributes)
    for name in UNUSED.intersection(attributes):
        del attributes[name]
    found.documents = _retrieved(attributes, lists) or by_events.documents
    return found


def _structured(attributes: Attributes, name: str) -> Any:
    """Messages of the current conventions: JSON text on spans, structured on log events."""
    if name not in attributes:
        return None
    value = parsed(attributes.pop(name))
    if isinstance(value, list):
        return [loose(message) for message in value] or None
    return loose(value) or None


def _from_bodies(found: Said, attributes: Attributes) -> None:
    """Requests and responses that are kept whole: JSON of a body, of messages, or plain text."""
    if BODIES.isdisjoint(attributes):
        return
    request, response = parsed(anything(attributes, INPUTS)), parsed(anything(attributes, OUTPUTS))
    if isinstance(response, dict):
        choices = dicts(response.get("choices"))
        found.uid = name_of(response.get("id"))
        found.reasons = [c["finish_reason"] for c in choices if isinstance(c.get("finish_reason"), str)]
    if found.messages is None:
        found.messages = request
        if isinstance(request, dict) and "role" not in request:
            body = sent(request)
            found.messages = body.messages
            if found.messages is None and "model" not in request:  # else a request without a prompt
                found.messages = _as_message("user", request)
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
        return [loose(message) for message in messages]
    found = answered(response)
    if found or "usage" in response or "object" in response:  # an API's body, perhaps without a text
        return found or None
    return _as_message("assistant", response)


def _as_message(role: str, value: Any) -> list[Any] | None:
    """An object that is no message or body, as the text that it is."""
    return [{"role": role, "content": as_text(value)}] if value else None


def _message_list(items: list[Any]) -> Any:
    """A list of messages; of anything else its JSON."""
    flat = [inner for item in items for inner in (item if isinstance(item, list) else [item])]
    if all(isinstance(item, str) for item in flat):
        return flat
    if all(isinstance(item, dict) and ("role" in item or "type" in item) for item in flat):
        return [loose(item) for item in flat]
    return _as_message("user", items)


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
    texts: list[str] = []
    for prefix in ("retrieval.documents", "reranker.output_documents", "reranker.input_documents"):
        items = lists.get(prefix)
        if not items:
            continue
        texts.extend(documents(items))
        inner = [item.get("document", item) for item in items if isinstance(item, dict)]
        about = [{k: v for k, v in d.items() if k != "content"} for d in inner if isinstance(d, dict)]
        if any(about):
            attributes[prefix] = about
    for name in RETRIEVED:
        if name not in attributes:
            continue
        value = parsed(attributes[name])
        found = documents(value) if isinstance(value, list) else []
        if found:  # ids and scores stay in ``unmapped``
            attributes[name] = [
                {k: v for k, v in item.items() if k != "content"} for item in value if isinstance(item, dict)
            ]
        texts.extend(found)
    return list(dict.fromkeys(texts))


def clean_parameters(attributes: Attributes) -> Attributes:
    """Parameters of the call without the content that some instrumentations put among them."""
    name = "llm.invocation_parameters"
    value = parsed(attributes[name]) if name in attributes else None
    if not isinstance(value, dict):
        return {}
    kept = {k: v for k, v in value.items() if k not in PARAMETER_CONTENT}
    attributes[name] = kept
    return kept
