"""Correlations and baselines in ES|QL, run on the real Elasticsearch 8.19, against the embedded engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from engines import Server
from engines_index import Index, QueryError
from window_shapes import OPERATORS, SHAPES, THREE, TWO, WHO, Shape, below, documents
from window_streams import SPAN, T0, Event, Stream, event, firings, hits, own_streams, rule_of, streams_of
from windows_on_esql import Stored, fired, milliseconds, said, several

from tracehound.compiler.model import NotInLanguageError

GAPS = {
    "chain of sums": "ES|QL cannot nest a correlation over several others, or one of values, over correlations",
}
"""Shapes that ES|QL cannot say. Of all cells (shapes) at most one in ten."""
SECONDS = 60
"""What 5,000 events of one group may take, on a slow machine."""


@pytest.fixture(scope="module")
def all_streams() -> list[Stream]:
    return [*own_streams(), *(stream for shape in SHAPES for stream in streams_of(shape))]


@pytest.fixture(scope="module")
def stored(elasticsearch8: Server, all_streams: list[Stream]) -> Iterator[Stored]:
    found = Stored(elasticsearch8, all_streams)
    with found.index:
        yield found


def check(stored: Stored, streams: list[Stream]) -> int:
    """Compare each stream's verdicts; gives how often the rules fired."""
    query = {stream.name: said(stream.loaded).query for stream in streams}
    answers = stored.ask_all([(stream, query[stream.name]) for stream in streams])
    count = 0
    for stream, answer in zip(streams, answers, strict=True):
        assert not isinstance(answer, QueryError), f"{stream.name}: {answer.reason}\n{query[stream.name]}"
        wanted, found = firings(stream.loaded, stream.events), fired(stream.loaded, answer)
        assert found == wanted, (
            f"{stream.name}\n{stream.rule}\n{query[stream.name]}\n"
            f"only the embedded engine: {sorted(wanted - found)}\nonly ES|QL: {sorted(found - wanted)}"
        )
        count += len(wanted)
    return count


def test_our_rules_on_their_recorded_events(stored: Stored, all_streams: list[Stream]) -> None:
    streams = [stream for stream in all_streams if stream.path]
    assert len({stream.path for stream in streams}) >= 17
    assert check(stored, streams) >= 17


@pytest.mark.parametrize("shape", [s for s in SHAPES if s.name not in GAPS], ids=lambda shape: shape.name)
def test_the_verdict_is_the_embedded_engines(stored: Stored, shape: Shape) -> None:
    assert check(stored, list(streams_of(shape))) > 0


def test_gaps_are_named_and_few() -> None:
    found = {}
    for shape in SHAPES:
        try:
            said(rule_of(shape.rule))
        except NotInLanguageError as gap:
            found[shape.name] = str(gap)
    assert found == GAPS
    assert len(found) * 10 <= len(SHAPES)
    every = {f"{kind} {op}" for kind in ("event_count", "value_sum", "value_percentile") for op in OPERATORS}
    assert every <= {shape.cell for shape in SHAPES}


# Teeth: a query that is a little wrong is caught

MUTANTS: dict[str, Callable[[str], str]] = {
    "a millisecond less": lambda query: query.replace("10000", "9999").replace("/ 200 ", "/ 199 "),
    "a millisecond more": lambda query: query.replace("10000", "10001"),
    "closed windows": lambda query: query.replace(f"> th_end - {SPAN}", f">= th_end - {SPAN}"),
    "windows that begin later": lambda query: query.replace("<= th_end", "< th_end"),
    "the first rule is the second": lambda query: query.replace('\\"one\\"', '\\"two\\"'),
    "one more": lambda query: _moved(query, 1),
    "one less": lambda query: _moved(query, -1),
    "groups with case": lambda query: query.replace("ai.principal.caseless", "ai.principal"),
    "documents, not events": lambda query: query.replace(
        "th_uid = metadata.uid", "th_uid = test_document_id"
    ),
    "entities with case": lambda query: query.replace("ai.agent.name.caseless", "ai.agent.name"),
    "learned longer": lambda query: query.replace(">= 86400000\n", ">= 90000000\n"),
    "remembered longer": lambda query: query.replace(">= 864000000)", ">= 904000000)"),
    "values with case": lambda query: query.replace("ai.tool.name.caseless", "ai.tool.name"),
}
BITTEN = (
    "event_count gte", "value_count gte", "temporal gte", "temporal_ordered gte", "value_sum gte", "value_avg gte",
    "value_percentile gte", "event_count eq", "temporal one and not two", "temporal_ordered of three",
    "chain in order", "first_seen and forgotten",
)  # fmt: skip
EQUIVALENT = {
    ("temporal gte", "documents, not events"), ("temporal_ordered gte", "documents, not events"),
    ("temporal_ordered of three", "documents, not events"),  # a copy is no other rule, and no step
    ("value_count gte", "documents, not events"), ("value_percentile gte", "one less"),
    ("value_count gte", "windows that begin later"), ("value_sum gte", "windows that begin later"),
}  # fmt: skip


