"""Commands that change fields: fields, table, rename, fillnull, mvexpand, bin, spath.

Source: Search Reference, the page of each command.
"""

import re
from collections.abc import Callable

from spl.arguments import Args
from spl.context import Command, Context
from spl.errors import SplError
from spl.events import Row, flatten, number_text
from spl.times import resolve, span_seconds

INTERNAL = ("_time", "_raw")
SPATH_LIMIT = 5_000


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
    if not names:
        raise args.refuse("a field is missing")
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


def addinfo(args: Args, context: Context) -> Command:
    """The time range of the search in every row: info_min_time, info_max_time; the search's own time."""
    if not args.done():
        raise args.refuse("addinfo takes no arguments")

    def run(rows: list[Row]) -> list[Row]:
        now = context.clock()
        latest = now if context.latest is None else context.latest
        times = {"info_min_time": context.earliest, "info_max_time": latest, "info_search_time": now}
        told = {name: [number_text(time)] for name, time in times.items()}
        return [{**row, **told} for row in rows]

    return run


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
