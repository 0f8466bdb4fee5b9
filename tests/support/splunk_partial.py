"""Fields of a JSON text that was cut: limits.conf, [kv] maxchars, cuts _raw before fields are extracted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from spl.engine import Row

MAXCHARS = 10_240
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]:,]|[^\s,:{}\[\]"]+(?=[\s,:{}\[\]]))')


@dataclass
class _Frame:
    """An object or array that is open; ``key`` is that of the value which is next, None before it."""

    path: str
    array: bool
    key: str | None = None


def partial(text: str) -> Row:
    """What stands whole in the text; a value that is cut is not there."""
    row: Row = {}
    stack: list[_Frame] = []
    at = 0
    while match := TOKEN.match(text, at):  # a string that is cut ends it
        token, at = match[1], match.end()
        if token in "{[":
            path = _path(stack)
            stack.append(_Frame(f"{path}{{}}" if token == "[" else path, token == "["))
        elif token in "}]" and stack:
            stack.pop()
            _done(stack)
        elif token in ":,":
            continue
        elif stack and not stack[-1].array and stack[-1].key is None:
            stack[-1].key = str(json.loads(token))
        elif stack:
            value = json.loads(token) if token[0] == '"' else token
            row.setdefault(_path(stack), []).append(value)
            _done(stack)
    return row


def _path(stack: list[_Frame]) -> str:
    if not stack:
        return ""
    top = stack[-1]
    if top.array:
        return top.path
    return f"{top.path}.{top.key}" if top.path else str(top.key)


def _done(stack: list[_Frame]) -> None:
    if stack:
        stack[-1].key = None
