"""Content blocks of any dialect, read into the message they belong to: texts, tool calls, results, documents.

Binary content (images, audio, video, files in base64) is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tracehound.chat.messages import Message, ToolCall, ToolResult, as_text

TEXT_BLOCKS = {"text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text"}
REASONING_BLOCKS = {"thinking", "reasoning", "redacted_thinking"}
CALLS = {
    "tool_use", "server_tool_use", "tool_call", "function_call", "custom_tool_call", "mcp_call", "mcp_tool_use",
    "mcp_approval_request",
}  # fmt: skip
RESULTS = {
    "tool_result", "tool_call_response", "function_call_output", "custom_tool_call_output", "mcp_tool_result",
    "computer_call_output", "local_shell_call_output", "shell_call_output", "apply_patch_call_output",
}  # fmt: skip
BUILTIN = {
    "web_search_call": "web_search", "file_search_call": "file_search", "computer_call": "computer",
    "code_interpreter_call": "code_interpreter", "local_shell_call": "local_shell", "shell_call": "shell",
    "apply_patch_call": "apply_patch", "image_generation_call": "image_generation",
}  # fmt: skip
"""Tools that OpenAI runs itself: type of the item -> name of the tool."""
DOCUMENTS = {"document", "file", "input_file", "search_result"}
BINARY = {"image", "image_url", "input_image", "audio", "input_audio", "video", "computer_screenshot"}


def add_blocks(message: Message, content: Any) -> Message:
    """Add what content holds, a text, a block or a list of either, to the message."""
    if isinstance(content, str):
        if content:
            message.texts.append(content)
    elif isinstance(content, dict):
        add_block(message, content)
    else:
        for block in content if isinstance(content, list) else ():
            if isinstance(block, str):
                if block:
                    message.texts.append(block)
            elif isinstance(block, dict):
                add_block(message, block)
    return message


def add_block(message: Message, block: dict[str, Any]) -> Message:
    """Add one content block of any dialect."""
    kind = block.get("type")
    kind = kind if isinstance(kind, str) else None
    for key in () if _KEYED.isdisjoint(block) else _READERS:
        if key in block and isinstance(block[key], dict):
            _READERS[key](message, block[key], block)
            return message
    if kind in REASONING_BLOCKS or block.get("thought") is True:
        message.reasoning.extend(_reasoning_texts(block))
    elif kind in CALLS:
        _tool_call(message, block)
    elif kind in BUILTIN:
        _builtin_call(message, block, BUILTIN[kind])
    elif kind in RESULTS or (kind or "").endswith("_tool_result"):
        _tool_result(message, block)
    elif kind in DOCUMENTS:
        _document(message, block, block)
    else:
        message.texts.extend(_texts(block, kind))
    return message


def _texts(block: dict[str, Any], kind: str | None) -> Iterable[str]:
    text = block.get("text")
    if text is None and kind in (None, "text"):
        text = block.get("content")
    if text is None:
        text = block.get("refusal")
    if isinstance(text, str) and text and (kind is None or kind in TEXT_BLOCKS):
        yield text
    spoken = block.get("transcript")
    if isinstance(spoken, str) and spoken:
        yield spoken


def _reasoning_texts(block: dict[str, Any]) -> Iterable[str]:
    for key in ("thinking", "text", "content", "summary"):
        value = block.get(key)
        for part in value if isinstance(value, list) else (value,):
            text = part.get("text") if isinstance(part, dict) else part
            if isinstance(text, str) and text:
                yield text


def _openai_call(message: Message, function: dict[str, Any], block: dict[str, Any]) -> None:
    uid = block.get("id") or block.get("call_id")
    arguments = function.get("arguments", function.get("input"))
    message.calls.append(
        ToolCall(name_of(function.get("name")), as_text(arguments), name_of(uid), "function")
    )


def _openinference_call(message: Message, call: dict[str, Any], block: dict[str, Any]) -> None:
    function = call.get("function")
    _openai_call(message, function if isinstance(function, dict) else call, call)


def _tool_call(message: Message, block: dict[str, Any]) -> None:
    uid = block.get("call_id") or block.get("id") or block.get("tool_use_id")
    arguments = _first(block, ("arguments", "input", "args", "parameters"))
    server = name_of(block.get("server_label") or block.get("server_name"))
    kind = "mcp" if server else "builtin" if block.get("type") == "server_tool_use" else "function"
    call = ToolCall(name_of(block.get("name")), as_text(arguments), name_of(uid), kind, server)
    message.calls.append(call)
    if block.get("output") is not None or block.get("error") is not None:  # a call that the API itself ran
        failed = block.get("error") is not None
        text = as_text(block.get("error") if failed else block.get("output"))
        message.results.append(ToolResult(text, call.uid, call.name, failed, call.arguments, server, kind))


def _first(block: dict[str, Any], keys: tuple[str, ...]) -> Any:
    for key in keys:
        if (value := block.get(key)) is not None:
            return value
    return None


def _builtin_call(message: Message, block: dict[str, Any], name: str) -> None:
    """A tool that the API ran itself: its arguments, and its results where the log holds them."""
    arguments = as_text(_first(block, ("action", "code", "queries", "operation")))
    uid = name_of(block.get("call_id") or block.get("id"))
    message.calls.append(ToolCall(name, arguments, uid, "builtin"))
    found = next((block[k] for k in ("results", "outputs", "output") if block.get(k)), None)
    if found is not None:
        failed = {"completed": False, "failed": True}.get(str(block.get("status")))
        message.results.append(ToolResult(result_text(found), uid, name, failed, arguments, None, "builtin"))


def _tool_result(message: Message, block: dict[str, Any]) -> None:
    uid = next((block[k] for k in ("tool_use_id", "call_id", "id", "tool_call_id") if block.get(k)), None)
    content = _first(block, ("content", "response", "result", "output"))
    failed = block.get("is_error")
    if not isinstance(failed, bool):
        failed = {"completed": False, "failed": True, "incomplete": True}.get(str(block.get("status")))
    message.results.append(ToolResult(result_text(content), name_of(uid), name_of(block.get("name")), failed))


def _converse_call(message: Message, use: dict[str, Any], _block: dict[str, Any]) -> None:
    kind = "builtin" if use.get("type") == "server_tool_use" else "function"
    message.calls.append(
        ToolCall(name_of(use.get("name")), as_text(use.get("input")), name_of(use.get("toolUseId")), kind)
    )


def _converse_result(message: Message, result: dict[str, Any], _block: dict[str, Any]) -> None:
    failed = {"error": True, "success": False}.get(str(result.get("status")))
    message.results.append(
        ToolResult(result_text(result.get("content")), name_of(result.get("toolUseId")), None, failed)
    )


def _gemini_call(message: Message, call: dict[str, Any], _block: dict[str, Any]) -> None:
    message.calls.append(
        ToolCall(name_of(call.get("name")), as_text(call.get("args")), name_of(call.get("id")), "function")
    )


def _gemini_result(message: Message, result: dict[str, Any], _block: dict[str, Any]) -> None:
    message.results.append(
        ToolResult(as_text(result.get("response")), name_of(result.get("id")), name_of(result.get("name")))
    )


def _gemini_code(message: Message, code: dict[str, Any], _block: dict[str, Any]) -> None:
    message.calls.append(ToolCall("code_execution", as_text(code.get("code")), None, "builtin"))


def _gemini_code_result(message: Message, result: dict[str, Any], _block: dict[str, Any]) -> None:
    failed = None if result.get("outcome") is None else result.get("outcome") != "OUTCOME_OK"
    message.results.append(
        ToolResult(as_text(result.get("output")), None, "code_execution", failed, None, None, "builtin")
    )


def _guard_content(message: Message, guard: dict[str, Any], _block: dict[str, Any]) -> None:
    text = guard.get("text")
    add_blocks(message, text.get("text") if isinstance(text, dict) else text)


def _reasoning_content(message: Message, reasoning: dict[str, Any], _block: dict[str, Any]) -> None:
    inner = reasoning.get("reasoningText", reasoning)
    text = inner.get("text") if isinstance(inner, dict) else None
    if isinstance(text, str):
        message.reasoning.append(text)


def _citations(message: Message, citations: dict[str, Any], _block: dict[str, Any]) -> None:
    add_blocks(message, citations.get("content"))


def _document(message: Message, document: dict[str, Any], _block: dict[str, Any]) -> None:
    """The text of a document block where it holds text; binary content is left out."""
    source = document.get("source")
    texts: tuple[Any, ...]
    if isinstance(source, dict):
        binary = source.get("type") in ("base64", "url", "file")
        texts = () if binary else (source.get("data"), source.get("text"), source.get("content"))
    else:
        texts = (document.get("text"), document.get("content"))
    for text in texts:
        found = text if isinstance(text, str) else result_text(text) if isinstance(text, list) else None
        if found:
            message.documents.append(found)


Reader = Callable[[Message, dict[str, Any], dict[str, Any]], None]
_READERS: dict[str, Reader] = {
    "function": _openai_call, "custom": _openai_call, "tool_call": _openinference_call,
    "toolUse": _converse_call, "toolResult": _converse_result,
    "functionCall": _gemini_call, "function_call": _gemini_call,
    "functionResponse": _gemini_result, "function_response": _gemini_result,
    "executableCode": _gemini_code, "codeExecutionResult": _gemini_code_result,
    "guardContent": _guard_content, "reasoningContent": _reasoning_content,
    "citationsContent": _citations, "document": _document, "searchResult": _document,
}  # fmt: skip
"""Blocks that are told by a key that holds an object; of several keys the first here counts."""
_KEYED = frozenset(_READERS)


def result_text(content: Any) -> str | None:
    """A tool result's text: its text blocks joined, anything else but binary content as JSON."""
    if content is None or isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else [content]
    return "\n".join(text for block in blocks if (text := _shown(block))) or None


def _shown(block: Any) -> str | None:
    if not isinstance(block, dict):
        return as_text(block)
    if isinstance(block.get("text"), str):
        return str(block["text"])
    if str(block.get("type")) in BINARY or not BINARY.isdisjoint(block):
        return None
    return as_text(block.get("json", block))


def dicts(value: Any) -> list[dict[str, Any]]:
    """The objects of a list; none for anything that is no list."""
    return [v for v in value if isinstance(v, dict)] if isinstance(value, list) else []


def name_of(value: Any) -> str | None:
    """A name or id that is not empty; a number as text, None for any other type."""
    if isinstance(value, bool):
        return None
    return value if isinstance(value, str) and value else (str(value) if isinstance(value, int) else None)
