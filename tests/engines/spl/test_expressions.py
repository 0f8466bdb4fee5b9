"""where and eval: documented examples, NULL, several values, numbers, and what is refused."""

from typing import Any

import pytest
from spl.engine import Event, SplError, parse, run

NAMES = ["alex", "celestino", "claudia", "david", "ikraam", "nyah", "rutherford", "wei"]
PONIES = ["buttercup", "dash", "flutter", "honey", "ivory", "minty", "pinky", "rarity"]


def keeps(condition: str, raw: dict[str, Any]) -> bool:
    return bool(run(f"* | where {condition}", [Event(raw, 1)]))


def value(expression: str, raw: dict[str, Any]) -> list[str]:
    return run(f"* | eval out={expression}", [Event(raw, 1)], now=1000.5)[0].get("out", [])


WHERE = {
    # page: Search Reference, where
    "field with field": ("ipaddress=clientip", {"ipaddress": "1", "clientip": "1"}, True),
    "digit first": ("'5minutes'=\"late\"", {"5minutes": "late"}, True),
    "with case": ('host="WWW2"', {"v": 1}, False),
    "like": ('like(ipaddress, "198.%")', {"ipaddress": "198.1.1.1"}, True),
    "like operator": ('ipaddress LIKE "198._"', {"ipaddress": "198.1"}, True),
    "like has case": ('like(v, "A%")', {"v": "abc"}, False),
    "cidrmatch": ('cidrmatch("10.9.165.0/25", dst)', {"dst": "10.9.165.127"}, True),
    "cidrmatch out": ('cidrmatch("10.9.165.0/25", dst)', {"dst": "10.9.165.128"}, False),
    "calculation": ("distance/time > 100", {"distance": 500, "time": 4}, True),
    "AND before OR": ('A="1" AND B="2" OR C="3"', {"C": "3"}, True),
    "NOT first": ('NOT A="1" OR A="1"', {"A": "1"}, True),
    "XOR last": ('A="1" XOR A="1" OR B="1"', {"A": "1"}, False),
    # page: Comparison and Conditional functions
    "in": ('status in("400", "401")', {"status": 401}, True),
    "IN": ("status IN (400, 401)", {"status": 402}, False),
    "in with fields": (
        '"203.0.113.255" in(ipaddress, clientip)',
        {"ipaddress": "x", "clientip": "203.0.113.255"},
        True,
    ),
    "star is no wildcard": ('v="a*"', {"v": "ab"}, False),
    # NULL: three values
    "absent = is NULL": ('v="a"', {}, False),
    "absent != is NULL": ('v!="a"', {}, False),
    "NOT NULL is NULL": ('NOT v="a"', {}, False),
    "NULL OR true": ('v="a" OR isnull(v)', {}, True),
    "NULL AND false, NOT": ('NOT (v="a" AND w="b")', {"w": "c"}, True),
    "NOT isnull": ("isnotnull(v)", {"v": ""}, True),
    "the safe negation": ('NOT coalesce(v,"")="a"', {}, True),
    "if takes NULL as no": ('if(v="a",1,2)=2', {}, True),
    # several values
    "mvfind": ("mvfind('t{}',\"^b$\")>=0", {"t": ["a", "b"]}, True),
    "mvfind none": ("isnull(mvfind('t{}',\"^c$\"))", {"t": ["a", "b"]}, True),
    "mvfilter": ("mvcount(mvfilter(lower('t{}')=\"b\"))>0", {"t": ["a", "B"]}, True),
    "mvcount absent": ("isnull(mvcount('t{}'))", {"t": []}, True),
    "one value of an array": ("'t{}'=\"a\"", {"t": ["a"]}, True),
    # numbers
    "text of a number": ('status="404"', {"status": 404}, True),
    "by size": ("n>9", {"n": "10"}, True),
    "equal by size": ("n=5", {"n": "5.0"}, True),
    "text by code": ('v>"B"', {"v": "a"}, True),
    # escapes
    "quote": (r'v="a\"b"', {"v": 'a"b'}, True),
    "backslash": (r'v="c:\\windows"', {"v": r"c:\windows"}, True),
    "tab": ('v="a\\tb"', {"v": "a\tb"}, True),
    "regex escapes stay": (r'match(v,"^\d+\.net$")', {"v": "1.net"}, True),
    "regex backslash": (r'match(v,"^c:\\\\x$")', {"v": r"c:\x"}, True),
    "regex unicode case": ('match(v,"(?i)^ä")', {"v": "Äb"}, True),
    "regex edges": (r'match(v,"(?i)(?s)\\Aa.c\\z")', {"v": "A\nc"}, True),
    "regex edge before a line break": (r'match(v,"\\Aa\\z")', {"v": "a\n"}, False),
    "regex is not anchored": ('match(v,"b")', {"v": "abc"}, True),
}


