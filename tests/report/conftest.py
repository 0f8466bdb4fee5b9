"""The sample day run once."""

from __future__ import annotations

import pytest

from tracehound.demo import run as demo


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> demo.Outcome:
    return demo.run(tmp_path_factory.mktemp("day") / "out")
