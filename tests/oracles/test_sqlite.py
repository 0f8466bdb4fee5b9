"""pySigma's sqlite backend and SQLite agree with the matcher: random rules on random events.

SQLite knows scalars and ASCII case only (columns are NOCASE), and text columns hold text, so the cases stay
inside that; what lies beyond is in the tables of ``tests/matcher``.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from tracehound.matcher import Matcher
from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import disjunction

TEXTS = ("t1", "ai.tool.name")
NUMBERS = ("n1", "n2")
COLUMNS = dict.fromkeys((*TEXTS, "ip", "moment"), "COLLATE NOCASE") | dict.fromkeys(NUMBERS, "")
# Few words, alike but for case and for what SQL and patterns take as special: most tests are near misses.
WORDS = [
    "",
    "a",
    "A",
    "ab",
    "aB",
    "Ab1",
    "a b",
    "a-b",
    "-a",
    "/A",
    "a_b",
    "a%b",
    "[a]",
    "a*b",
    "a?",
    "a'",
    "a\n",
    "a\nb",
    "\\",
]
PIECES = ["a", "A", "b", "B", "1", "*", "?", "\\*", "\\?", "\\\\", "_", "%", "-", "[", "'", "\n", " "]

ESCAPED = [w.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?") for w in WORDS if w]
FORMS = ["{}", "{}*", "*{}", "*{}*", "?{}", "{}?", "{}*{}", "*{}?", "{}?{}"]

plain = st.sampled_from(WORDS)
patterns = st.one_of(
    st.builds(
        lambda form, one, two, case: case(form.replace("{}", one, 1).replace("{}", two, 1)),
        st.sampled_from(FORMS),
        st.sampled_from(ESCAPED),
        st.sampled_from(ESCAPED),
        st.sampled_from([str, str.swapcase, str.upper]),
    ),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join),
)
numbers = st.sampled_from([-1, 0, 1, 2, 2.5, 10])
addresses = st.sampled_from(["10.0.0.1", "10.1.2.3", "192.168.7.9", "11.0.0.1", "2001:db8::1", ""])
networks = st.sampled_from(["10.0.0.0/8", "10.0.0.0/15", "192.168.7.8/29", "11.0.0.1/32", "2001:db8::/32"])
moments = st.sampled_from(["2025-11-24T16:05:09Z", "2024-02-29 00:00:00", "1999-12-31T23:59:59Z"])
encodings = st.sampled_from(["base64", "base64offset|contains"])
orders = st.sampled_from(["gt", "gte", "lt", "lte"])
parts = st.sampled_from(["minute", "hour", "day", "month", "year"])
ways = st.sampled_from(["", "|startswith", "|endswith", "|contains"])
modifiers = st.sampled_from(
    ["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased", "|endswith|cased", "|windash"]
)
texts = st.sampled_from(TEXTS)
one_or_more = lambda values: st.one_of(values, st.lists(values, min_size=1, max_size=3))  # noqa: E731

items = st.one_of(
    st.tuples(st.builds("{}{}".format, texts, modifiers), one_or_more(patterns)),
    st.tuples(st.builds("{}|contains|all".format, texts), st.lists(patterns, min_size=1, max_size=3)),
    st.tuples(st.builds("{}|neq".format, texts), one_or_more(plain)),
    st.tuples(st.builds("{}|exists".format, st.sampled_from([*TEXTS, *NUMBERS])), st.booleans()),
    st.tuples(st.sampled_from([*TEXTS, *NUMBERS]), st.none()),
    st.tuples(texts, st.just("")),
    st.tuples(texts, one_or_more(st.one_of(plain, st.none()))),
    st.tuples(st.builds("{}|{}".format, texts, encodings), st.text("abC1", min_size=1, max_size=4)),
    st.tuples(st.builds("{}|re".format, texts), st.sampled_from(["a+", "^b", "[ab]1$", "a.b", "A|1", r"\."])),
    st.tuples(st.builds("{}|re|i".format, texts), st.sampled_from(["A+", "^b", "B1$"])),
    st.tuples(st.sampled_from(NUMBERS), one_or_more(numbers)),
    st.tuples(st.builds("{}|{}".format, st.sampled_from(NUMBERS), orders), numbers),
    st.tuples(st.just("ip|cidr"), one_or_more(networks)),
    st.tuples(st.builds("moment|{}".format, parts), st.sampled_from([0, 5, 12, 16, 24, 29, 1999, 2025])),
    st.tuples(st.builds("{}|fieldref{}".format, texts, ways), texts),
)  # fmt: skip
selections = st.lists(items, min_size=1, max_size=2).map(dict)
detections = st.fixed_dictionaries(
    {
        "s1": selections,
        "s2": selections,
        "other": st.one_of(selections, st.lists(selections, min_size=1, max_size=2)),
    }
)
conditions = st.sampled_from(
    ["s1", "not s1", "s1 and s2", "s1 or s2", "s1 and not s2", "not s1 and not s2", "not (s1 or s2)", "1 of s*",
     "all of s*", "s1 or s2 and not other", "(s1 or s2) and other", "not all of them", "1 of them", "not not other"]
)  # fmt: skip
encoded_or_none = st.sampled_from(["YWI=", "xYWJD", None])
events = st.lists(
    st.fixed_dictionaries(
        {name: st.one_of(plain, encoded_or_none, plain) for name in TEXTS}
        | {name: st.one_of(numbers, numbers, st.none()) for name in NUMBERS}
        | {"ip": addresses, "moment": moments}
    ),
    min_size=4,
    max_size=8,
)


def nested(flat: dict[str, Any]) -> dict[str, Any]:
    """The event as it is in flight."""
    event: dict[str, Any] = {}
    for name, value in flat.items():
        *path, last = name.split(".")
        place = event
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return event


@settings(
    max_examples=int(os.environ.get("TRACEHOUND_ORACLE_EXAMPLES", "800")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(detections, conditions, events)
def test_random_rules(
    sqlite_oracle: Any, detection: Any, condition: str, events: list[dict[str, Any]]
) -> None:
    document = {
        "title": "t",
        "logsource": {"product": "ai"},
        "detection": {**detection, "condition": condition},
    }
    said = sqlite_oracle.ask({"rules": [document], "columns": COLUMNS, "events": events})
    rule = SigmaRule.from_dict(document)
    node = disjunction([compile_tree(c.parsed, {}) for c in rule.detection.parsed_condition])
    matcher = Matcher([("rule", node)])
    ours = [i for i, event in enumerate(events) if matcher.match(nested(event))]
    assert said == {"rows": ours}
