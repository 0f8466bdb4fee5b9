"""The dialects in which APIs write messages, read into ``Message``.

OpenAI chat and Responses, Anthropic Messages, Bedrock Converse, Gemini ``parts``, Cohere's chat history and the
messages of the OpenTelemetry GenAI conventions are told apart by their keys. What a message is made of is read
in ``tracehound.chat.blocks``.
"""

from __future__ import annotations

from typing import Any

from tracehound.chat.blocks import add_block, add_blocks, dicts, name_of
from tracehound.chat.messages import Message, Plain, ToolResult, as_text, parsed

ROLES = {
    "user": "user", "human": "user", "input": "user",
    "assistant": "assistant", "model": "assistant", "ai": "assistant",
    "bot": "assistant", "chatbot": "assistant",
    "system": "system", "developer": "system",
    "tool": "tool", "function": "tool", "ipython": "tool",
}  # fmt: skip
PLAIN_ROLES = {name: role for name, role in ROLES.items() if role != "tool"}
ITEM_ROLES = {
    "message": None, "reasoning": "assistant", "function_call": "assistant", "custom_tool_call": "assistant",
    "mcp_call": "assistant", "mcp_approval_request": "assistant", "mcp_list_tools": "assistant",
    "web_search_call": "assistant", "file_search_call": "assistant", "code_interpreter_call": "assistant",
    "computer_call": "assistant", "local_shell_call": "assistant", "shell_call": "assistant",
    "apply_patch_call": "assistant", "image_generation_call": "assistant",
    "function_call_output": "tool", "custom_tool_call_output": "tool", "computer_call_output": "tool",
    "local_shell_call_output": "tool", "shell_call_output": "tool", "apply_patch_call_output": "tool",
}  # fmt: skip
"""Items of OpenAI's Responses API, which stand among messages and carry no role."""


def read(value: Any, role: str) -> list[Message | Plain]:
    """Messages of any dialect; ``role`` is that of a text or message that names none."""
    if value is None:
        return []
    value = parsed(value)
    if isinstance(value, str):
        return [Plain(role, (value,))] if value else []
    if isinstance(value, dict):
        return [_message(value, role) if _is_message(value) else add_blocks(Message(role), [value])]
    return _read_list(value, role) if isinstance(value, list) and value else []


def _read_list(items: list[Any], role: str) -> list[Message | Plain]:
    if isinstance(items[0], str) and all(isinstance(item, str) for item in items):
        return [Plain(role, tuple(item for item in items if item))]
    made: list[Message | Plain] = []
    loose: list[Any] = []
    for item in items:
        message: Message | Plain | None = _plain(item)
        if message is None:
            if not _is_message(item):
                loose.append(item)
                continue
            message = _message(item, role)
        if loose:  # content blocks that stand without a message around them make one message
            made.append(add_blocks(Message(role), loose))
            loose = []
        made.append(message)
    if loose:
        made.append(add_blocks(Message(role), loose))
    return made


def _plain(item: Any) -> Plain | None:
    """A message of a role and one text, as most are: what ``_message`` makes of it, at once."""
    if type(item) is not dict or len(item) != 2:
        return None
    said = item.get("role")
    if type(said) is not str or (role := PLAIN_ROLES.get(said)) is None:
        return None
    content = item.get("content")
    if content is None:
        content = item.get("parts")
    if type(content) is list:
        block = content[0] if len(content) == 1 else None
        if type(block) is not dict or len(block) - (block.get("type") == "text") != 1:
            return None
        content = block.get("text")
        if content is None:
            content = block.get("content")
    if type(content) is not str:
        return None
    return Plain(role, (content,) if content else ())


def _is_message(item: Any) -> bool:
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    return "role" in item or (isinstance(kind, str) and kind in ITEM_ROLES)


def _message(item: dict[str, Any], default: str) -> Message:
    kind = item.get("type")
    said = item.get("role") or ITEM_ROLES.get(str(kind)) or default
    role = ROLES.get(str(said).lower(), "user")
    message = Message(role)
    if "role" not in item and kind != "message":
        return add_block(message, item)
    content = item.get("content")
    if content is None and (content := item.get("parts")) is None:
        content = item.get("message")
    if role == "tool":
        return _tool_message(message, item, content)
    for key in ("thinking_blocks", "reasoning_content"):  # LiteLLM writes the same thought in both
        if item.get(key) and not message.reasoning:
            add_blocks(message, _as_reasoning(item[key]))
    add_blocks(message, content)
    for call in dicts(item.get("tool_calls")) if "tool_calls" in item else ():
        known = any(key in call for key in ("function", "tool_call", "custom"))
        add_block(message, call if known else {**call, "type": "tool_call"})
    if isinstance(item.get("function_call"), dict):
        add_block(message, {"function": item["function_call"]})
    if isinstance(item.get("refusal"), str) and item["refusal"]:
        message.texts.append(item["refusal"])
    audio = item.get("audio")
    if isinstance(audio, dict) and isinstance(audio.get("transcript"), str):
        message.texts.append(audio["transcript"])
    return message


def _as_reasoning(value: Any) -> Any:
    return {"type": "reasoning", "text": value} if isinstance(value, str) else value


def _tool_message(message: Message, item: dict[str, Any], content: Any) -> Message:
    """A message of role tool: its content is the result, unless it holds result blocks itself."""
    inner = add_blocks(Message("tool"), content)
    message.results = inner.results
    if inner.texts or not inner.results:
        uid = item.get("tool_call_id") or item.get("id")
        text = "\n".join(inner.texts) or (None if content in (None, "", []) else as_text(content))
        message.results.append(ToolResult(text, name_of(uid), name_of(item.get("name"))))
    return message
