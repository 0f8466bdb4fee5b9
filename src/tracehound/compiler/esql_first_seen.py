"""Baselines in ES|QL: values that an entity did not show before.

All times at which an entity showed a value are set beside the one before, and so are all times of the entity. A
value is new where nothing lies before it, or something so old that it is forgotten; the same tells since when an
entity is known.
"""

from __future__ import annotations

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.esql_taken import LINE, STAMP, TAB, Taken, compared, listed, stats
from tracehound.rules.model import Baseline, Rule
from tracehound.schema import fields

BESIDE = f"MV_ZIP(MV_APPEND({TAB}, th_row), th_row, {LINE})"
"""Each row behind the one before it; behind the first stands a tab, and the last once more alone."""


def first_seen(rule: Rule, look_back: int | None) -> tuple[list[str], Taken]:
    """Rows ``(entity, th_end, th_about, th_values)``; ``look_back`` (seconds): only what came since."""
    baseline = rule.baseline
    if baseline is None:
        raise ValueError(f"rule {rule.id} has no baseline")
    keys = [f"th_key_{number}" for number in range(1, len(baseline.by) + 1)]
    since = [] if look_back is None else [f"| WHERE th_end >= TO_LONG(NOW()) - {look_back * 1000}"]
    lines = [
        f"FROM {INDEX}",
        f"| WHERE {conditions.condition(rule, 'esql')}",
        *(f"| WHERE {compared(name)} IS NOT NULL" for name in dict.fromkeys([baseline.of, *baseline.by])),
        *_entities(baseline),
        stats(
            ["th_time = MIN(TO_LONG(time))"],
            ["th_uid = metadata.uid", *_columns(baseline), f"th_value = {compared(baseline.of)}"],
        ),
        '| EVAL th_uid = REPLACE(th_uid, "[\\t\\n\\r]", " "), th_value = TO_STRING(th_value)',
        f"| EVAL {STAMP}",
        *_values(baseline, keys),
        *_known(baseline, keys),
        *since,
        stats(["th_about = VALUES(th_stamp)", "th_values = VALUES(th_value)"], [*keys, "th_end"]),
        "| EVAL th_measure = MV_COUNT(th_values)",
    ]
    return lines, Taken(tuple(lines), tuple(keys))


def _entities(baseline: Baseline) -> list[str]:
    """An array as a whole is one entity."""
    known = fields()
    return [
        f'| EVAL th_whole_{number} = MV_CONCAT(MV_SORT(TO_STRING({compared(name)})), ", ")'
        for number, name in enumerate(baseline.by, 1)
        if known[name].array or known[name].within
    ]


def _columns(baseline: Baseline) -> list[str]:
    known = fields()
    return [
        f"th_key_{number} = "
        + (f"th_whole_{number}" if known[name].array or known[name].within else compared(name))
        for number, name in enumerate(baseline.by, 1)
    ]


def _values(baseline: Baseline, keys: list[str]) -> list[str]:
    """Whether each showing of a value is new: nothing in the time before."""
    return [
        stats(["th_row = VALUES(th_stamp)"], [*keys, "th_value"]),
        "| EVAL th_row = MV_SORT(th_row)",
        f"| EVAL th_pair = {BESIDE}",
        f"| KEEP {listed(keys, 'th_value', 'th_pair')}",
        "| MV_EXPAND th_pair",
        '| WHERE th_pair LIKE "*\\n*"',
        '| DISSECT th_pair "%{th_before}\\t%{}\\n%{th_stamp}"',
        '| EVAL th_end = TO_LONG(LEFT(th_stamp, 13)), th_before = CASE(th_before != "", TO_LONG(th_before))',
        f"| EVAL th_new = th_before IS NULL OR th_end - th_before >= {baseline.seconds * 1000}",
    ]


def _known(baseline: Baseline, keys: list[str]) -> list[str]:
    """New values of entities that are known for so long; one that was away for long enough is not."""
    span, learn = baseline.seconds * 1000, (baseline.learn or baseline.seconds) * 1000
    return [
        '| EVAL th_value = REPLACE(th_value, "[\\n\\r]", " ")',  # each row is a line
        f'| EVAL th_row = CONCAT(th_stamp, {TAB}, CASE(th_new, "1", "0"), th_value)',
        stats(["th_row = VALUES(th_row)"], keys),
        "| EVAL th_row = MV_SORT(th_row)",
        f"| EVAL th_pair = {BESIDE}",
        f"| KEEP {listed(keys, 'th_pair')}",
        "| MV_EXPAND th_pair",
        '| WHERE th_pair LIKE "*\\n*"',
        '| DISSECT th_pair "%{th_before}\\t%{}\\n%{th_row}"',
        '| EVAL th_end = TO_LONG(LEFT(th_row, 13)), th_before = CASE(th_before != "", TO_LONG(th_before))',
        f"| EVAL th_since = CASE(th_before IS NULL OR th_end - th_before >= {span}, th_end)",
        stats(["th_since = VALUES(th_since)", "th_row = VALUES(th_row)"], keys),
        "| MV_EXPAND th_since",
        "| MV_EXPAND th_row",
        '| DISSECT th_row "%{th_at}\\t%{th_uid}\\t%{th_value}"',
        "| EVAL th_end = TO_LONG(th_at)",
        '| WHERE th_since <= th_end AND LEFT(th_value, 1) == "1"',
        stats(["th_since = MAX(th_since)"], [*keys, "th_end", "th_uid", "th_value"]),
        f"| WHERE th_end - th_since >= {learn}",
        f"| EVAL th_stamp = CONCAT(TO_STRING(th_end), {TAB}, th_uid), th_value = SUBSTRING(th_value, 2)",
    ]
