"""The other commands: documented examples, windows, lookups, and what is refused."""

from typing import Any

import pytest
from spl.engine import Event, Lookup, Options, SplError, parse, run

Raws = list[dict[str, Any]]


def rows(query: str, raws: Raws, times: list[float] | None = None, **options: Any) -> list[dict[str, str]]:
    """The rows without their event's own fields; several values are joined with a comma."""
    moments = times or [float(i) for i in range(len(raws))]
    events = [Event(raw, time) for raw, time in zip(raws, moments, strict=True)]
    found = run(query, events, options=Options(**options), now=1000.0)
    hidden = {"_time", "_raw", "index", "sourcetype", "host", "source"}
    return [{n: ",".join(v) for n, v in row.items() if n not in hidden} for row in found]


def column(
    query: str, raws: Raws, name: str, times: list[float] | None = None, **options: Any
) -> list[str | None]:
    """One field of each row."""
    return [row.get(name) for row in rows(query, raws, times, **options)]


HOSTS: Raws = [
    {"h": "x", "bytes": 100},
    {"h": "y", "bytes": 200},
    {"h": "x", "bytes": 400},
    {"h": "x", "bytes": 50},
    {"h": "y", "bytes": 150},
    {"h": "x", "bytes": 100},
]
SHIFTS: Raws = [{"shift": s} for s in ("DAY", "DAY", "NIGHT", "NIGHT", "NIGHT", "NIGHT", "DAY", "NIGHT")]
STREAM = {
    # page: streamstats
    "reset_on_change": ("count BY shift reset_on_change=true", SHIFTS, "count", "1 2 1 2 3 4 1 1"),
    "count": ("count", HOSTS, "count", "1 2 3 4 5 6"),
    "without the current": ("current=f count", HOSTS, "count", "0 1 2 3 4 5"),
    "moving average": ("window=3 avg(bytes) AS a", HOSTS[:3], "a", "100 150 233.33333333333334"),
    "by": ("count BY h", HOSTS, "count", "1 1 2 3 2 4"),
    "global window": ("count BY h window=2", HOSTS, "count", "1 1 1 2 1 1"),
    "window of each group": ("count BY h window=2 global=f", HOSTS, "count", "1 1 2 2 2 2"),
    "reset_after": ('count reset_after="("h==\\"y\\"")"', HOSTS, "count", "1 2 1 2 3 1"),
    "reset_before": ('count reset_before="("h==\\"y\\"")"', HOSTS, "count", "1 1 2 3 1 2"),
    "previous value": ("current=f window=1 last(bytes) AS p", HOSTS[:3], "p", "None 100 200"),
    "distinct": ("dc(h) AS d", HOSTS, "d", "1 2 2 2 2 2"),
}


@pytest.mark.parametrize(("arguments", "raws", "name", "out"), STREAM.values(), ids=STREAM)
def test_streamstats(arguments: str, raws: Raws, name: str, out: str) -> None:
    assert [str(v) for v in column(f"* | streamstats {arguments}", raws, name)] == out.split()


def test_time_window_slides_and_needs_order() -> None:
    raws: Raws = [{} for _ in range(5)]
    times = [0.0, 100.0, 299.0, 310.0, 900.0]
    query = "* | streamstats time_window=5m count"
    assert column(query, raws, "count", times) == ["1", "2", "3", "3", "1"]
    assert column(query, raws, "count", times[::-1]) == ["1", "1", "2", "3", "3"]
    with pytest.raises(SplError, match="sorted"):
        rows(query, raws, [5.0, 1.0, 3.0, 2.0, 9.0])


def test_the_edge_of_a_time_window_is_declared() -> None:
    raws: Raws = [{}, {}]
    query = "* | streamstats time_window=5m count"
    with pytest.raises(SplError, match="exactly"):
        rows(query, raws, [0.0, 300.0])
    assert column(query, raws, "count", [0.0, 300.0], window_edge="inside") == ["1", "2"]
    assert column(query, raws, "count", [0.0, 300.0], window_edge="outside") == ["1", "1"]


