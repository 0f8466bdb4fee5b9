"""What a correlation takes, as rows of ES|QL: one for each event and group that it is in.

    th_uid, th_time (ms), th_key_1.. (the group), th_0.. (how often it meets each base rule), th_value or th_n

``STATS ... BY metadata.uid`` comes first: an event that is stored twice (after a rollover) is one row, arrays as
keys put it in the group of each value, and ``KQL()`` may stand behind ``WHERE`` in it, as nowhere later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.leaves import type_of
from tracehound.compiler.lucene import caseless
from tracehound.compiler.model import NotInLanguageError
from tracehound.rules.model import Correlation, Rule
from tracehound.schema import fields

NUMERIC = ("value_sum", "value_avg", "value_percentile", "value_median")
TAB, LINE = '"\\t"', '"\\n"'
STAMP = "th_stamp = CONCAT(TO_STRING(th_time), " + TAB + ", th_uid)"
"""``time<tab>uid``: sorts by time, since a time in ms has 13 digits from 2001 to 2286."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Rows to go on from."""

    lines: tuple[str, ...]
    keys: tuple[str, ...]
    """The columns of the group, in the order of ``group-by``; for a chain with what else it needs behind them."""
    passes: str = ""
    """Rows that pass whatever the correlation is: those of other rules, for the correlation over it."""

    def held(self, condition: str) -> str:
        """A ``WHERE`` that lets them pass."""
        return f"| WHERE {condition} OR {self.passes}" if self.passes else f"| WHERE {condition}"


class Other(NamedTuple):
    """A rule beside a correlation, both of which another one takes; ``number`` is its place there."""

    number: int
    rule: Rule
    keys: tuple[str, ...]


def taken(link: Correlation, others: Sequence[Other] = ()) -> Taken:
    """The rows of a correlation over single-event rules; with ``others``, their events in lanes of their own."""
    says = [conditions.condition(base, "esql") for base in link.base]
    columns = key_columns(link)
    by = [f"{name} = {field}" for name, field in columns]
    beside = [(other, conditions.condition(other.rule, "esql")) for other in others]
    needed = _needed(link, [field for _, field in columns])
    lines = [
        f"FROM {INDEX}",
        "| WHERE " + " OR ".join(dict.fromkeys([*says, *(said for _, said in beside)])),
        *([] if others else [f"| WHERE {name} IS NOT NULL" for name in needed]),
    ]
    stats = ["th_time = MIN(TO_LONG(time))"]
    if others:
        stats.append("th_in = COUNT(*) WHERE " + " OR ".join(dict.fromkeys(says)))
        stats += [f"th_other_{other.number} = COUNT(*) WHERE {said}" for other, said in beside]
        by += [f"th_outer_{n} = {compared(field)}" for n, field in enumerate(others[0].keys, 1)]
    if _flagged(link):
        stats += [f"th_{number} = COUNT(*) WHERE {said}" for number, said in enumerate(says)]
    if link.kind in NUMERIC:
        many = fields()[link.field].within or fields()[link.field].array
        number = f'MV_CONCAT(TO_STRING({link.field}), ",")' if many else f"TO_DOUBLE({link.field})"
        stats.append(f"th_n = MIN({number})")
    if link.kind == "value_count":
        by += [f"th_value_{n} = {compared(field)}" for n, field in enumerate(link.fields, 1)]
    lines += _stats(stats, ["th_uid = metadata.uid", *by])
    lines.append('| EVAL th_uid = REPLACE(th_uid, "[\\t\\n\\r]", " ")')
    lines += _aliased(link, columns)
    lines += _valued(link)
    keys = tuple(f"th_key_{n}" for n in range(1, len(link.group_by) + 1))
    if not others:
        return Taken(tuple(lines), keys)
    outer = tuple(f"th_outer_{n}" for n in range(1, len(others[0].keys) + 1))
    return Taken((*lines, *_lanes(link, others, keys, outer)), (*keys, *outer, "th_lane"), "th_lane > 0")


def _lanes(
    link: Correlation, others: Sequence[Other], keys: Sequence[str], outer: Sequence[str]
) -> list[str]:
    """Lane 0 is the correlation's, lane N + 1 that of the rule at place N of the correlation over it."""
    if aliased(link) or link.kind in NUMERIC or len({other.keys for other in others}) > 1:
        raise NotInLanguageError(
            "ES|QL cannot nest a correlation of numbers, or with aliases, beside other rules"
        )
    values = ["th_value"] if link.kind == "value_count" else []
    own = " AND ".join(["th_lane == 0 AND th_in > 0", *(f"{name} IS NOT NULL" for name in (*keys, *values))])
    there = "".join(f" AND {name} IS NOT NULL" for name in outer)
    rest = [f"(th_lane == {o.number + 1} AND th_other_{o.number} > 0{there})" for o in others]
    columns = [f"{name} = CASE(th_lane == 0, {name})" for name in keys]
    columns += [f"{name} = CASE(th_lane > 0, {name})" for name in outer]
    return [
        f"| EVAL th_lane = [0, {listed(*(str(o.number + 1) for o in others))}]",
        "| MV_EXPAND th_lane",
        "| WHERE " + " OR ".join([f"({own})", *rest]),
        *([f"| EVAL {listed(columns)}"] if columns else []),
    ]