def _moved(query: str, by: int) -> str:
    for sign in (">=", ">", "=="):
        for number in (1, 2, 3):
            old = f"WHERE th_measure {sign} {number}\n"
            if old in query:
                return query.replace(old, f"WHERE th_measure {sign} {number + by}\n")
    return query


def test_the_streams_have_teeth(stored: Stored) -> None:
    shapes = {shape.name: shape for shape in SHAPES}
    missed, tried = [], 0
    for name in BITTEN:
        streams = list(streams_of(shapes[name]))
        query = said(streams[0].loaded).query
        wanted = [firings(stream.loaded, stream.events) for stream in streams]
        for mutation, mutate in MUTANTS.items():
            mutant = mutate(query)
            if mutant == query:
                continue
            tried += 1
            answers = stored.ask_all([(stream, mutant) for stream in streams])
            same = [
                not isinstance(answer, QueryError) and fired(stream.loaded, answer) == want
                for stream, answer, want in zip(streams, answers, wanted, strict=True)
            ]
            if all(same) and (name, mutation) not in EQUIVALENT:
                missed.append((name, mutation))
    assert tried >= 50
    assert len(missed) * 20 <= tried, missed


def test_newer_versions_accept_the_queries(esql_problems: Callable[..., list[str | None]]) -> None:
    names = [*BITTEN, "first_seen", "event_count by an alias", "temporal_ordered lt", "value_sum by an array"]
    shapes = {shape.name: shape for shape in SHAPES}
    queries = [said(rule_of(shapes[name].rule)).query for name in names]
    for version in ("9.3", "9.5"):
        problems = esql_problems([*queries, "FROM x | WHERE no.such.field == 1"], version=version)
        assert problems.pop() is not None
        assert {n: p for n, p in zip(names, problems, strict=True) if p} == {}


# What rows carry


def test_rows_name_the_group_the_window_and_the_events(stored: Stored) -> None:
    shape = next(s for s in SHAPES if s.name == "event_count of four")
    for stream in streams_of(shape):
        rule = stream.loaded
        found: dict[Any, list[set[str]]] = {}
        for hit in hits(rule, stream.events):
            window = hit.time // SPAN * SPAN
            events, times = found.setdefault((hit.entity[0][1].lower(), window), [set(), set()])
            events |= hit.uids
            times.add(str(hit.time))
        rows = stored.ask(stream, said(rule).query)
        assert not isinstance(rows, QueryError)
        assert len(rows) == len(found)
        for row in rows:
            events, times = found[row["ai.principal"], milliseconds(row["th_window"])]
            moments = sorted(map(int, times))
            assert set(several(row["metadata.uid"])) == events
            assert row["th_events"] == len(events)
            assert (milliseconds(row["@timestamp"]), milliseconds(row["event.end"])) == (
                moments[0],
                moments[-1],
            )
            first = min(e["time"] for e in stream.events if e["metadata"]["uid"] in events)
            assert milliseconds(row["event.start"]) == first


def test_a_chain_in_order_names_its_events(elasticsearch8: Server) -> None:
    rule = documents("temporal_ordered", {"gte": 3}, THREE, WHO)
    events = [
        event(f"{word}{n}", T0 + n * 100, [word], who="al") for n, word in enumerate((*TWO, "one", "three"))
    ]
    stream = Stream("a chain", "temporal_ordered gte", rule, tuple(events))
    one = Stored(elasticsearch8, [stream])
    with one.index:
        (row,) = one.ask(stream, said(stream.loaded).query)
    assert set(row["metadata.uid"]) == {"one0", "two1", "three3"}