def test_streamstats_by_skips_rows_without_the_field() -> None:
    assert column("* | streamstats count BY h", [{"h": "a"}, {}, {"h": "a"}], "count") == ["1", None, "2"]
    with pytest.raises(SplError, match="mvexpand"):
        rows("* | streamstats count BY t{}", [{"t": ["a", "b"]}])


N: Raws = [{"n": value} for value in (1, 2, 3, 4)]
STATS = {
    # page: stats, Aggregate functions, Multivalue stats and chart functions
    "count": ("count", N, [{"count": "4"}]),
    "nothing in": ("count, sum(n) AS s", [], [{"count": "0"}]),
    "nothing in by": ("count BY n", [], []),
    "count of a field": ("count(n)", [{"n": 1}, {}], [{"count(n)": "1"}]),
    "count eval": ('count(eval(n="1")) AS c', N, [{"c": "1"}]),
    "names": (
        "sum(n), avg(n) AS a, max(n) min(n)",
        N,
        [{"sum(n)": "10", "a": "2.5", "max(n)": "4", "min(n)": "1"}],
    ),
    "higher median": ("median(n) AS m", N, [{"m": "3"}]),
    "nearest rank": ("perc50(n) AS m, p95(n) AS p, exactperc25(n) AS q", N, [{"m": "2", "p": "4", "q": "1"}]),
    "text maximum": ("max(v) AS m", [{"v": "b"}, {"v": "a"}], [{"m": "b"}]),
    "values are sorted": ("values(v) AS v", [{"v": "10"}, {"v": "9"}, {"v": "10"}], [{"v": "10,9"}]),
    "list keeps order": ("list(v) AS v", [{"v": "b"}, {"v": "a"}, {"v": "b"}], [{"v": "b,a,b"}]),
    "dc with case": ("dc(v) AS d", [{"v": "a"}, {"v": "A"}], [{"d": "2"}]),
    "dc of several": ("dc(v{}) AS d", [{"v": ["a", "b"]}, {"v": ["b"]}], [{"d": "2"}]),
    "order of time": ("earliest(v) AS e latest(v) AS l", [{"v": "a"}, {"v": "b"}], [{"e": "a", "l": "b"}]),
    "order of rows": ("first(v) AS f last(v) AS l", [{"v": "a"}, {"v": "b"}], [{"f": "a", "l": "b"}]),
    "by two": (
        "count BY a, b",
        [{"a": "x", "b": "1"}, {"a": "x", "b": "1"}, {"a": "x"}, {"b": "1"}],
        [{"a": "x", "b": "1", "count": "2"}],
    ),
    "by dotted": (
        'count BY a.b "c d"',
        [{"a": {"b": "x"}, "c d": "y"}],
        [{"a.b": "x", "c d": "y", "count": "1"}],
    ),
    "by several": (
        "count BY t{}",
        [{"t": ["a", "b"]}, {"t": ["a"]}, {"t": []}],
        [{"t{}": "a", "count": "2"}, {"t{}": "b", "count": "1"}],
    ),
    "by several, twice the same": ("count BY t{}", [{"t": ["a", "a"]}], [{"t{}": "a", "count": "2"}]),
    "dedup_splitvals": ("count BY t{} dedup_splitvals=t", [{"t": ["a", "a"]}], [{"t{}": "a", "count": "1"}]),
}


@pytest.mark.parametrize(("arguments", "raws", "out"), STATS.values(), ids=STATS)
def test_stats(arguments: str, raws: Raws, out: list[dict[str, str]]) -> None:
    assert rows(f"* | stats {arguments}", raws) == out


