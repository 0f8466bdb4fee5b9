"""Lists and objects that conventions spread over attributes, such as ``llm.input_messages.0.message.content``.

OpenInference: https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
OpenLLMetry: https://www.traceloop.com/docs/openllmetry/contributing/semantic-conventions
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from tracehound.chat import as_text, parsed

Attributes = dict[str, Any]

PREFIXES = (
    "gen_ai.prompt.", "gen_ai.completion.", "llm.input_messages.", "llm.output_messages.", "llm.prompts.",
    "llm.choices.", "llm.tools.", "llm.request.functions.", "retrieval.documents.", "reranker.input_documents.",
    "reranker.output_documents.", "embedding.embeddings.", "llm.completions.",
)  # fmt: skip
MAX_PARTS = 24
MAX_KEY = 256
"""Longer keys are told apart anew each time, so that hostile ones do not fill the memory."""


def take_lists(attributes: Attributes) -> dict[str, list[Any]]:
    """Take all spread-out lists: by prefix (without its last dot), in the order of their numbers."""
    trees: dict[str, dict[str, Any]] = {}
    for key in list(attributes):
        place = _place(key) if len(key) <= MAX_KEY else _place.__wrapped__(key)
        if place is not None:
            prefix, parts = place
            _put(trees.setdefault(prefix, {}), parts, attributes.pop(key))
    return {prefix: _items(tree) for prefix, tree in trees.items()}


@lru_cache(maxsize=4096)
def _place(key: str) -> tuple[str, tuple[str, ...]] | None:
    """``llm.tools.0.name`` -> ``llm.tools`` and ``("0", "name")``; None for a key that is of no list."""
    prefix = next((prefix for prefix in PREFIXES if key.startswith(prefix)), None)
    if prefix is None:
        return None
    parts = tuple(key[len(prefix) :].split("."))
    return (prefix[:-1], parts) if parts[0].isdecimal() and len(parts) <= MAX_PARTS else None


def _put(tree: dict[str, Any], parts: tuple[str, ...], value: Any) -> None:
    for part in parts[:-1]:
        inner = tree.get(part)
        if not isinstance(inner, dict):
            inner = {} if inner is None else {"content": inner}
            tree[part] = inner
        tree = inner
    last = parts[-1]
    if isinstance(tree.get(last), dict) and not isinstance(value, dict):
        tree[last].setdefault("content", value)
    else:
        tree[last] = value


def _items(tree: dict[str, Any]) -> list[Any]:
    """A tree whose keys are numbers as a list, and so the lists inside it."""
    numbered = sorted((int(key[:9]), key) for key in tree if key.isdecimal())
    return [_inside(tree[key]) for _, key in numbered]


def _inside(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return _items(value)
    return {key: _inside(item) for key, item in value.items()}


def openinference_messages(items: list[Any] | None) -> list[Any] | None:
    """``{"message": {"role", "contents": [{"message_content": ...}], "tool_calls": ...}}`` as chat messages."""
    return [_openinference_message(item) for item in items] if items else None


def _openinference_message(item: Any) -> Any:
    message = item.get("message", item) if isinstance(item, dict) else item
    if not isinstance(message, dict):
        return message
    made = {k: v for k, v in message.items() if k not in ("contents", "function_call_name")}
    if isinstance(made.get("content"), str):
        made["content"] = blocks(made["content"])
    contents = message.get("contents")
    if isinstance(contents, list):
        inner = [c.get("message_content", c) if isinstance(c, dict) else c for c in contents]
        before = made.get("content")
        made["content"] = [before, *inner] if isinstance(before, str) and before else inner
    name = message.get("function_call_name")
    if name:
        arguments = made.pop("function_call_arguments_json", None)
        made["function_call"] = {"name": name, "arguments": arguments}
    return made


def openllmetry_messages(items: list[Any] | None, role: str) -> list[Any] | None:
    """``gen_ai.prompt.N`` and ``gen_ai.completion.N``: contents that are lists come as JSON text."""
    made = []
    for item in items or ():
        if isinstance(item, dict):
            if isinstance(item.get("content"), str):
                item["content"] = blocks(item["content"])
            item.setdefault("role", role)
        elif isinstance(item, str):
            item = {"role": role, "content": item}
        made.append(item)
    return made or None


def blocks(content: str) -> Any:
    """The content blocks that a text is the JSON of; any other text as it is."""
    if content.startswith(("[{", "[ {", '{"')):
        value = parsed(content)
        items = value if isinstance(value, list) else [value]
        if items and all(isinstance(b, dict) and ("type" in b or "text" in b) for b in items):
            return items
    return content


def tool_definitions(lists: dict[str, list[Any]]) -> list[Any]:
    """Tool definitions of OpenInference (``llm.tools``) and OpenLLMetry (``llm.request.functions``)."""
    made: list[Any] = []
    for item in lists.get("llm.tools") or ():
        tool = item.get("tool", item) if isinstance(item, dict) else item
        made.append(parsed(tool.get("json_schema", tool)) if isinstance(tool, dict) else parsed(tool))
    made.extend(lists.get("llm.request.functions") or ())
    return made


def documents(items: list[Any] | None) -> list[str]:
    """The texts of retrieved documents (``retrieval.documents.N.document.content``)."""
    texts = []
    for item in items or ():
        document = item.get("document", item) if isinstance(item, dict) else item
        text = as_text(document.get("content") if isinstance(document, dict) else document)
        if text:
            texts.append(text)
    return texts
