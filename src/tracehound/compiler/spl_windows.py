"""Correlations and baselines in SPL: one search over the events of all base rules, which gives the hits.

What every search of a correlation gives, one row for each moment at which its condition holds for one group:

``_time``         of the event that completed it (of a window that closes: its end), seconds
``first_time``    of the first related event, seconds
``<group-by>``    the group's values under the names of the rule, in lower case
``measure``       what was measured: a number of events, values or rules, a sum, an average, a percentile
``related_uids``  the ids of the window's last 100 events; of a chain those that completed the hits below
``count``         how many events are known to be in the window: of ``event_count`` at least as many as were asked
                  for, else at most 100
``metadata.uid``  the id of the completing event, which has the fields of ``risk_entity`` and ``suppress`` too

Hits follow one another; a saved search that is throttled by the group makes of them what a finding is. Each
``metadata.uid`` counts once, so it does no harm when an event is indexed twice. A search has to look back over
at least the timespan and the lateness (a chain over the sum of its timespans). What a search keeps in memory grows
with the events of the base rules in that time; Splunk's ``max_mem_usage_mb`` (limits.conf) bounds it.

True of all of them, and not said of each: Splunk's pages do not tell how ``lower()`` treats letters beyond ASCII;
an id stands for one event, which counts once in a search, whatever its times; an event is in 64 groups at most for
each array among the keys; whole numbers add up exactly below 2^53.
"""

from __future__ import annotations

from collections.abc import Iterator

from tracehound.compiler.model import Said
from tracehound.compiler.spl import spl_field
from tracehound.compiler.spl_baseline import baseline
from tracehound.compiler.spl_closing import closing
from tracehound.compiler.spl_measures import NUMBERS, PERCENTILES
from tracehound.compiler.spl_rows import Node, grouping, named, nodes_of, opening, passing_on
from tracehound.compiler.spl_sliding import MAX_WINDOW, sliding
from tracehound.rules import Rule
from tracehound.schema import fields

__all__ = ["baseline", "correlation"]

STREAMED = (
    f"Splunk's pages leave open whether streamstats without a window looks back over more than {MAX_WINDOW:,} rows "
    "(max_stream_window of limits.conf): beyond so many events in the time searched it may miss some"
)
ORDER = "events of the same millisecond are taken in the order in which Splunk gives them"
DECIMAL = "numbers are rounded to six decimal places, and are exact below 10^9"
RANKED = "numbers are exact below 4*10^14 (with decimals 4*10^8)"
OPENED = (
    "where a window opens depends on what came before: of each group, windows are judged from the first time on at "
    "which it paused for the timespan within the time searched; earlier ones are missed"
)
CLOSED = (
    "windows are judged as soon as their end has passed, without what is indexed later: let the search's latest "
    "time lag by the lateness"
)


def correlation(rule: Rule) -> Said:
    """A correlation as one search. Raises ``NotInLanguageError``."""
    nodes = nodes_of(rule)
    lines = [*opening(nodes, _kept(rule, nodes))]
    for node in nodes:
        lines += grouping(node)
        lines += closing(node) if node.link.at_close else sliding(node)
        if node is not nodes[-1]:
            lines += passing_on(node)
    lines += _rows(rule, nodes[-1])
    return Said("\n".join(lines), tuple(_approximate(nodes)))


def _kept(rule: Rule, nodes: list[Node]) -> Iterator[str]:
    """The event fields that are needed after the base search."""
    known = fields()
    for node in nodes:
        names = [name for keys in node.link.keys for name in keys]
        yield from (name for name in (*names, *node.link.fields) if name in known)
    yield from _named_by(rule)


def _named_by(rule: Rule) -> list[str]:
    """Fields that are no group and that a finding is named by."""
    wanted = [rule.risk_entity, *(rule.suppress.by if rule.suppress else ())]
    group = rule.correlation.group_by if rule.correlation else ()
    return [name for name in dict.fromkeys(wanted) if name in fields() and name not in group]


def _rows(rule: Rule, top: Node) -> Iterator[str]:
    """Hits as the rows that the search gives."""
    if not top.link.at_close:
        time = 'tonumber(mvindex(split(th_events, "|"), 0))'
        yield f"| eval th_events=mvmap(th_events, if({time}>th_t - {top.span}, th_events, null()))"
    yield '| eval first_time=tonumber(mvindex(split(mvindex(th_events, 0), "|"), 0)) / 1000, _time=th_t / 1000'
    yield r'| eval related_uids=mvdedup(mvmap(th_events, replace(th_events, "^[0-9]+[|]", "")))'
    least = ", th_measure" if top.link.kind == "event_count" else ""
    count = f"max(mvcount(related_uids){least})" if least else "mvcount(related_uids)"
    yield f"| eval count={count}, measure=th_measure"
    keys = top.keys[: len(top.link.group_by)]
    also = [named(spl_field(name)) for name in _named_by(rule)]
    uid = [] if "metadata.uid" in (*top.link.group_by, *also) else ["metadata.uid"]
    kept = ["_time", *keys, "first_time", "measure", "count", "related_uids", *also, *uid]
    yield f"| table {', '.join(kept)}"
    names = dict(zip(keys, top.link.group_by, strict=True))
    names |= {said: name for said, name in zip(also, _named_by(rule), strict=True) if said != name}
    if names:
        yield f"| rename {', '.join(f'{said} AS {named(name)}' for said, name in names.items())}"


def _approximate(nodes: list[Node]) -> Iterator[str]:
    """Where the search may differ from the embedded engine."""
    links = [node.link for node in nodes]
    numbers = [fields()[link.field].type for link in links if link.kind in NUMBERS]
    if any(link.kind != "event_count" or link.at_close or link.count > MAX_WINDOW for link in links):
        yield STREAMED
    if len(nodes) > 1 or any(link.kind in (*NUMBERS, "temporal_ordered") for link in links):
        yield ORDER
    if "double" in numbers:
        yield DECIMAL
    if any(link.kind in PERCENTILES for link in links):
        yield RANKED
    if any(link.at_close for link in links):
        yield OPENED
        yield CLOSED
