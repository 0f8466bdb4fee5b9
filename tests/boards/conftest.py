"""The demo day, once for all tests of boards."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import tracehound

sys.path.insert(0, str(Path(__file__).parent))

from boards_day import Day, again, day
from engines import Server
from engines_index import Index

__all__ = ["tracehound"]


@pytest.fixture(scope="session")
def demo_day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Events and findings of the demo day, in an embedded store."""
    return day(tmp_path_factory.mktemp("day"))


@pytest.fixture(scope="session")
def demo_index(demo_day: Day, elasticsearch8: Server) -> Iterator[Index]:
    """The same on a real Elasticsearch; some events twice, under other ids."""
    with Index.create(elasticsearch8) as index:
        index.load(demo_day.events)
        index.load(again(demo_day.events), [f"again-{n}" for n in range(len(again(demo_day.events)))])
        yield index
