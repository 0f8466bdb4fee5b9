"""``docs/sources.md``: what each normalizer fills, counted where the record holds it."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from tracehound.docs.coverage import ITEMS, Coverage, count
from tracehound.normalizers import Normalizer, registry

HEAD = """\
# Log sources

Made from `normalizers/` and the counts in `tests/data/coverage/`; do not edit.

Which records of our test inputs hold an item was counted on the vendor's own fields, and by eye where a record has
it in another place; a cell says in how many of them our events have it: filled/held. An empty cell: no record of
the source holds it. What the join brings from another record, or a catalogue derives (a model's maker), is not
counted.
*Prompt* and *response* are those of the new part of a conversation, see [architecture](architecture.md).
*unmapped* is the share of a record's values that no field takes; they are kept under `unmapped`.
Inputs are recorded from the running software (`tests/data/recorded/README.md`) or shaped as the vendor documents.
"""


def sources_page(root: Path) -> str:
    """The page as Markdown."""
    counted = list(count(root))
    parts = [HEAD, "\n".join(_table(counted))]
    parts += ["\n".join(_source(made, registry().by_name[made.source])) for made in counted]
    return "\n".join(parts)


def _table(counted: list[Coverage]) -> Iterator[str]:
    yield "| item | " + " | ".join(f"[{made.source}](#{made.source})" for made in counted) + " |"
    yield "|---|" + "---|" * len(counted)
    for item, (name, _) in ITEMS.items():
        cells = [f"{made.filled[item]}/{made.held[item]}" if made.held[item] else "" for made in counted]
        yield f"| {name} | " + " | ".join(cells) + " |"
    yield "| records | " + " | ".join(f"{made.records}" for made in counted) + " |"
    yield "| unmapped | " + " | ".join(f"{made.unmapped / made.leaves:.0%}" for made in counted) + " |"
    yield ""


def _source(made: Coverage, normalizer: Normalizer) -> Iterator[str]:
    words = inspect.getdoc(sys.modules[normalizer.normalize.__module__]) or ""
    yield f"## {made.source}"
    yield ""
    yield f"{normalizer.product} ({normalizer.vendor}), `ai.service` {normalizer.service}. {_first(words)}"
    yield ""
    links = dict.fromkeys(re.findall(r"https?://[^\s>)`]+", words))
    yield f"Format: {', '.join(f'<{link}>' for link in links)}"
    yield ""
    yield f"Counted on {made.records} records of {made.files} files. What the log lacks: {made.lacks}"
    yield ""
    if made.gaps:
        yield "Known gaps:"
        yield ""
        yield from (f"- {ITEMS[item][0]}: {reason}" for item, reason in made.gaps.items())
        yield ""


def _first(words: str) -> str:
    """The first sentence of a module's docstring, with a full stop."""
    return words.split("\n\n")[0].replace("\n", " ").rstrip(".") + "."
