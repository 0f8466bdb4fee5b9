"""Documentation that is made, not written: a test compares each file with what its maker says.

``PAGES`` names the files under ``docs/`` and their makers; ``pytest tests/docs --update-goldens`` writes them anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tracehound.docs.cli import cli_page
from tracehound.docs.configuration import configuration_page
from tracehound.docs.sources import sources_page

PAGES: dict[str, Callable[[Path], str]] = {
    "cli.md": lambda _root: cli_page(),
    "configuration.md": lambda _root: configuration_page(),
    "sources.md": sources_page,
}
"""File name -> maker, which gets the checkout's folder (the inputs of tests lie in it)."""