@pytest.mark.parametrize(("condition", "raw", "kept"), WHERE.values(), ids=WHERE)
def test_where(condition: str, raw: dict[str, Any], kept: bool) -> None:
    assert keeps(condition, raw) is kept


EVAL = {
    # page: Multivalue eval functions
    "mvindex one": ("mvindex('n{}',2)", {"n": NAMES}, ["claudia"]),
    "mvindex range": ("mvindex('n{}',0,3)", {"n": NAMES}, NAMES[:4]),
    "mvindex last": ("mvindex('n{}',-1)", {"n": PONIES}, ["rarity"]),
    "mvindex third last": ("mvindex('n{}',-3)", {"n": PONIES}, ["minty"]),
    "mvindex end": ("mvindex('n{}',-3,-1)", {"n": PONIES}, ["minty", "pinky", "rarity"]),
    "mvindex out": ("mvindex('n{}',9)", {"n": NAMES}, []),
    "mvcount": ("mvcount(v)", {"v": 1}, ["1"]),
    "mvdedup": ("mvdedup('n{}')", {"n": ["a", "b", "a"]}, ["a", "b"]),
    "mvsort": ("mvsort('n{}')", {"n": [10, 9, 70, 100]}, ["10", "100", "70", "9"]),
    "mvjoin": ("mvjoin('n{}',\" OR \")", {"n": [1, 2]}, ["1 OR 2"]),
    "mvmap": ("mvmap('n{}','n{}'*10)", {"n": [1, 2]}, ["10", "20"]),
    "mvmap of a part": ("mvmap(mvindex('n{}',1,2),'n{}'*t)", {"n": [1, 2, 3], "t": 2}, ["4", "6"]),
    "mvappend": ('mvappend("localhost",ip)', {"ip": "x"}, ["localhost", "x"]),
    "mvreverse": ("mvreverse('n{}')", {"n": [1, 2, 3]}, ["3", "2", "1"]),
    "mvfilter": (
        "mvfilter(match('n{}',\"\\.net$\") OR match('n{}',\"\\.org$\"))",
        {"n": ["a.net", "b.com"]},
        ["a.net"],
    ),
    "split": ('split("abcd","")', {}, ["a", "b", "c", "d"]),
    "split on text": ('split(v,",")', {"v": "a,,b"}, ["a", "", "b"]),
    # page: Conditional, Text, Mathematical, Conversion, Date and Time functions
    "case": ('case(n=1,"one",n=2,"two")', {"n": 2}, ["two"]),
    "case none": ('case(n=1,"one")', {"n": 2}, []),
    "coalesce": ("coalesce(a,b)", {"b": "x"}, ["x"]),
    "lower of several": ("lower('n{}')", {"n": ["A", "b"]}, ["a", "b"]),
    "len": ("len(v)", {"v": "äbc"}, ["3"]),
    "substr": ("substr(v,1,3)", {"v": "string"}, ["str"]),
    "substr from end": ("substr(v,-3)", {"v": "string"}, ["ing"]),
    "replace": (r'replace(v,"^(\d{1,2})/(\d{1,2})/","\2/\1/")', {"v": "1/14/2017"}, ["14/1/2017"]),
    "trim": ('trim(v," Z")', {"v": "  ZZabcZZ "}, ["abc"]),
    "round": ("round(2.555,2)", {}, ["2.56"]),
    "floor": ("floor(1.9)", {}, ["1"]),
    "ceiling": ("ceil(1.1)", {}, ["2"]),
    "abs": ("abs(0-5)", {}, ["5"]),
    "max": ("max(1,3,2)", {}, ["3"]),
    "division by zero": ("1/0", {}, []),
    "order of operators": ("2+3*4-6/2", {}, ["11"]),
    "concatenate": ('a." ".b', {"a": "x", "b": 1}, ["x 1"]),
    "tonumber": ("tonumber(v)", {"v": "x"}, []),
    "tostring": ("tostring(1=1)", {}, ["True"]),
    "now": ("now()", {}, ["1000"]),
    "relative_time": ('relative_time(now(),"-10m@m")', {}, ["360"]),
    "strftime": ('strftime(0,"%Y-%m-%dT%H:%M:%S")', {}, ["1970-01-01T00:00:00"]),
    "strptime": ('strptime("1970-01-02","%Y-%m-%d")', {}, ["86400"]),
    "NULL spreads": ("v+1", {}, []),
    "null()": ("null()", {"out": "x"}, []),
    "isnum": ('if(isnum(v),"y","n")', {"v": "5"}, ["y"]),
}  # fmt: skip


