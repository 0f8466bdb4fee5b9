"""What a rule goes through before a backend sees it: our pySigma processing pipeline, ``tracehound``.

The log source becomes a test of ``ai.service``, lists behind ``|expand`` are filled, and pySigma's own mistakes
in values are mended (``tracehound.rules.mend``). Under one of pySigma's own backends the pipeline puts in the query
of ours for the same language, so that ``sigma convert -t splunk -p tracehound`` says what ``tracehound compile
splunk`` says.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaFeatureNotSupportedByBackendError
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline, QueryPostprocessingItem
from sigma.processing.postprocessing import QueryPostprocessingTransformation
from sigma.processing.transformations import ValueListPlaceholderTransformation
from sigma.processing.transformations.base import PreprocessingTransformation
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections, SigmaRule
from sigma.types import SigmaExists, SigmaString

from tracehound.compiler.backends import MENDED
from tracehound.compiler.leaves import type_of
from tracehound.content import content_root
from tracehound.errors import RuleError
from tracehound.rules import mend
from tracehound.rules.lists import load_lists

LOGSOURCE = "_tracehound_logsource"
"""The underscore keeps it out of ``1 of them``."""
PRODUCT = "ai"


def with_logsource(rule: SigmaRule) -> None:
    """Add what the log source means to the condition; several conditions become one."""
    service = rule.logsource.service
    value = SigmaString(service) if service else SigmaExists(True)
    said = " or ".join(f"({condition})" for condition in rule.detection.condition)
    rule.detection = SigmaDetections(
        {
            LOGSOURCE: SigmaDetection([SigmaDetectionItem("ai.service", [], [value])]),
            **rule.detection.detections,
        },
        [f"{LOGSOURCE} and ({said})"],
        rule.detection.source,
    )


@dataclass
class _Prepare(PreprocessingTransformation):
    """The log source, and pySigma's values mended; other products than AI stay as they are."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        super().apply(rule)
        if isinstance(rule, SigmaRule) and rule.logsource.product == PRODUCT:
            mend.networks_of_lists(rule, type_of)
            mend.mend_case(rule)
            with_logsource(rule)


@dataclass
class _MendEncodings(PreprocessingTransformation):
    """Before lists are filled: base64 is of what the rule writes."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        super().apply(rule)
        if isinstance(rule, SigmaRule):
            mend.mend_encodings(rule)


@dataclass
class _Swap(PreprocessingTransformation):
    """Under pySigma's own backend for a language of ours: keep the condition back, give it one that it can say."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule) -> None:
        super().apply(rule)
        pipeline = self._pipeline
        if pipeline is None or pipeline.vars.get("backend") not in MENDED:
            return
        if not isinstance(rule, SigmaRule) or rule.logsource.product != PRODUCT:
            return
        rule.custom_attributes[LOGSOURCE] = rule.detection
        plain = SigmaDetection([SigmaDetectionItem("ai.service", [], [SigmaString("ai")])])
        rule.detection = SigmaDetections({LOGSOURCE: plain}, [LOGSOURCE])


@dataclass
class _Query(QueryPostprocessingTransformation):
    """The query that our backend makes of the condition that was kept back."""

    def apply(self, rule: SigmaRule | SigmaCorrelationRule, query: Any) -> Any:
        super().apply(rule, query)
        kept = rule.custom_attributes.pop(LOGSOURCE, None)
        if kept is None or self._pipeline is None or not isinstance(rule, SigmaRule):
            return query
        if not isinstance(query, str):
            raise SigmaFeatureNotSupportedByBackendError(
                "the pipeline tracehound makes plain queries; for other forms use tracehound compile --format"
            )
        rule.detection = kept
        try:
            return MENDED[self._pipeline.vars["backend"]]().convert_rule(rule)[0]
        except RuleError as error:
            raise SigmaFeatureNotSupportedByBackendError(str(error), source=rule.source) from error


@cache
def _own_lists() -> Mapping[str, Sequence[str]]:
    return load_lists([content_root()], None)[0]


def tracehound_pipeline(lists: Mapping[str, Sequence[str]] | None = None) -> ProcessingPipeline:
    """The pipeline; ``lists`` are the values behind ``|expand``, by default those of our content."""
    filled = _own_lists() if lists is None else lists
    steps = [
        _MendEncodings(),
        ValueListPlaceholderTransformation(),
        _Prepare(),
        _Swap(),
    ]
    return ProcessingPipeline(
        name="Tracehound: AI events in OCSF",
        priority=10,
        items=[ProcessingItem(step) for step in steps],
        postprocessing_items=[QueryPostprocessingItem(_Query())],
        vars={name: list(values) for name, values in filled.items()},
    )


def prepared(rule: SigmaRule) -> SigmaRule:
    """A copy of a loaded rule (lists filled, values mended by the loader) with its log source in the condition."""
    found = copy.deepcopy(rule)
    with_logsource(found)
    return found
