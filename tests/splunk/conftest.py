"""A stand-in for Splunk, fresh for each test, and one that speaks TLS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from certificates import Authority
from commands import tracehound
from splunk_stub import SplunkStub

__all__ = ["tracehound"]  # a fixture of other folders too


@pytest.fixture
def splunk() -> Iterator[SplunkStub]:
    """A Splunk with the indexes main, tracehound and tracehound_verify; its HEC token has no acknowledgement."""
    with SplunkStub() as stub:
        yield stub


@pytest.fixture
def splunk_acks() -> Iterator[SplunkStub]:
    """The same with a HEC token that has indexer acknowledgement."""
    with SplunkStub(acks=True) as stub:
        yield stub


@pytest.fixture
def splunk_with() -> Iterator[Callable[..., SplunkStub]]:
    """Makes one with arguments of SplunkStub."""
    with ExitStack() as stack:
        yield lambda **arguments: stack.enter_context(SplunkStub(**arguments))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 with its key in one file; ``ca.pem`` beside it signed it."""
    return Authority.new(tmp_path_factory.mktemp("splunk-tls")).made("server")


@pytest.fixture
def splunk_tls(certificate: Path) -> Iterator[SplunkStub]:
    """A Splunk that speaks TLS; its CA is ``certificate.with_name("ca.pem")``."""
    with SplunkStub(certificate=certificate) as stub:
        yield stub
