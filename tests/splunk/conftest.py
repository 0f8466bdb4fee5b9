"""A stand-in for Splunk, fresh for each test, and one that speaks TLS; rules to deploy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from certificates import Authority
from commands import tracehound
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import deploy as splunk_deploying
from tracehound.connectors.splunk import searches as made_searches

from tracehound.config import Settings
from tracehound.rules import Rule, RuleSet, filled_fields, load_rules

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


@pytest.fixture(scope="session")
def ours() -> RuleSet:
    """Our rules."""
    return load_rules(filled=filled_fields())


@pytest.fixture(autouse=True, scope="session")
def settable_once() -> Iterator[None]:
    """What a site may set is compiled once for all tests: it takes two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        made = splunk_deploying.settable
        kept: dict[str, Any] = {}

        def settable(app: Settings) -> Any:
            if repr(app) not in kept:
                kept[repr(app)] = made(app)
            return kept[repr(app)]

        patch.setattr(splunk_deploying, "settable", settable)
        yield


@pytest.fixture
def few(ours: RuleSet) -> list[Rule]:
    """Two of single events, a correlation, a baseline (which has two searches)."""
    single = [rule for rule in ours if rule.correlation is None and rule.baseline is None]
    return [
        *single[:2],
        next(rule for rule in ours if rule.correlation),
        next(rule for rule in ours if rule.baseline),
    ]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The next version of the pack gives every search these settings; None takes one away."""
    made = made_searches.stanzas

    def change(**changes: Any) -> None:
        def changed(*args: Any, **more: Any) -> list[tuple[str, dict[str, str]]]:
            found = []
            for name, settings in made(*args, **more):
                both = {**settings, **{key.replace("__", "."): value for key, value in changes.items()}}
                found.append((name, {key: value for key, value in both.items() if value is not None}))
            return found

        monkeypatch.setattr(made_searches, "stanzas", changed)

    return change
