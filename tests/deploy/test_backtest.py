from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from tracehound.compiler.model import Compilation, Gap
from tracehound.deploy.backtest import NOISIEST, noisiest
from tracehound.errors import RuleError


def test_the_noisiest_come_first_and_equal_ones_by_name() -> None:
    entities = {"b": 3, "a": 3, "quiet": 1, "loud": 9, **{f"more-{n}": 2 for n in range(NOISIEST)}}
    found = noisiest(entities)
    assert found[:3] == (("loud", 9), ("a", 3), ("b", 3))
    assert len(found) == NOISIEST
    assert "quiet" not in dict(found)


def test_a_rule_without_a_query_has_its_reason() -> None:
    gap, refused = (_rule("gap"), _rule("refused"))
    whole = Compilation(
        gaps=(Gap(gap, "kql", "KQL has no correlations"),), errors=((refused, RuleError("keywords")),)
    )
    assert whole.reasons == {"gap": "KQL has no correlations", "refused": "keywords"}


def _rule(uid: str) -> Any:
    return SimpleNamespace(id=uid)
