"""The search command: documented examples and the edges around them."""

from typing import Any

import pytest
from spl.engine import Event, Macro, Options, SplError, parse, run

PONIES = [
    {"ID": "101M3", "Color": "Chestnut", "Location": "Marin Meadows"},
    {"ID": "104F5", "Color": "Bay"},
    {"ID": "104M6", "Color": "Dun", "Location": "Placer Pastures"},
    {"ID": "102M7", "Color": "Black", "Location": "Calaveras Farms"},
]
IPS = [{"ip": "10.10.10.12"}, {"ip": "50.10.10.17"}, {"ip": "10.10.10.23"}, {"ip": "text"}, {}]
SIX = "2001:0db8:ffff:ffff:ffff:ffff:ffff:ff"


def hits(query: str, raws: list[dict[str, Any]], **options: Any) -> list[int]:
    """The positions of the events that are kept."""
    events = [Event(raw, float(i)) for i, raw in enumerate(raws)]
    return [int(row["_time"][0]) for row in run(query, events, options=Options(**options), now=100.0)]


ABC = [{"A": "1", "B": "2"}, {"A": "1", "C": "3"}, {"B": "2"}, {"C": "3"}]
DOCUMENTED = {
    # page: Search Manual, Boolean expressions
    "OR before AND": ("A=1 AND B=2 OR C=3", ABC, [0, 1]),
    "parentheses change it": ("(A=1 AND B=2) OR C=3", ABC, [0, 1, 3]),
    "NOT binds to one term": ("A=1 NOT B=2 OR C=3", ABC, [1]),
    # page: Search Manual, Difference between != and NOT
    "!= wants the field": ('Location!="Calaveras Farms"', PONIES, [0, 2]),
    "NOT takes absent too": ('NOT Location="Calaveras Farms"', PONIES, [0, 1, 2]),
    "!= of an unknown value": ("Location!=x", PONIES, [0, 2, 3]),
    # page: Search Reference, search
    "NOT any is absent": ("NOT Location=*", PONIES, [1]),
    "!= any is nothing": ("Location!=*", PONIES, []),
    "cidr 4": ('ip="10.10.10.0/24"', IPS, [0, 2]),
    "cidr 6": (f'ip="{SIX}00/120"', [{"ip": SIX + "99"}, {"ip": "2001:db8::1"}], [0]),
    "IN with wildcard": ("code IN (40*, 500)", [{"code": 404}, {"code": 500}, {"code": 501}], [0, 1]),
    "NOT IN": ("NOT code IN (404)", [{"code": 404}, {"code": 500}, {}], [1, 2]),
    "example 2": (
        '(code=10 OR code=29) host!="localhost" xqp>5',
        [{"code": 10, "xqp": 6}],
        [],
    ),
    "example 3": ("status=4* OR status=5*", [{"status": 404}, {"status": 200}, {"status": 503}], [0, 2]),
    "1 is not 1.0": ("n=1", [{"n": 1}, {"n": "1"}, {"n": 1.0}, {"n": "01"}], [0, 1]),
    "numbers by size": ("n>9", [{"n": 10}, {"n": "100"}, {"n": 9}, {"n": "9.5"}], [0, 1, 3]),
    "others lexicographically": ("n>9", [{"n": "abc"}, {"n": "!"}], [0]),
    "without case": ("v=ABC", [{"v": "abc"}, {"v": "AbC"}, {"v": "ab"}], [0, 1]),
    "CASE": ("v=CASE(ABC)", [{"v": "abc"}, {"v": "ABC"}], [1]),
    "escaped quote": (r'v="a\"b"', [{"v": 'a"b'}, {"v": "ab"}], [0]),
    "double backslash": (r'v="c:\\temp"', [{"v": r"c:\temp"}, {"v": r"c:\\temp"}], [0]),
    "unknown escape stays": (r'v="a\sb"', [{"v": r"a\sb"}, {"v": "a b"}], [0]),
    "escaped pipe": (r'v="a\|b"', [{"v": "a|b"}], [0]),
    "pipe in quotes": ('v="a|b"', [{"v": "a|b"}], [0]),
    # page: Search Manual, Backslashes
    "a star is not escaped": (r'v="a\*"', [{"v": r"a\x"}, {"v": "a*"}], [0]),
    "keyword as value": ('country="IN"', [{"country": "in"}], [0]),
}
EDGES = {
    "array any": ("t{}=b", [{"t": ["a", "B"]}, {"t": []}, {"t": ["a"]}], [0]),
    "array none": ("NOT t{}=b", [{"t": ["a", "B"]}, {"t": []}, {}], [1, 2]),
    "objects in arrays": ("a{}.k=2", [{"a": [{"k": 1}, {"k": 2}]}, {"a": {"k": 2}}], [0]),
    "nested arrays": ("a{}.b{}=x", [{"a": [{"b": ["y"]}, {"b": ["x"]}]}], [0]),
    "dotted path": ("a.b=x", [{"a": {"b": "x"}}, {"a": "x"}], [0]),
    "booleans": ("f=true", [{"f": True}, {"f": "TRUE"}, {"f": False}], [0, 1]),
    "null is a text": ("f=null", [{"f": None}, {}], [0]),
    "empty": ('f=""', [{"f": ""}, {}, {"f": "x"}], [0]),
    "star takes empty": ("f=*", [{"f": ""}, {}, {"f": "x"}], [0, 2]),
    "star in the middle": ("v=a*c*", [{"v": "A\nb c"}, {"v": "ca"}], [0]),
    "regex characters are plain": ('v="a.b+(*)"', [{"v": "a.b+(c)"}, {"v": "axb+(c)"}], [0]),
    "unicode case": ('v="ÄÖ*"', [{"v": "äöü"}], [0]),
    "question mark is plain": ('v="a?"', [{"v": "a?"}, {"v": "ab"}], [0]),
    "quoted field": ('"a b"="c"', [{"a b": "c"}], [0]),
    "after a pipe": ("* | search v=a OR v=b w=c", [{"v": "a", "w": "c"}, {"v": "b"}], [0]),
    "NOT NOT": ("NOT NOT v=a", [{"v": "a"}, {}], [0]),
    "empty search": ("search", [{}], [0]),
    "time": ("earliest=-99s latest=3", [{}, {}, {}, {}], [1, 2]),
}


