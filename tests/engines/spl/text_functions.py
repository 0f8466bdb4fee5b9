"""Eval functions on texts. Source: Search Reference, "Text functions", and split of the multivalue page.

Of the text functions only lower() and upper() are documented for fields with several values.
"""

import re
from collections.abc import Callable

from spl.events import Row
from spl.expression import Call, Node
from spl.regexes import compile_pcre
from spl.values import Value, single, size, text

Build = Callable[[Call], Node]


def _each(change: Callable[[str], str]) -> Build:
    def make(call: Call) -> Node:
        def run(row: Row) -> Value:
            value = call.args[0].run(row)
            if isinstance(value, list):
                return [change(item) for item in value]
            found = text(value, call.name)
            return None if found is None else change(found)

        return Node(run, call.fields)

    return make


def _len(call: Call) -> Node:
    def run(row: Row) -> Value:
        value = text(single(call.args[0].run(row), "len()"), "len()")
        return None if value is None else len(value)

    return Node(run, call.fields)


def _replace(call: Call) -> Node:
    subject, pattern, new = call.args
    if pattern.literal is None or new.literal is None:
        raise call.refuse("replace() takes its pattern and replacement in double quotes here")
    regex = compile_pcre(pattern.literal)
    pieces = re.split(r"\\(\d)", new.literal)

    def fill(match: re.Match[str]) -> str:
        return "".join((match[int(p)] or "") if i % 2 else p for i, p in enumerate(pieces))

    if any(int(piece) > regex.groups for piece in pieces[1::2]):
        raise call.refuse("the replacement names a group that the pattern lacks")

    def run(row: Row) -> Value:
        value = text(single(subject.run(row), "replace()"), "replace()")
        return None if value is None else regex.sub(fill, value)

    return Node(run, call.fields)


def _substr(call: Call) -> Node:
    def run(row: Row) -> Value:
        value = text(single(call.args[0].run(row), "substr()"), "substr()")
        numbers = [size(single(arg.run(row), "substr()"), "substr()") for arg in call.args[1:]]
        if value is None or None in numbers:
            return None
        start = int(numbers[0] or 0)
        begin = start - 1 if start > 0 else max(0, len(value) + start) if start < 0 else 0
        return value[begin:] if len(numbers) == 1 else value[begin : begin + max(0, int(numbers[1] or 0))]

    return Node(run, call.fields)


def _trim(strip: Callable[[str, str], str]) -> Build:
    def make(call: Call) -> Node:
        def run(row: Row) -> Value:
            value = text(single(call.args[0].run(row), call.name), call.name)
            chars = text(single(call.args[1].run(row), call.name), call.name) if len(call.args) > 1 else " \t"
            return None if value is None or chars is None else strip(value, chars)

        return Node(run, call.fields)

    return make


def _split(call: Call) -> Node:
    def run(row: Row) -> Value:
        value = text(single(call.args[0].run(row), "split()"), "split()")
        mark = text(single(call.args[1].run(row), "split()"), "split()")
        if value is None or mark is None:
            return None
        return value.split(mark) if mark else list(value)

    return Node(run, call.fields)


TEXT: dict[str, tuple[int, int, Build]] = {
    "lower": (1, 1, _each(str.lower)),
    "upper": (1, 1, _each(str.upper)),
    "len": (1, 1, _len),
    "replace": (3, 3, _replace),
    "substr": (2, 3, _substr),
    "trim": (1, 2, _trim(str.strip)),
    "ltrim": (1, 2, _trim(str.lstrip)),
    "rtrim": (1, 2, _trim(str.rstrip)),
    "split": (2, 2, _split),
}