AB: Raws = [{"a": "2", "b": "x"}, {"a": "10", "b": "y"}, {"a": "2", "b": "z"}]
SHAPED = {
    "sort by size": ("sort 0 - a, + b", AB, "b", ["y", "x", "z"]),
    "sort one word": ("sort -a", AB, "a", ["10", "2", "2"]),
    "sort as text": ("sort 0 str(a)", AB, "a", ["10", "2", "2"]),
    "sort and limit": ("sort 1 b", AB, "b", ["x"]),
    "dedup": ("dedup a", AB, "b", ["x", "y"]),
    "dedup two of each": ("dedup 2 a", AB, "b", ["x", "y", "z"]),
    "dedup without": ("dedup c", AB, "b", []),
    "head": ("head 2", AB, "b", ["x", "y"]),
    "rename": ("rename a AS c", AB, "c", ["2", "10", "2"]),
    "rename onto": ("rename none AS a", AB, "a", [None, None, None]),
    "fillnull": ("fillnull value=- c", AB, "c", ["-", "-", "-"]),
    "fields": ("fields b", AB, "a", [None, None, None]),
    "fields minus": ("fields - a*", AB, "a", [None, None, None]),
    "mvexpand": ("mvexpand t{}", [{"t": ["a", "b"]}, {}], "t{}", ["a", "b", None]),
    "eventstats": ("eventstats count BY a", AB, "count", ["2", "1", "2"]),
    "eventstats without": ("eventstats count BY t", [{"t": 1}, {}], "count", ["1", None]),
    "regex": (r'regex v="^\d+$"', [{"v": "1"}, {"v": "a"}, {}], "v", ["1"]),
    "regex not": (r'regex v!="^\d+$"', [{"v": "1"}, {"v": "a"}], "v", ["a"]),
    "regex with four backslashes": (r'regex v="c:\\\\t"', [{"v": r"c:\temp"}], "v", [r"c:\temp"]),
    "search behind stats": ("stats count BY a | search count>1", AB, "a", ["2"]),
    "where behind stats": ("stats count BY a | where count > 1", AB, "a", ["2"]),
    "spath": ("spath output=o path=a.b{}", [{"a": {"b": [1, 2]}}], "o", ["1,2"]),
}


@pytest.mark.parametrize(("command", "raws", "name", "out"), SHAPED.values(), ids=SHAPED)
def test_shaping(command: str, raws: Raws, name: str, out: list[str | None]) -> None:
    assert column(f"* | {command}", raws, name) == out


def test_table_orders_and_keeps_only_what_is_named() -> None:
    assert [list(row) for row in run("* | table b, a, none", [Event({"a": 1, "b": 2}, 1)])] == [["b", "a"]]


def test_bin_aligns_to_epoch_or_to_a_time() -> None:
    events = [Event({}, time) for time in (0, 299.9, 300, 901)]
    assert [r["_time"][0] for r in run("* | bin _time span=5m", events)] == ["0", "0", "300", "900"]
    assert [r["t"][0] for r in run("* | bucket span=5m aligntime=60 _time AS t", events)] == [
        "-240",
        "60",
        "60",
        "660",
    ]


def test_addinfo_tells_the_range_of_the_search() -> None:
    """SR addinfo: info_min_time, info_max_time, info_search_time in every row."""
    search = parse("* | addinfo | eval ago=info_max_time-info_min_time")
    event = [Event({"a": 1}, 60.5)]
    (row,) = search.run(event, now=100.0, earliest=40.0, latest=90.0)
    assert (row["info_min_time"], row["info_max_time"], row["info_search_time"]) == (["40"], ["90"], ["100"])
    assert [row["ago"] for row in search.run(event, now=100.0)] == [["100"]]
    with pytest.raises(SplError, match="takes no arguments"):
        parse("* | addinfo x")


def test_lookups_are_read_joined_and_written() -> None:
    events = [Event({"k": "a", "v": "1"}, 1), Event({"k": "b", "v": "2"}, 2)]
    seen = {"seen": Lookup([{"_key": ["a"], "k": ["a"], "first": ["0"]}], kv=True)}
    query = (
        "* | lookup seen k OUTPUT first AS known | where isnull(known) | eval first=_time"
        " | fields k first | fields - _raw _time | outputlookup append=t key_field=k seen"
    )
    assert [row["k"] for row in run(query, events, lookups=seen)] == [["b"]]
    assert run(query, events, lookups=seen) == []
    assert [row["first"] for row in run("| inputlookup seen", [], lookups=seen)] == [["0"], ["2"]]
    assert len(run("* | inputlookup append=t seen", events, lookups=seen)) == 4


