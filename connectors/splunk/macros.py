"""Search macros: the index, and each list and threshold that rules use. They are what a site changes.

    index="tracehound" ... NOT (ai.mcp.server IN ("ide", "internal-docs"))       as it is compiled
    `tracehound_index` ... NOT (ai.mcp.server IN (`tracehound_list_approved_mcp_servers`))

Splunk puts a macro's definition in its place before it reads the search, wherever it stands but in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tracehound.config import Settings

from .settable import Settable, settable
from .settings import SplunkSettings

INDEX = "tracehound_index"
_PLAIN = re.compile(r"[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro without arguments."""

    name: str
    definition: str
    description: str


def macros(settings: SplunkSettings, app: Settings, placed: Settable | None = None) -> list[Macro]:
    """All macros that searches and boards of this pack use, the index first. ``placed`` saves compiling again."""
    found = placed if placed is not None else settable(app)
    return [
        Macro(INDEX, index_definition(settings), "Where the events are. All searches and boards begin with it."),
        *(
            Macro(one.macro, one.definition, f"Values of the list {one.name}, in quotes, * for any text.")
            for one in found.lists
        ),
        *(
            Macro(one.macro, one.definition, f"When {one.title!r} is raised: {one.says}.")
            for one in found.thresholds
        ),
    ]  # fmt: skip


def index_definition(settings: SplunkSettings) -> str:
    """``index=tracehound``, or all indexes that events are sent to."""
    names = list(dict.fromkeys((settings.index, *settings.indexes.values())))
    said = [f"index={_index(name)}" for name in names]
    return said[0] if len(said) == 1 else f"({' OR '.join(said)})"


def expanded(search: str, definitions: Iterable[Macro]) -> str:
    """A search with these macros' definitions in place."""
    for macro in definitions:
        search = search.replace(f"`{macro.name}`", macro.definition)
    return search


def _index(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f'"{name}"'
