"""Tests in EQL that the library cannot tell apart, pinned as Elasticsearch documents them."""

from __future__ import annotations

import pytest
from sigma.conditions import ConditionFieldEqualsValueExpression, ConditionNOT
from sigma.conversion.state import ConversionState
from sigma.types import CompareOperators, SigmaCompareExpression, SigmaNumber

from tracehound.compiler.eql import TracehoundEqlBackend
from tracehound.compiler.leaves import CannotSayError


def negated(field: str) -> ConditionNOT:
    value = SigmaCompareExpression(SigmaNumber(1), CompareOperators.GTE, "")
    return ConditionNOT([ConditionFieldEqualsValueExpression(field, value)])


def test_a_negated_comparison_asks_whether_the_field_is_there() -> None:
    said = TracehoundEqlBackend().convert_condition(negated("ai.cost_usd"), ConversionState())
    assert said == "not ((?ai.cost_usd != null and ai.cost_usd >= 1))"


def test_a_negated_comparison_of_several_values_is_refused() -> None:
    with pytest.raises(CannotSayError, match="turns a negated comparison round"):
        TracehoundEqlBackend().convert_condition(negated("url.category_ids"), ConversionState())
