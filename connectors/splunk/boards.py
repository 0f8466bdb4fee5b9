"""Boards as Splunk takes them: Dashboard Studio definitions inside the XML of a view.

    views(settings, app)     # one View for each board: a file in data/ui/views, or an object over REST

Splunk 9.4 and newer (definitions with ``layout.tabs``). Names are those of the board files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from tracehound.boards import Board, load_boards
from tracehound.config import Settings, load_settings

from . import dashboard_studio
from .settings import SplunkSettings

Theme = Literal["dark", "light"]
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""


@dataclass(frozen=True, slots=True)
class View:
    """A board as Splunk stores it: ``data/ui/views/NAME.xml``, or ``eai:data`` of the object NAME."""

    name: str
    label: str
    xml: str


def views(
    settings: SplunkSettings,
    app: Settings | None = None,
    refused: Callable[[str], object] | None = None,
    *,
    theme: Theme = "dark",
) -> list[View]:
    """The boards of our content and of the packs of ``app`` (by default those of the configuration file).

    ``refused`` hears of each board that cannot be built, with file and line; the others are built.
    """
    app = app or load_settings()
    found = load_boards(app.packs, lists=app.lists)
    for error in found.errors if refused else ():
        assert refused is not None
        refused(str(error))
    return [view(board, settings.app, theme=theme) for board in found.boards]


def view(board: Board, app: str = "tracehound", *, theme: Theme = "dark") -> View:
    """One board; ``app`` is where links into the search page lead."""
    spec = board.spec
    definition = json.dumps(dashboard_studio.definition(board, app), indent=1)
    lines = [
        f'<dashboard version="2" theme="{theme}">',
        f"  <label>{_text(spec.title)}</label>",
        f"  <description>{_text(spec.description)}</description>",
        f"  <definition><![CDATA[{_inside(definition)}]]></definition>",
        "</dashboard>",
    ]
    return View(board.name, spec.title, "\n".join(lines) + "\n")


def _text(text: str) -> str:
    return escape(NOT_XML.sub("\ufffd", text))


def _inside(definition: str) -> str:
    """``]]>`` can stand in a string of JSON only, where another spelling means the same; all else is ASCII."""
    return definition.replace("]]>", "]]\\u003e")
