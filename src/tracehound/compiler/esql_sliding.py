"""Windows that slide, in ES|QL, which has none: exact all the same.

Time is cut into slots of one timespan. A window ``(end - timespan, end]`` is the end of one slot and the beginning
of the next, so each event is looked at in its own slot (what is not later than ``end``) and in the one after it
(what is later than ``end - timespan``). Of each slot only so much is kept as can make a difference:

- of counts to N the first N of the own slot and the last N of the one before;
  of ``temporal`` one event of each rule;
- of numbers, timespans are cut into fifty parts: what lies between the first and the last part is summed up, and
  only the events of those two parts are looked at one by one.
"""

from __future__ import annotations

from tracehound.compiler.esql_taken import LINE, NUMERIC, STAMP, TAB, Taken, evaluated, listed, stats
from tracehound.rules.model import Correlation, Expression

MOST_LISTED = 100
"""A window of more events is found by the distance of its first and last event, and only those are named."""
PARTS = 50
OWN, BEFORE = "th_slot == th_bucket", "th_slot < th_bucket"


def sliding(link: Correlation, rows: Taken) -> list[str]:
    """Rows ``(group, th_end, th_about, th_measure)`` for each moment at which the condition holds."""
    if link.kind in NUMERIC:
        return _numbers(link, rows)
    if link.kind == "temporal":
        return _present(link, rows)
    if link.kind == "event_count" and link.count > MOST_LISTED and not rows.passes:
        return _distances(link, rows)
    return _counted(link, rows)


def slots(span: int) -> list[str]:
    """Each row in its own slot and in the one after it."""
    return [
        f"| EVAL th_slot = th_time / {span}, {STAMP}",
        "| EVAL th_bucket = MV_APPEND(th_slot, th_slot + 1)",
        "| MV_EXPAND th_bucket",
    ]


def _counted(link: Correlation, rows: Taken) -> list[str]:
    """So many different events, or values."""
    values = link.kind == "value_count"
    value = f"SUBSTRING(th_seen, LOCATE(th_seen, {TAB}, 15) + 1)"
    stamp = f"LEFT(th_seen, LOCATE(th_seen, {TAB}, 15) - 1)"
    found = ["th_seen = VALUES(th_seen)", "th_ends = VALUES(th_ends)"]
    return [
        *(_first_values(link, rows) if values else _first_events(link, rows)),
        "| EVAL th_seen = COALESCE(MV_APPEND(th_own, th_before), th_own)",
        "| WHERE th_ends IS NOT NULL",
        rows.held(f"MV_COUNT(th_seen) >= {link.count}"),
        f"| KEEP {listed(rows.keys, 'th_ends', 'th_seen')}",
        "| MV_EXPAND th_ends",
        "| MV_EXPAND th_seen",
        "| EVAL th_end = TO_LONG(LEFT(th_ends, 13)), th_at = TO_LONG(LEFT(th_seen, 13))",
        rows.held(f"(th_at <= th_end AND th_at > th_end - {link.seconds * 1000})"),
        *([evaluated(f"th_value = {value}", f"th_seen = {stamp}")] if values else []),
        stats([*found, *(["th_values = VALUES(th_value)"] if values else [])], [*rows.keys, "th_end"]),
        f"| EVAL th_measure = MV_COUNT({'th_values' if values else 'th_seen'})",
        rows.held(f"th_measure >= {link.count}"),
        "| EVAL th_about = COALESCE(MV_APPEND(th_seen, th_ends), th_ends)",
    ]


def _first_events(link: Correlation, rows: Taken) -> list[str]:
    """The first N events of a slot, and the last N of the slot before."""
    both = ("th_stamp", "th_stamp")
    return [*rows.lines, *slots(link.seconds * 1000), *_first(link, rows, "th_stamp", both)]


def _first_values(link: Correlation, rows: Taken) -> list[str]:
    """The N values that a slot shows first, and those that the slot before shows last."""
    each = ["th_first = MIN(th_stamp)", "th_last = MAX(th_stamp)", "th_ends = VALUES(th_stamp)"]
    both = (f"CONCAT(th_first, {TAB}, th_value)", f"CONCAT(th_last, {TAB}, th_value)")
    return [
        *rows.lines,
        f"| EVAL th_slot = th_time / {link.seconds * 1000}, {STAMP}",
        stats(each, [*rows.keys, "th_value", "th_slot"]),
        "| EVAL th_bucket = MV_APPEND(th_slot, th_slot + 1)",
        "| MV_EXPAND th_bucket",
        *_first(link, rows, "th_ends", both),
    ]


