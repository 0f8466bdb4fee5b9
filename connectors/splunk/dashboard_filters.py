"""What whoever looks at a board can choose: the board's controls, and what a click in one panel sets for others.

Each is an input of Dashboard Studio and a token, whose value is ``*`` at first. A search takes it up by ``where``,
so that ``*`` also keeps events without the field, which ``field=*`` would not. The token filter ``|s`` writes the
value as a text in quotes, quotes and backslashes escaped.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tracehound.boards import Board, Panel, spl
from tracehound.boards.filters import FINDING
from tracehound.boards.model import By
from tracehound.compiler.leaves import type_of
from tracehound.compiler.spl import INDEX_MACRO, evaluated, spl_field
from tracehound.schema import fields

from .dashboard_words import literal, plain

ALL = "*"
MOST = 999
"""Dashboard Studio shows 1,000 choices at most, one of which is All."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One choice. ``of``: the panels that it is for, ``events``, ``findings``, or empty for all."""

    token: str
    by: By
    title: str
    of: str = ""

    def concerns(self, panel: Panel) -> bool:
        """Whether the panel's numbers depend on it. A field that is the same in all findings divides none."""
        if self.of:
            return self.of == panel.spec.of
        return panel.spec.of != "findings" or self.by.field not in FINDING

    @property
    def test(self) -> str:
        """True for events that were chosen, and for all with ``*``."""
        name, token = evaluated(self.by.field), f"${self.token}|s$"
        value = f'mvindex(split({name}, "."), {self.by.part - 1})' if self.by.part else name
        value = value if type_of(self.by.field) in ("keyword", "ip") else f"tostring({name})"
        info = fields()[self.by.field]
        found = f"in({value}, {token})"
        if info.array or info.within:
            found = f"mvcount(mvfilter({found})) > 0"
        return f'(in("{ALL}", {token}) OR {found})'


def filters(board: Board) -> list[Filter]:
    """The controls of a board, then what its panels set for others."""
    made: list[Filter] = []
    for name in board.spec.controls:
        made.append(Filter(_token(made, name), By(field=name), _title(board, name)))
    for panel in board.panels:
        if panel.spec.drilldown and panel.spec.drilldown.panel:
            made += [
                Filter(_token(made, by.field), by, plain(by.title), panel.spec.of)
                for by in panel.spec.by
                if filter_of(made, panel, by) is None
            ]
    return made


def filter_of(known: Sequence[Filter], panel: Panel, by: By) -> Filter | None:
    """The one that a click on this group of this panel sets."""
    for one in known:
        if (one.by.field, one.by.part) == (by.field, by.part) and one.concerns(panel):
            return one
    return None


def where(known: Sequence[Filter], panel: Panel) -> str:
    """What a panel's search says of them; empty where none concerns it."""
    tests = [one.test for one in known if one.concerns(panel)]
    return "| where " + "\n    AND ".join(tests) if tests else ""


def inputs(known: Sequence[Filter]) -> dict[str, Any]:
    """Menus with several choices, filled by searches."""
    return {
        f"input_{one.token}": {
            "type": "input.multiselect",
            "title": plain(one.title),
            "options": {
                "token": one.token,
                "defaultValue": [ALL],
                "clearDefaultOnSelection": True,
                "items": ">frame(label, value) | prepend(formattedStatics) | objects()",
            },
            "context": {
                "formattedConfig": {"number": {"prefix": ""}},
                "formattedStatics": ">statics | formatByType(formattedConfig)",
                "statics": [["All"], [ALL]],
                "label": '>primary | seriesByName("value") | renameSeries("label") | formatByType(formattedConfig)',
                "value": '>primary | seriesByName("value") | renameSeries("value") | formatByType(formattedConfig)',
            },
            "dataSources": {"primary": f"ds_choices_{one.token}"},
        }
        for one in known
    }


def choices(board: Board, known: Sequence[Filter]) -> dict[str, Any]:
    """Two searches at most, of events and of findings, and what each menu takes from them."""
    made: dict[str, Any] = {}
    for of in ("events", "findings"):
        mine = [one for one in known if (one.of or "events") == of]
        if not mine:
            continue
        asked = next((p for p in board.panels if p.spec.of == of and not p.spec.filter), None)
        names = dict.fromkeys(f'"{spl_field(one.by.field)}"' for one in mine)
        values = " ".join(f"values({name}) AS {name}" for name in names)
        query = f"{spl.base(asked) if asked else INDEX_MACRO}\n| stats {values}"
        made[f"ds_choices_{of}"] = {
            "type": "ds.search",
            "name": f"Choices: {of}",
            "options": {"query": literal(query)},
        }
        for one in mine:
            name = f'"{spl_field(one.by.field)}"'
            lines = [f"| fields {name}", f"| rename {name} AS value", "| mvexpand value"]
            if one.by.part:
                lines += [f'| eval value=mvindex(split(value, "."), {one.by.part - 1})', '| where value!=""']
            lines += ["| dedup value", "| sort 0 +str(value)", f"| head {MOST}", "| table value"]
            made[f"ds_choices_{one.token}"] = {
                "type": "ds.chain",
                "name": f"Choices: {plain(one.title)}",
                "options": {"extend": f"ds_choices_{of}", "query": literal("\n".join(lines))},
            }
    return made


def _token(made: Sequence[Filter], field: str) -> str:
    name = re.sub(r"\W", "_", field)
    taken = {one.token for one in made}
    return next(one for one in [name, *(f"{name}_{n}" for n in range(2, 99))] if one not in taken)


def _title(board: Board, field: str) -> str:
    """What panels call the field, so that the menu is called the same."""
    found = [by.label for panel in board.panels for by in panel.spec.by if by.field == field and not by.part]
    return plain(next((label for label in found if label), field))
