"""timechart and xyseries: steps without rows, the largest series, what is refused."""

from __future__ import annotations

import pytest
from spl.engine import Event, Row, SplError, parse

START = 1_700_000_400.0
DAY = {"earliest": START, "latest": START + 1800}
END = "useother=f usenull=f"


def rows_of(query: str, *events: tuple[float, dict[str, object]], **times: float) -> list[Row]:
    stored = [Event(dict(fields), START + after) for after, fields in events]
    return parse(f"index=* | {query}").run(stored, **(times or DAY))


def table(rows: list[Row], *names: str) -> list[tuple[str, ...]]:
    """The values in steps of 600 seconds from the start, ``-`` where there is none."""
    assert [float(row["_time"][0]) - START for row in rows] == [600.0 * n for n in range(len(rows))]
    return [tuple("".join(row.get(name, ["-"])) for name in names) for row in rows]


FILLED = {
    "count": ("count", "count", [("1",), ("0",), ("2",)]),
    "dc": ("dc(user) AS users", "users", [("1",), ("0",), ("2",)]),
    "sum": ("sum(n) AS n", "n", [("1",), ("-",), ("5",)]),
    "max": ("max(n) AS n", "n", [("1",), ("-",), ("3",)]),
}


@pytest.mark.parametrize(("what", "name", "wanted"), FILLED.values(), ids=FILLED)
def test_steps_without_rows(what: str, name: str, wanted: list[tuple[str, ...]]) -> None:
    """A count of nothing is 0, of other functions there is no value; the search's range says where it ends."""
    events = [(1.0, {"n": 1, "user": "a"}), (1201.0, {"n": 2, "user": "a"}), (1700.0, {"n": 3, "user": "b"})]
    assert table(rows_of(f"timechart span=10m {what}", *events), name) == wanted


def test_without_a_range_the_rows_say_it() -> None:
    assert len(rows_of("timechart span=10m count", (0.0, {}), (600.0, {}), latest=START + 10_000)) == 17
    stored = [Event({}, START), Event({}, START + 600)]
    assert len(parse("index=* | timechart span=10m count").run(stored)) == 2
    assert parse("index=* | timechart span=10m count").run([]) == []


SERIES = {
    "all": ("limit=0", ["a", "b", "c"]),
    "the largest sums": ("limit=2", ["b", "c"]),
    "the largest peaks": ("", ["a", "c"]),
}


@pytest.mark.parametrize(("limit", "names"), SERIES.values(), ids=SERIES)
def test_the_largest_series(limit: str, names: list[str]) -> None:
    """c: 5 and 5, b: 3 and 4, a: 6 once. Their columns come in lexicographical order."""
    said = [("c", 5, 5), ("b", 3, 4), ("a", 6, 0)]
    events = [
        (at, {"n": n, "who": who}) for who, *ns in said for at, n in zip((1.0, 700.0), ns, strict=True) if n
    ]
    where = "" if limit else " WHERE max in top2"
    rows = rows_of(f"timechart span=10m {limit} {END} sum(n) BY who{where}", *events, (2.0, {"n": 9}))
    assert list(dict.fromkeys(name for row in rows for name in sorted(row) if name != "_time")) == names


BINS = {"half a minute": (1800, 30), "half an hour": (86_400, 1800), "an hour": (3 * 86_400, 3600)}


@pytest.mark.parametrize(("length", "step"), BINS.values(), ids=BINS)
def test_bins_choose_the_smallest_step_that_gives_no_more(length: int, step: int) -> None:
    start = 1_699_920_000.0  # midnight
    rows = parse("index=* | timechart bins=75 count").run(
        [Event({}, start)], earliest=start, latest=start + length
    )
    assert float(rows[1]["_time"][0]) - float(rows[0]["_time"][0]) == step
    assert len(rows) == length // step <= 75


def test_xyseries() -> None:
    events = [(n, {"x": x, "who": who, "n": n}) for n, (x, who) in enumerate(["1a", "2b", "1b"])]
    rows = rows_of("table x who n | xyseries x who n", *events)
    assert rows == [{"x": ["1"], "a": ["0"], "b": ["2"]}, {"x": ["2"], "b": ["1"]}]


REFUSED = {
    "OTHER and NULL": "timechart span=1h count BY who",
    "two functions": f"timechart span=1h {END} count dc(who)",
    "no function": "timechart span=1h",
    "a span of months": "timechart span=1mon count",
    "another score": f"timechart {END} count BY who WHERE avg in top5",
    "another option": "timechart minspan=1h count",
    "two fields of xyseries": "xyseries x who",
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED)
def test_outside_the_subset(query: str) -> None:
    with pytest.raises(SplError):
        parse(f"index=* | {query}")


@pytest.mark.parametrize("query", [f"timechart span=10m {END} count BY who{{}}", "xyseries x who{} n"])
def test_several_values(query: str) -> None:
    with pytest.raises(SplError, match="several values"):
        rows_of(query, (1.0, {"who": ["a", "b"], "x": 1, "n": 1}))