def test_outputlookup_keeps_the_columns_of_a_csv() -> None:
    # page: outputlookup, Append results: fields A, D, J in the file, A, C, J in the results
    table = Lookup([{"A": ["1"], "D": ["1"], "J": ["1"]}])
    events = [Event({"A": 2, "C": 2, "J": [2, 3]}, 1)]
    shape = "* | rename J{} AS J | fields A C J | fields - _time _raw | outputlookup "
    run(shape + "append=t t.csv", events, lookups={"t.csv": table})
    assert table.rows == [{"A": ["1"], "D": ["1"], "J": ["1"]}, {"A": ["2"], "J": ["2 3"]}]
    run(shape + "t.csv", events, lookups={"t.csv": table})
    assert table.rows == [{"A": ["2"], "C": ["2"], "J": ["2 3"]}]
    run("nothing=here | outputlookup override_if_empty=f t.csv", events, lookups={"t.csv": table})
    assert len(table.rows) == 1
    run("nothing=here | outputlookup t.csv", events, lookups={"t.csv": table})
    assert table.rows == []


def test_lookup_by_case_and_onto_present_fields() -> None:
    table = Lookup([{"k": ["A"], "o": ["1"]}, {"k": ["a"], "o": ["2"]}])
    event = [Event({"k": "a", "o": "x"}, 1)]
    assert run("* | lookup t k OUTPUT o", event, lookups={"t": table})[0]["o"] == ["2"]
    assert run("* | lookup t k OUTPUTNEW o", event, lookups={"t": table})[0]["o"] == ["x"]
    table.cased = False
    assert run("* | lookup t k OUTPUT o", event, lookups={"t": table})[0]["o"] == ["1", "2"]
    with pytest.raises(SplError, match="without a match"):
        run("* | lookup t k OUTPUT o", [Event({"k": "z", "o": "x"}, 1)], lookups={"t": table})


REFUSED = {
    "stats without function": "stats BY a",
    "stats with an unknown function": "stats mode(a)",
    "stats with a wildcard": "stats sum(a*)",
    "stats by a wildcard": "stats count BY a*",
    "same name twice": "stats count, count",
    "perc without a field": "stats perc95",
    "unknown option": "streamstats allnum=t count",
    "bad span": "streamstats time_window=5x count",
    "bin of a number": "bin a span=10",
    "bin without a span": "bin _time bins=5",
    "eval without =": "eval a",
    "eval with a comma at the end": "eval a=1,",
    "regex without quotes": "regex a=b",
    "sort without a field": "sort 0",
    "dedup with an option": "dedup a sortby b",
    "table without a field": "table",
    "rename without AS": "rename a b",
    "head with a condition": "head (a=1)",
    "spath of all": "spath",
    "lookup without a column": "lookup t",
    "nothing behind the pipe": "",
    "transaction": "transaction a",
}


@pytest.mark.parametrize("command", REFUSED.values(), ids=REFUSED)
def test_refused_when_parsed(command: str) -> None:
    with pytest.raises(SplError) as caught:
        parse(f"* | {command}")
    assert caught.value.position >= 3


VALUES: dict[str, tuple[str, Raws]] = {
    "sum of several values": ("stats sum(t{})", [{"t": [1, 2]}]),
    "numbers and texts": ("stats max(v)", [{"v": 1}, {"v": "x"}]),
    "eventstats by several": ("eventstats count BY t{}", [{"t": [1, 2]}]),
    "sort without the field": ("sort 0 a", [{"a": 1}, {}]),
    "dedup by several": ("dedup t{}", [{"t": [1, 2]}]),
    "regex on several": ('regex t{}="a"', [{"t": ["a", "b"]}]),
    "regex != on absent": ('regex v!="a"', [{}]),
    "no lookup": ("lookup t a", [{}]),
}


@pytest.mark.parametrize(("command", "raws"), VALUES.values(), ids=VALUES)
def test_refused_for_the_values(command: str, raws: Raws) -> None:
    with pytest.raises(SplError):
        rows(f"* | {command}", raws)


def test_ties_in_time_are_refused() -> None:
    with pytest.raises(SplError, match="same time"):
        rows("* | stats latest(v)", [{"v": 1}, {"v": 2}], [5.0, 5.0])
