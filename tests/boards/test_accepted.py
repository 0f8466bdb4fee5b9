"""Panels' queries by judges that only parse: other versions of Elasticsearch, an independent grammar of SPL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from boards_day import overview
from boards_made import board
from test_shapes import SHAPES

from tracehound.boards import Panel, question, spl

SPAN = (1_794_960_000_000, 1_795_046_400_000)
Judge = Callable[..., list[str | None]]


@pytest.fixture
def panels(tmp_path: Path) -> list[Panel]:
    return [*overview().panels, *board(tmp_path, *SHAPES.values()).panels]


@pytest.mark.parametrize("version", ["8.19", "9.3", "9.5"])
def test_esql_of_other_versions(version: str, panels: list[Panel], esql_problems: Judge) -> None:
    queries = [question(panel, "esql") for panel in panels]
    said = esql_problems(queries, version=version)
    assert [(q, why) for q, why in zip(queries, said, strict=True) if why] == []


def test_spl_is_accepted(panels: list[Panel], splcheck: Judge) -> None:
    queries = [spl.query(panel, span) for panel in panels for span in (None, SPAN)]
    plain = [query.replace("`tracehound_index`", "index=ai") for query in queries]  # it knows no macros
    assert [(q, why) for q, why in zip(plain, splcheck(plain), strict=True) if why] == []
