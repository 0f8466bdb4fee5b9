"""A panel's question in ES|QL of Elasticsearch 8.19 and newer.

Parameters ``?_tstart`` and ``?_tend`` are what Kibana fills in from its time picker; the end is not included.
Columns: ``@timestamp`` (with an interval), the groups under their fields' names, ``value``.

``KQL()`` stands before any ``STATS``, since it may not stand later. The first ``STATS`` makes one row for each
event and group: an event that is stored twice is one, an array puts it in the group of each value, and the second
one then counts exactly, as ``COUNT_DISTINCT`` would not.
"""

from __future__ import annotations

from tracehound.boards.model import By, PanelSpec
from tracehound.boards.panel import Panel
from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.esql_taken import quoted
from tracehound.compiler.leaves import type_of

MOST_ROWS = 10_000
"""What the server returns at most; without a LIMIT it stops at 1,000 without a word."""
TIME = "@timestamp"
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))


def column(by: By) -> str:
    """The name of a group's column."""
    return by.field if not by.part else f"{by.field}.part{by.part}"


def columns(spec: PanelSpec) -> list[str]:
    """The names of all columns but ``value``, in their order."""
    return [*([TIME] if spec.interval else []), *(column(by) for by in spec.by)]


def query(panel: Panel, index: str = INDEX) -> str:
    """The query."""
    spec = panel.spec
    keys = [f"th_key_{number}" for number in range(1, len(spec.by) + 1)]
    lines = [
        f"FROM {index}",
        f"| WHERE {conditions.condition(panel.rule, 'esql')}",
        f"| WHERE {TIME} >= ?_tstart AND {TIME} < ?_tend",
        *_taken(spec, keys),
        *_measured(spec, keys),
    ]
    if keys and spec.interval:
        lines += _series(spec, keys[0])
    elif keys:
        ties = ", ".join(_tie(by, key) for by, key in zip(spec.by, keys, strict=True))
        lines += [f"| SORT value DESC NULLS LAST, {ties}", f"| LIMIT {spec.top}"]
    names = columns(spec)
    inner = [*(["th_time"] if spec.interval else []), *keys]
    if names:
        renames = ", ".join(f"{one} AS {quoted(name)}" for one, name in zip(inner, names, strict=True))
        lines += [f"| RENAME {renames}", f"| KEEP {', '.join([*map(quoted, names), 'value'])}"]
    if spec.interval:
        lines += [f"| SORT {', '.join(map(quoted, names))}", f"| LIMIT {MOST_ROWS}"]
    return "\n".join(lines)


def _tie(by: By, key: str) -> str:
    """What decides between equal values, the same in all languages: addresses by their text."""
    return f"TO_STRING({key})" if type_of(by.field) == "ip" else key


def _taken(spec: PanelSpec, keys: list[str]) -> list[str]:
    """One row for each event and group, with what is measured."""
    measure = spec.measure
    distinct = measure.how == "distinct"
    values = ["th_at = MIN(@timestamp)"]
    if measure.field and not distinct:
        values.append(f"th_value = MAX({quoted(measure.field)})")
    by = ["th_uid = metadata.uid"]
    by += [f"{key} = {quoted(one.field)}" for key, one in zip(keys, spec.by, strict=True)]
    needed = [*keys, *(["th_value"] if measure.field else [])]
    if distinct:
        by.append(f"th_value = {quoted(measure.field)}")
    lines = [f"| STATS {', '.join(values)} BY {', '.join(by)}"]
    if needed:
        lines.append("| WHERE " + " AND ".join(f"{name} IS NOT NULL" for name in needed))
    parts = [(key, one.part) for key, one in zip(keys, spec.by, strict=True) if one.part]
    if parts:
        cuts = [f'{key} = MV_SLICE(SPLIT({key}, "."), {part - 1}, {part - 1})' for key, part in parts]
        lines.append(f"| EVAL {', '.join(cuts)}")
        lines.append("| WHERE " + " AND ".join(f'{key} IS NOT NULL AND {key} != ""' for key, _ in parts))
        again = ["th_at = MIN(th_at)"]
        if len(values) > 1:
            again.append("th_value = MAX(th_value)")
        names = ["th_uid", *keys, *(["th_value"] if distinct else [])]
        lines.append(f"| STATS {', '.join(again)} BY {', '.join(names)}")
    return lines


def _measured(spec: PanelSpec, keys: list[str]) -> list[str]:
    """The number of each group and step."""
    measure = spec.measure
    over = [f"th_time = {_bucket(spec)}"] if spec.interval else []
    by = [*over, *keys]
    lines = []
    if measure.how == "distinct":
        lines.append(f"| STATS th_n = COUNT(*) BY {', '.join([*by, 'th_value'])}")
        by = [*(["th_time"] if over else []), *keys]
    said = {
        "count": "COUNT(*)", "distinct": "COUNT(*)", "sum": "SUM(th_value)", "avg": "AVG(th_value)",
    }.get(measure.how) or f"PERCENTILE(th_value, {measure.percentile})"  # fmt: skip
    return [*lines, f"| STATS value = {said}" + (f" BY {', '.join(by)}" if by else "")]


def _bucket(spec: PanelSpec) -> str:
    if spec.seconds is None:
        return "BUCKET(th_at, 75, ?_tstart, ?_tend)"
    size, unit = next((size, unit) for size, unit in _UNITS if spec.seconds % size == 0)
    return f"BUCKET(th_at, {spec.seconds // size} {unit})"


def _series(spec: PanelSpec, key: str) -> list[str]:
    """The points of the largest series only: each series is folded into one row, and unfolded again."""
    total = "SUM" if spec.measure.adds_up else "MAX"
    number = "TO_LONG" if spec.measure.how in ("count", "distinct") else "TO_DOUBLE"
    point = 'CONCAT(TO_STRING(TO_LONG(th_time)), " ", TO_STRING(value))'
    return [
        f"| EVAL th_point = {point}",
        f"| STATS th_total = {total}(value), th_point = VALUES(th_point) BY {key}",
        f"| SORT th_total DESC NULLS LAST, {_tie(spec.by[0], key)}",
        f"| LIMIT {spec.top}",
        "| MV_EXPAND th_point",
        '| EVAL th_point = SPLIT(th_point, " ")',
        f"| EVAL th_time = TO_DATETIME(TO_LONG(MV_FIRST(th_point))), value = {number}(MV_LAST(th_point))",
    ]
