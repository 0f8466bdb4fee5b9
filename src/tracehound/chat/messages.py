"""One message of a conversation, its tool calls and results."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(slots=True, init=False)
class Message:
    """One message of a conversation."""

    role: str
    texts: list[str]
    calls: list[ToolCall]
    results: list[ToolResult]
    documents: list[str]
    reasoning: list[str]

    def __init__(self, role: str, texts: list[str] | None = None) -> None:
        """With nothing but texts; there are many of these, and default factories cost three times as much."""
        self.role = role
        self.texts = [] if texts is None else texts
        self.calls, self.results, self.documents, self.reasoning = [], [], [], []


class Plain:
    """A message of a role and texts, as most are: to be read like a ``Message``, at a third of its cost."""

    __slots__ = ("role", "texts")

    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()
    documents: tuple[str, ...] = ()
    reasoning: tuple[str, ...] = ()

    def __init__(self, role: str, texts: tuple[str, ...]) -> None:
        self.role, self.texts = role, texts


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
