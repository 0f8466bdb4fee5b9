"""The README of each app: what it holds, where it belongs, what a site changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracehound.compiler.cost import cost_of
from tracehound.compiler.schedule import period
from tracehound.rules import Rule
from tracehound.schema.generate.splunk import TRUNCATE

from .lookups import Lookup
from .settable import Settable
from .settings import SplunkSettings

COSTS = {"class": "raw events of some classes", "all": "all raw events", "indexed": "index structures only"}


def app_readme(
    settings: SplunkSettings, rules: Sequence[Rule], found: Sequence[Lookup], placed: Settable
) -> bytes:
    """README.md of the search heads' app."""
    return _text(
        "# Tracehound for Splunk",
        "Install it on search heads, beside TA-tracehound. All searches are switched off: enable those that you "
        "want under Settings > Searches, reports, and alerts.",
        "## What a site changes",
        "Nothing in `default/`. Macros, under Settings > Advanced search > Search macros:",
        "| macro | is now |\n|---|---|\n" + "\n".join(_macros(settings, placed)),
        *_inlined(placed),
        "A list is values in quotes, separated by commas, with `*` for any text. It must not become empty: leave "
        'one value that never occurs, such as `"(none)"`.',
        "## Lookups",
        "| lookup | holds | fields |\n|---|---|---|\n"
        + "\n".join(f"| `{one.name}` | {_cell(one.purpose)} | {', '.join(one.fields)} |" for one in found),
        "A baseline knows nothing at first: run its search `keep` once by hand over the time that it remembers (30 "
        "days), then enable it together with the rule.",
        "## Rules",
        "What a search reads decides what it costs: "
        + "; ".join(f"`{name}`: {text}" for name, text in COSTS.items())
        + ".",
        "| rule | level | reads | every |\n|---|---|---|---|\n" + "\n".join(_rules(rules)),
    )


def add_on_readme() -> bytes:
    """README.md of the add-on."""
    return _text(
        "# Tracehound add-on",
        "Sourcetypes `tracehound:ocsf:<class>`: one JSON object a line, time in epoch milliseconds, lines of up to "
        f"{TRUNCATE:,} bytes; and, for searching, names of arrays, and event types, tags and fields of Splunk's "
        "Common Information Model.",
        "Install it everywhere: on indexers and heavy forwarders, which cut and date events (events that come by "
        "HEC's `/event` endpoint are cut and dated already), and on search heads, where fields, event types and "
        "tags are made.",
        "It reads nothing by itself and makes no index.",
    )


def indexes_readme(settings: SplunkSettings) -> bytes:
    """README.md of the indexes' app."""
    return _text(
        "# Tracehound indexes",
        f"`{settings.index}` for events and `{settings.verify_index}` for test events, which are forgotten after "
        "three days. For indexers of Splunk Enterprise; how long events are kept and where is the site's to say, "
        "in `local/indexes.conf`. On Splunk Cloud make the indexes under Settings > Indexes or with the Admin "
        "Config Service instead.",
    )


def _macros(settings: SplunkSettings, placed: Settable) -> Iterator[str]:
    yield f"| `tracehound_index` | where the events are ({settings.index}) |"
    for one in placed.lists:
        yield f"| `{one.macro}` | the list {_cell(one.name)} |"
    for count in placed.thresholds:
        yield f"| `{count.macro}` | {count.definition} ({count.says}): {_cell(count.title)} |"


def _inlined(placed: Settable) -> Iterator[str]:
    """Rules whose values a macro cannot hold."""
    if not placed.inlined:
        return
    said = []
    for one in placed.inlined:
        what = [f"the list {_cell(name)}" for name in one.lists] + ["its count"] * one.count
        said.append(f"* {_cell(one.rule.title)}: {', '.join(what)}")
    yield (
        "Not by macro, since the values stand where a search cannot have one; change them in the pack and build "
        "again:\n\n" + "\n".join(said)
    )


def _rules(rules: Sequence[Rule]) -> Iterator[str]:
    for rule in rules:
        minutes = period(rule) // 60
        yield f"| {_cell(rule.title)} | {rule.finding_level} | {cost_of(rule, 'splunk')} | {minutes} min |"


def _cell(text: str) -> str:
    """A text in a cell of a table."""
    return (
        " ".join(text.split())
        .replace("\\", "\\\\")
        .replace("|", "\\|")
        .replace("`", "'")
        .replace("<", "&lt;")
    )


def _text(*paragraphs: str) -> bytes:
    return ("\n\n".join(paragraphs) + "\n").encode()
