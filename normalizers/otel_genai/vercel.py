"""Names of the Vercel AI SDK: https://ai-sdk.dev/docs/ai-sdk-core/telemetry"""

from __future__ import annotations

from typing import Any

from tracehound.chat import parsed
from tracehound.otel.fields import Attributes

INNER_CALLS = (".doGenerate", ".doStream", ".doEmbed", ".doRerank")


def prompt(attributes: Attributes) -> list[Any] | None:
    """``ai.prompt.messages``, else ``ai.prompt`` (``{"system", "prompt" | "messages"}``)."""
    if "ai.prompt.messages" not in attributes and "ai.prompt" not in attributes:
        return None
    messages = parsed(attributes.pop("ai.prompt.messages", None))
    whole = parsed(attributes.pop("ai.prompt", None))
    made: list[Any] = []
    if messages is None and isinstance(whole, dict):
        if isinstance(whole.get("system"), str):
            made.append({"role": "system", "content": whole["system"]})
        messages = whole.get("messages")
        if messages is None:
            messages = whole.get("prompt")
    elif messages is None:
        messages = whole
    if isinstance(messages, list):
        made.extend(_message(item) for item in messages)
    elif isinstance(messages, str) and messages:
        made.append({"role": "user", "content": messages})
    return made or None


def calls(attributes: Attributes) -> list[Any] | None:
    """``ai.response.text`` and ``ai.response.toolCalls`` as one message of the assistant."""
    if "ai.response.text" not in attributes and "ai.response.toolCalls" not in attributes:
        return None
    text = attributes.pop("ai.response.text", None)
    asked = parsed(attributes.pop("ai.response.toolCalls", None))
    content: list[Any] = [{"type": "text", "text": text}] if isinstance(text, str) and text else []
    content.extend(_block(item | {"type": "tool-call"}) for item in _dicts(asked))
    return [{"role": "assistant", "content": content}] if content else None


def _message(item: Any) -> Any:
    if isinstance(item, dict) and isinstance(item.get("content"), list):
        return {**item, "content": [_block(b) if isinstance(b, dict) else b for b in item["content"]]}
    return item


def _block(block: dict[str, Any]) -> dict[str, Any]:
    """A content part with the names that ``tracehound.chat`` knows."""
    uid, name = block.get("toolCallId"), block.get("toolName")
    if block.get("type") == "tool-call":
        arguments = block.get("input", block.get("args"))
        return {"type": "tool_use", "id": uid, "name": name, "input": parsed(arguments)}
    if block.get("type") == "tool-result":
        output = block.get("output", block.get("result"))
        failed = isinstance(output, dict) and str(output.get("type", "")).startswith("error")
        if isinstance(output, dict) and "value" in output:
            output = output["value"]
        return {
            "type": "tool_result",
            "tool_use_id": uid,
            "name": name,
            "content": output,
            "is_error": True if failed else None,
        }
    return block


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
