"""Correlations and baselines in ES|QL."""

from __future__ import annotations

from tracehound.compiler.esql_sliding import sliding
from tracehound.compiler.esql_taken import Taken, listed, quoted, stats, taken
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.rules.model import Correlation, Rule

MOST = 99
"""The place of the last event and time that a row names."""


def correlation(rule: Rule) -> Said:
    """A correlation as one search. Raises ``NotInLanguageError``.

    A row is a group and a window of ``suppress`` (by default of the timespan; windows by the clock), with

    ``@timestamp``    when the condition held first       ``event.start``  the first event behind it
    ``event.end``     when it held last                   ``th_times``     the first hundred such moments
    ``metadata.uid``  the first hundred events behind it  ``th_events``    how many events there are
    """
    link = rule.correlation
    if link is None:
        raise ValueError(f"rule {rule.id} is no correlation")
    rows = taken(link)
    if link.at_close or link.kind == "temporal_ordered":
        raise NotInLanguageError("not written yet")
    return Said("\n".join([*sliding(link, rows), *found(rule, link, rows)]))


def found(rule: Rule, link: Correlation, rows: Taken) -> list[str]:
    """One row for each group and window of ``suppress``."""
    window = (rule.suppress.seconds if rule.suppress else link.seconds) * 1000
    keys = [*rows.keys, "th_window"]
    values = link.kind == "value_count"
    kept = ["th_times = VALUES(th_times)"] + (["th_values = VALUES(th_values)"] if values else [])
    single = ["@timestamp", "event.start", "event.end", "th_events", "th_measure"]
    names = [*map(quoted, link.group_by), *map(quoted, single), "metadata.uid", "th_times", "th_window"]
    return [
        f"| EVAL th_window = th_end / {window} * {window}",
        stats(
            ["th_times = VALUES(th_end)", "th_about = VALUES(th_about)", "th_measure = MAX(th_measure)"]
            + (["th_values = VALUES(th_values)"] if values else []),
            keys,
        ),
        "| EVAL `@timestamp` = TO_DATETIME(MV_MIN(th_times)), event.end = TO_DATETIME(MV_MAX(th_times)),\n"
        "    event.start = TO_DATETIME(TO_LONG(LEFT(MV_MIN(th_about), 13))), th_events = MV_COUNT(th_about),\n"
        f"    th_times = MV_SLICE(MV_SORT(th_times), 0, {MOST}), th_about = MV_SLICE(MV_SORT(th_about), 0, {MOST})"
        + (",\n    th_values = MV_SLICE(MV_SORT(th_values), 0, 9)" if values else ""),
        "| MV_EXPAND th_about",
        "| EVAL th_uid = SUBSTRING(th_about, 15)",
        stats(["metadata.uid = VALUES(th_uid)", *kept], [*keys, *map(quoted, single)]),
        "| EVAL th_window = TO_DATETIME(th_window), th_times = TO_DATETIME(th_times)",
        *(f"| RENAME {key} AS {quoted(name)}" for key, name in zip(rows.keys, link.group_by, strict=True)),
        f"| KEEP {listed(names, ['th_values'] if values else [])}",
        "| SORT `@timestamp`",
    ]


def baseline(rule: Rule) -> Said:
    """A first-seen baseline. Raises ``NotInLanguageError``."""
    raise NotInLanguageError("not written yet")
