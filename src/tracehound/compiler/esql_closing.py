"""Windows that are judged when they close, in ES|QL: fewer than, exactly, not; ``not`` in an expression.

The first window of a group opens with its first event, the next with the first event after that one's end; so
they are found one after another, each by the same commands. ``MOST_WINDOWS`` of them are, of each group.
"""

from __future__ import annotations

from tracehound.compiler.esql_ordered import chains
from tracehound.compiler.esql_sliding import SIGNS, aggregates, measured, present
from tracehound.compiler.esql_taken import NUMERIC, STAMP, TAB, Taken, stats
from tracehound.compiler.model import NotInLanguageError
from tracehound.rules.model import Correlation

MOST_WINDOWS = 12
APPROXIMATE = (
    "the first window of a group opens with its first event in the range that is searched",
    f"of a group, the first {MOST_WINDOWS} windows in the range that is searched are judged",
)


def closing(link: Correlation, rows: Taken) -> list[str]:
    """Rows ``(group, th_end, th_ends, th_about, th_measure)`` for each window whose condition holds at its end."""
    span = link.seconds * 1000
    opened = [
        *rows.lines,
        f"| EVAL {STAMP}",
        f"| EVAL th_row = CONCAT(th_stamp, {TAB}, {_brought(link)}), th_open = null::long",
    ]
    for _ in range(MOST_WINDOWS):
        opened += [
            stats(["th_row = VALUES(th_row)", "th_first = MIN(th_time)"], [*rows.keys, "th_open"]),
            "| MV_EXPAND th_row",
            "| EVAL th_first = COALESCE(th_open, th_first), th_time = TO_LONG(LEFT(th_row, 13))",
            f"| EVAL th_open = CASE(th_time < th_first + {span}, th_first)",
        ]
    opened += [
        f"| WHERE th_open + {span} <= TO_LONG(NOW())",
        '| DISSECT th_row "%{th_at}\\t%{th_uid}\\t%{th_brought}"',
    ]
    keys = (*rows.keys, "th_open")
    return [*_judged(link, Taken(tuple(opened), keys)), f"| EVAL th_end = th_open + {span}"]


def _brought(link: Correlation) -> str:
    """What a row carries through the windows, as one text."""
    if link.kind == "value_count":
        return "th_value"
    if link.kind in NUMERIC:
        return f"TO_STRING(th_n), {TAB}, TO_STRING(th_many)"
    if link.kind.startswith("temporal"):
        return ", ".join(f'CASE(th_{rule} > 0, "1", "0")' for rule in range(len(link.base)))
    return '""'


def _judged(link: Correlation, rows: Taken) -> list[str]:
    """What is measured in each window."""
    if link.kind == "temporal_ordered":
        return _in_order(link, rows)
    stamp = f"CONCAT(th_at, {TAB}, th_uid)"
    common = ["th_about = VALUES(th_stamp)", "th_ends = MAX(th_stamp)"]
    lines = [*rows.lines, f"| EVAL th_stamp = {stamp}"]
    if link.kind == "event_count":
        return [*lines, stats([*common, "th_measure = COUNT(*)"], rows.keys), _compared(link)]
    if link.kind == "value_count":
        values = stats([*common, "th_values = VALUES(th_brought)"], rows.keys)
        return [*lines, values, "| EVAL th_measure = MV_COUNT(th_values)", _compared(link)]
    if link.kind == "temporal":
        there = [
            f'th_is_{rule} = MAX(th_stamp) WHERE SUBSTRING(th_brought, {rule + 1}, 1) == "1"'
            for rule in range(len(link.base))
        ]
        count = " + ".join(f"CASE(th_is_{rule} IS NULL, 0, 1)" for rule in range(len(link.base)))
        judged = [f"| EVAL th_measure = {count}", f"| WHERE {present(link)}"]
        return [*lines, stats([*common, *there], rows.keys), *judged]
    return [
        *lines,
        '| DISSECT th_brought "%{th_n}\\t%{th_many}"',
        "| EVAL th_n = TO_DOUBLE(th_n), th_many = TO_LONG(th_many)",
        stats([*common, *aggregates(link)], rows.keys),
        *measured(link),
    ]


def _compared(link: Correlation) -> str:
    return f"| WHERE th_measure {SIGNS[link.op]} {link.count}"


def _in_order(link: Correlation, rows: Taken) -> list[str]:
    """Whether there is a chain of so many rules, and none that is longer."""
    count, rules = link.count, len(link.base)
    if count > rules:  # fewer than more than there are
        stamps = ["th_about = VALUES(th_stamp)", "th_ends = MAX(th_stamp)", "th_measure = MAX(null::long)"]
        return [*rows.lines, f"| EVAL th_stamp = CONCAT(th_at, {TAB}, th_uid)", stats(stamps, rows.keys)]
    length = count if link.op == "lt" or count == rules else count + 1
    if link.op in ("eq", "neq") and 1 < count < rules:
        raise NotInLanguageError(
            "ES|QL cannot say that exactly so many, but not all, of some rules came in order"
        )
    is_there = length == count
    if link.op in ("lt", "neq"):
        is_there = not is_there
    flags = [f'th_{rule} = CASE(SUBSTRING(th_brought, {rule + 1}, 1) == "1", 1, 0)' for rule in range(rules)]
    prepared = Taken((*rows.lines, "| EVAL " + ", ".join(flags)), rows.keys)
    return [
        *chains(link, prepared, length),
        f"| EVAL th_stamp = CONCAT(th_at, {TAB}, th_uid)",
        stats(
            [
                'th_about = VALUES(th_stamp) WHERE th_kind == "0"',
                'th_ends = MAX(th_stamp) WHERE th_kind == "0"',
                'th_chains = COUNT(*) WHERE th_kind == "1"',
            ],
            rows.keys,
        ),
        f"| WHERE th_chains {'>' if is_there else '=='} 0",
        "| EVAL th_measure = null::long",
    ]
