"""PCRE patterns on Python's ``re``: what means the same is translated, the rest is refused.

``\\d \\w \\s \\b`` are ASCII (PCRE without UCP); ``(?i)`` follows Unicode (PCRE in UTF mode).
Which of the two PCRE options Splunk sets is not documented.
"""

import re
from functools import lru_cache

from spl.errors import SplError

OUTSIDE = {letter: f"(?a:\\{letter})" for letter in "dDwWsSbB"}
INSIDE = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \\t\\n\\r\\f\\v"}
EDGES = {"A": r"\A", "z": r"\Z"}
FLAGS = re.compile(r"(?:\(\?[ims]+\))+")
SAME = set("nrtfax0123456789")
GROUP = re.compile(r"\((?:\?(?::|=|!|<=|<!|[ims]+\)|[ims]+:|(?:P?<)([A-Za-z_]\w*)>))?")


@lru_cache(4096)
def compile_pcre(pattern: str) -> re.Pattern[str]:
    """The pattern for ``re``; raises SplError where PCRE and Python differ."""
    try:
        return re.compile(_translate(pattern))
    except (re.error, OverflowError, RecursionError) as problem:
        raise SplError(f"regex {pattern!r}: {problem}") from None


def _translate(pattern: str) -> str:
    flags = FLAGS.match(pattern)
    at, inside, class_start = flags.end() if flags else 0, False, 0
    out = [f"(?{''.join(sorted(set(flags[0]) & set('ims')))})"] if flags else []
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            out.append(_escape(pattern, at, inside))
            at += 2
            continue
        if inside:
            if char == "[" or pattern[at : at + 2] in ("&&", "||", "~~", "--"):
                raise SplError(f"regex {pattern!r}: {char!r} inside a class is not in the subset")
            inside = char != "]" or at == class_start
        elif char == "[":
            inside = True
            class_start = at + 2 if pattern[at + 1 : at + 2] == "^" else at + 1
            out.append(pattern[at:class_start])
            at = class_start
            continue
        elif char == "(":
            text, at = _group(pattern, at)
            out.append(text)
            continue
        elif pattern[at : at + 2] == "{,":
            raise SplError(f"regex {pattern!r}: {{,n}} is not in the subset")
        elif char in "*+?}" and pattern[at + 1 : at + 2] == "+":
            raise SplError(f"regex {pattern!r}: possessive quantifiers are not in the subset")
        out.append(char)
        at += 1
    return "".join(out)


def _escape(pattern: str, at: int, inside: bool) -> str:
    char = pattern[at + 1 : at + 2]
    table = INSIDE if inside else OUTSIDE
    if inside and char in table and pattern[at - 1] == "-":
        raise SplError(f"regex {pattern!r}: a range up to \\{char} is not in the subset")
    if char in table:
        return table[char]
    if char in EDGES and not inside:
        return EDGES[char]
    if char in SAME and not (inside and char in "123456789"):
        return "\\" + char
    if char and (not char.isalnum() or not char.isascii()):
        return re.escape(char)
    raise SplError(f"regex {pattern!r}: \\{char} is not in the subset")


def _group(pattern: str, at: int) -> tuple[str, int]:
    match = GROUP.match(pattern, at)
    assert match is not None
    text, after = match[0], match.end()
    if text == "(" and pattern[after : after + 1] in ("?", "*"):
        raise SplError(f"regex {pattern!r}: the group {pattern[at : at + 4]!r} is not in the subset")
    if text.endswith(")"):
        raise SplError(f"regex {pattern!r}: flags stand at the beginning only")
    return (f"(?P<{match[1]}>" if match[1] else text), after
