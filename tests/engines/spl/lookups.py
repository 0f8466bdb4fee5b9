"""lookup, inputlookup and outputlookup over tables in memory. Source: Search Reference, the three pages."""

from dataclasses import dataclass, field

from spl.arguments import Args
from spl.context import Command, Context, Lookup
from spl.errors import SplError
from spl.events import Row

MAX_MATCHES = 1000


def _table(context: Context, name: str) -> Lookup:
    found = context.lookups.get(name) or context.lookups.get(name.removesuffix(".csv"))
    if found is None:
        raise SplError(f"no lookup {name!r} was given")
    return found


@dataclass
class Plan:
    """``keys`` and ``outputs`` are pairs (column of the table, field of the event)."""

    name: str
    keys: list[tuple[str, str]] = field(default_factory=list)
    outputs: list[tuple[str, str]] = field(default_factory=list)
    only_new: bool = False


def lookup(args: Args, context: Context) -> Command:
    """``lookup table column [AS field] ... [OUTPUT|OUTPUTNEW column [AS field] ...]``."""
    if args.option() is not None:
        raise args.refuse("options of lookup are not in the subset")
    plan = Plan(args.word("a lookup"))
    side = plan.keys
    while not args.done():
        if args.keyword("output"):
            side = plan.outputs
        elif args.keyword("outputnew"):
            side, plan.only_new = plan.outputs, True
        else:
            column = args.word("a column")
            side.append((column, args.word("a field") if args.keyword("as") else column))
            args.mark(",")
    if not plan.keys or (side is plan.outputs and not plan.outputs):
        raise args.refuse("a column is missing")

    def run(rows: list[Row]) -> list[Row]:
        table = _table(context, plan.name)
        keys = {column for column, _ in plan.keys}
        outputs = plan.outputs or [(c, c) for c in table.columns() if c not in keys and c != "_key"]
        return [_joined(row, table, plan, outputs) for row in rows]

    return run


def _joined(row: Row, table: Lookup, plan: Plan, outputs: list[tuple[str, str]]) -> Row:
    wanted: list[tuple[str, str]] = []
    for column, name in plan.keys:
        values = row.get(name, [])
        if len(values) > 1:
            raise SplError(f"lookup by {name} with several values is not documented; mvexpand it first")
        if not values:
            return row
        wanted.append((column, values[0] if table.cased else values[0].lower()))
    hits = [entry for entry in table.rows if all(_has(entry, table, c, v) for c, v in wanted)][:MAX_MATCHES]
    present = [name for _, name in outputs if row.get(name)]
    if present and not plan.only_new and not hits:
        raise SplError(f"lookup OUTPUT onto {present[0]}, which is there, without a match: not documented")
    if present and plan.only_new:
        return row
    found = {name: [text for hit in hits for text in hit.get(column, [])] for column, name in outputs}
    return {**row, **{name: values for name, values in found.items() if values}}


def _has(entry: Row, table: Lookup, column: str, wanted: str) -> bool:
    values = entry.get(column, [])
    return wanted in (values if table.cased else [value.lower() for value in values])


def inputlookup(args: Args, context: Context) -> Command:
    """The rows of a table, behind the rows that came with append=t."""
    options, name = _arguments(args, {"append"})
    appending = options.get("append") is True

    def run(rows: list[Row]) -> list[Row]:
        if rows and not appending:
            raise SplError("inputlookup generates rows: it stands first, or has append=t")
        return [*rows, *(dict(row) for row in _table(context, name).rows)]

    return run


def outputlookup(args: Args, context: Context) -> Command:
    """Write the rows to a table and pass them on; ``append=``, ``key_field=`` and ``override_if_empty=``."""
    options, name = _arguments(args, {"append", "key_field", "override_if_empty"})
    key = options.get("key_field")
    append = options.get("append", key is not None) is True

    def run(rows: list[Row]) -> list[Row]:
        table = _table(context, name)
        if key is not None and not table.kv:
            raise SplError("key_field is for KV store lookups only")
        if not rows and not append and options.get("override_if_empty", True) is False:
            return rows
        kept = table.rows if append else []
        if append and not table.kv and table.columns():
            allowed = table.columns()
            rows_in = [{n: v for n, v in row.items() if n in allowed} for row in rows]
        else:
            rows_in = [dict(row) for row in rows]
        written = rows_in if table.kv else [{n: [" ".join(v)] for n, v in row.items()} for row in rows_in]
        table.rows[:] = _merged(kept, written, str(key)) if key is not None else [*kept, *written]
        return rows

    return run


def _merged(kept: list[Row], rows: list[Row], key: str) -> list[Row]:
    """Records by key: one with a key that is there replaces it, the others are added."""
    records: dict[str, Row] = {row["_key"][0]: row for row in kept if row.get("_key")}
    loose = [row for row in kept if not row.get("_key")]
    for row in rows:
        values = row.get(key, [])
        if len(values) != 1:
            raise SplError(f"outputlookup key_field={key}: a row without exactly one value of it")
        records[values[0]] = {**row, "_key": values}
    return [*loose, *records.values()]


def _arguments(args: Args, allowed: set[str]) -> tuple[dict[str, object], str]:
    options: dict[str, object] = {}
    name = ""
    while not args.done():
        before = args.at
        option = args.option()
        if option in allowed:
            options[option] = args.word("a field") if option == "key_field" else args.flag()
        elif option is not None or name:
            args.at = before
            raise args.refuse("this argument is not in the subset")
        else:
            name = args.word("a lookup")
    if not name:
        raise args.refuse("a lookup's name is missing")
    return options, name
