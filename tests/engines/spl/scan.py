"""Text level: macros in backquotes, the split at pipes, quoted strings and their escapes.

Source: Search Reference, search, "Quotes and escaping characters": ``\\"``, ``\\\\`` and ``\\|`` are
escapes inside quotes, every other backslash stays. Search Manual, "Use search macros": arguments
stand as ``$name$``, and a macro with n arguments is defined as ``name(n)``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spl.errors import SplError

MACRO_DEPTH = 20


@dataclass(frozen=True)
class Macro:
    """A macro's definition with the names of its arguments."""

    definition: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stage:
    """One command's text and where it begins in the whole query."""

    query: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.query[self.start : self.end]

    def refuse(self, reason: str, offset: int = 0) -> SplError:
        return SplError(reason, self.query, self.start + offset)


def quoted(text: str, at: int) -> int:
    """The offset behind the string in double quotes that opens at ``at``; -1 when it never closes."""
    at += 1
    while at < len(text):
        if text[at] == "\\":
            at += 2
        elif text[at] == '"':
            return at + 1
        else:
            at += 1
    return -1


def unescape(body: str) -> str:
    """What a command gets of a quoted string's inside."""
    return re.sub(r'\\(["\\|])', r"\1", body)


def expand(query: str, macros: Mapping[str, str | Macro], depth: int = 0) -> str:
    """The query with all macros replaced, also inside definitions."""
    out, at = [], 0
    while at < len(query):
        char = query[at]
        if char == '"':
            end = quoted(query, at)
            if end < 0:
                raise SplError("a quotation mark is not closed", query, at)
            out.append(query[at:end])
            at = end
        elif char == "\\":
            out.append(query[at : at + 2])
            at += 2
        elif char == "`":
            end = query.find("`", at + 1)
            if end < 0:
                raise SplError("a backquote is not closed", query, at)
            if depth >= MACRO_DEPTH:
                raise SplError("macros nest too deeply", query, at)
            out.append(expand(_definition(query, at, end, macros), macros, depth + 1))
            at = end + 1
        else:
            out.append(char)
            at += 1
    return "".join(out)


def _definition(query: str, at: int, end: int, macros: Mapping[str, str | Macro]) -> str:
    call = re.fullmatch(r"\s*([\w:.\-]+)\s*(?:\((.*)\))?\s*", query[at + 1 : end], re.DOTALL)
    if call is None:
        raise SplError("not a macro call (a comment in backquotes is not in the subset)", query, at)
    name, inside = call.groups()
    values = _arguments(inside) if inside is not None and inside.strip() else []
    key = f"{name}({len(values)})" if values else name
    macro = macros.get(key)
    if macro is None:
        raise SplError(f"no macro {key!r} was given", query, at)
    if isinstance(macro, str):
        macro = Macro(macro)
    if len(macro.arguments) != len(values):
        raise SplError(f"macro {key!r} names {len(macro.arguments)} arguments, got {len(values)}", query, at)
    given = dict(zip(macro.arguments, values, strict=True))
    return re.sub(r"\$(\w+)\$", lambda m: given.get(m[1], m[0]), macro.definition)


def _arguments(inside: str) -> list[str]:
    values = [m[0].strip() for m in re.finditer(r'(?:"(?:\\.|[^"\\])*"|[^,"])+', inside)]
    return [unescape(v[1:-1]) if len(v) > 1 and v[0] == v[-1] == '"' else v for v in values]


def stages(query: str) -> list[Stage]:
    """The query's commands, split at pipes outside quotes; a leading pipe gives an empty first one."""
    found, start, at = [], 0, 0
    while at < len(query):
        char = query[at]
        if char == '"':
            end = quoted(query, at)
            if end < 0:
                raise SplError("a quotation mark is not closed", query, at)
            at = end
            continue
        if char == "[":
            raise SplError("subsearches (append, join, multisearch, union) are not in the subset", query, at)
        if char == "|":
            found.append(Stage(query, start, at))
            start = at + 1
        at += 2 if char == "\\" else 1
    found.append(Stage(query, start, len(query)))
    return found