# What streams do not have


def test_an_event_in_two_backing_indices_counts_once(elasticsearch8: Server) -> None:
    shapes = {
        "events": documents("event_count", {"gte": 4}, ("one",), WHO),
        "sum": documents("value_sum", {"gte": 4, "field": "ai.cost_usd"}, ("one",), WHO),
        "average": documents("value_avg", {"gt": 1, "field": "ai.cost_usd"}, ("one",), WHO),
        "percentile": documents(
            "value_percentile", {"gt": 1, "field": "ai.cost_usd", "percentile": 60}, ("one",), WHO
        ),
    }
    events = [event(f"u{n}", T0 + n * 1000, ["one"], who="al", cost=1 + (n == 2)) for n in range(3)]
    with Index.create(elasticsearch8, data_stream=True) as index:
        index.load(events[:2])
        index.http.must("POST", f"/{index.name}/_rollover")
        index.load(events)
        for name, rule in shapes.items():
            loaded = rule_of(rule)
            table = index.esql_table(said(loaded).query)
            assert not isinstance(table, QueryError), table
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            assert fired(loaded, rows) == firings(loaded, events), name


def many_events(count: int, step: float) -> tuple[Event, ...]:
    """Events of one group, one behind another."""
    random = Random(count)
    return tuple(
        event(f"{number:032x}", T0 + int(number * step), random.choice((["one"], ["two"], ["three"])), who="al",
              agent="al", tool=f"tool{random.randrange(count // 4)}", cost=random.choice((0, 1, 2.5)))
        for number in range(count)
    )  # fmt: skip


LARGE = {
    "event_count": documents("event_count", {"gte": 20}, THREE, WHO),
    "event_count of a thousand": documents("event_count", {"gte": 1000}, THREE, WHO),
    "value_count": documents("value_count", {"gte": 20, "field": "ai.tool.name"}, THREE, WHO),
    "temporal": documents("temporal", {"gte": 3}, THREE, WHO),
    "temporal_ordered": documents("temporal_ordered", {"gte": 3}, THREE, WHO),
    "value_sum": documents("value_sum", {"gte": 2000, "field": "ai.cost_usd"}, THREE, WHO),
    "value_percentile": documents(
        "value_percentile", {"gte": 2, "field": "ai.cost_usd", "percentile": 66}, THREE, WHO
    ),
    "event_count at the close": documents("event_count", {"lt": 100_000}, THREE, WHO),
    "chain": documents(
        "temporal_ordered",
        {"gte": 2},
        ["many", "two"],
        WHO,
        [below("many", "event_count", {"gte": 5}, ("one",))],
    ),
}


