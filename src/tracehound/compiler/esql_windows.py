"""Correlations and baselines in ES|QL.

A row that is found is a group and a window of ``suppress`` (of the timespan where the rule has none). Windows are
by the clock, so that two searches over the same events give the same rows. Its columns:

    the group       under the names of ``group-by``; strings in lower case
    @timestamp      when the condition held first
    event.start     the time of the first event behind it that is named
    event.end       when it held last
    metadata.uid    the first hundred events behind it: of counts all, of ``temporal`` one for each rule, of
                    ``temporal_ordered`` those of the chain, of numbers those at which the condition held
    th_events       how many those are
    th_measure      the largest count, sum or average at such a moment; of percentiles nothing
    th_times        the first hundred moments at which the condition held
    th_values       ten of the values of ``value_count``; a baseline has its new values under the name of ``of``
    th_window       the beginning of the window of ``suppress``
"""

from __future__ import annotations

from collections.abc import Sequence

from tracehound.compiler.esql_chains import check, taken_by
from tracehound.compiler.esql_closing import APPROXIMATE as CLOSING
from tracehound.compiler.esql_closing import closing
from tracehound.compiler.esql_first_seen import first_seen
from tracehound.compiler.esql_ordered import sliding_chains
from tracehound.compiler.esql_sliding import sliding
from tracehound.compiler.esql_taken import NUMERIC, Other, Taken, listed, quoted, stats, taken
from tracehound.compiler.model import NotInLanguageError, Said
from tracehound.rules.model import Correlation, Rule

LAST = 99
"""The place of the last event and time that a row names."""
LOOK_BACK = 600
"""How far back a baseline looks for new values, in seconds: a search every five minutes, and the lateness."""
TIES = "events of the same millisecond are taken in the order of metadata.uid"
SUMS = "sums are rounded as double-precision numbers are; events of the same millisecond are judged together"
CHAINS = "each event of the millisecond in which a correlation below is completed counts as a hit of it"


def correlation(rule: Rule) -> Said:
    """A correlation as one search. Raises ``NotInLanguageError``."""
    link = rule.correlation
    if link is None:
        raise ValueError(f"rule {rule.id} is no correlation")
    for name in link.group_by:
        if name.startswith("th_key_"):
            raise NotInLanguageError(f"{name} begins with th_key_, as columns of the query do")
    lines, rows = _hits(link, ())
    seconds = rule.suppress.seconds if rule.suppress else link.seconds
    values = "th_values" if link.kind == "value_count" else ""
    return Said("\n".join([*lines, *_found(link.group_by, rows, seconds, values)]), tuple(_approximate(link)))


def _hits(link: Correlation, others: Sequence[Other]) -> tuple[list[str], Taken]:
    """Rows ``(group, th_end, th_ends, th_about, th_measure)`` of a correlation, and the columns of its groups."""
    check(link, others)
    chained = any(base.correlation for base in link.base)
    rows = taken(link, others) if others and not chained else taken_by(link, _hits)
    if link.at_close:
        return closing(link, rows), rows
    if link.kind == "temporal_ordered":
        return sliding_chains(link, rows), rows
    return sliding(link, rows), rows


def _approximate(link: Correlation) -> list[str]:
    """Where the query may differ from the embedded engine."""
    found = list(CLOSING) if link.at_close else []
    found += [TIES] if link.kind == "temporal_ordered" else []
    found += [SUMS] if link.kind in NUMERIC else []
    for base in link.base:
        if base.correlation is not None:
            found += [CHAINS, *_approximate(base.correlation)]
    return list(dict.fromkeys(found))


def _found(names: Sequence[str], rows: Taken, seconds: int, values: str, named: str = "") -> list[str]:
    """One row for each group and window of so many seconds; ``named`` is the column of the values."""
    keys = [*rows.keys, "th_window"]
    times = ["th_times = VALUES(th_end)", "th_about = VALUES(th_about)", "th_measure = MAX(th_measure)"]
    kept = ["th_times", values] if values else ["th_times"]
    single = ["`@timestamp`", "event.start", "event.end", "th_events", "th_measure"]
    window = f"th_end / {seconds * 1000} * {seconds * 1000}" if seconds else "th_end"
    shown = [*map(quoted, names), *single, "metadata.uid", "th_times", "th_window"]
    cut = [
        f"th_times = MV_SLICE(MV_SORT(th_times), 0, {LAST})",
        f"th_about = MV_SLICE(MV_SORT(th_about), 0, {LAST})",
        *([f"{values} = MV_SLICE(MV_SORT({values}), 0, 9)"] if values else []),
    ]
    first = [
        "`@timestamp` = TO_DATETIME(MV_MIN(th_times))",
        "event.start = TO_DATETIME(TO_LONG(LEFT(MV_MIN(th_about), 13)))",
        "event.end = TO_DATETIME(MV_MAX(th_times))",
        "th_events = MV_COUNT(MV_DEDUPE(th_about))",
    ]
    return [
        f"| EVAL th_window = {window}",
        stats([*times, *([f"{values} = VALUES({values})"] if values else [])], keys),
        "| EVAL " + ",\n    ".join([*first, *cut]),
        "| MV_EXPAND th_about",
        "| EVAL th_uid = SUBSTRING(th_about, 15)",
        stats(
            ["metadata.uid = VALUES(th_uid)", *(f"{name} = VALUES({name})" for name in kept)],
            [*keys, *single],
        ),
        "| EVAL th_window = TO_DATETIME(th_window), th_times = TO_DATETIME(th_times)",
        *(f"| RENAME {key} AS {quoted(name)}" for key, name in zip(rows.keys, names, strict=True)),
        *([f"| RENAME {values} AS {quoted(named)}"] if named else []),
        f"| KEEP {listed(shown, [quoted(named) or values] if named else [values] if values else [])}",
        "| SORT `@timestamp`",
    ]


def baseline(rule: Rule, look_back: int | None = LOOK_BACK) -> Said:
    """A first-seen baseline: what was new in the last ``look_back`` seconds (None: in the whole range searched).

    It is exact if the range that is searched goes back by ``over``, ``learn`` and ``look_back`` together.
    """
    if rule.baseline is None:
        raise ValueError(f"rule {rule.id} has no baseline")
    lines, rows = first_seen(rule, look_back)
    seconds = rule.suppress.seconds if rule.suppress else 0
    learn = rule.baseline.learn or rule.baseline.seconds
    reach = rule.baseline.seconds + learn + (look_back or 0)
    said = (
        f"what an entity showed before the range that is searched is not known: let it reach back {reach} s "
        "(over, learn and how far back new values are looked for)"
    )
    found = _found(rule.baseline.by, rows, seconds, "th_values", rule.baseline.of)
    return Said("\n".join([*lines, *found]), (said,))
