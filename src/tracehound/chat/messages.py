"""One message of a conversation, its tool calls and results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(slots=True)
class ToolCall:
    """A tool call that a model asks for; ``arguments`` as text (JSON where the log holds an object)."""

    name: str | None
    arguments: str | None = None
    uid: str | None = None
    type: str | None = None
    server: str | None = None


@dataclass(slots=True)
class ToolResult:
    """What a tool gave back; ``failed`` is None where the log does not say."""

    text: str | None
    uid: str | None = None
    name: str | None = None
    failed: bool | None = None
    arguments: str | None = None
    server: str | None = None
    type: str | None = None


@dataclass(slots=True)
class Message:
    """One message of a conversation."""

    role: str
    texts: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    results: list[ToolResult] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)


def as_text(value: Any) -> str | None:
    """A text as it is, anything else as JSON; None for nothing."""
    if value is None or isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return str(value)


def parsed(value: Any) -> Any:
    """The JSON that a string holds, else the value as it is: some logs write messages as JSON strings."""
    if isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value
