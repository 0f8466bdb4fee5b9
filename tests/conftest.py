"""Fixtures and options for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from ocsf import ocsf_problems as _ocsf_problems

pytest_plugins = ["engines_plugin"]

# Examples are judged by what they show, never by how fast a shared machine is.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="Write the golden files anew.")


@pytest.fixture(scope="session")
def ocsf_problems() -> Callable[[Any], list[str]]:
    """What the official OCSF schema and ours say about an event; ``[]`` when it is right."""
    return _ocsf_problems
