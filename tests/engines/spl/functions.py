"""Eval functions that compare, choose and convert; the others are in the modules that end in _functions.

Source: Search Reference, "Comparison and Conditional functions", "Conversion functions", "Mathematical functions".
"""

import ipaddress
import math
import re
from collections.abc import Callable

from spl.errors import SplError
from spl.events import Row, number_text
from spl.expression import Call, Node
from spl.matching import in_network, number
from spl.multivalue_functions import MULTIVALUE
from spl.regexes import compile_pcre
from spl.text_functions import TEXT
from spl.time_functions import TIME
from spl.values import Value, compare, single, size, text, truth

Build = Callable[[Call], Node]


def build(call: Call) -> Node:
    """Compile a call; unknown names and wrong counts of arguments are refused."""
    known = FUNCTIONS.get(call.name.lower())
    if known is None:
        raise call.refuse(f"the function {call.name}() is not in the subset")
    least, most, make = known
    if not least <= len(call.args) <= most:
        raise call.refuse(f"{call.name}() takes {least} to {most} arguments, got {len(call.args)}")
    try:
        return make(call)
    except SplError as problem:
        raise problem if problem.position >= 0 else call.refuse(problem.reason) from None


def _if(call: Call) -> Node:
    test, yes, no = (arg.run for arg in call.args)
    return Node(lambda row: yes(row) if truth(test(row)) else no(row), call.fields)


def _case(call: Call) -> Node:
    if len(call.args) % 2:
        raise call.refuse("case() takes pairs of a condition and a value")
    pairs = list(zip(call.args[::2], call.args[1::2], strict=True))

    def run(row: Row) -> Value:
        return next((value.run(row) for test, value in pairs if truth(test.run(row))), None)

    return Node(run, call.fields)


def _coalesce(call: Call) -> Node:
    def run(row: Row) -> Value:
        values = (arg.run(row) for arg in call.args)
        return next((value for value in values if value is not None), None)

    return Node(run, call.fields)


def _in(call: Call) -> Node:
    needle, *hay = (arg.run for arg in call.args)

    def run(row: Row) -> Value:
        value = single(needle(row), "in()")
        found = [compare("=", value, single(item(row), "in()")) for item in hay]
        return True if True in found else (None if None in found else False)

    return Node(run, call.fields)


def _like(call: Call) -> Node:
    subject, pattern = call.args
    if pattern.literal is None:
        raise call.refuse("like() takes its pattern in double quotes")
    if "\\" in pattern.literal:
        raise call.refuse("a backslash in a pattern of like() is not documented")
    parts = {"%": ".*", "_": "."}
    regex = re.compile("".join(parts.get(c, re.escape(c)) for c in pattern.literal), re.DOTALL)

    def run(row: Row) -> Value:
        value = text(single(subject.run(row), "like()"), "like()")
        return None if value is None else regex.fullmatch(value) is not None

    return Node(run, call.fields)


def _match(call: Call) -> Node:
    subject, pattern = call.args
    if pattern.literal is None:
        raise call.refuse("match() takes its pattern in double quotes here")
    regex = compile_pcre(pattern.literal)

    def run(row: Row) -> Value:
        value = text(single(subject.run(row), "match()"), "match()")
        return None if value is None else regex.search(value) is not None

    return Node(run, call.fields)


def _cidrmatch(call: Call) -> Node:
    block, subject = call.args
    if block.literal is None:
        raise call.refuse("cidrmatch() takes its block in double quotes here")
    try:
        network = ipaddress.ip_network(block.literal)
    except ValueError as problem:
        raise call.refuse(f"cidrmatch(): {problem}") from None

    def run(row: Row) -> Value:
        value = text(single(subject.run(row), "cidrmatch()"), "cidrmatch()")
        return None if value is None else in_network(network, value)

    return Node(run, call.fields)


def _tonumber(call: Call) -> Node:
    def run(row: Row) -> Value:
        value = single(call.args[0].run(row), "tonumber()")
        return number(value) if isinstance(value, str) else size(value, "tonumber()")

    return Node(run, call.fields)


def _tostring(call: Call) -> Node:
    def run(row: Row) -> Value:
        value = single(call.args[0].run(row), "tostring()")
        if isinstance(value, bool):
            return "True" if value else "False"
        return text(value, "tostring()")

    return Node(run, call.fields)


def _constant(value: Value) -> Build:
    return lambda call: Node(lambda row: value)


def _numeric(what: Callable[[float], float]) -> Build:
    def make(call: Call) -> Node:
        def run(row: Row) -> Value:
            value = size(single(call.args[0].run(row), call.name), call.name)
            return None if value is None else what(value)

        return Node(run, call.fields)

    return make


def _round(call: Call) -> Node:
    def run(row: Row) -> Value:
        found = [size(single(arg.run(row), "round()"), "round()") for arg in call.args]
        value, digits = found[0], found[1] if len(found) > 1 else 0.0
        if value is None or digits is None:
            return None
        if not 0 <= digits <= 15 or abs(value) > 1e15:
            raise SplError("round() to 0 to 15 digits of numbers below 1e15 only")
        scale = float(10 ** int(digits))
        return math.copysign(math.floor(abs(value) * scale + 0.5), value) / scale

    return Node(run, call.fields)


def _extreme(pick: Callable[[list[float]], float]) -> Build:
    def make(call: Call) -> Node:
        def run(row: Row) -> Value:
            found = [size(single(arg.run(row), call.name), call.name) for arg in call.args]
            known = [value for value in found if value is not None]
            return pick(known) if known else None

        return Node(run, call.fields)

    return make


def _typed(test: Callable[[Value], bool]) -> Build:
    return lambda call: Node(lambda row: test(single(call.args[0].run(row), call.name)), call.fields)


def is_number(value: Value) -> bool:
    """Whether isnum() says yes: a number, or a field's text that is one."""
    return not isinstance(value, bool) and value is not None and number(_plain(value)) is not None


def _plain(value: Value) -> str:
    return value if isinstance(value, str) else number_text(value) if isinstance(value, float | int) else ""


MANY = 10_000
FUNCTIONS: dict[str, tuple[int, int, Build]] = {
    "if": (3, 3, _if),
    "case": (2, MANY, _case),
    "coalesce": (1, MANY, _coalesce),
    "in": (2, MANY, _in),
    "like": (2, 2, _like),
    "match": (2, 2, _match),
    "cidrmatch": (2, 2, _cidrmatch),
    "isnull": (1, 1, lambda call: Node(lambda row: call.args[0].run(row) is None, call.fields)),
    "isnotnull": (1, 1, lambda call: Node(lambda row: call.args[0].run(row) is not None, call.fields)),
    "isnum": (1, 1, _typed(is_number)),
    "isstr": (1, 1, _typed(lambda value: isinstance(value, str) and not is_number(value))),
    "true": (0, 0, _constant(True)),
    "false": (0, 0, _constant(False)),
    "null": (0, 0, _constant(None)),
    "tonumber": (1, 1, _tonumber),
    "tostring": (1, 1, _tostring),
    "abs": (1, 1, _numeric(abs)),
    "floor": (1, 1, _numeric(math.floor)),
    "ceil": (1, 1, _numeric(math.ceil)),
    "ceiling": (1, 1, _numeric(math.ceil)),
    "round": (1, 2, _round),
    "min": (1, MANY, _extreme(min)),
    "max": (1, MANY, _extreme(max)),
    **TEXT,
    **MULTIVALUE,
    **TIME,
}
