"""Rules, a Kibana, the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from commands import tracehound
from engines import EngineMissing, Server, running
from engines_plugin import not_here
from kibana_stub import KEY, KibanaStub

from tracehound.rules import RuleSet, filled_fields, load_rules

__all__ = ["tracehound"]  # a fixture of other folders too


def _apart(engine: str) -> Iterator[Server]:
    """A server of this folder's own: it puts templates there that no index of other tests may meet."""
    try:
        with running(engine) as server:
            yield server
    except EngineMissing as missing:
        not_here(engine, missing)


@pytest.fixture(scope="session")
def elasticsearch8() -> Iterator[Server]:
    """Elasticsearch 8.19."""
    yield from _apart("elasticsearch8")


@pytest.fixture(scope="session")
def elasticsearch9() -> Iterator[Server]:
    """Elasticsearch 9.5."""
    yield from _apart("elasticsearch9")


@pytest.fixture(scope="session")
def opensearch() -> Iterator[Server]:
    """OpenSearch 3.8."""
    yield from _apart("opensearch")


@pytest.fixture(scope="session")
def ours() -> RuleSet:
    """Our rules."""
    return load_rules(filled=filled_fields())


@pytest.fixture
def kibana() -> Iterator[KibanaStub]:
    """A Kibana with a second space; what its API documents say against a request fails the test."""
    with KibanaStub(spaces=("soc",)) as stub:
        stub.key = KEY
        yield stub
        assert stub.problems == []
