"""What results hold: lists of tools, resources and prompts, contents, and which method a result answers.

https://modelcontextprotocol.io/specification/2025-11-25/schema
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import orjson

from tracehound.chat import as_text, parsed
from tracehound.chat.blocks import result_text
from tracehound.record import take, take_str

Event = dict[str, Any]
Texts = list[tuple[str, str, bool]]

SHAPES = (
    ("tools", "tools/list"), ("resources", "resources/list"), ("resourceTemplates", "resources/templates/list"),
    ("prompts", "prompts/list"), ("contents", "resources/read"), ("messages", "prompts/get"),
    ("serverInfo", "initialize"), ("supportedVersions", "server/discover"), ("roots", "roots/list"),
    ("completion", "completion/complete"), ("model", "sampling/createMessage"), ("action", "elicitation/create"),
    ("content", "tools/call"), ("structuredContent", "tools/call"), ("isError", "tools/call"),
    ("toolResult", "tools/call"), ("protocolVersion", "initialize"), ("task", "tools/call"),
)  # fmt: skip
"""A result names no method: the first of these keys tells which one it answers."""
ASKED_BY_SERVER = ("sampling/createMessage", "elicitation/create", "roots/list")
LISTS = {
    "tools/list": ("tools", "MCP tool"),
    "resources/list": ("resources", "MCP resource"),
    "resources/templates/list": ("resourceTemplates", "MCP resource template"),
    "prompts/list": ("prompts", "MCP prompt"),
    "roots/list": ("roots", "MCP root"),
}
ERRORS = {
    -32700: "Parse error", -32600: "Invalid Request", -32601: "Method not found", -32602: "Invalid params",
    -32603: "Internal error", -32000: "Server error", -32002: "Resource not found",
    -32042: "URL elicitation required",
}  # fmt: skip


def method_of(result: Any) -> str | None:
    """The method that a result answers; None where its shape does not tell."""
    if not isinstance(result, dict):
        return None
    return next((method for key, method in SHAPES if key in result), None)


def listed(result: dict[str, Any], method: str) -> tuple[list[Event], Texts]:
    """What a server offers: as resources, and as texts that a model will read.

    The version of an offer is a hash of its definition, so that a change of it shows.
    """
    key, kind = LISTS[method]
    resources: list[Event] = []
    texts: Texts = []
    items = take(result, key)
    for item in items if isinstance(items, list) else ():
        text = as_text(item)
        if not text:
            continue
        if method != "roots/list":  # the client's own folders
            texts.append(("tool_description", text, False))
        if isinstance(item, dict):
            resources.append(_offer(item, kind))
    return resources, texts


def _offer(item: dict[str, Any], kind: str) -> Event:
    try:
        whole = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # a number beyond 64 bits, half a surrogate pair
        whole = json.dumps(item, sort_keys=True).encode()
    uri = take_str(item, "uri") or take_str(item, "uriTemplate")
    name = take_str(item, "name") or uri or "Unknown"
    version = sha256(whole).hexdigest()[:16]
    return {"name": name, "uid": uri, "type": kind, "version": version, "data": item or None}


def tool_output(result: dict[str, Any]) -> tuple[str | None, Texts, list[Event]]:
    """A tool's result as text, what is to be scanned, and the resources in it.

    Structured content is scanned too where it says more than the text.
    """
    content = take(result, "content")
    if content is None:
        content = take(result, "toolResult")
    structured = take(result, "structuredContent")
    text = result_text(_resources_as_text(content))
    texts: Texts = [("tool_result", text, False)] if text else []
    if structured is not None:
        if text is None:
            text = as_text(structured)
            texts = [("tool_result", text, False)] if text else []
        elif structured != {"result": text} and parsed(text) != structured:
            texts.append(("tool_result", as_text(structured) or "", False))
    return text, texts, _linked(content)


def _linked(content: Any) -> list[Event]:
    """Resources that a result embeds or links."""
    blocks = [block for block in content if isinstance(block, dict)] if isinstance(content, list) else []
    inner = [b["resource"] if isinstance(b.get("resource"), dict) else b for b in blocks]
    return [
        {"uid": b["uri"], "type": "MCP resource"} for b in inner if isinstance(b.get("uri"), str) and b["uri"]
    ]


def _resources_as_text(content: Any) -> Any:
    """Embedded resources give their text; binary ones nothing."""
    if not isinstance(content, list):
        return content
    made: list[Any] = []
    for block in content:
        inner = block.get("resource") if isinstance(block, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("text"), str):
            made.append({"type": "text", "text": inner["text"]})
        elif isinstance(inner, dict) and "blob" in inner:
            made.append({"type": "resource", "uri": inner.get("uri"), "mimeType": inner.get("mimeType")})
        else:
            made.append(block)
    return made


def contents(result: dict[str, Any]) -> tuple[list[Event], list[str]]:
    """``resources/read``: the resources, and their texts."""
    resources: list[Event] = []
    texts = []
    items = take(result, "contents")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict):
            text = item.get("text")
            if isinstance(text, str) and text:
                texts.append(text)
            uri = take_str(item, "uri")
            if uri:
                about = {key: value for key, value in item.items() if key not in ("text", "blob")}
                resources.append({"uid": uri, "type": "MCP resource", "data": about or None})
    return resources, texts


def prompt_texts(result: dict[str, Any]) -> list[str]:
    """``prompts/get``: the texts of its messages."""
    items = take(result, "messages")
    texts = []
    for item in items if isinstance(items, list) else ():
        content = item.get("content") if isinstance(item, dict) else item
        text = result_text(_resources_as_text(content if isinstance(content, list) else [content]))
        if text:
            texts.append(text)
    return texts
