"""``savedsearches.conf``: compiled rules as scheduled searches of Splunk.

Keys and their meaning are those of Splunk's ``savedsearches.conf.spec``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracehound.compiler import enterprise
from tracehound.compiler.conf_text import one_line, part_of_name, written
from tracehound.compiler.model import Companion, Query
from tracehound.compiler.schedule import cron, look_back, period
from tracehound.compiler.spl import spl_field
from tracehound.rules import Rule

PREFIX = "Tracehound - "
SEVERITY = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
"""Splunk's ``alert.severity``: 1 debug/info, 2 low, 3 medium (warn), 4 high (error), 5 critical (severe)."""


def conf(queries: Sequence[Query], lateness: int) -> str:
    """The file. ``lateness`` is in seconds."""
    head = "# Compiled from Sigma rules by Tracehound; the macro tracehound_index names the indexes.\n"
    return head + "".join("\n" + written(name, settings) for name, settings in stanzas(queries, lateness))


def stanza_name(rule: Rule) -> str:
    """The name of a rule's saved search."""
    return PREFIX + part_of_name(rule.title)


def stanzas(
    queries: Sequence[Query], lateness: int, *, enterprise_security: bool = False
) -> list[tuple[str, dict[str, str]]]:
    """Name and settings of each saved search: a rule's own, then its companions, in the order of ``queries``.

    Values are as Splunk has them: a search keeps its line ends. ``lateness`` is in seconds. With
    ``enterprise_security``, hits become findings and risk of Splunk Enterprise Security.
    """
    found: list[tuple[str, dict[str, str]]] = []
    taken: set[str] = set()
    for query in queries:
        name = _free(stanza_name(query.rule), query.rule, taken)
        found.append((name, dict(_settings(query, lateness, enterprise_security))))
        for companion in query.companions:
            beside = _free(f"{name} - {part_of_name(companion.name)}", query.rule, taken)
            found.append((beside, dict(_companion(query.rule, companion, lateness))))
    return found


def _free(name: str, rule: Rule, taken: set[str]) -> str:
    """The name, or with the rule's id where another search has it: stanzas of one name would become one."""
    free = name if name not in taken else f"{name} ({rule.id})"
    taken.add(free)
    return free


def _companion(rule: Rule, companion: Companion, lateness: int) -> Iterator[tuple[str, str]]:
    yield "description", one_line(companion.purpose)
    yield "search", companion.query
    yield "disabled", "1"
    yield from _schedule(rule)
    yield "dispatch.earliest_time", f"-{companion.earliest or f'{_reach(rule, lateness)}s'}"
    yield "dispatch.latest_time", "now"


def _schedule(rule: Rule) -> Iterator[tuple[str, str]]:
    """No run is left out when the scheduler is behind: each looks at a time that no other looks at."""
    yield "enableSched", "1"
    yield "cron_schedule", cron(rule)
    yield "realtime_schedule", "0"
    yield "schedule_window", "auto"


def _reach(rule: Rule, lateness: int) -> int:
    return look_back(rule, lateness, period(rule))


def _settings(query: Query, lateness: int, enterprise_security: bool) -> Iterator[tuple[str, str]]:
    rule = query.rule
    yield "description", one_line(rule.description or rule.title)
    yield "search", query.query
    yield "disabled", "1"
    yield from _schedule(rule)
    yield "dispatch.earliest_time", f"-{_reach(rule, lateness)}s"
    yield "dispatch.latest_time", _latest(rule, lateness)
    yield "counttype", "number of events"
    yield "relation", "greater than"
    yield "quantity", "0"
    yield "alert.track", "1"
    yield "alert.digest_mode", "0"
    yield "alert.severity", str(SEVERITY[rule.finding_level])
    yield from _throttle(rule, lateness)
    yield from enterprise.settings(rule, one_line(rule.title), on=enterprise_security)
    yield "request.ui_dispatch_app", "tracehound"


def _latest(rule: Rule, lateness: int) -> str:
    """A window that is judged when it closes waits for late events; all else is searched up to now."""
    return f"-{lateness}s" if rule.correlation is not None and rule.correlation.at_close else "now"


def _throttle(rule: Rule, lateness: int) -> Iterator[tuple[str, str]]:
    """What was raised is not raised again: by the rule's ``suppress``, at least while a run can see it again."""
    by = rule.suppress.by if rule.suppress else ("metadata.uid",) if rule.correlation is None else ()
    if rule.correlation is not None and not by:
        by = rule.correlation.group_by
    seconds = max(rule.suppress.seconds if rule.suppress else 0, _reach(rule, lateness))
    yield "alert.suppress", "1"
    yield "alert.suppress.period", f"{seconds}s"
    if by:
        names = by if rule.correlation is not None else tuple(spl_field(name) for name in by)
        yield "alert.suppress.fields", ", ".join(names)
