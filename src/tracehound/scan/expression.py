"""Pattern expressions -> bytes that Hyperscan and RE2 read alike.

Both engines run over UTF-8 bytes without Unicode modes, which is several times faster and makes
every length a number of bytes. What would then differ between them is translated or refused here:

- ``\\s`` is spelled out (RE2 leaves out the vertical tab), ``^`` and ``$`` are of lines in both;
- a character outside ASCII becomes a group of its bytes, folded like the text (``é`` is ``e``);
- look-around, back-references, inline flags, possessive and atomic groups are refused;
- an expression that ignores case is written in lower case, since RE2 runs it over lower-cased text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tracehound.errors import nearest
from tracehound.scan.fold import fold_run

_PLACEHOLDER = re.compile(r"%\{([a-z0-9_]+)\}")
_ESCAPES_OK = frozenset("dDwWsSbBtnrfv") | frozenset("0")
_SPACE = "\\t-\\r "
_NOT_SPACE = "\\x00-\\x08\\x0e-\\x1f!-\\xff"
_QUANTIFIER = re.compile(r"[*+?]|\{\d+(?:,\d*)?\}")
_POSIX_CLASS = re.compile(r"\[([:.=])[^\]]*\1\]")
MAX_EXPRESSION = 6000


class ExpressionError(ValueError):
    """An expression that one of the engines would refuse or read differently."""


def expand(expression: str, definitions: Mapping[str, str]) -> str:
    """Put the file's definitions in place of ``%{name}``; a definition may use earlier ones."""

    def put(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in definitions:
            raise ExpressionError(f"%{{{name}}} is not defined{nearest(name, definitions)}")
        return definitions[name]

    for _ in range(8):
        expanded = _PLACEHOLDER.sub(put, expression)
        if expanded == expression or len(expanded) > MAX_EXPRESSION:
            break
        expression = expanded
    if len(expanded) > MAX_EXPRESSION:
        raise ExpressionError(f"longer than {MAX_EXPRESSION} characters once expanded; split it")
    return expanded


def translate(expression: str, *, cased: bool) -> bytes:
    """The expression as bytes for both engines; raises ExpressionError with the reason."""
    out: list[str] = []
    at = 0
    while at < len(expression):
        char = expression[at]
        if char == "\\":
            token, at = _escape(expression, at, in_class=False, cased=cased)
            out.append(token)
        elif char == "[":
            token, at = _class(expression, at, cased=cased)
            out.append(token)
        elif char == "(":
            token, at = _group(expression, at)
            out.append(token)
        elif quantified := _QUANTIFIER.match(expression, at):
            token, at = _quantifier(expression, quantified)
            out.append(token)
        else:
            out.append(_literal(char, cased=cased))
            at += 1
    if not out:
        raise ExpressionError("empty")
    return "".join(out).encode("latin-1")


def _literal(char: str, *, cased: bool) -> str:
    if char.isascii():
        if not cased and char.isupper():
            raise ExpressionError(f"{char!r}: write it in lower case, or set 'cased: true'")
        return char
    folded = fold_run(char)
    if not folded:
        raise ExpressionError(f"U+{ord(char):04X} is taken out of the text before matching")
    raw = folded.encode("utf-8", "surrogatepass")
    token = "".join(chr(b) if b < 128 and chr(b).isalnum() else f"\\x{b:02x}" for b in raw)
    return token if len(raw) == 1 else f"(?:{token})"


def _escape(expression: str, at: int, *, in_class: bool, cased: bool) -> tuple[str, int]:
    """The token of the escape at ``at`` and where the next one starts."""
    if at + 1 >= len(expression):
        raise ExpressionError("ends in a backslash")
    char = expression[at + 1]
    if char == "x":
        digits = expression[at + 2 : at + 4]
        if not re.fullmatch(r"[0-9a-fA-F]{2}", digits):
            raise ExpressionError("\\x needs two hexadecimal digits")
        if not cased and chr(int(digits, 16)).isascii() and chr(int(digits, 16)).isupper():
            raise ExpressionError(f"\\x{digits} is an upper-case letter; set 'cased: true'")
        return expression[at : at + 4], at + 4
    if char == "s":
        return (_SPACE if in_class else f"[{_SPACE}]"), at + 2
    if char == "S":
        return (_NOT_SPACE if in_class else f"[^{_SPACE}]"), at + 2
    if char.isdigit():
        raise ExpressionError(f"\\{char}: back-references are not supported")
    if (char.isalpha() and char not in _ESCAPES_OK) or (in_class and char in "bB"):
        raise ExpressionError(f"\\{char} is not supported; valid: \\d \\w \\s \\b \\t \\n \\r \\f \\v \\xHH")
    if not char.isascii():
        raise ExpressionError(f"\\{char}: nothing to escape")
    return expression[at : at + 2], at + 2


def _class(expression: str, at: int, *, cased: bool) -> tuple[str, int]:
    """A character class; it may hold ASCII and \\xHH bytes only, since one member is one byte."""
    start = at
    if _POSIX_CLASS.match(expression, at):
        raise ExpressionError("POSIX classes are not supported; write the members in another order")
    out = ["["]
    at += 1
    if expression.startswith("^", at):
        out.append("^")
        at += 1
    first = True
    while at < len(expression):
        char = expression[at]
        if char == "]" and not first:
            return "".join(out) + "]", at + 1
        if char == "\\":
            token, at = _escape(expression, at, in_class=True, cased=cased)
            out.append(token)
        elif char == "[":
            if expression.startswith("[:", at):
                raise ExpressionError("POSIX classes are not supported; write the ranges out")
            out.append("\\[")
            at += 1
        else:
            if not char.isascii():
                raise ExpressionError(f"{char!r} inside [...]: a class holds single bytes; write (?:a|b)")
            if not cased and char.isupper():
                raise ExpressionError(f"{char!r}: write it in lower case, or set 'cased: true'")
            out.append(char)
            at += 1
        first = False
    raise ExpressionError(f"the class at character {start + 1} is not closed")


def _group(expression: str, at: int) -> tuple[str, int]:
    if not expression.startswith("(?", at):
        return "(", at + 1
    if expression.startswith("(?:", at):
        return "(?:", at + 3
    if expression.startswith(("(?=", "(?!", "(?<=", "(?<!"), at):
        raise ExpressionError("look-around is not supported; confirm what it meant in a confirm step")
    raise ExpressionError(f"{expression[at : at + 4]!r}: only (...) and (?:...) groups are supported")


def _quantifier(expression: str, found: re.Match[str]) -> tuple[str, int]:
    token, at = found.group(), found.end()
    if expression.startswith("+", at):
        raise ExpressionError("possessive quantifiers are not supported")
    if expression.startswith("?", at):
        token, at = token + "?", at + 1
    bounds = [int(n) for n in re.findall(r"\d+", token)]
    if bounds and max(bounds) > 1000:
        raise ExpressionError(f"{token}: repeats above 1000 are not supported")
    return token, at
