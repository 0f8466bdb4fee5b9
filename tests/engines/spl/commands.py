"""Commands that filter, shape and order rows. Source: Search Reference, the page of each command."""

import re
from collections.abc import Callable
from typing import NoReturn

from spl.aggregates import lexical
from spl.arguments import Args
from spl.context import Command, Context
from spl.errors import SplError
from spl.events import Row, flatten, number_text
from spl.expression import Expr, ExprParser, parse_expression, tokens
from spl.matching import number
from spl.regexes import compile_pcre
from spl.search import SearchParser
from spl.times import resolve, span_seconds
from spl.values import to_field, truth

INTERNAL = ("_time", "_raw")
SORT_LIMIT = 10_000
SPATH_LIMIT = 5_000


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


def fields(args: Args, context: Context) -> Command:
    """Keep (+) or remove (-) fields; _time and _raw stay unless removed by name."""
    sign = args.word() if args.stage.text[args.at : args.at + 1] in ("+", "-") else "+"
    if len(sign) > 1:
        raise args.refuse("a blank stands behind the sign")
    wanted = _matcher(args, args.fields(wildcards=True))
    if sign == "-":
        return lambda rows: [{n: v for n, v in row.items() if not wanted(n)} for row in rows]
    return lambda rows: [{n: v for n, v in row.items() if wanted(n) or n in INTERNAL} for row in rows]


def table(args: Args, context: Context) -> Command:
    """Exactly the named fields, in that order."""
    names = args.fields(wildcards=True)
    tests = [_matcher(args, [name]) for name in names]

    def run(rows: list[Row]) -> list[Row]:
        return [{n: row[n] for test in tests for n in row if test(n)} for row in rows]

    return run


def _matcher(args: Args, names: list[str]) -> Callable[[str], bool]:
    if not names:
        raise args.refuse("a field is missing")
    plain = {name for name in names if "*" not in name}
    globs = [re.compile(".*".join(map(re.escape, n.split("*"))), re.DOTALL) for n in names if "*" in n]
    return lambda name: name in plain or any(glob.fullmatch(name) for glob in globs)


def rename(args: Args, context: Context) -> Command:
    """``a AS b``; renaming an absent field onto a present one takes that one away."""
    pairs: list[tuple[str, str]] = []
    while not args.done():
        old = args.word("a field")
        if not args.keyword("as"):
            raise args.refuse("AS is missing")
        pairs.append((old, args.word("a field")))
        if "*" in "".join(pairs[-1]):
            raise args.refuse("wildcards in rename are not in the subset")
        args.mark(",")

    def apply(row: Row) -> Row:
        row = dict(row)
        for old, new in pairs:
            values = row.pop(old, None)
            row.pop(new, None)
            if values is not None:
                row[new] = values
        return row

    return lambda rows: [apply(row) for row in rows]


def fillnull(args: Args, context: Context) -> Command:
    """``value=``, 0 by default, in the named fields, or in all that any row has."""
    value = "0"
    if (name := args.option()) is not None:
        if name != "value":
            raise args.refuse(f"the option {name}= is not in the subset")
        value = args.word("a value")
    names = args.fields()

    def run(rows: list[Row]) -> list[Row]:
        wanted = names or list(dict.fromkeys(n for row in rows for n in row))
        return [{**row, **{n: [value] for n in wanted if not row.get(n)}} for row in rows]

    return run


def mvexpand(args: Args, context: Context) -> Command:
    """One row for each value; a row without the field stays."""
    name = args.word("a field")
    limit = 0
    if args.option() == "limit":
        limit = args.count()
    if not args.done():
        raise args.refuse("mvexpand takes one field and limit=")

    def run(rows: list[Row]) -> list[Row]:
        out: list[Row] = []
        for row in rows:
            values = row.get(name, [])[: limit or None]
            out += [{**row, name: [value]} for value in values] or [row]
        return out

    return run


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
    if re.match(r"\d+\s", args.stage.text[args.at :]):
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
    if re.match(r"\d+\s", args.stage.text[args.at :]):
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


def bin_time(args: Args, context: Context) -> Command:
    """bin (bucket) of _time by a span, aligned to epoch 0 or ``aligntime``; days are UTC days."""
    span, align, name, target = 0, 0.0, None, None
    while not args.done():
        option = args.option()
        if option == "span":
            span = span_seconds(args.word("a span")) or 0
        elif option == "aligntime":
            align = resolve(args.word("a time"), context.clock()) or 0.0
        elif option is not None:
            raise args.refuse(f"the option {option}= is not in the subset")
        elif args.keyword("as"):
            target = args.word("a field")
        else:
            name = args.word("a field")
    if name != "_time" or span == 0 or (span > 86400 and span % 86400) or span >= 604800:
        raise args.refuse("only bin _time with a span of seconds to days is in the subset")
    offset = align % span if span < 86400 else 0.0
    width, into = span, target or name

    def run(rows: list[Row]) -> list[Row]:
        out = []
        for row in rows:
            if "_time" in row:
                time = float(row["_time"][0])
                row = {**row, into: [number_text((time - offset) // width * width + offset)]}
            out.append(row)
        return out

    return run


def spath(args: Args, context: Context) -> Command:
    """``spath [input=f] [output=f] path=p``: one path's values; the form that extracts all is refused."""
    given: dict[str, str] = {}
    while not args.done():
        option = args.option() or "path"
        if option not in ("input", "output", "path") or option in given:
            raise args.refuse(f"the option {option}= is not in the subset")
        given[option] = args.word("a value")
    if "path" not in given or re.search(r"\{[^}]", given["path"]):
        raise args.refuse("spath without a path, or with an index or attribute in it, is not in the subset")
    source, path = given.get("input", "_raw"), given["path"]

    def apply(row: Row) -> Row:
        texts = row.get(source, [])
        if len(texts) > 1 or any(len(text) > SPATH_LIMIT for text in texts):
            raise SplError(f"spath reads one value of at most {SPATH_LIMIT} characters (limits.conf)")
        found = flatten(texts[0], context.options) if texts else {}
        if path not in found and any(name.startswith((path + ".", path + "{")) for name in found):
            raise SplError(f"spath {path}: an object or array as JSON text is not in the subset")
        return {**row, given.get("output", path): found[path]} if path in found else row

    return lambda rows: [apply(row) for row in rows]


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