def _first(link: Correlation, rows: Taken, ends: str, both: tuple[str, str]) -> list[str]:
    first, last = both
    kept = [
        f"th_ends = VALUES({ends}) WHERE {OWN}",
        f"th_own = VALUES({first}) WHERE {OWN}",
        f"th_before = VALUES({last}) WHERE {BEFORE}",
    ]
    return [
        stats(kept, [*rows.keys, "th_bucket"]),
        evaluated(
            f"th_own = MV_SLICE(MV_SORT(th_own), 0, {link.count - 1})",
            f'th_before = MV_SLICE(MV_SORT(th_before, "DESC"), 0, {link.count - 1})',
        ),
    ]


def _distances(link: Correlation, rows: Taken) -> list[str]:
    """So many events: the last and the first of each so many in a row are near enough."""
    span, many = link.seconds * 1000, link.count
    return [
        *rows.lines,
        f"| EVAL {STAMP}",
        stats(["th_all = VALUES(th_stamp)"], rows.keys or ["th_all_of_them = true"]),
        f"| WHERE MV_COUNT(th_all) >= {many}",
        "| EVAL th_all = MV_SORT(th_all)",
        "| EVAL th_last = MV_COUNT(th_all) - 1",
        evaluated(
            f"th_late = MV_SLICE(th_all, {many - 1}, th_last)",
            f"th_early = MV_SLICE(th_all, 0, th_last - {many - 1})",
        ),
        f"| EVAL th_all = MV_ZIP(th_late, th_early, {LINE})",
        f"| KEEP {listed(rows.keys, 'th_all')}",
        "| MV_EXPAND th_all",
        f"| EVAL th_ends = SPLIT(th_all, {LINE})",
        "| EVAL th_end = TO_LONG(LEFT(MV_FIRST(th_ends), 13)), th_at = TO_LONG(LEFT(MV_LAST(th_ends), 13))",
        f"| WHERE th_at > th_end - {span}",
        stats(["th_about = VALUES(th_ends)", "th_ends = VALUES(MV_FIRST(th_ends))"], [*rows.keys, "th_end"]),
        f"| EVAL th_measure = {many}",
    ]


def _present(link: Correlation, rows: Taken) -> list[str]:
    """Which base rules are there: of each the first event of the own slot and the last of the one before."""
    span, rules = link.seconds * 1000, range(len(link.base))
    each = [f"th_ends = VALUES(th_stamp) WHERE {OWN}"]
    for rule in rules:
        each.append(f"th_own_{rule} = MIN(th_stamp) WHERE {OWN} AND th_{rule} > 0")
        each.append(f"th_before_{rule} = MAX(th_stamp) WHERE {BEFORE} AND th_{rule} > 0")
    there = [
        f"th_is_{rule} = CASE(TO_LONG(LEFT(th_own_{rule}, 13)) <= th_end, th_own_{rule},\n"
        f"      TO_LONG(LEFT(th_before_{rule}, 13)) > th_end - {span}, th_before_{rule})"
        for rule in rules
    ]
    return [
        *rows.lines,
        *slots(span),
        stats(each, [*rows.keys, "th_bucket"]),
        "| WHERE th_ends IS NOT NULL",
        "| MV_EXPAND th_ends",
        "| EVAL th_end = TO_LONG(LEFT(th_ends, 13))",
        evaluated(*there),
        "| EVAL th_measure = " + " + ".join(f"CASE(th_is_{rule} IS NULL, 0, 1)" for rule in rules),
        f"| WHERE {present(link)}",
        f"| EVAL th_about = SPLIT(CONCAT(th_ends, {', '.join(_and_more(rule) for rule in rules)}), {LINE})",
    ]


def _and_more(rule: int) -> str:
    return f'COALESCE(CONCAT({LINE}, th_is_{rule}), "")'


def present(link: Correlation) -> str:
    """The condition over ``th_is_0``.., which are null where a rule is not there."""
    if link.expression is not None:
        return said(link.expression)
    return f"th_measure {SIGNS[link.op]} {link.count}"


SIGNS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "eq": "==", "neq": "!="}


def said(expression: Expression) -> str:
    """An expression over base rules."""
    if isinstance(expression, int):
        return f"th_is_{expression} IS NOT NULL"
    word, *items = expression
    if word == "not":
        return f"NOT ({said(items[0])})"
    return "(" + f" {word.upper()} ".join(said(item) for item in items) + ")"