def compared(field: str) -> str:
    """The column that is equal where the matcher finds two values equal."""
    return quoted(caseless(field))


def quoted(name: str) -> str:
    """A name of a column, in back-quotes where it is not plain."""
    plain = all(part and (part[0].isalpha() or part[0] == "_") and part.replace("_", "a").isalnum()
                and part.isascii() for part in name.split("."))  # fmt: skip
    return name if plain else "`" + name.replace("`", "``") + "`"


def listed(*names: str | Sequence[str]) -> str:
    """Columns with commas between them."""
    return ", ".join(name for part in names for name in ([part] if isinstance(part, str) else part))


def key_columns(link: Correlation) -> list[tuple[str, str]]:
    """Names of group columns and the fields behind them; with aliases, one for each different field."""
    if not aliased(link):
        return [(f"th_key_{n}", compared(field)) for n, field in enumerate(link.keys[0], 1)]
    found = dict.fromkeys(field for keys in link.keys for field in keys)
    return [(f"th_field_{n}", compared(field)) for n, field in enumerate(found, 1)]


def aliased(link: Correlation) -> bool:
    """Whether base rules have different fields as keys."""
    return len(set(link.keys)) > 1


def _flagged(link: Correlation) -> bool:
    """Whether it matters which base rules an event meets."""
    return link.kind.startswith("temporal") or aliased(link)


def _needed(link: Correlation, keys: Sequence[str]) -> list[str]:
    """What an event must have."""
    values = [compared(field) for field in link.fields] or ([link.field] if link.field else [])
    return list(dict.fromkeys([*([] if aliased(link) else keys), *values]))


def _aliased(link: Correlation, columns: Sequence[tuple[str, str]]) -> list[str]:
    """One row for each base rule that an event meets, then one for each group again."""
    if not aliased(link):
        return []
    column = {field: name for name, field in columns}
    rules = range(len(link.base))
    keys = []
    for place in range(len(link.group_by)):
        names = [column[compared(link.keys[rule][place])] for rule in rules]
        kinds = {type_of(link.keys[rule][place]) for rule in rules}
        texts = names if len(kinds) == 1 else [f"TO_STRING({name})" for name in names]
        cases = listed(*(f"th_base == {rule}, {text}" for rule, text in enumerate(texts)))
        keys.append(f"th_key_{place + 1} = CASE({cases})")
    names = [key.partition(" ")[0] for key in keys]
    own = [f"th_{rule} = MAX(CASE(th_base == {rule}, th_{rule}, 0))" for rule in rules]
    own += ["th_n = MIN(th_n)"] if link.kind in NUMERIC else []
    values = [f"th_value_{n}" for n in range(1, len(link.fields) + 1)] if link.kind == "value_count" else []
    return [
        f"| EVAL th_base = [{listed(*map(str, rules))}]",
        "| MV_EXPAND th_base",
        "| WHERE " + " OR ".join(f"(th_base == {rule} AND th_{rule} > 0)" for rule in rules),
        f"| EVAL {listed(keys)}",
        *(f"| WHERE {name} IS NOT NULL" for name in names),
        *_stats(["th_time = MIN(th_time)", *own], ["th_uid", *names, *values]),
    ]


def _valued(link: Correlation) -> list[str]:
    """The value that is counted, or the number and how often the event has it."""
    if link.kind == "value_count":
        texts = [f"TO_STRING(th_value_{n})" for n in range(1, len(link.fields) + 1)]
        value = texts[0] if len(texts) == 1 else "CONCAT(" + ', " | ", '.join(texts) + ")"
        return [f"| EVAL th_value = {value}"]
    if link.kind not in NUMERIC:
        return []
    if not (fields()[link.field].within or fields()[link.field].array):
        return ["| EVAL th_many = 1"]
    keys = [f"th_key_{n}" for n in range(1, len(link.group_by) + 1)]
    return [
        '| EVAL th_n = TO_DOUBLE(SPLIT(th_n, ","))',
        "| MV_EXPAND th_n",
        *_stats(["th_many = COUNT(*)"], ["th_uid", "th_time", *keys, "th_n"]),
    ]


def _stats(aggregates: Sequence[str], by: Sequence[str]) -> list[str]:
    return ["| STATS " + ",\n    ".join(aggregates) + (f"\n  BY {listed(by)}" if by else "")]


def stats(aggregates: Sequence[str], by: Sequence[str]) -> str:
    """A ``STATS`` command."""
    return _stats(aggregates, by)[0]


def evaluated(*columns: str) -> str:
    """An ``EVAL`` command, a column on each line."""
    return "| EVAL " + ",\n    ".join(columns)
