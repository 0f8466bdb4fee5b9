"""The live stacks that the environment names; without them the summary says in one line what was not run."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from commands import tracehound
from engines_plugin import MARK

__all__ = ["tracehound"]
PREFIX = "TRACEHOUND_TEST_"
WANTED = {"elastic": ("URL",), "splunk": ("URL", "HEC_URL")}


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """``live("elastic")`` takes the run's settings from TRACEHOUND_TEST_ELASTIC_*; skips where they are not set."""

    def reach(target: str) -> None:
        prefix = f"{PREFIX}{target.upper()}_"
        missing = [prefix + name for name in WANTED[target] if not os.environ.get(prefix + name)]
        if missing:
            pytest.skip(f"{MARK}a live {target.capitalize()}: {missing[0]} is not set (tests/live/README.md)")
        for name, value in dict(os.environ).items():
            if name.startswith(f"TRACEHOUND_{target.upper()}_"):
                monkeypatch.delenv(name)
            elif name.startswith(prefix):
                monkeypatch.setenv(f"TRACEHOUND_{target.upper()}_{name.removeprefix(prefix)}", value)

    return reach
