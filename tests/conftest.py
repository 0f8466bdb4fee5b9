"""Fixtures for all tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ocsf import ocsf_problems as _ocsf_problems


@pytest.fixture(scope="session")
def ocsf_problems() -> Callable[[Any], list[str]]:
    """What the official OCSF schema and ours say about an event; ``[]`` when it is right."""
    return _ocsf_problems
