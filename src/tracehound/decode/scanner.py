"""Finding where a JSON value ends, for input that is not one value a line.

Only lines that do not parse come here: pretty-printed and concatenated JSON. The scan follows JSON's grammar,
so that a truncated line is found out at the next one instead of swallowing the rest of the file.
"""

from __future__ import annotations

import re

MAX_NESTING = 1024

_TOKEN = re.compile(
    rb"[ \t\r\n]+"
    rb'|"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*"'
    rb"|[{}\[\],:]"
    rb'|[^\s{}\[\],:"]+'
)
_OBJECT, _ARRAY = 0x7B, 0x5B  # { [

MORE = -1
"""The value goes on after the buffer."""
BROKEN = -2
"""What stands here is no JSON value."""


def value_end(buffer: bytes, start: int) -> int:
    """The offset after the object or array that begins at ``start``, else ``MORE`` or ``BROKEN``."""
    stack = bytearray()
    expect = "value"
    pos = start
    while True:
        found = _TOKEN.match(buffer, pos)
        if found is None:
            unclosed = buffer[pos : pos + 1] == b'"' and buffer.find(b"\n", pos) < 0
            return MORE if unclosed or pos >= len(buffer) else BROKEN
        pos = found.end()
        token = buffer[found.start()]
        if token in b" \t\r\n":
            continue
        if pos == len(buffer) and token not in b'{}[],:"':
            return MORE  # a number or word that may go on
        expect = _step(token, expect, stack)
        if expect == "done":
            return pos
        if expect == "broken":
            return BROKEN


def _step(token: int, expect: str, stack: bytearray) -> str:
    """The next expectation after a token; ``stack`` holds the open brackets."""
    if token in b"{[":
        if expect not in ("value", "value_or_end") or len(stack) >= MAX_NESTING:
            return "broken"
        stack.append(token)
        return "key_or_end" if token == _OBJECT else "value_or_end"
    if token in b"}]":
        if not stack or expect not in ("comma_or_end", "key_or_end", "value_or_end"):
            return "broken"
        if (stack.pop() == _OBJECT) != (token == 0x7D):
            return "broken"
        return "comma_or_end" if stack else "done"
    if token == 0x2C:  # ,
        if expect != "comma_or_end":
            return "broken"
        return "key" if stack[-1] == _OBJECT else "value"
    if token == 0x3A:  # :
        return "value" if expect == "colon" else "broken"
    if expect in ("key", "key_or_end"):
        return "colon" if token == 0x22 else "broken"
    if expect in ("value", "value_or_end") and stack:
        return "comma_or_end"
    return "broken"
