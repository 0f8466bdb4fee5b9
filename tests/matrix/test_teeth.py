"""The matrix has teeth: its events tell mutated queries from the right ones, in every language."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import matrix_judges as judges
import orjson
import pytest
from engines import Server
from engines_index import LUCENE, SEARCHES, Index
from matrix_events import SEED, matrix
from matrix_judges import Refused
from matrix_mutants import Mutant, mutants, text_mutants
from matrix_report import report
from matrix_rules import Case

from tracehound.compiler.leaves import CannotSayError
from tracehound.errors import RuleError
from tracehound.matcher.condition import holds

CAUGHT_AT_LEAST = 0.95
EQUIVALENT: dict[str, str] = {}
"""Mutants that mean the same as the rule, by name, and why."""
# These run on the events that were made for the mutant's rule, the servers on all events.
LIBRARIES = ("eql", "splunk")
NAMES = {"lucene": "Lucene", "kql": "KQL"}


@cache
def made() -> list[Mutant]:
    """Mutants of all rules, without those that mean the same."""
    found = []
    for case in matrix().cases:
        found += [
            mutant
            for mutant in mutants(case, random.Random(f"{SEED}/mutants/{case.name}"))
            if mutant.name not in EQUIVALENT
        ]
    return found


@cache
def right() -> dict[str, frozenset[str]]:
    return judges.plain(matrix().cases, matrix().events)


def note(name: str, caught: int, of: int, survivors: list[str]) -> None:
    """Keep a figure for the page, and fail when the teeth are too blunt."""
    report().teeth[name] = [caught, of]
    assert of
    assert caught >= CAUGHT_AT_LEAST * of, f"{name}: {caught} of {of}; not caught:\n" + "\n".join(survivors)


def compiled(language: str, rules: dict[str, Case]) -> dict[str, tuple[Mutant, str]]:
    """By number and name the mutants that a language can say."""
    found = {}
    for mutant in made():
        if language in LIBRARIES and judges.beyond(rules[mutant.case], language):
            continue
        try:
            found[f"{mutant.number} {mutant.name}"] = (mutant, mutant.query(language))
        except CannotSayError:
            continue
    return found


def judged_apart(language: str, asked: dict[str, tuple[Mutant, str]]) -> tuple[int, list[str]]:
    """How many mutants a judge in this process tells from the rule by the rule's own events."""
    rules = {case.name: case for case in matrix().cases}
    by_id = {judges.uid(event): event for event in matrix().events}
    caught, survivors = 0, []
    for name, (mutant, query) in asked.items():
        ids = matrix().made_for.get(mutant.case, [])
        events = [by_id[one] for one in ids]
        left_out = judges.unsaid(rules[mutant.case], events, language)
        run = judges.eql if language == "eql" else judges.splunk
        answer = run(events, {name: query})[name]
        wanted = right()[mutant.case] & frozenset(ids)
        if isinstance(answer, Refused) or (answer ^ wanted) - left_out:
            caught += 1
        else:
            survivors.append(name)
    return caught, survivors


def test_the_plain_meaning_of_mutants_differs() -> None:
    by_id = {judges.uid(event): event for event in matrix().events}
    caught, survivors = 0, []
    for mutant in made():
        try:
            node = mutant.condition()
        except RuleError:
            caught += 1
            continue
        own = matrix().made_for.get(mutant.case, [])
        wanted = right()[mutant.case]
        if any(holds(node, by_id[name]) is not (name in wanted) for name in own) or any(
            holds(node, event) is not (uid in wanted) for uid, event in by_id.items()
        ):
            caught += 1
        else:
            survivors.append(mutant.name)
    note("embedded engine", caught, len(made()), survivors)


@pytest.fixture(scope="module")
def index(elasticsearch8: Server) -> Iterator[Index]:
    with Index.create(elasticsearch8) as own:
        own.load(matrix().events)
        yield own


Clause = Callable[[str], dict[str, Any]]
CLAUSES: dict[str, Clause] = {
    "lucene": lambda query: {"query_string": {"query": query, **LUCENE}},
    "kql": lambda query: {"kql": {"query": query}},
}


def differ(clause: Clause, one: str, other: str) -> dict[str, Any]:
    """What finds the events that one query finds and the other does not."""
    pair = ((one, other), (other, one))
    return {
        "bool": {
            "should": [{"bool": {"must": [clause(a)], "must_not": [clause(b)]}} for a, b in pair],
            "minimum_should_match": 1,
        }
    }


def any_found(index: Index, queries: list[dict[str, Any]]) -> list[bool]:
    """Whether each query finds an event or is refused; no ids are fetched, which would take most of the time."""
    found: list[bool] = []
    for start in range(0, len(queries), SEARCHES):
        lines = []
        for query in queries[start : start + SEARCHES]:
            body = {"query": query, "size": 0, "track_total_hits": 1, "terminate_after": 1}
            lines.append(b"{}\n" + orjson.dumps(body) + b"\n")
        status, answer = index.http.send("POST", f"/{index.name}/_msearch", b"".join(lines))
        assert status == 200
        found += ["error" in one or one["hits"]["total"]["value"] > 0 for one in answer["responses"]]
    return found


def on_server(name: str, asked: list[str], differ: Sequence[bool]) -> None:
    """Note how many mutants differ from their rules on some event; a refused query differs from all."""
    survivors = [key for key, one in zip(asked, differ, strict=True) if not one]
    note(name, len(asked) - len(survivors), len(asked), survivors)


@pytest.mark.parametrize("language", CLAUSES)
def test_mutants_of_the_tree(language: str, index: Index) -> None:
    rules = {case.name: case for case in matrix().cases}
    asked = compiled(language, rules)
    answers = any_found(
        index,
        [
            differ(CLAUSES[language], query, str(judges.compiled(rules[mutant.case], language)))
            for mutant, query in asked.values()
        ],
    )
    on_server(f"{NAMES[language]}, Elasticsearch 8.19", list(asked), answers)


def test_mutants_of_the_tree_in_esql(index: Index) -> None:
    rules = {case.name: case for case in matrix().cases}
    asked = compiled("esql", rules)
    queries = []
    for mutant, _ in asked.values():
        one = mutant.piece("esql")
        other = str(judges.compiled(rules[mutant.case], "esql")).partition("| WHERE ")[2]
        differ = f"({one} AND NOT {other}) OR (NOT {one} AND {other})"
        queries.append(f"FROM {index.name} METADATA _id | WHERE {differ} | KEEP _id | LIMIT 1")
    on_server(
        "ES|QL, Elasticsearch 8.19", list(asked), [one != frozenset() for one in index.esql_many(queries)]
    )


@pytest.mark.parametrize("language", LIBRARIES)
def test_mutants_of_the_tree_by_libraries(language: str) -> None:
    asked = compiled(language, {case.name: case for case in matrix().cases})
    caught, survivors = judged_apart(language, asked)
    note({"eql": "EQL, PyPI eql", "splunk": "SPL, our evaluator"}[language], caught, len(asked), survivors)


@pytest.mark.parametrize("language", CLAUSES)
def test_mutants_of_the_text(language: str, index: Index) -> None:
    names, queries = [], []
    for case in matrix().cases:
        query = judges.compiled(case, language)
        if isinstance(query, str):
            for one in text_mutants(case, language, query, random.Random(f"{SEED}/text/{case.name}")):
                names.append(f"{one.case}: {one.change}: {one.query}")
                queries.append(differ(CLAUSES[language], one.query, query))
    on_server(f"{NAMES[language]} as text, Elasticsearch 8.19", names, any_found(index, queries))
