"""Eval functions on times, in UTC. Source: Search Reference, "Date and Time functions"."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

from spl.events import Row
from spl.expression import Call, Node
from spl.times import resolve
from spl.values import Value, single, size, text

Build = Callable[[Call], Node]
DIRECTIVES = set("YmdHMSFTjyabABp%z")


def _now(call: Call) -> Node:
    return Node(lambda row: float(int(call.now())))


def _relative_time(call: Call) -> Node:
    when, step = call.args
    if step.literal is None or resolve(step.literal, 0.0) is None:
        raise call.refuse("relative_time() takes a quoted time modifier of the subset")
    modifier = step.literal

    def run(row: Row) -> Value:
        base = size(single(when.run(row), "relative_time()"), "relative_time()")
        return None if base is None else resolve(modifier, base)

    return Node(run, call.fields)


def time_format(call: Call) -> str:
    """The format, with Splunk's ``%s`` and ``%N`` left out: only what both sides define alike."""
    form = call.args[1].literal
    if form is None or set(re.findall(r"%(.?)", form, re.DOTALL)) - DIRECTIVES:
        raise call.refuse(f"{call.name}() takes a quoted format of %{' %'.join(sorted(DIRECTIVES))}")
    return form.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S")


def _strftime(call: Call) -> Node:
    form = time_format(call)

    def run(row: Row) -> Value:
        when = size(single(call.args[0].run(row), "strftime()"), "strftime()")
        try:
            return None if when is None else datetime.fromtimestamp(when, UTC).strftime(form)
        except (ValueError, OverflowError, OSError):
            return None

    return Node(run, call.fields)


def _strptime(call: Call) -> Node:
    form = time_format(call)

    def run(row: Row) -> Value:
        value = text(single(call.args[0].run(row), "strptime()"), "strptime()")
        try:
            when = None if value is None else datetime.strptime(value, form)
        except ValueError:
            return None
        return None if when is None else (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()

    return Node(run, call.fields)


TIME: dict[str, tuple[int, int, Build]] = {
    "now": (0, 0, _now),
    "relative_time": (2, 2, _relative_time),
    "strftime": (2, 2, _strftime),
    "strptime": (2, 2, _strptime),
}