def _numbers(link: Correlation, rows: Taken) -> list[str]:
    """Sums, averages, percentiles: what is between the first and the last part of a timespan is summed up."""
    span = link.seconds * 1000
    inside = f"th_off > 0 AND th_off < {PARTS}"
    edges = f"th_off == 0 OR th_off == {PARTS}"
    row = f"CONCAT(th_stamp, {TAB}, TO_STRING(th_n), {TAB}, TO_STRING(th_many))"
    whole = [(name, how.format(where=f" WHERE {inside}")) for name, how in _parts(link, "th_n", "th_many")]
    return [
        *rows.lines,
        f"| EVAL {STAMP}, th_off = [{listed(*map(str, range(PARTS + 1)))}]",
        "| MV_EXPAND th_off",
        f"| EVAL th_bucket = th_time / {span // PARTS} + th_off",
        stats(
            ["th_ends = VALUES(th_stamp) WHERE th_off == 0", f"th_seen = VALUES({row}) WHERE {edges}"]
            + [f"th_whole_{name} = {how}" for name, how in whole],
            [*rows.keys, "th_bucket"],
        ),
        "| WHERE th_ends IS NOT NULL",
        "| MV_EXPAND th_seen",
        '| DISSECT th_seen "%{th_at}\\t%{}\\t%{th_n}\\t%{th_many}"',
        "| EVAL th_at = TO_LONG(th_at), th_n = TO_DOUBLE(th_n), th_many = TO_LONG(th_many)",
        "| DROP th_seen",
        "| MV_EXPAND th_ends",
        "| EVAL th_end = TO_LONG(LEFT(th_ends, 13))",
        f"| WHERE th_at <= th_end AND th_at > th_end - {span}",
        stats(
            ["th_about = VALUES(th_ends)"]
            + [f"th_{name} = {how.format(where='')}" for name, how in _parts(link, "th_n", "th_many")]
            + [f"th_whole_{name} = MAX(th_whole_{name})" for name, _ in whole],
            [*rows.keys, "th_end"],
        ),
        evaluated("th_ends = th_about", *(_together(name) for name, _ in whole)),
        *measured(link),
    ]  # fmt: skip


def _parts(link: Correlation, number: str, many: str) -> list[tuple[str, str]]:
    """What of numbers can be put together from parts: names and aggregates."""
    if link.kind in ("value_sum", "value_avg"):
        return [("sum", f"SUM({number} * {many}){{where}}"), ("count", f"SUM({many}){{where}}")]
    parts = [("count", f"SUM({many}){{where}}")]
    for sign in _bounds(link):
        below = f"{number} {BELOW[sign]} {link.count}"
        parts += [
            (f"below_{sign}", f"SUM(CASE({below}, {many}, 0)){{where}}"),
            (f"low_{sign}", f"MAX(CASE({below}, {number})){{where}}"),
            (f"high_{sign}", f"MIN(CASE({below}, null, {number})){{where}}"),
        ]
    return parts


BELOW = {"gte": "<", "gt": "<="}
"""What counts as below a bound that numbers are to reach, or to pass."""
HOLDS = {
    "gt": "th_gt", "gte": "th_gte", "lt": "NOT th_gte", "lte": "NOT th_gt", "eq": "th_gte AND NOT th_gt",
    "neq": "th_gt OR NOT th_gte",
}  # fmt: skip


def _bounds(link: Correlation) -> list[str]:
    return [sign for sign in BELOW if f"th_{sign}" in HOLDS[link.op].split()]


def _together(name: str) -> str:
    one, other = f"th_{name}", f"th_whole_{name}"
    if name.startswith(("low", "high")):
        chosen = "GREATEST" if name.startswith("low") else "LEAST"
        return f"{one} = COALESCE({chosen}({one}, {other}), {one}, {other})"
    return f"{one} = {one} + COALESCE({other}, 0)"


def aggregates(link: Correlation) -> list[str]:
    """``measured`` of all rows of a group."""
    return [f"th_{name} = {how.format(where='')}" for name, how in _parts(link, "th_n", "th_many")]


def measured(link: Correlation) -> list[str]:
    """The measure and the condition, from the parts put together.

    A percentile is at least N exactly if so many of the numbers are not below N; between the last that is below
    and the first that is not, it is interpolated.
    """
    if link.kind in ("value_sum", "value_avg"):
        measure = "th_sum" if link.kind == "value_sum" else "th_sum / th_count"
        return [f"| EVAL th_measure = {measure}", f"| WHERE th_measure {SIGNS[link.op]} {link.count}"]
    place = f"{link.percentile} * (th_count - 1)"
    return [
        f"| EVAL th_place = {place} / 100, th_rest = {place} % 100",
        evaluated(*(_reaches(sign, link.count) for sign in _bounds(link))),
        f"| WHERE {HOLDS[link.op]}",
        "| EVAL th_measure = null::double",
    ]


def _reaches(sign: str, bound: int) -> str:
    """Whether a percentile is at least (``gte``) or above (``gt``) a bound."""
    between = f"th_low_{sign} * (100 - th_rest) + th_high_{sign} * th_rest"
    return (
        f"th_{sign} = CASE(th_place >= th_below_{sign}, true,\n"
        f"      th_place < th_below_{sign} - 1 OR th_rest == 0, false, {between} {SIGNS[sign]} {100 * bound})"
    )
