"""The functions of stats, eventstats and streamstats.

Source: Search Reference, "Aggregate functions", "Event order functions", "Multivalue stats and chart
functions", "Time functions". dc() and values() compare texts with case; values() is sorted
lexicographically; list() keeps up to 100 values in order; percentiles take the nearest rank; the median
of an even count is the higher of the two in the middle. Several values: counted by dc, values and list,
not documented for the others.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spl.arguments import Args
from spl.errors import SplError
from spl.events import Row, number_text
from spl.expression import parse_expression
from spl.matching import number
from spl.values import to_field, truth

Reader = Callable[[Row], list[str]]
Fold = Callable[[Sequence[Row], Reader], list[str]]
LIST_LIMIT = 100
EXACT_LIMIT = 1000


@dataclass(frozen=True)
class Aggregate:
    """One column: its name and how it is computed from a group's rows."""

    name: str
    compute: Callable[[Sequence[Row]], list[str]]


def parse_aggregate(args: Args, now: Callable[[], float]) -> Aggregate:
    """``count``, ``func(field)``, ``count(eval(expression))``, each with an optional ``AS name``."""
    begin = args.at
    function = args.word("a stats function")
    known = _known(function)
    if known is None:
        args.at = begin
        raise args.refuse(f"the stats function {function!r} is not in the subset")
    if args.mark("("):
        reader, label = _argument(args, now, known is _count)
        label = f"{function}({label})"
    elif known is _count:
        reader, label = _every, "count"
    else:
        raise args.refuse(f"{function} without a field is not in the subset")
    if args.keyword("as"):
        label = args.word("a name behind AS")
        if "*" in label:
            raise args.refuse("wildcards behind AS are not in the subset")
    return Aggregate(label, lambda rows: known(rows, reader))


def _argument(args: Args, now: Callable[[], float], counting: bool) -> tuple[Reader, str]:
    begin = args.at
    if args.keyword("eval") and args.mark("("):
        end = args.matching()
        node = parse_expression(args.stage, args.at, end, now)
        args.at = end + 1
        args.skip()
        args.expect(")")
        label = args.stage.text[begin : args.at].strip().removesuffix(")")
        if counting:
            return (lambda row: _counted(node.run(row))), label
        return (lambda row: to_field(node.run(row))), label
    args.at = begin
    if args.mark(")"):
        if counting:
            return _every, ""
        raise args.refuse("a field is missing")
    name = args.word("a field")
    if "*" in name:
        raise args.refuse("wildcards in stats functions are not in the subset")
    args.expect(")")
    return (lambda row: row.get(name, [])), name


def _counted(value: object) -> list[str]:
    """count(eval(..)) counts the rows where the expression is true."""
    if value is not None and not isinstance(value, bool):
        raise SplError("count(eval()) of anything but a condition is not in the subset")
    return ["1"] if truth(value) else []


def _every(row: Row) -> list[str]:
    return ["1"]


def _known(function: str) -> Fold | None:
    name = function.lower()
    match = re.fullmatch(r"(?:perc|p|percentile|exactperc)(\d{1,2}(?:\.\d+)?|100)", name)
    if match:
        return _percentile(float(match[1]), exact=name.startswith("exact"))
    return FUNCTIONS.get(name)


def _singles(rows: Sequence[Row], reader: Reader, what: str) -> list[tuple[str, Row]]:
    found = []
    for row in rows:
        values = reader(row)
        if len(values) > 1:
            raise SplError(f"{what} of a field with {len(values)} values is not documented")
        if values:
            found.append((values[0], row))
    return found


def _numbers(rows: Sequence[Row], reader: Reader, what: str) -> list[float]:
    found = (number(text) for text, _ in _singles(rows, reader, what))
    return [value for value in found if value is not None]


def _count(rows: Sequence[Row], reader: Reader) -> list[str]:
    if reader is _every:
        return [str(len(rows))]
    return [str(len(_singles(rows, reader, "count()")))]


def _distinct(rows: Sequence[Row], reader: Reader) -> list[str]:
    return [str(len({text for row in rows for text in reader(row)}))]


def _values(rows: Sequence[Row], reader: Reader) -> list[str]:
    return sorted({text for row in rows for text in reader(row)}, key=lexical)


def _list(rows: Sequence[Row], reader: Reader) -> list[str]:
    return [text for row in rows for text in reader(row)][:LIST_LIMIT]


def lexical(text: str) -> bytes:
    """The key of Splunk's lexicographical order."""
    return text.encode("utf-8", "surrogatepass")


def _numeric(what: str, fold: Callable[[list[float]], float]) -> Fold:
    def compute(rows: Sequence[Row], reader: Reader) -> list[str]:
        numbers = _numbers(rows, reader, what)
        return [number_text(fold(numbers))] if numbers else []

    return compute


def _percentile(rank: float, exact: bool) -> Fold:
    def compute(rows: Sequence[Row], reader: Reader) -> list[str]:
        numbers = sorted(_numbers(rows, reader, "a percentile"))
        if not exact and len(set(numbers)) > EXACT_LIMIT:
            raise SplError(
                f"perc() of more than {EXACT_LIMIT} distinct values is approximated; use exactperc"
            )
        if not numbers:
            return []
        return [number_text(numbers[max(0, math.ceil(rank / 100 * len(numbers)) - 1)])]

    return compute


def _median(numbers: list[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def _extreme(what: str, last: bool) -> Fold:
    def compute(rows: Sequence[Row], reader: Reader) -> list[str]:
        texts = [text for text, _ in _singles(rows, reader, what)]
        numbers = [value for value in map(number, texts) if value is not None]
        if not texts:
            return []
        if len(numbers) == len(texts):
            return [number_text(max(numbers) if last else min(numbers))]
        if numbers:
            raise SplError(f"{what} of numbers and texts together is not in the subset")
        return [(max if last else min)(texts, key=lexical)]

    return compute


def _ordered(what: str, last: bool) -> Fold:
    def compute(rows: Sequence[Row], reader: Reader) -> list[str]:
        texts = _singles(rows, reader, what)
        return [texts[-1 if last else 0][0]] if texts else []

    return compute


def _timed(what: str, last: bool) -> Fold:
    def compute(rows: Sequence[Row], reader: Reader) -> list[str]:
        found = [
            (float(row["_time"][0]), text) for text, row in _singles(rows, reader, what) if "_time" in row
        ]
        if not found:
            return []
        edge = (max if last else min)(time for time, _ in found)
        texts = {text for time, text in found if time == edge}
        if len(texts) > 1:
            raise SplError(f"{what} among events of the same time: not documented which")
        return list(texts)

    return compute


FUNCTIONS: dict[str, Fold] = {
    "count": _count,
    "c": _count,
    "dc": _distinct,
    "distinct_count": _distinct,
    "values": _values,
    "list": _list,
    "sum": _numeric("sum()", sum),
    "avg": _numeric("avg()", lambda numbers: sum(numbers) / len(numbers)),
    "mean": _numeric("mean()", lambda numbers: sum(numbers) / len(numbers)),
    "median": _numeric("median()", _median),
    "range": _numeric("range()", lambda numbers: max(numbers) - min(numbers)),
    "min": _extreme("min()", last=False),
    "max": _extreme("max()", last=True),
    "first": _ordered("first()", last=False),
    "last": _ordered("last()", last=True),
    "earliest": _timed("earliest()", last=False),
    "latest": _timed("latest()", last=True),
}
