"""Fixtures and options for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ocsf import ocsf_problems as _ocsf_problems


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-goldens", action="store_true", help="Write the golden files anew.")


@pytest.fixture(scope="session")
def ocsf_problems() -> Callable[[Any], list[str]]:
    """What the official OCSF schema and ours say about an event; ``[]`` when it is right."""
    return _ocsf_problems
