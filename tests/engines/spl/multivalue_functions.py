"""Eval functions on fields with several values. Source: Search Reference, "Multivalue eval functions"."""

from collections.abc import Callable

from spl.events import Row
from spl.expression import Call, Node
from spl.regexes import compile_pcre
from spl.values import Value, single, size, text, to_field, truth

Build = Callable[[Call], Node]


def many(value: Value) -> list[str]:
    """A value as the list of its texts."""
    return to_field(value)


def pack(values: list[str]) -> Value:
    """A list of texts as a value: NULL when empty, the text itself when it is one."""
    return None if not values else values[0] if len(values) == 1 else values


def _listed(change: Callable[[list[str]], list[str]]) -> Build:
    return lambda call: Node(lambda row: pack(change(many(call.args[0].run(row)))), call.fields)


def _mvcount(call: Call) -> Node:
    return Node(lambda row: len(many(call.args[0].run(row))) or None, call.fields)


def _mvfind(call: Call) -> Node:
    subject, pattern = call.args
    if pattern.literal is None:
        raise call.refuse("mvfind() takes its pattern in double quotes here")
    regex = compile_pcre(pattern.literal)

    def run(row: Row) -> Value:
        values = many(subject.run(row))
        return next((float(i) for i, value in enumerate(values) if regex.search(value)), None)

    return Node(run, call.fields)


def _mvindex(call: Call) -> Node:
    def run(row: Row) -> Value:
        values = many(call.args[0].run(row))
        bounds = [size(single(arg.run(row), "mvindex()"), "mvindex()") for arg in call.args[1:]]
        if None in bounds or not values:
            return None
        start, end = int(bounds[0] or 0), int(bounds[-1] or 0)
        start, end = (at + len(values) if at < 0 else at for at in (start, end))
        if not (0 <= start < len(values) and 0 <= end < len(values)):
            return None
        return pack(values[start : end + 1])

    return Node(run, call.fields)


def _mvfilter(call: Call) -> Node:
    if len(call.fields) != 1:
        raise call.refuse("the condition of mvfilter() reads exactly one field")
    (name,) = call.fields
    test = call.args[0].run

    def run(row: Row) -> Value:
        return pack([value for value in row.get(name, ()) if truth(test({name: [value]}))])

    return Node(run, call.fields)


def _mvmap(call: Call) -> Node:
    subject, change = call.args
    if len(subject.fields) != 1:
        raise call.refuse("the first argument of mvmap() reads exactly one field")
    (name,) = subject.fields

    def run(row: Row) -> Value:
        found: list[str] = []
        for value in many(subject.run(row)):
            found += many(change.run({**row, name: [value]}))
        return pack(found)

    return Node(run, call.fields)


def _mvjoin(call: Call) -> Node:
    def run(row: Row) -> Value:
        values, mark = (
            many(call.args[0].run(row)),
            text(single(call.args[1].run(row), "mvjoin()"), "mvjoin()"),
        )
        return None if not values or mark is None else mark.join(values)

    return Node(run, call.fields)


def _mvappend(call: Call) -> Node:
    return Node(lambda row: pack([text for arg in call.args for text in many(arg.run(row))]), call.fields)


MULTIVALUE: dict[str, tuple[int, int, Build]] = {
    "mvcount": (1, 1, _mvcount),
    "mvfind": (2, 2, _mvfind),
    "mvindex": (2, 3, _mvindex),
    "mvfilter": (1, 1, _mvfilter),
    "mvmap": (2, 2, _mvmap),
    "mvjoin": (2, 2, _mvjoin),
    "mvappend": (1, 10_000, _mvappend),
    "mvdedup": (1, 1, _listed(lambda values: list(dict.fromkeys(values)))),
    "mvsort": (
        1,
        1,
        _listed(lambda values: sorted(values, key=lambda v: v.encode("utf-8", "surrogatepass"))),
    ),
    "mvreverse": (1, 1, _listed(lambda values: values[::-1])),
}
