"""Rules in their order, in ES|QL.

The events of a group are sorted, and each is set beside the one before it. A chain of one is an event of the
first rule; a chain of two is an event of the second rule right after a chain of one, among those two kinds alone;
and so on. Chains that come later for the same beginning add nothing, so there are never more of them than events.
Where not all rules are asked for, each choice of so many is a list of its own.
"""

from __future__ import annotations

from itertools import combinations

from tracehound.compiler.esql_sliding import BEFORE, OWN
from tracehound.compiler.esql_taken import STAMP, Taken, listed, stats
from tracehound.compiler.model import NotInLanguageError
from tracehound.rules.model import Correlation

MOST_CHOICES, MOST_RULES = 20, 12
ROW = '"%{th_at}\\t%{th_uid}\\t%{th_kind}\\t%{th_what}\\t%{th_with}"'
PAIR = (
    '"%{th_at_before}\\t%{}\\t%{th_kind_before}\\t%{th_what_before}\\t%{th_with_before}\\n'
    '%{th_at}\\t%{th_uid}\\t%{th_kind}\\t%{th_what}\\t%{th_with}"'
)
"""Rows of events are ``time, uid, 0, the steps it can be (0110...), nothing``, those of chains ``time, uid, 1,
start, its events``; ``0`` sorts before ``1``, so that no event comes after the chain that it ends."""
EVENT = 'CONCAT(th_at, "\\t", th_uid, "\\t0\\t", th_what, "\\t")'
LONGER = (
    'CASE(th_links AND th_kind == "0" AND th_kind_before == "1",\n'
    '    CONCAT(th_at, "\\t", th_uid, "\\t1\\t", th_what_before, "\\t", th_with_before,\n'
    '      "\\r", th_at, "\\t", th_uid))'
)


def chains(link: Correlation, rows: Taken, length: int) -> list[str]:
    """Rows of events and of chains of ``length`` (``th_row``, ``th_kind`` and its parts) for each group."""
    choices = list(combinations(range(len(link.base)), length))
    if len(choices) > MOST_CHOICES or length > MOST_RULES:
        raise NotInLanguageError(
            f"{length} of {len(link.base)} rules in order are too many choices for ES|QL"
        )
    keys = [*rows.keys, "th_choice"]
    first = 'CONCAT(th_stamp, "\\t1\\t", TO_STRING(th_time), "\\t", th_stamp)'
    lines = [
        *rows.lines,
        f"| EVAL th_choice = [{listed(*map(str, range(len(choices))))}]",
        "| MV_EXPAND th_choice",
        "| EVAL th_steps = CONCAT(" + ", ".join(_step(choices, step) for step in range(length)) + ")",
        f"| EVAL {STAMP}",
        '| EVAL th_row = CONCAT(th_stamp, "\\t0\\t", th_steps, "\\t")',
        f'| EVAL th_row = CASE(LEFT(th_steps, 1) == "1", MV_APPEND(th_row, {first}), th_row)',
        "| MV_EXPAND th_row",
    ]
    for step in range(1, length):
        lines += [
            f"| DISSECT th_row {ROW}",
            f'| EVAL th_links = th_kind == "1" OR SUBSTRING(th_what, {step + 1}, 1) == "1"',
            stats(["th_row = VALUES(th_row)"], [*keys, "th_links"]),
            "| EVAL th_row = MV_SORT(th_row)",
            '| EVAL th_pair = MV_ZIP(MV_APPEND("\\t\\t0\\t\\t", th_row), th_row, "\\n")',
            f"| KEEP {listed(keys, 'th_links', 'th_pair')}",
            "| MV_EXPAND th_pair",
            '| WHERE th_pair LIKE "*\\n*"',
            f"| DISSECT th_pair {PAIR}",
            f"| EVAL th_row = {EVENT}",
            f"| EVAL th_chain = {LONGER}",
            '| EVAL th_row = CASE(th_kind == "1", null, th_chain IS NULL, th_row, MV_APPEND(th_row, th_chain))',
            "| WHERE th_row IS NOT NULL",
            "| MV_EXPAND th_row",
        ]
    return [*lines, f"| DISSECT th_row {ROW}"]


def _step(choices: list[tuple[int, ...]], step: int) -> str:
    """Whether an event can be the step of a choice: 1 or 0."""
    meets = {rule: f"th_{rule} > 0" for choice in choices for rule in choice}
    if len(choices) == 1:
        return f'CASE({meets[choices[0][step]]}, "1", "0")'
    by_rule: dict[int, list[int]] = {}
    for number, choice in enumerate(choices):
        by_rule.setdefault(choice[step], []).append(number)
    cases = [
        f'th_choice IN ({listed(*map(str, numbers))}) AND {meets[rule]}, "1"'
        for rule, numbers in by_rule.items()
    ]
    return f'CASE({", ".join(cases)}, "0")'


def sliding_chains(link: Correlation, rows: Taken) -> list[str]:
    """Rows ``(group, th_end, th_ends, th_about, th_measure)`` where so many rules came in order in the timespan."""
    span, keys = link.seconds * 1000, rows.keys
    nearest = (
        "TO_LONG(LEFT(th_inside, 13)) <= th_end, th_inside",
        f"TO_LONG(LEFT(th_last, 13)) > th_end - {span}, SUBSTRING(th_last, 15)",
        "TO_LONG(LEFT(th_across, 13)) <= th_end, th_across",
    )
    event = '| EVAL th_time = TO_LONG(th_at), th_start = CASE(th_kind == "1", TO_LONG(th_what))'
    about = 'CONCAT(th_at, "\\t", th_uid)'
    return [
        *chains(link, rows, link.count),
        event,
        f'| WHERE th_kind == "0" OR th_start > th_time - {span}',
        f"| EVAL th_slot = th_time / {span}, th_before = th_start / {span}, th_stamp = {about}",
        "| EVAL th_bucket = MV_APPEND(th_slot, th_slot + 1)",
        "| MV_EXPAND th_bucket",
        stats(
            [
                f'th_ends = VALUES(th_stamp) WHERE th_kind == "0" AND {OWN}',
                f'th_inside = MIN(th_row) WHERE th_kind == "1" AND {OWN} AND th_before == th_slot',
                f'th_across = VALUES(th_row) WHERE th_kind == "1" AND {OWN} AND th_before < th_slot',
                f'th_last = MAX(CONCAT(th_what, "\\n", th_row)) WHERE th_kind == "1" AND {BEFORE}',
            ],
            [*keys, "th_bucket"],
        ),
        "| WHERE th_ends IS NOT NULL",
        "| MV_EXPAND th_across",
        "| MV_EXPAND th_ends",
        "| EVAL th_end = TO_LONG(LEFT(th_ends, 13))",
        f"| EVAL th_chain = CASE({', '.join(nearest)})",
        f"| DISSECT th_chain {ROW}",
        f"| WHERE TO_LONG(th_what) > th_end - {span}",
        '| EVAL th_about = MV_APPEND(th_ends, SPLIT(th_with, "\\r"))',
        f"| EVAL th_measure = {link.count}",
    ]
