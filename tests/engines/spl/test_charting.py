"""timechart and xyseries: columns for series, steps without rows, which series are taken, what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from spl.engine import Event, SplError, parse, run

HOUR = 3600.0
EVENTS = [
    Event({"k": k, "n": n}, hour * HOUR + 60)
    for hour, k, n in [(0, "a", 1), (0, "b", 5), (0, "a", 2), (2, "a", 3), (2, "c", 9), (2, "_x", 4)]
]


def chart(query: str, earliest: float | None = None, latest: float | None = None) -> list[dict[str, str]]:
    search = parse(f"* | timechart {query}")
    range_ = {} if earliest is None else {"earliest": earliest, "latest": latest}
    return [{n: v[0] for n, v in row.items()} for row in search.run(EVENTS, now=1e6, **range_)]


CHARTS: dict[str, tuple[str, list[dict[str, str]]]] = {
    "one series": (
        "span=1h count AS n",
        [{"_time": "0", "n": "3"}, {"_time": "3600", "n": "0"}, {"_time": "7200", "n": "3"}],
    ),
    "series in alphabetical order, names with an underscore changed": (
        "span=1h count BY k useother=f usenull=f",
        [
            {"_time": "0", "VALUE_x": "0", "a": "2", "b": "1", "c": "0"},
            {"_time": "3600", "VALUE_x": "0", "a": "0", "b": "0", "c": "0"},
            {"_time": "7200", "VALUE_x": "1", "a": "1", "b": "0", "c": "1"},
        ],
    ),
    "sums leave empty cells; the largest sums": (
        "limit=2 span=1h sum(n) BY k useother=f usenull=f",
        [{"_time": "0", "a": "3"}, {"_time": "3600"}, {"_time": "7200", "a": "3", "c": "9"}],
    ),
    "the largest points": (
        "span=1h max(n) BY k useother=f usenull=f where max in top2",
        [{"_time": "0", "b": "5"}, {"_time": "3600"}, {"_time": "7200", "c": "9"}],
    ),
    "at most so many steps": (
        "bins=3 count",
        [{"_time": "0", "count": "3"}, {"_time": "3600", "count": "0"}, {"_time": "7200", "count": "3"}],
    ),
}


@pytest.mark.parametrize(("query", "wanted"), CHARTS.values(), ids=CHARTS)
def test_timechart(query: str, wanted: list[dict[str, str]]) -> None:
    assert chart(query) == wanted


def test_the_search_s_range_is_filled() -> None:
    found = chart("span=1h count", earliest=-HOUR, latest=4 * HOUR)
    assert [row["count"] for row in found] == ["0", "3", "0", "3", "0"]
    assert len(chart("bins=2 count", earliest=0, latest=4 * HOUR)) == 1


REFUSED = [
    "span=1h count BY k", "span=1h count max(n)", "span=1h", "span=1mon count", "agg=max count",
    "span=1h count BY k useother=f usenull=f where max in bottom3",
    "span=1h count BY k useother=f usenull=f where avg in top3",
]  # fmt: skip


@pytest.mark.parametrize("query", REFUSED)
def test_refused(query: str) -> None:
    with pytest.raises(SplError):
        chart(query)


def test_xyseries() -> None:
    query = "* | stats sum(n) AS v BY _time k | xyseries _time k v"
    rows: list[dict[str, Any]] = run(query, EVENTS[:5])
    assert rows == [
        {"_time": ["60"], "a": ["3"], "b": ["5"]},
        {"_time": ["7260"], "a": ["3"], "c": ["9"]},
    ]
    with pytest.raises(SplError):
        run("* | xyseries a b", EVENTS)
