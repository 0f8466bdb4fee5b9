"""EQL run by Elastic's library (PyPI ``eql``, AGPL-3.0, a test tool).

Elasticsearch reads two things otherwise than the library, and the subclass here follows Elasticsearch, which turns
each comparison into a query of its own: a field with several values matches when any of them does, and ``not`` and
``!=`` are true where the field is absent.
https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax

What the library cannot judge: it compares without case everywhere (``==`` and ``in`` as well as ``:`` and ``in~``),
knows ``*`` but not ``?`` in patterns, and takes two events exactly ``maxspan`` apart as one sequence.
"""

from __future__ import annotations

import importlib
import importlib.util
import itertools
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

from engines_build import EngineMissing

Event = dict[str, Any]


class Many(tuple[Any, ...]):
    """The values of a field that has several."""

    __slots__ = ()


def prepare() -> None:
    """Raises EngineMissing without the library."""
    if importlib.util.find_spec("eql") is None:
        raise EngineMissing("the package eql is not installed (extra dev)")


def eql_matches(query: str, events: Sequence[Event]) -> list[list[int]]:
    """What matches, as indexes into ``events``: one for an event query, all of its events for a sequence.

    ``events`` are OCSF events in the order of their ``time`` (milliseconds). Raises eql.EqlError where the library
    refuses the query, with its reason.
    """
    prepare()
    eql = importlib.import_module("eql")
    parser = importlib.import_module("eql.parser")
    with parser.elasticsearch_syntax, parser.ignore_missing_functions, parser.allow_runs:
        parsed = eql.parse_query(query)
    engine = _engine()({"time_unit": 1000})
    given = [eql.Event("any", event.get("time", 0), event) for event in events]
    at = {id(event): index for index, event in enumerate(given)}
    found: list[list[int]] = []
    engine.add_output_hook(lambda output: found.append([at[id(event)] for event in output.events]))
    engine.add_query(parsed)
    engine.stream_events(given, finalize=True)
    return found


@cache
def _engine() -> Any:
    base = importlib.import_module("eql").PythonEngine

    class Engine(base):  # type: ignore[misc, valid-type]
        """The library's engine with Elasticsearch's reading of many values and of none."""

        def _convert_field(self, node: Any) -> Callable[[Any], Any]:
            if self._in_pipe or node.base in self._scoped:
                found: Callable[[Any], Any] = super()._convert_field(node)
                return found
            path = (node.base, *node.path)
            return lambda scope: _value(list(_values(scope.event.data, path)))

        def _convert_not(self, node: Any) -> Callable[[Any], bool]:
            term = self.convert(node.term)
            return lambda scope: not term(scope)

        def _convert_comparison(self, node: Any) -> Callable[[Any], Any]:
            if node.comparator == "!=":
                equal = self.convert(type(node)(node.left, "==", node.right))
                return lambda scope: not equal(scope)
            compare = self.check_types(self.lowercase(node.function, always=False))
            sides = self.convert(node.left), self.convert(node.right)
            return lambda scope: _any(compare, [side(scope) for side in sides])

        def _convert_in_set(self, node: Any) -> Callable[[Any], Any]:
            value = self.convert(node.expression)
            items = [self.convert(item) for item in node.container]
            same = self.check_types(self.lowercase(lambda one, other: one == other, always=False))
            return lambda scope: any(_any(same, [value(scope), item(scope)]) for item in items)

        def _convert_function_call(self, node: Any) -> Callable[[Any], Any]:
            if getattr(self, f"_function_{self.camelized(node.name)}", None):
                special: Callable[[Any], Any] = super()._convert_function_call(node)
                return special
            function = self._functions.get(node.name, node.signature)
            if hasattr(function, "get_callback"):
                function = function.get_callback(*node.arguments)
            arguments = self._convert_tuple(node.arguments)
            return lambda scope: _any(function, arguments(scope))

    return Engine


def _values(value: Any, path: tuple[Any, ...]) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _values(item, path)
    elif not path:
        if value is not None:
            yield value
    elif isinstance(value, dict):
        yield from _values(value.get(path[0]), path[1:])


def _value(values: list[Any]) -> Any:
    if len(values) > 1:
        return Many(values)
    return values[0] if values else None


def _any(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """The function's value; with a field of several values among the arguments, whether any makes it true."""
    if not any(isinstance(argument, Many) for argument in arguments):
        return function(*arguments)
    choices = [argument if isinstance(argument, Many) else (argument,) for argument in arguments]
    return any(function(*choice) for choice in itertools.product(*choices))