def test_five_thousand_events_of_one_group(elasticsearch8: Server) -> None:
    streams = [Stream(name, "", rule, many_events(5000, 3.3)) for name, rule in LARGE.items()]
    one = Stored(elasticsearch8, streams[:1])
    with one.index:
        for stream in streams:
            rule = stream.loaded
            started = time.monotonic()
            rows = one.ask(streams[0], said(rule).query)
            took = time.monotonic() - started
            assert not isinstance(rows, QueryError), f"{stream.name}: {rows.reason}"
            assert took < SECONDS, f"{stream.name}: {took:.1f} s"
            moments = {when for _, when in firings(rule, stream.events)}
            wanted = {when // SPAN * SPAN for when in moments}
            assert wanted
            assert {milliseconds(row["th_window"]) for row in rows} == wanted, stream.name
            assert min(milliseconds(row["@timestamp"]) for row in rows) == min(moments), stream.name


def test_more_than_a_hundred_events(elasticsearch8: Server) -> None:
    rule = documents("event_count", {"gte": 101}, THREE, WHO)
    made = many_events(230, 97.3)
    stream = Stream("more than a hundred", "event_count gte", rule, (*made, *made[20:90]))
    one = Stored(elasticsearch8, [stream])
    with one.index:
        rows = one.ask(stream, said(stream.loaded).query)
        assert not isinstance(rows, QueryError), rows.reason
        wanted = firings(stream.loaded, stream.events)
        assert wanted
        assert min(milliseconds(row["@timestamp"]) for row in rows) == min(when for _, when in wanted)
        assert max(milliseconds(row["event.end"]) for row in rows) == max(when for _, when in wanted)


def scored(uid: str, when: int, scores: list[float]) -> Event:
    """An event with an array of numbers."""
    cvss = [{"base_score": score, "version": "3.1"} for score in scores]
    return event(uid, T0 + when, ["one"], who="al") | {
        "vulnerabilities": [{"cve": {"uid": "x", "cvss": cvss}}]
    }


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("value_sum", {"gte": 9}),
        ("value_avg", {"gte": 3}),
        ("value_median", {"gt": 2}),
        ("value_percentile", {"gte": 5, "percentile": 90}),
        ("value_count", {"gte": 3}),
        ("value_sum", {"lt": 14}),
    ],
)
def test_each_number_of_an_array_counts(elasticsearch8: Server, kind: str, condition: dict[str, int]) -> None:
    field = {"field": "vulnerabilities.cve.cvss.base_score"}
    rule = documents(kind, condition | field, ("one",), WHO)
    events = [
        scored("a", 0, [3, 3]), scored("b", 1000, [1]), scored("c", 2000, []), scored("d", 4000, [2, 5.5, 2]),
        scored("e", 15_000, [6, 6]), scored("f", 16_000, [1, 1, 1, 1]), scored("g", 40_000, [9]),
    ]  # fmt: skip
    stream = Stream("arrays of numbers", "", rule, (*events, events[0]))
    one = Stored(elasticsearch8, [stream])
    with one.index:
        wanted = firings(stream.loaded, stream.events)
        assert wanted
        assert fired(stream.loaded, one.ask(stream, said(stream.loaded).query)) == wanted


HOSTILE = [
    "a\tb",
    "a\nb",
    'x" OR true',
    "x\\",
    "%{y}",
    "\r\n\t",
    "`",
    "|",
    "é\u2028",
    " ",
    "*",
    "1764000000000",
]
SUFFERING = (
    "event_count of four", "value_count gte", "value_count lt", "temporal gte", "temporal_ordered of three",
    "value_sum gte", "value_percentile eq", "chain of values in order", "temporal_ordered lt", "first_seen at once",
)  # fmt: skip


@pytest.mark.parametrize("name", SUFFERING)
def test_hostile_texts_break_nothing(elasticsearch8: Server, name: str) -> None:
    shape = next(s for s in SHAPES if s.name == name)
    step = 3_600_000 if shape.cell == "first_seen" else 900
    random = Random(7)
    events = []
    for number in range(80):
        kind, tool = random.choice((["one"], ["two"], ["three"])), random.choice(HOSTILE)
        uid = f"{random.choice(HOSTILE)}{number}"
        who, agent = random.choice(HOSTILE[:4]), random.choice(HOSTILE[:3])
        made = event(uid, T0 + number * step, kind, who=who, agent=agent, tool=tool, cost=number % 3)
        events.append(made)
    stream = Stream("hostile", shape.cell, shape.rule, tuple(events))
    one = Stored(elasticsearch8, [stream])
    with one.index:
        wanted = firings(stream.loaded, stream.events)
        assert wanted
        assert fired(stream.loaded, one.ask(stream, said(stream.loaded).query)) == wanted


NAMES = (["metadata.uid"], ["@timestamp"], ["th_window", "th_uid"], ["a`| DROP x", "event.end"])


@pytest.mark.parametrize("names", NAMES, ids=str)
def test_any_name_can_be_that_of_a_group(elasticsearch8: Server, names: list[str]) -> None:
    if names == ["metadata.uid"]:
        rule = documents("event_count", {"gte": 1}, ("one",), names)
    else:
        behind = ("ai.principal", "ai.tool.name")
        aliases = {name: {"one": field} for name, field in zip(names, behind, strict=False)}
        rule = documents("event_count", {"gte": 2}, ("one",), names, aliases=aliases)
    events = [event(f"u{n}", T0 + n * 1000, ["one"], who="al" if n else "bo", tool="x") for n in range(4)]
    stream = Stream(" ".join(names), "event_count gte", rule, tuple(events))
    one = Stored(elasticsearch8, [stream])
    with one.index:
        wanted = firings(stream.loaded, stream.events)
        assert wanted
        assert fired(stream.loaded, one.ask(stream, said(stream.loaded).query)) == wanted
