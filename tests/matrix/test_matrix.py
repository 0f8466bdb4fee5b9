"""One verdict everywhere: for every rule and event of the matrix, all judges say what the plain meaning says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import matrix_judges as judges
import pytest
from engines import Server
from engines_index import Index
from matrix_events import Matrix, matrix
from matrix_judges import Verdicts
from matrix_report import Judged, report
from matrix_rules import LANGUAGES, Case

from tracehound.matcher.condition import holds

MOST_ROWS = 10_000
MATCH_AT_LEAST = 0.4
NEAR_AT_LEAST = 2_000
SERVERS = {"elasticsearch8": "Elasticsearch", "elasticsearch9": "Elasticsearch", "opensearch": "OpenSearch"}
NOT_ALONE = {
    ("all of starts", "ai.tool.name is like 'a*'"): "what starts with abc starts with a",
    ("all of starts", "ai.tool.name is like 'ab*'"): "what starts with abc starts with ab",
    ("a long that is a fraction", "ai.service is present"): "no whole number is a fraction: nothing matches",
    ("a long that is a fraction", "ai.tokens.total = 2.5"): "no whole number is a fraction",
}
"""Leaf tests that no event turns the verdict by alone, and why."""
# Refused by the grammar although Splunk takes it (its documentation says so), by the beginning of what it says.
FALSE_ERRORS: dict[str, str] = {}


@pytest.fixture(scope="module")
def made() -> Matrix:
    return matrix()


@cache
def expected() -> dict[str, frozenset[str]]:
    made = matrix()
    return judges.plain(made.cases, made.events)


@pytest.fixture(scope="module")
def index(request: pytest.FixtureRequest, made: Matrix) -> Iterator[Callable[[str], tuple[Server, Index]]]:
    """All events on a server, loaded once."""
    loaded: dict[str, tuple[Server, Index]] = {}

    def get(engine: str) -> tuple[Server, Index]:
        if engine not in loaded:
            server = request.getfixturevalue(engine)
            loaded[engine] = (server, Index.create(server))
            loaded[engine][1].load(made.events)
        return loaded[engine]

    yield get
    for _, one in loaded.values():
        one.delete()


def judge(
    name: str,
    version: str,
    language: str,
    found: Verdicts,
    asked: dict[str, str],
    left_out: dict[str, frozenset[str]] | None = None,
) -> None:
    """Note what a judge said, and fail with each rule that it judged otherwise."""
    made = matrix()
    wrong = judges.differences(expected(), found, asked, made.events, made.cases, name, left_out)
    out = sum(len(ids) for rule, ids in (left_out or {}).items() if rule in found)
    pairs = len(found) * len(made.events) - out
    report().judges[name] = Judged(name, version, language, len(found), pairs, out, len(wrong))
    assert not wrong, f"{len(wrong)} rules differ\n" + "\n".join(wrong[:20])


def test_the_events_are_as_many_and_as_near_as_they_should_be(made: Matrix) -> None:
    share = sum(item.matches for item in made.near) / len(made.near)
    report().counts = {
        "ours": sum(case.kind == "ours" for case in made.cases),
        "bases": sum(case.kind == "base" for case in made.cases),
        "probes": sum(case.kind == "probe" for case in made.cases),
        "events": len(made.events),
        "recorded": made.recorded,
        "near": len(made.near),
        "near_matching": round(share, 3),
        "leaves": sum(len(case.leaves()) for case in made.cases),
        "flips": len(made.flips),
        "not_alone": {f"{rule}: {leaf}": why for (rule, leaf), why in NOT_ALONE.items()},
    }
    assert len(made.near) >= NEAR_AT_LEAST
    assert share >= MATCH_AT_LEAST
    assert len(made.events) < MOST_ROWS
    kinds = {item.kind for item in made.near}
    assert kinds >= {"upper case", "missing", "null", "empty text", "no values", "three values", "as text"}


def test_every_leaf_is_flipped_both_ways(made: Matrix) -> None:
    flipped = {(flip.case, str(flip.leaf)) for flip in made.flips if flip.alone}
    missing = {
        (case.name, str(leaf))
        for case in made.cases
        for leaf in case.leaves()
        if (case.name, str(leaf)) not in flipped
    }
    assert missing == set(NOT_ALONE)
    by_name = {case.name: case for case in made.cases}
    for flip in made.flips:
        case = by_name[flip.case]
        assert holds(flip.leaf, flip.true)
        assert not holds(flip.leaf, flip.false)
        assert holds(case.condition, flip.true) is not holds(case.condition, flip.false)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_language_cannot_say_is_named(made: Matrix, language: str) -> None:
    """None of ours; of the probes exactly those that say so, with the reason."""
    gaps = {}
    for case in made.cases:
        said = judges.compiled(case, language)
        if not isinstance(said, str):
            assert case.kind == "probe", f"{case.name}: {said}"
            gaps[case.name] = said.message
    wanted = {case.name: case.gaps[language] for case in made.cases if language in case.gaps}
    assert gaps.keys() == wanted.keys()
    assert not [name for name, reason in gaps.items() if not reason.startswith(wanted[name])]
    report().gaps[language] = gaps


def test_the_embedded_engine(made: Matrix) -> None:
    judge("embedded engine", "", "", judges.embedded(made.cases, made.events), {})


@pytest.mark.parametrize("engine", SERVERS)
def test_lucene(made: Matrix, engine: str, index: Callable[[str], tuple[Server, Index]]) -> None:
    asked = judges.queries(made.cases, "lucene")
    server, own = index(engine)
    name = f"{SERVERS[engine]} {server.version}, Lucene"
    judge(name, server.version, "Lucene", judges.lucene(own, asked), asked)


@pytest.mark.parametrize("engine", ["elasticsearch8", "elasticsearch9"])
def test_kql(made: Matrix, engine: str, index: Callable[[str], tuple[Server, Index]]) -> None:
    asked = judges.queries(made.cases, "kql")
    server, own = index(engine)
    name = f"{SERVERS[engine]} {server.version}, KQL"
    judge(name, server.version, "KQL", judges.kql(own, asked), asked)


def test_esql(made: Matrix, index: Callable[[str], tuple[Server, Index]]) -> None:
    asked = judges.queries(made.cases, "esql")
    server, own = index("elasticsearch8")
    name = f"{SERVERS[server.engine]} {server.version}, ES|QL"
    judge(name, server.version, "ES|QL", judges.esql(own, asked), asked)


@pytest.mark.parametrize("version", ["8.19", "9.3", "9.5"])
def test_esql_fits_the_mapping(
    made: Matrix, version: str, esql_problems: Callable[..., list[str | None]]
) -> None:
    asked = judges.queries(made.cases, "esql")
    answers = dict(zip(asked, esql_problems(list(asked.values()), version=version), strict=True))
    wrong = {name: answer for name, answer in answers.items() if answer}
    report().checked[f"ES|QL type-checked for {version}"] = [len(asked), len(wrong)]
    assert not wrong


def test_eql(made: Matrix, eql_matches: Callable[..., list[list[int]]]) -> None:
    asked = judges.queries(judged(made, "eql"), "eql")
    judge("PyPI eql", "1.0.1", "EQL", judges.eql(made.events, asked), asked, unsaid(made, "eql"))


def test_spl(made: Matrix) -> None:
    asked = judges.queries(judged(made, "splunk"), "splunk")
    found = judges.splunk(made.events, asked)
    judge("our evaluator of SPL", "", "SPL", found, asked, unsaid(made, "splunk"))


def test_spl_fits_the_grammar(made: Matrix, splcheck: Callable[[list[str]], list[str | None]]) -> None:
    """The macro that names the indexes is put in, since the grammar takes none in backquotes."""
    asked = judges.queries(made.cases, "splunk")
    texts = [query.replace("`tracehound_index`", "index=ai") for query in asked.values()]
    wrong = {name: answer for name, answer in zip(asked, splcheck(texts), strict=True) if answer}
    report().checked["SPL accepted by Teragrep's grammar"] = [len(asked), len(wrong)]
    assert wrong.keys() == FALSE_ERRORS.keys(), wrong


def judged(made: Matrix, language: str) -> list[Case]:
    """The rules that a judge says something about."""
    return [case for case in made.cases if not judges.beyond(case, language)]


def unsaid(made: Matrix, language: str) -> dict[str, frozenset[str]]:
    return {case.name: judges.unsaid(case, made.events, language) for case in judged(made, language)}
