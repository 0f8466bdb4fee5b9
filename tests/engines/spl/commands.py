"""Commands that filter and order rows, and eval. Source: Search Reference, the page of each command."""

import re
from typing import NoReturn

from spl.aggregates import lexical
from spl.arguments import Args
from spl.context import Command, Context
from spl.errors import SplError
from spl.events import Row
from spl.expression import Expr, ExprParser, parse_expression
from spl.expression_tokens import tokens
from spl.matching import number
from spl.regexes import compile_pcre
from spl.search import SearchParser
from spl.values import to_field, truth

SORT_LIMIT = 10_000


def search(args: Args, context: Context) -> Command:
    """Rows that the terms keep."""
    test = SearchParser(args.stage, args.at, context.options, context.clock).parse()
    return lambda rows: [row for row in rows if test(row)]


def where(args: Args, context: Context) -> Command:
    """Rows for which the expression is true; false and NULL drop a row."""
    test = parse_expression(args.stage, args.at, args.end, context.clock).run
    return lambda rows: [row for row in rows if truth(test(row)) is True]


def evaluate(args: Args, context: Context) -> Command:
    """eval: assignments from left to right; NULL takes the field away."""
    parser = ExprParser(args.stage, tokens(args.stage, args.at, args.end), context.clock)
    steps: list[tuple[str, Expr]] = []
    while True:
        target = parser.take()
        if target.kind not in ("name", "field", "text"):
            raise parser.refuse("eval wants name=expression", target)
        name = target.value.strip("'")
        parser.expect("=")
        steps.append((name, parser.expression().run))
        if parser.peek().kind == "end":
            break
        parser.expect(",")

    def apply(row: Row) -> Row:
        row = dict(row)
        for name, run in steps:
            values = to_field(run(row))
            if values:
                row[name] = values
            else:
                row.pop(name, None)
        return row

    return lambda rows: [apply(row) for row in rows]


def regex(args: Args, context: Context) -> Command:
    """``field="pattern"`` or ``field!="pattern"``, unanchored; the field is _raw when not named."""
    match = re.compile(r"([^\s=!\"']+|\"[^\"]+\")\s*(!?=)\s*(?=\")").match(args.stage.text, args.at)
    name, op = (match[1].strip('"'), match[2]) if match else ("_raw", "=")
    args.at = match.end() if match else args.at
    if args.stage.text[args.at : args.at + 1] != '"':
        raise args.refuse("a regex stands in double quotes")
    pattern = compile_pcre(args.word())
    if not args.done():
        raise args.refuse("unexpected text behind the regex")

    def keep(row: Row) -> bool:
        values = row.get(name, [])
        if not values and op == "!=":
            raise SplError(f"regex {name}!= where the field is absent is not documented")
        hits = {pattern.search(value) is not None for value in values}
        if len(hits) > 1:
            raise SplError(f"regex on several values of {name}, of which some match, is not documented")
        return (True in hits) != (op == "!=")

    return lambda rows: [row for row in rows if keep(row)]


def head(args: Args, context: Context) -> Command:
    """The first N rows, 10 by default."""
    if args.done():
        return lambda rows: rows[:10]
    if (name := args.option()) is not None and name != "limit":
        raise args.refuse(f"the option {name}= is not in the subset")
    count = args.count()
    if not args.done():
        raise args.refuse("head takes a number only")
    return lambda rows: rows[:count]


def dedup(args: Args, context: Context) -> Command:
    """The first N rows of each combination of values; rows without a field go unless keepempty=t."""
    count, keep = 1, False
    if re.match(r"\d+(?:\s|$)", args.stage.text[args.at :]):
        count = args.count()
    names: list[str] = []
    while not args.done():
        before = args.at
        option = args.option()
        if option == "keepempty":
            keep = args.flag()
        elif option is not None or args.keyword("sortby"):
            args.at = before
            raise args.refuse("this option of dedup is not in the subset")
        else:
            names.append(args.word("a field"))
            args.mark(",")
    if not names or count < 1:
        raise args.refuse("dedup wants fields, and a number above 0")

    def run(rows: list[Row]) -> list[Row]:
        seen: dict[tuple[str, ...], int] = {}
        out: list[Row] = []
        for row in rows:
            values = [row.get(name, []) for name in names]
            if any(len(texts) > 1 for texts in values):
                raise SplError("dedup by a field with several values is not documented")
            if not all(values):
                out += [row] if keep else []
                continue
            key = tuple(texts[0] for texts in values)
            seen[key] = seen.get(key, 0) + 1
            out += [row] if seen[key] <= count else []
        return out

    return run


def sort(args: Args, context: Context) -> Command:
    """``sort [count] [+|-] field ...``: by number where all are numbers, else lexicographically; 0 is no limit."""
    limit = SORT_LIMIT
    if re.match(r"\d+(?:\s|$)", args.stage.text[args.at :]):
        limit = args.count()
    keys: list[tuple[str, bool, str]] = []
    down = False
    while not args.done():
        word = args.word("a field")
        if word in ("+", "-"):
            down = word == "-"
            continue
        if word[0] in "+-":
            down, word = word[0] == "-", word[1:]
        kind = "auto"
        if word in ("num", "str", "auto") and args.mark("("):
            kind, word = word, args.word("a field")
            args.expect(")")
        elif word == "ip" and args.mark("("):
            raise args.refuse("ip() is not in the subset")
        keys.append((word, down, kind))
        args.mark(",")
        down = False if args.stage.text[args.at - 1 : args.at] == "," else down
    if not keys:
        raise args.refuse("a field is missing")

    def run(rows: list[Row]) -> list[Row]:
        rows = list(rows)
        for name, reverse, kind in reversed(keys):
            rows = _sorted(rows, name, reverse, kind)
        return rows[: limit or None]

    return run


def _sorted(rows: list[Row], name: str, reverse: bool, kind: str) -> list[Row]:
    if any(len(row.get(name, ())) != 1 for row in rows):
        raise SplError(f"sort by {name}: rows without it, or with several values, are not documented")
    numbers = [number(row[name][0]) for row in rows]
    if kind != "str" and all(value is not None for value in numbers):
        return sorted(rows, key=lambda row: float(row[name][0]), reverse=reverse)
    if kind == "num":
        raise SplError(f"sort by num({name}): texts that are no numbers are not in the subset")
    return sorted(rows, key=lambda row: lexical(row[name][0]), reverse=reverse)


REFUSED = {
    "append": "unbounded; not in the subset on purpose",
    "join": "unbounded; not in the subset on purpose",
    "transaction": "unbounded; not in the subset on purpose",
    "multisearch": "subsearches are not in the subset",
    "union": "subsearches are not in the subset",
    "tstats": "reads index files that are not here",
    "makemv": "not in the subset",
}


def unknown(args: Args, name: str) -> NoReturn:
    """A command outside the subset."""
    raise args.stage.refuse(f"the command {name!r}: {REFUSED.get(name, 'not in the subset')}")
