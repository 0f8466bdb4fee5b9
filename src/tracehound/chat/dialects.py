"""The dialects in which APIs write messages, read into ``Message``.

OpenAI chat and Responses, Anthropic Messages, Bedrock Converse, Gemini ``parts``, and the messages of the
OpenTelemetry GenAI conventions are told apart by their keys.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracehound.chat.messages import Message, ToolCall, ToolResult, as_text, parsed

ROLES = {
    "user": "user", "human": "user", "input": "user",
    "assistant": "assistant", "model": "assistant", "ai": "assistant",
    "bot": "assistant", "chatbot": "assistant",
    "system": "system", "developer": "system",
    "tool": "tool", "function": "tool", "ipython": "tool",
}  # fmt: skip
TEXT_BLOCKS = {"text", "input_text", "output_text", "refusal", "summary_text"}
REASONING_BLOCKS = {"thinking", "reasoning", "redacted_thinking"}


def read(value: Any, role: str) -> Iterator[Message]:
    """Messages of any dialect; ``role`` is that of a text or message that names none."""
    value = parsed(value)
    if isinstance(value, str):
        if value:
            yield Message(role, [value])
    elif isinstance(value, list):
        if value and all(isinstance(v, str) for v in value):
            yield Message(role, [v for v in value if v])
            return
        loose: list[Any] = []
        for item in value:
            if _is_message(item):
                yield from _flush(loose, role)
                yield _message(item, role)
            else:
                loose.append(item)
        yield from _flush(loose, role)
    elif isinstance(value, dict):
        yield _message(value, role) if _is_message(value) else _blocks(Message(role), [value])


def _flush(loose: list[Any], role: str) -> Iterator[Message]:
    """Content blocks that stand without a message around them make one message."""
    if loose:
        yield _blocks(Message(role), list(loose))
        loose.clear()


def _is_message(item: Any) -> bool:
    return isinstance(item, dict) and ("role" in item or item.get("type") in _ITEM_ROLES)


_ITEM_ROLES = {
    "message": None, "function_call": "assistant", "custom_tool_call": "assistant",
    "function_call_output": "tool", "custom_tool_call_output": "tool", "mcp_call": "assistant",
}  # fmt: skip


def _message(item: dict[str, Any], default: str) -> Message:
    kind = item.get("type")
    role = ROLES.get(str(item.get("role") or _ITEM_ROLES.get(str(kind)) or default).lower(), "user")
    message = Message(role)
    if "role" not in item and kind != "message":
        return _blocks(message, [item])
    content = item.get("content")
    if content is None:
        content = item.get("parts")
    if role == "tool":
        return _tool_message(message, item, content)
    _blocks(message, content)
    for call in _list(item.get("tool_calls")):
        _block(message, call if "function" in call or "tool_call" in call else {"type": "tool_call", **call})
    if isinstance(item.get("function_call"), dict):
        _block(message, {"function": item["function_call"]})
    if isinstance(item.get("refusal"), str) and item["refusal"]:
        message.texts.append(item["refusal"])
    if isinstance(item.get("reasoning_content"), str) and item["reasoning_content"]:
        message.reasoning.append(item["reasoning_content"])
    return message


def _tool_message(message: Message, item: dict[str, Any], content: Any) -> Message:
    """A message of role tool: its content is the result, unless it holds result blocks itself."""
    inner = _blocks(Message("tool"), content)
    message.results = inner.results
    if inner.texts or not inner.results:
        uid = item.get("tool_call_id") or item.get("id")
        text = "\n".join(inner.texts) or (None if content in (None, "", []) else as_text(content))
        message.results.append(ToolResult(text, _str(uid), _str(item.get("name"))))
    return message


def _blocks(message: Message, content: Any) -> Message:
    if isinstance(content, str):
        if content:
            message.texts.append(content)
    elif isinstance(content, dict):
        _block(message, content)
    else:
        for block in content if isinstance(content, list) else ():
            if isinstance(block, str):
                message.texts.append(block)
            elif isinstance(block, dict):
                _block(message, block)
    return message


def _block(message: Message, block: dict[str, Any]) -> None:
    """One content block of any dialect."""
    kind = block.get("type")
    for key, read_block in _READERS:
        if key in block and isinstance(block[key], dict):
            read_block(message, block[key], block)
            return
    if kind in REASONING_BLOCKS:
        text = block.get("thinking") or block.get("content") or block.get("text")
        if isinstance(text, str):
            message.reasoning.append(text)
    elif kind in (
        "tool_use",
        "server_tool_use",
        "tool_call",
        "function_call",
        "custom_tool_call",
        "mcp_call",
        "mcp_tool_use",
    ):
        _tool_call(message, block)
    elif kind in (
        "tool_result",
        "tool_call_response",
        "function_call_output",
        "custom_tool_call_output",
        "mcp_tool_result",
    ) or (isinstance(kind, str) and kind.endswith("_tool_result")):
        _tool_result(message, block)
    elif kind in ("document", "file", "input_file"):
        _document(message, block)
    else:
        text = block.get("text")
        if text is None and kind in (None, "text"):
            text = block.get("content")
        if text is None:
            text = block.get("refusal")
        if isinstance(text, str) and text and (kind is None or kind in TEXT_BLOCKS):
            message.texts.append(text)


def _openai_call(message: Message, function: dict[str, Any], block: dict[str, Any]) -> None:
    uid = block.get("id") or block.get("call_id")
    message.calls.append(
        ToolCall(_str(function.get("name")), as_text(function.get("arguments")), _str(uid), "function")
    )


def _openinference_call(message: Message, call: dict[str, Any], block: dict[str, Any]) -> None:
    function = call.get("function")
    _openai_call(message, function if isinstance(function, dict) else call, call)


def _tool_call(message: Message, block: dict[str, Any]) -> None:
    uid = block.get("id") or block.get("call_id") or block.get("tool_use_id")
    arguments = next((block[k] for k in ("arguments", "input", "args") if block.get(k) is not None), None)
    server = _str(block.get("server_label") or block.get("server_name"))
    kind = "mcp" if server else "function"
    call = ToolCall(_str(block.get("name")), as_text(arguments), _str(uid), kind, server)
    message.calls.append(call)
    if (
        block.get("output") is not None or block.get("error") is not None
    ):  # an MCP call that the API itself ran
        text = as_text(block.get("output") if block.get("output") is not None else block.get("error"))
        failed = block.get("error") is not None
        message.results.append(ToolResult(text, call.uid, call.name, failed, call.arguments, server, kind))


def _tool_result(message: Message, block: dict[str, Any]) -> None:
    uid = next((block[k] for k in ("tool_use_id", "call_id", "id", "tool_call_id") if block.get(k)), None)
    content = next(
        (block[k] for k in ("content", "response", "result", "output") if block.get(k) is not None), None
    )
    failed = block.get("is_error")
    result = ToolResult(
        _result_text(content),
        _str(uid),
        _str(block.get("name")),
        failed if isinstance(failed, bool) else None,
    )
    message.results.append(result)


def _converse_call(message: Message, use: dict[str, Any], _block: dict[str, Any]) -> None:
    message.calls.append(
        ToolCall(_str(use.get("name")), as_text(use.get("input")), _str(use.get("toolUseId")), "function")
    )


def _converse_result(message: Message, result: dict[str, Any], _block: dict[str, Any]) -> None:
    failed = {"error": True, "success": False}.get(str(result.get("status")))
    message.results.append(
        ToolResult(_result_text(result.get("content")), _str(result.get("toolUseId")), None, failed)
    )


def _gemini_call(message: Message, call: dict[str, Any], _block: dict[str, Any]) -> None:
    message.calls.append(
        ToolCall(_str(call.get("name")), as_text(call.get("args")), _str(call.get("id")), "function")
    )


def _gemini_result(message: Message, result: dict[str, Any], _block: dict[str, Any]) -> None:
    message.results.append(
        ToolResult(as_text(result.get("response")), _str(result.get("id")), _str(result.get("name")))
    )


def _guard_content(message: Message, guard: dict[str, Any], _block: dict[str, Any]) -> None:
    text = guard.get("text")
    _blocks(message, text.get("text") if isinstance(text, dict) else text)


def _reasoning_content(message: Message, reasoning: dict[str, Any], _block: dict[str, Any]) -> None:
    inner = reasoning.get("reasoningText", reasoning)
    text = inner.get("text") if isinstance(inner, dict) else None
    if isinstance(text, str):
        message.reasoning.append(text)


def _converse_document(message: Message, document: dict[str, Any], _block: dict[str, Any]) -> None:
    _document(message, document)


_READERS = (
    ("function", _openai_call), ("tool_call", _openinference_call),
    ("toolUse", _converse_call), ("toolResult", _converse_result),
    ("functionCall", _gemini_call), ("functionResponse", _gemini_result),
    ("function_response", _gemini_result),
    ("guardContent", _guard_content), ("reasoningContent", _reasoning_content),
    ("document", _converse_document),
)  # fmt: skip


def _document(message: Message, block: dict[str, Any]) -> None:
    """The text of a document block where it holds text; binary content is left out."""
    source = block.get("source")
    text = source.get("data") or source.get("text") if isinstance(source, dict) else block.get("text")
    binary = isinstance(source, dict) and source.get("type") in ("base64", "url", "file")
    if isinstance(text, str) and text and not binary:
        message.documents.append(text)


def _result_text(content: Any) -> str | None:
    """A tool result's text: its text blocks joined, anything else as JSON."""
    if content is None or isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else [content]
    texts = [b["text"] for b in blocks if isinstance(b, dict) and isinstance(b.get("text"), str)]
    others = [b for b in blocks if not (isinstance(b, dict) and isinstance(b.get("text"), str))]
    return "\n".join([*texts, *(as_text(o) or "" for o in others)]) or None


def _list(value: Any) -> Iterable[dict[str, Any]]:
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else ()


def _str(value: Any) -> str | None:
    return value if isinstance(value, str) and value else (str(value) if isinstance(value, int) else None)