@pytest.mark.parametrize(("expression", "raw", "out"), EVAL.values(), ids=EVAL)
def test_eval(expression: str, raw: dict[str, Any], out: list[str]) -> None:
    assert value(expression, raw) == out


def test_eval_goes_from_left_to_right_and_leaves_the_event_alone() -> None:
    events = [Event({"a": 1}, 1)]
    rows = run("* | eval b=a+1, c=b+1, a=null(), 'd.e'=\"x\"", events)
    assert (rows[0]["b"], rows[0]["c"], rows[0]["d.e"]) == (["2"], ["3"], ["x"])
    assert "a" not in rows[0]
    assert run("*", events)[0]["a"] == ["1"]


REFUSED_TEXT = {
    "bare dotted field": "a.b=1",
    "bare true": "a=true",
    "chained": "a=b=c",
    "no right side": "a=",
    "unknown function": "searchmatch(a)",
    "arguments": "isnull(a,b)",
    "pattern from a field": "match(a,b)",
    "like with backslash": r'like(a,"x\\y")',
    "dot beside plus": "a . b + c=1",
    "two fields in mvfilter": "isnotnull(mvfilter(a=b))",
    "braces unquoted": 'a{}="x"',
    "bare star": "a=b*",
    "possessive": 'match(a,"b++")',
    "atomic": 'match(a,"(?>b)")',
    "recursion": 'match(a,"(?R)")',
    "reset": r'match(a,"x\Kb")',
    "posix class": 'match(a,"[[:alpha:]]")',
    "late flags": 'match(a,"b(?i)c")',
    "count without minimum": 'match(a,"b{,3}")',
    "range to a class": r'match(a,"[+-\d]")',
    "vertical space": r'match(a,"\v")',
    "broken regex": 'match(a,"(b")',
    "block with host bits": 'cidrmatch("10.1.1.1/8",a)',
    "nothing": "",
}


@pytest.mark.parametrize("condition", REFUSED_TEXT.values(), ids=REFUSED_TEXT)
def test_refused_when_parsed(condition: str) -> None:
    with pytest.raises(SplError) as caught:
        parse(f"* | where {condition}")
    assert caught.value.position >= 0


REFUSED_VALUES = {
    "= on several values": ("'t{}'=\"a\"", {"t": ["a", "b"]}),
    "match on several values": ("match('t{}',\"a\")", {"t": ["a", "b"]}),
    "quoted number of another form": ('n="5.0"', {"n": 5}),
    "order of a quoted number": ('n<"10"', {"n": 9}),
    "text times number": ("v*2=4", {"v": "x"}),
    "no condition": ("v", {"v": "x"}),
}


@pytest.mark.parametrize(("condition", "raw"), REFUSED_VALUES.values(), ids=REFUSED_VALUES)
def test_refused_for_the_values(condition: str, raw: dict[str, Any]) -> None:
    with pytest.raises(SplError):
        keeps(condition, raw)


def test_eval_stores_no_boolean() -> None:
    with pytest.raises(SplError, match="Boolean"):
        value("1=1", {})


def test_named_groups_in_both_spellings() -> None:
    assert keeps('match(v,"(?<x>a)(?P<y>b)")', {"v": "ab"})
    assert not keeps(r'match(v,"^\w$")', {"v": "ä"})


def test_long_and_deep_conditions() -> None:
    long = " OR ".join(f'v="{i}"' for i in range(3000))
    assert keeps(long, {"v": "2999"})
    assert keeps("(" * 30 + 'v="a"' + ")" * 30, {"v": "a"})
    for condition in (
        "(" * 5000 + 'v="a"' + ")" * 5000,
        "NOT " * 5000 + "isnull(v)",
        "+".join("1" * 5000) + "=1",
    ):
        with pytest.raises(SplError):
            parse(f"* | where {condition}")
