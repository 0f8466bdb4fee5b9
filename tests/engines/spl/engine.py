"""An evaluator for the subset of SPL that Tracehound's compiler writes: parse once, run over many events.

Our own, written from Splunk's documentation; it is not Splunk. README.md has the subset and the sources.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from spl import charting, commands, lookups, shaping, stats
from spl.arguments import Args
from spl.context import Command, Context, Lookup
from spl.errors import SplError
from spl.events import Event, Row
from spl.options import Options
from spl.scan import Macro, Stage, expand, stages

__all__ = ["Compiled", "Event", "Lookup", "Macro", "Options", "Row", "SplError", "parse", "run"]

COMMANDS: dict[str, Callable[[Args, Context], Command]] = {
    "search": commands.search,
    "where": commands.where,
    "eval": commands.evaluate,
    "regex": commands.regex,
    "fields": shaping.fields,
    "table": shaping.table,
    "rename": shaping.rename,
    "fillnull": shaping.fillnull,
    "mvexpand": shaping.mvexpand,
    "head": commands.head,
    "dedup": commands.dedup,
    "addinfo": shaping.addinfo,
    "sort": commands.sort,
    "bin": shaping.bin_time,
    "bucket": shaping.bin_time,
    "spath": shaping.spath,
    "stats": stats.stats,
    "eventstats": stats.eventstats,
    "streamstats": stats.streamstats,
    "timechart": charting.timechart,
    "xyseries": charting.xyseries,
    "lookup": lookups.lookup,
    "inputlookup": lookups.inputlookup,
    "outputlookup": lookups.outputlookup,
}


@dataclass
class Compiled:
    """A parsed search. ``expanded`` is its text with the macros in place.

    ``matched`` is how many rows the first command of the last run gave: events, of a search that begins with one.
    """

    expanded: str
    options: Options
    generating: bool
    _context: Context = field(repr=False)
    _steps: list[Command] = field(repr=False)
    matched: int = 0

    def run(
        self,
        events: Sequence[Event],
        *,
        lookups: dict[str, Lookup] | None = None,
        now: float | None = None,
        earliest: float = 0.0,
        latest: float | None = None,
    ) -> list[Row]:
        """The rows that are left; fields are lists of texts. Raises SplError where values leave the subset.

        Events are taken in the order given (Splunk's own is newest first: give them so, or sort).
        ``lookups`` are changed by outputlookup; ``now`` is epoch seconds.
        ``earliest`` and ``latest`` (now) are the time range that addinfo tells; events are not chosen by it.
        """
        self._context.lookups = lookups if lookups is not None else {}
        self._context.now = now
        self._context.earliest, self._context.latest = earliest, latest
        rows = [] if self.generating else [event.row(self.options) for event in events]
        for number, step in enumerate(self._steps):
            rows = step(rows)
            self.matched = len(rows) if number == 0 else self.matched
        return rows


def parse(
    query: str, *, macros: Mapping[str, str | Macro] | None = None, options: Options | None = None
) -> Compiled:
    """Compile a search; raises SplError with position and reason for all outside the subset."""
    options = options or Options()
    text = expand(query, macros or {})
    first, *rest = stages(text)
    context = Context(options)
    generating = not first.text.strip()
    steps: list[Command] = []
    if generating:
        if not rest or _name(rest[0])[0] != "inputlookup":
            raise SplError("a search that begins with a pipe begins with inputlookup here", text, 0)
    else:
        name, behind = _name(first)
        start = behind if name == "search" else 0
        steps.append(commands.search(Args(first, start), context))
    for stage in rest:
        name, behind = _name(stage)
        args = Args(stage, behind)
        make = COMMANDS.get(name)
        steps.append(make(args, context) if make else commands.unknown(args, name))
    return Compiled(text, options, generating, context, steps)


def run(
    query: str,
    events: Sequence[Event],
    *,
    macros: Mapping[str, str | Macro] | None = None,
    lookups: dict[str, Lookup] | None = None,
    now: float | None = None,
    options: Options | None = None,
) -> list[Row]:
    """Parse and run in one step."""
    return parse(query, macros=macros, options=options).run(events, lookups=lookups, now=now)


def _name(stage: Stage) -> tuple[str, int]:
    """A stage's command and the offset behind it."""
    match = re.match(r"\s*([A-Za-z_]+)(?=\s|$|[\"(])", stage.text)
    if match is None:
        return "", 0
    return match[1].lower(), match.end()
