"""Baselines in ES|QL: values that an entity did not show before.

Of each value only the first and the last time in every fiftieth of ``over`` is kept, since in less than ``over``
it cannot be new again; likewise of each entity. What is set beside the time before it tells whether a value is new,
and since when the entity is known.
"""

from __future__ import annotations

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.esql_taken import LINE, TAB, Taken, compared, evaluated, listed, stats
from tracehound.rules.model import Baseline, Rule
from tracehound.schema import fields

PARTS = 50
SLOT = "th_slot = {time} / {length}"
CLEAN = 'REPLACE({}, "[\\t\\n\\r]", " ")'


def first_seen(rule: Rule, look_back: int | None) -> tuple[list[str], Taken]:
    """Rows ``(entity, th_end, th_about, th_values)``; ``look_back`` (seconds): only what came since."""
    baseline = rule.baseline
    if baseline is None:
        raise ValueError(f"rule {rule.id} has no baseline")
    keys = [f"th_key_{number}" for number in range(1, len(baseline.by) + 1)]
    lines = [
        f"FROM {INDEX}",
        f"| WHERE {conditions.condition(rule, 'esql')}",
        *(f"| WHERE {compared(name)} IS NOT NULL" for name in dict.fromkeys([baseline.of, *baseline.by])),
        *_entities(baseline),
        *_values(baseline, keys),
        *_known(baseline, keys, look_back),
        stats(["th_about = VALUES(th_stamp)", "th_values = VALUES(th_value)"], [*keys, "th_end"]),
        "| EVAL th_measure = MV_COUNT(th_values)",
    ]
    return lines, Taken(tuple(lines), tuple(keys))


def _entities(baseline: Baseline) -> list[str]:
    """An array as a whole is one entity."""
    return [
        f'| EVAL th_whole_{number} = MV_CONCAT(MV_SORT(TO_STRING({compared(name)})), ", ")'
        for number, name in enumerate(baseline.by, 1)
        if _is_array(name)
    ]


def _is_array(name: str) -> bool:
    return bool(fields()[name].array or fields()[name].within)


def _values(baseline: Baseline, keys: list[str]) -> list[str]:
    """When each value was shown first and last in each part, and whether it was new then."""
    columns = [
        f"th_whole_{n}" if _is_array(name) else compared(name) for n, name in enumerate(baseline.by, 1)
    ]
    by = [f"{key} = {column}" for key, column in zip(keys, columns, strict=True)]
    span = baseline.seconds * 1000
    return [
        evaluated(
            "th_time = TO_LONG(time)",
            f"th_stamp = CONCAT(TO_STRING(TO_LONG(time)), {TAB}, {CLEAN.format('metadata.uid')})",
            SLOT.format(time="TO_LONG(time)", length=span // PARTS),
        ),
        stats(
            ["th_first = MIN(th_stamp)", "th_last = MAX(th_time)"],
            [*by, f"th_value = {compared(baseline.of)}", "th_slot"],
        ),
        f"| EVAL th_row = CONCAT(th_first, {TAB}, TO_STRING(th_last))",
        stats(["th_row = VALUES(th_row)"], [*keys, "th_value"]),
        *_beside("th_row", "\\t\\t", [*keys, "th_value"]),
        '| DISSECT th_pair "%{}\\t%{}\\t%{th_before}\\n%{th_end}\\t%{th_uid}\\t%{th_last}"',
        "| EVAL th_end = TO_LONG(th_end), th_last = TO_LONG(th_last)",
        f"| EVAL th_new = {_after(span)}",
    ]


def _known(baseline: Baseline, keys: list[str], look_back: int | None) -> list[str]:
    """New values of entities that are known for so long; one that was away for long enough is not."""
    span, learn = baseline.seconds * 1000, (baseline.learn or baseline.seconds) * 1000
    recent = "" if look_back is None else f" AND th_end >= TO_LONG(NOW()) - {look_back * 1000}"
    value = CLEAN.format("TO_STRING(th_value)")
    return [
        "| EVAL " + SLOT.format(time="th_end", length=span // PARTS),
        f"| EVAL th_row = CONCAT(TO_STRING(th_end), {TAB}, th_uid, {TAB}, {value})",
        stats(
            [
                "th_first = MIN(th_end)",
                "th_last = MAX(th_last)",
                f"th_row = VALUES(th_row) WHERE th_new{recent}",
            ],
            [*keys, "th_slot"],
        ),
        f"| EVAL th_part = CONCAT(TO_STRING(th_first), {TAB}, TO_STRING(th_last))",
        stats(["th_part = VALUES(th_part)", "th_row = VALUES(th_row)"], keys),
        "| WHERE th_row IS NOT NULL",
        *_beside("th_part", "\\t", [*keys, "th_row"]),
        '| DISSECT th_pair "%{}\\t%{th_before}\\n%{th_end}\\t%{}"',
        "| EVAL th_end = TO_LONG(th_end)",
        f"| EVAL th_since = CASE({_after(span)}, th_end)",
        "| WHERE th_since IS NOT NULL",
        "| MV_EXPAND th_row",
        '| DISSECT th_row "%{th_at}\\t%{th_uid}\\t%{th_value}"',
        "| EVAL th_end = TO_LONG(th_at)",
        "| WHERE th_since <= th_end",
        stats(["th_since = MAX(th_since)"], [*keys, "th_end", "th_uid", "th_value"]),
        f"| WHERE th_end - th_since >= {learn}",
        f"| EVAL th_stamp = CONCAT(TO_STRING(th_end), {TAB}, th_uid)",
    ]


def _beside(column: str, nothing: str, keys: list[str]) -> list[str]:
    """Each row of a column behind the one before it; behind the first stands nothing."""
    return [
        f"| EVAL {column} = MV_SORT({column})",
        f'| EVAL th_pair = MV_ZIP(MV_APPEND("{nothing}", {column}), {column}, {LINE})',
        f"| KEEP {listed(keys, 'th_pair')}",
        "| MV_EXPAND th_pair",
        '| WHERE th_pair LIKE "*\\n*"',
    ]


def _after(span: int) -> str:
    """Whether ``th_end`` comes so long after ``th_before``, or as the first."""
    return f'CASE(th_before == "", true, th_end - TO_LONG(th_before) >= {span})'