@pytest.mark.parametrize(
    ("query", "events", "kept"), [*DOCUMENTED.values(), *EDGES.values()], ids=[*DOCUMENTED, *EDGES]
)
def test_search_keeps(query: str, events: list[dict[str, Any]], kept: list[int]) -> None:
    assert hits(query, events) == kept


REFUSED = {
    "keyword": ("error", 0, "keywords"),
    "phrase": ('v=1 "a b"', 4, "keywords"),
    "lower-case or": ("a=1 or b=2", 4, "capitals"),
    "bare backslash": (r"v=c:\x", 4, "quotes"),
    "unclosed quote": ('v="a', 2, "closed"),
    "unclosed parenthesis": ("(a=1", 0, "closed"),
    "stray parenthesis": ("a=1)", 3, "unexpected"),
    "dangling OR": ("a=1 OR", 6, "missing"),
    "dangling NOT": ("NOT", 3, "missing"),
    "OR first": ("OR a=1", 0, "operator"),
    "search OR": ("* | search OR a=1", 11, "operator"),
    "keyword value": ("country=IN", 8, "quote"),
    "empty list": ("a IN ()", 6, "value"),
    "list without commas": ("a IN (b c)", 9, "commas"),
    "subsearch": ("a=1 [search b=2]", 4, "subsearches"),
    "unknown macro": ("`m` a=1", 0, "macro"),
    "wildcard field": ("a*=1", 0, "wildcards"),
    "TERM": ("a=TERM(b)", 2, "TERM"),
    "eventtype": ("eventtype=x", 0, "modifier"),
    "time under OR": ("a=1 OR earliest=-1h", 7, "earliest"),
    "time under NOT": ("NOT latest=-1h", 4, "earliest"),
    "block with host bits": ("ip=10.1.2.3/8", 3, "host bits"),
    "apostrophe": ("a='b'", 2, "quotes"),
    "unknown command": ("a=1 | makemv b", 5, "makemv"),
    "join": ("a=1 | join b", 5, "purpose"),
    "tstats": ("| tstats count", 0, "pipe"),
}


