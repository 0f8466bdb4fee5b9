"""Each panel's number is the same in every language, over the demo day, some events of which are stored twice."""

from __future__ import annotations

import pytest
from boards_day import SPAN, Day, by_esql, by_spl, by_sql, equal, overview
from engines_index import Index, QueryError

from tracehound.boards import Panel

PANELS = overview().panels
EMPTY_ON_THE_DAY: set[str] = set()
HOUR = 3_600_000
SPANS = {
    "the day": SPAN,
    "a week": (SPAN[0] - 6 * 24 * HOUR, SPAN[1]),
    "from the middle of an hour": (SPAN[0] + 9 * HOUR + 1_234_567, SPAN[0] + 15 * HOUR + 7_654),
}
panels = pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.spec.id)


@panels
def test_esql_gives_the_numbers_of_the_store(panel: Panel, demo_day: Day, demo_index: Index) -> None:
    for name, span in SPANS.items():
        found = by_esql(demo_index, panel, span)
        assert not isinstance(found, QueryError), f"{name}: {found}"
        equal(panel, found, by_sql(demo_day, panel, span))


@panels
def test_every_panel_shows_something_on_the_day(panel: Panel, demo_day: Day) -> None:
    rows = by_sql(demo_day, panel)
    shows = any(row[-1] for row in rows)
    assert shows is (panel.spec.id not in EMPTY_ON_THE_DAY)


@panels
def test_spl_gives_the_numbers_of_the_store(panel: Panel, demo_day: Day) -> None:
    equal(panel, by_spl(demo_day, panel), by_sql(demo_day, panel, ranked=True))
