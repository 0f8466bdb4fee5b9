"""Fixtures of real engines: servers, ``splcheck``, ``eql_matches``, ``esql_problems``, ``splunk_app_checks``.

A server is started when the first test asks for it and serves the whole run, with all workers of pytest-xdist.
Where what it needs is missing, the tests that use it are skipped and the summary says in one line per engine which
ones and why; with ``CI`` set they fail instead.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import engines
import engines_eql
import engines_esql
import engines_spl
import engines_splunk_apps
import pytest
from engines_build import EngineMissing

MARK = "not on this machine: "
FOLDER = pytest.StashKey[tuple[Path, int]]()


def pytest_configure(config: pytest.Config) -> None:
    given = getattr(config, "workerinput", {}).get("engines")
    if given:
        config.stash[FOLDER] = (Path(given[0]), given[1])


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    folder, owner = _folder(node.config)
    node.workerinput["engines"] = (str(folder), owner)


def pytest_unconfigure(config: pytest.Config) -> None:
    folder, owner = config.stash.get(FOLDER, (None, 0))
    if folder and owner == os.getpid():
        engines.stop_all(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _folder(config: pytest.Config) -> tuple[Path, int]:
    if FOLDER not in config.stash:
        config.stash[FOLDER] = (Path(tempfile.mkdtemp(prefix="tracehound-engines-")), os.getpid())
    return config.stash[FOLDER]


def _ask(name: str, get: Callable[[], Any]) -> Any:
    try:
        return get()
    except EngineMissing as missing:
        return not_here(name, missing)


def not_here(name: str, missing: EngineMissing) -> Any:
    """Skip the test that wants an engine which is missing; in CI, fail."""
    why = f"{MARK}{name}: {missing}"
    if os.environ.get("CI", "").lower() not in {"", "0", "false"}:
        pytest.fail(f"{why}; in CI all engines are wanted", pytrace=False)
    return pytest.skip(why)


def _server(name: str, request: pytest.FixtureRequest) -> engines.Server:
    found: engines.Server = _ask(name, lambda: engines.shared(name, *_folder(request.config)))
    return found


@pytest.fixture(scope="session")
def elasticsearch8(request: pytest.FixtureRequest) -> engines.Server:
    """Elasticsearch 8.19: Lucene, KQL, ES|QL."""
    return _server("elasticsearch8", request)


@pytest.fixture(scope="session")
def elasticsearch9(request: pytest.FixtureRequest) -> engines.Server:
    """Elasticsearch 9.5: Lucene, KQL."""
    return _server("elasticsearch9", request)


@pytest.fixture(scope="session")
def opensearch(request: pytest.FixtureRequest) -> engines.Server:
    """OpenSearch 3.8: Lucene."""
    return _server("opensearch", request)


@pytest.fixture(scope="session")
def splcheck() -> Callable[[list[str]], list[str | None]]:
    """SPL by an independent grammar: None where a query is accepted, else what is wrong with it."""
    _ask("splcheck", engines_spl.prepare)
    return engines_spl.splcheck


@pytest.fixture(scope="session")
def eql_matches() -> Callable[..., list[list[int]]]:
    """EQL as the library of Elastic runs it: which events, or which sequences of events, match."""
    _ask("eql", engines_eql.prepare)
    return engines_eql.eql_matches


@pytest.fixture(scope="session")
def esql_problems() -> Callable[..., list[str | None]]:
    """ES|QL checked for a version of Elasticsearch: None where a query is accepted, else what is wrong."""
    _ask("esqlcheck", engines_esql.prepare)
    return engines_esql.esql_problems


@pytest.fixture(scope="session")
def splunk_app_checks() -> Any:
    """Splunk's own checks of apps: ``appinspect``, ``slim_says``, ``ksconf_says``."""
    _ask("splunk app checks", engines_splunk_apps.prepare)
    return engines_splunk_apps


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    yield  # at the end, where it is seen
    missing: dict[str, Counter[str]] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        if MARK in reason:
            files = missing.setdefault(reason.partition(MARK)[2], Counter())
            files[report.nodeid.partition("::")[0]] += 1
    for reason, files in sorted(missing.items()):
        checks = ", ".join(f"{count} of {file}" for file, count in sorted(files.items()))
        terminalreporter.write_line(f"NOT RUN: {checks}: {reason}", yellow=True)
