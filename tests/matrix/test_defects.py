"""Each defect of pySigma's own backends is shown on an engine: theirs judges an event wrongly, ours rightly."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import matrix_judges as judges
import pytest
from engines import Server
from engines_index import Index
from matrix_defects import DEFECTS, Defect, page
from matrix_events import SKELETON
from matrix_fields import Event, with_field
from matrix_judges import Refused, Verdicts
from sigma.backends.elasticsearch.elasticsearch_eql import EqlBackend
from sigma.backends.elasticsearch.elasticsearch_esql import ESQLBackend
from sigma.backends.elasticsearch.elasticsearch_lucene import LuceneBackend
from sigma.backends.splunk.splunk import SplunkBackend
from sigma.collection import SigmaCollection
from sigma.conversion.state import ConversionState
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from tracehound.compiler import conditions
from tracehound.compiler.esql import INDEX
from tracehound.compiler.spl import INDEX_MACRO

STOCK: dict[str, type[Any]] = {
    "lucene": LuceneBackend,
    "esql": ESQLBackend,
    "eql": EqlBackend,
    "splunk": SplunkBackend,
}


def sigma(defect: Defect) -> SigmaRule:
    section = defect.rule if "condition" in defect.rule else {"sel": defect.rule, "condition": "sel"}
    return SigmaRule.from_dict(
        {
            "title": "t",
            "id": "6f1f3c0e-90a7-4a73-8a0e-000000000002",
            "logsource": {"product": "ai"},
            "detection": section,
        }
    )


def event_of(defect: Defect) -> Event:
    event = SKELETON
    for field, value in defect.event.items():
        event = with_field(event, field, value if isinstance(value, list) else [value])
    return event


@pytest.fixture(scope="module")
def index(elasticsearch8: Server) -> Iterator[Callable[[Event], Index]]:
    made: list[Index] = []

    def load(event: Event) -> Index:
        made.append(Index.create(elasticsearch8))
        made[-1].load([event])
        return made[-1]

    yield load
    for one in made:
        one.delete()


def ask(language: str, query: str, event: Event, index: Callable[[Event], Index]) -> bool | str:
    """The verdict of an engine on one event, or why it refuses."""
    runs: dict[str, Callable[[], Verdicts]] = {
        "lucene": lambda: judges.lucene(index(event), {"q": query}),
        "esql": lambda: judges.esql(index(event), {"q": query}),
        "eql": lambda: judges.eql([event], {"q": query}),
        "splunk": lambda: judges.splunk([event], {"q": query}),
    }
    answer = runs[language]()["q"]
    return answer.reason if isinstance(answer, Refused) else bool(answer)


def stock_query(defect: Defect) -> str:
    """What pySigma's own backend makes of the rule. Raises what it raises."""
    query = str(STOCK[defect.backend]().convert(_collection(defect))[0])
    if defect.backend == "esql":
        return query.replace("from * ", f"FROM {INDEX} ")
    return f"{INDEX_MACRO} {query}" if defect.backend == "splunk" else query


def _collection(defect: Defect) -> Any:
    return SigmaCollection([sigma(defect)])


@pytest.mark.parametrize("defect", DEFECTS, ids=[f"{one.backend}: {one.name}" for one in DEFECTS])
def test_defect(defect: Defect, index: Callable[[Event], Index]) -> None:
    event = event_of(defect)
    tree = sigma(defect).detection.parsed_condition[0].parsed
    piece = str(conditions.backend(defect.backend).convert_condition(tree, ConversionState()))
    whole = {
        "esql": f"FROM {INDEX} METADATA _id | WHERE {piece}",
        "eql": f"any where {piece}",
        "splunk": f"{INDEX_MACRO} {piece}",
    }.get(defect.backend, piece)
    assert ask(defect.backend, whole, event, index) is defect.right, whole
    try:
        query = stock_query(defect)
        said = ask(defect.backend, query, event, index)
    except (SigmaError, IndexError, NotImplementedError) as refused:
        query, said = "", f"{type(refused).__name__}: {refused}"
    if isinstance(defect.stock, bool):
        assert said is defect.stock, f"{said}: {query}"
    else:
        assert said is not defect.right, f"no defect: {query}"


def test_the_table_is_a_page() -> None:
    assert page().count("\n") == len(DEFECTS) + 2
