"""Rules, a Kibana, the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from commands import tracehound
from kibana_stub import KEY, KibanaStub

from tracehound.rules import RuleSet, filled_fields, load_rules

__all__ = ["tracehound"]  # a fixture of other folders too


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
