"""The tokens of eval expressions. Source: Search Manual, "Types of expressions" and "Backslashes"."""

import re

from spl.reading import Token
from spl.scan import Stage, quoted
from spl.values import Literal

TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<field>'[^']+')|(?P<op>==|!=|<=|>=|[-=<>+*/%.(),!])",
    re.ASCII,
)
ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\", '"': '"', "|": "|"}


def string_literal(body: str) -> Literal:
    """A quoted string's value: ``\\\\ \\" \\t \\n \\r`` are escapes, other backslashes stay (regexes need them)."""
    return Literal(re.sub(r'\\([tnr\\"|])', lambda m: ESCAPES[m[1]], body))


def tokens(stage: Stage, at: int, end: int) -> list[Token]:
    """The tokens of an expression between two offsets: number, name, field, text, op."""
    source, found = stage.text, []
    while at < end:
        if source[at].isspace():
            at += 1
        elif source[at] == '"':
            after = quoted(source, at)
            if not 0 <= after <= end:
                raise stage.refuse("a quotation mark is not closed", at)
            found.append(Token("text", source[at + 1 : after - 1], at))
            at = after
        else:
            match = TOKEN.match(source, at, end)
            if match is None:
                raise stage.refuse(f"{source[at]!r} is not in the subset of eval expressions", at)
            found.append(Token(str(match.lastgroup), match[0], at))
            at = match.end()
    return [*found, Token("end", "", end)]
