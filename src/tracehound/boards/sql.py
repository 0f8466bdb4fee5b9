"""A panel's question in SQL over the embedded store's views.

Parameters: ``$start`` and ``$end``, epoch milliseconds, the end not included. Columns: ``time`` (epoch
milliseconds; with an interval only), ``key_1``.. (one for each group), ``value``; the largest first, over time by
time.
"""

from __future__ import annotations

from tracehound.boards.interval import MONTH, WEEK, automatic
from tracehound.boards.model import By
from tracehound.boards.panel import Panel
from tracehound.boards.sql_condition import TABLE, column, condition, many

RANGE = f"{TABLE}.time >= make_timestamp($start * 1000) AND {TABLE}.time < make_timestamp($end * 1000)"


def query(panel: Panel, span: tuple[int, int] | None = None) -> str:
    """The query; ``span`` (start, end) is what an interval of ``auto`` is chosen for, by default one day."""
    spec = panel.spec
    keys = [f"key_{number}" for number in range(1, len(spec.by) + 1)]
    how, field = spec.measure.how, spec.measure.field
    taken = [f'{TABLE}."metadata"."uid" AS uid', f"epoch_ms(min({TABLE}.time)) AS moment", *keys]
    group = ["1", *keys]
    having = ""
    joins = [_values(by, name) for by, name in zip(spec.by, keys, strict=True)]
    if how == "distinct":
        joins.append(_values(By(field=field), "value"))
        taken.append("value")
        group.append("value")
    elif field:
        taken.append(f"max({column(field)}) AS value")
        having = f" HAVING max({column(field)}) IS NOT NULL"
    lines = [
        "WITH taken AS (",
        f"  SELECT {', '.join(taken)}",
        f"  FROM events AS {TABLE}{''.join(joins)}",
        f"  WHERE {RANGE}",
        f"    AND {condition(panel.rule)}",
        f"  GROUP BY {', '.join(group)}{having}",
        ")",
    ]
    over = [f"{_bucket(panel, span)} AS time"] if spec.interval else []
    columns = [*over, *keys]
    grouped = f" GROUP BY {', '.join(map(str, range(1, len(columns) + 1)))}" if columns else ""
    measured = f"SELECT {', '.join([*columns, f'{_measure(panel)} AS value'])} FROM taken{grouped}"
    if not spec.interval:
        order = ", ".join(["value DESC NULLS LAST", *keys])
        return "\n".join([*lines, measured, f"ORDER BY {order}\nLIMIT {spec.top if keys else 1}"])
    if not keys:
        return "\n".join([*lines, measured, "ORDER BY time"])
    total = "sum" if spec.measure.adds_up else "max"
    largest = f"ORDER BY {total}(value) DESC NULLS LAST, 1 LIMIT {spec.top}"
    return "\n".join([
        *lines[:-1],
        f"), points AS (\n  {measured}",
        f"), series AS (\n  SELECT key_1 FROM points GROUP BY 1 {largest}",
        ")",
        "SELECT time, key_1, value FROM points WHERE key_1 IN (FROM series) ORDER BY 1, 2",
    ])  # fmt: skip


def _values(by: By, name: str) -> str:
    """One row for each different value of a field."""
    values = column(by.field) if many(by.field) else f"[{column(by.field)}]"
    if by.part:
        part = f"CAST(x AS VARCHAR), '.', {by.part}"
        values = (
            f"list_transform(list_filter({values}, lambda x: x IS NOT NULL), lambda x: split_part({part}))"
        )
    used = " AND made <> ''" if by.part else ""
    inner = f"SELECT unnest(list_distinct({values})) AS made"
    return f", LATERAL (SELECT made AS {name} FROM ({inner}) WHERE made IS NOT NULL{used})"


def _bucket(panel: Panel, span: tuple[int, int] | None) -> str:
    seconds = panel.spec.seconds or automatic(*(span or (0, 86_400_000)))
    if seconds in (WEEK, MONTH):
        unit = "week" if seconds == WEEK else "month"
        return f"epoch_ms(CAST(date_trunc('{unit}', make_timestamp(moment * 1000)) AS TIMESTAMP))"
    return f"moment - moment % {seconds * 1000}"


def _measure(panel: Panel) -> str:
    measure = panel.spec.measure
    if measure.how in ("count", "distinct"):
        return "count(*)" if measure.how == "count" else "count(DISTINCT value)"
    if measure.percentile:
        return f"quantile_cont(value, {measure.percentile / 100})"
    return f"{measure.how}(value)"