@pytest.mark.parametrize(("query", "position", "reason"), REFUSED.values(), ids=REFUSED)
def test_search_refuses(query: str, position: int, reason: str) -> None:
    with pytest.raises(SplError) as caught:
        parse(query)
    assert reason in str(caught.value)
    assert caught.value.position == position


def test_several_values_under_not_equal_are_refused_only_when_they_differ() -> None:
    assert hits("t{}!=c", [{"t": ["a", "b"]}]) == [0]
    with pytest.raises(SplError, match="use NOT"):
        hits("t{}!=a", [{"t": ["a", "b"]}])


def test_options_of_extraction() -> None:
    assert hits("f=*", [{"f": None}, {"f": ""}], json_null="absent", empty_text="absent") == []
    with pytest.raises(SplError, match="10240"):
        hits("f=*", [{"f": "x" * 11_000}])
    assert hits("f=*", [{"f": "x" * 11_000}], kv_maxchars=None) == [0]
    assert hits("earliest=50", [{}], time_terms="ignore") == [0]


def test_numbers_keep_their_text() -> None:
    rows = run("*", [Event('{"a": 1.50, "b": 1e3, "c": [1, 2.0]}', 1.5)])
    assert (rows[0]["a"], rows[0]["b"], rows[0]["c{}"]) == (["1.50"], ["1e3"], ["1", "2.0"])
    assert rows[0]["_time"] == ["1.5"]


def test_macros_expand_with_arguments_and_inside_each_other() -> None:
    macros: dict[str, str | Macro] = {
        "base": "(index=main OR index=other)",
        "is(2)": Macro('$field$="$value$"', ("field", "value")),
        "both": '`base` `is(v, "a,b")`',
    }
    events = [Event({"v": "A,B"}, 1), Event({"v": "A,B"}, 2, index="x"), Event({"v": "`base`"}, 3)]
    assert len(run("`both`", events, macros=macros)) == 1
    assert len(run('v="`base`"', events, macros=macros)) == 1
    with pytest.raises(SplError, match="deeply"):
        parse("`loop`", macros={"loop": "`loop`"})
    with pytest.raises(SplError, match=r"is\(1\)"):
        parse("`is(a)`", macros=macros)


def test_long_and_deep_searches() -> None:
    assert hits(" OR ".join(f"v={i}" for i in range(3000)), [{"v": 2999}]) == [0]
    assert hits("(" * 70 + "v=1" + ")" * 70, [{"v": 1}]) == [0]
    for query in ("(" * 5000 + "v=1" + ")" * 5000, "NOT " * 5000 + "v=1"):
        with pytest.raises(SplError, match="deeply"):
            parse(query)


def test_correlation_as_a_compiler_writes_it() -> None:
    query = (
        "index=ai verdict=blocked | bin _time span=5m | eval who=lower('actor.name')"
        " | stats dc(uid) AS n values(tags{}) AS tags BY _time who | search n >= 2 | fields who n"
    )
    events = [
        Event({"uid": uid, "verdict": "Blocked", "actor": {"name": name}, "tags": ["x"]}, time, index="ai")
        for uid, name, time in (
            ("1", "Ann", 10.0),
            ("1", "ann", 11.0),
            ("2", "ANN", 12.0),
            ("3", "bob", 13.0),
        )
    ]
    assert run(query, events) == [{"_time": ["0"], "who": ["ann"], "n": ["2"]}]
