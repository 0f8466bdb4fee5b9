"""``savedsearches.conf``: compiled rules as scheduled searches of Splunk.

Keys and their meaning are those of Splunk's ``savedsearches.conf.spec``. A rule's text is data: it stays on its
line, and nothing in it ends a stanza or starts another.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from tracehound.compiler.model import Companion, Query
from tracehound.compiler.schedule import look_back, minute
from tracehound.compiler.spl import spl_field
from tracehound.rules import Rule

PREFIX = "Tracehound - "
SEVERITY = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
"""Splunk's ``alert.severity``: 1 debug/info, 2 low, 3 medium (warn), 4 high (error), 5 critical (severe)."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_NOT_IN_NAMES = str.maketrans("", "", "[]\\*?")


def conf(queries: Sequence[Query], lateness: int) -> str:
    """The file. ``lateness`` is in seconds."""
    head = "# Compiled from Sigma rules by Tracehound; the macro tracehound_index names the indexes.\n"
    return head + "".join("\n" + written(name, settings) for name, settings in stanzas(queries, lateness))


def stanza_name(rule: Rule) -> str:
    """The name of a rule's saved search."""
    return PREFIX + one_line(rule.title).translate(_NOT_IN_NAMES)


def one_line(text: str) -> str:
    """A text that cannot leave its line: no control characters, no backslash at the end (it would go on)."""
    return _CONTROL.sub(" ", text).strip().rstrip("\\")


def stanzas(queries: Sequence[Query], lateness: int) -> list[tuple[str, dict[str, str]]]:
    """Name and settings of each saved search: a rule's own, then its companions, in the order of ``queries``.

    Values are as Splunk has them: a search keeps its line ends. ``lateness`` is in seconds.
    """
    return list(_stanzas(queries, lateness))


def written(name: str, settings: Mapping[str, str]) -> str:
    """A stanza as it stands in a file: what goes over several lines is continued with a backslash."""
    lines = [f"[{name}]", *(f"{key} = {_continued(value)}" for key, value in settings.items())]
    return "\n".join(lines) + "\n"


def _stanzas(queries: Sequence[Query], lateness: int) -> Iterator[tuple[str, dict[str, str]]]:
    for query in queries:
        name = stanza_name(query.rule)
        yield name, dict(_settings(query, lateness))
        for companion in query.companions:
            yield (
                f"{name} - {one_line(companion.name).translate(_NOT_IN_NAMES)}",
                dict(_companion(query.rule, companion, lateness)),
            )


def _companion(rule: Rule, companion: Companion, lateness: int) -> Iterator[tuple[str, str]]:
    yield "description", one_line(companion.purpose)
    yield "search", companion.query
    yield "enableSched", "1"
    yield "disabled", "1"
    yield "cron_schedule", f"{minute(rule)}-59/5 * * * *"
    yield "dispatch.earliest_time", f"-{companion.earliest or f'{look_back(rule, lateness)}s'}"
    yield "dispatch.latest_time", "now"


def _settings(query: Query, lateness: int) -> Iterator[tuple[str, str]]:
    rule = query.rule
    yield "description", one_line(rule.description or rule.title)
    yield "search", query.query
    yield "disabled", "1"
    yield "enableSched", "1"
    yield "cron_schedule", f"{minute(rule)}-59/5 * * * *"
    yield "schedule_window", "auto"
    yield "dispatch.earliest_time", f"-{look_back(rule, lateness)}s"
    yield "dispatch.latest_time", _latest(rule, lateness)
    yield "counttype", "number of events"
    yield "relation", "greater than"
    yield "quantity", "0"
    yield "alert.track", "1"
    yield "alert.digest_mode", "0"
    yield "alert.severity", str(SEVERITY[rule.finding_level])
    yield from _throttle(rule, lateness)
    yield "action.correlationsearch.label", one_line(rule.title)
    yield "action.correlationsearch.annotations", json.dumps(frameworks(rule), sort_keys=True)
    yield "request.ui_dispatch_app", "tracehound"


def _latest(rule: Rule, lateness: int) -> str:
    """A window that is judged when it closes waits for late events; all else is searched up to now."""
    return f"-{lateness}s" if rule.correlation is not None and rule.correlation.at_close else "now"


def _throttle(rule: Rule, lateness: int) -> Iterator[tuple[str, str]]:
    """What was raised is not raised again: by the rule's ``suppress``, at least while a run can see it again."""
    by = rule.suppress.by if rule.suppress else ("metadata.uid",) if rule.correlation is None else ()
    if rule.correlation is not None and not by:
        by = rule.correlation.group_by
    seconds = max(rule.suppress.seconds if rule.suppress else 0, look_back(rule, lateness))
    yield "alert.suppress", "1"
    yield "alert.suppress.period", f"{seconds}s"
    if by:
        names = by if rule.correlation is not None else tuple(spl_field(name) for name in by)
        yield "alert.suppress.fields", ", ".join(names)


def frameworks(rule: Rule) -> dict[str, list[str]]:
    """Enterprise Security's annotations: framework -> ids."""
    found = {"mitre_attack": list(rule.attack), "mitre_atlas": list(rule.atlas), "owasp": list(rule.owasp)}
    return {name: ids for name, ids in found.items() if ids}


def _continued(query: str) -> str:
    """A search over several lines: each but the last ends in a backslash."""
    return " \\\n".join(line.rstrip() for line in query.split("\n"))
