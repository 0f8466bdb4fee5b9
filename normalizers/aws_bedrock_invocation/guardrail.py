"""Verdicts of Bedrock guardrails, as calls of a model log them.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_GuardrailAssessment.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.chat.blocks import dicts
from tracehound.guardrails import policy, strictest
from tracehound.record import take
from tracehound.values import get

ACTIONS = {"BLOCKED": "blocked", "ANONYMIZED": "modified", "NONE": "allowed"}
POLICIES = {
    "topicPolicy": ("topics",),
    "contentPolicy": ("filters",),
    "wordPolicy": ("customWords", "managedWordLists"),
    "sensitiveInformationPolicy": ("piiEntities", "regexes"),
    "contextualGroundingPolicy": ("filters",),
    "automatedReasoningPolicy": ("findings",),
}
"""Policies of a guardrail's assessment -> the lists of what they found."""
QUOTED = ("match", "regex")
"""What a finding quotes of the prompt or the answer."""


def guardrail(answer: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The verdict of a guardrail: InvokeModel logs it under ``amazon-bedrock-…``, Converse under ``trace``.

    Also the answers that the guardrail kept back. What findings quote is taken out.
    """
    said = answer.get("amazon-bedrock-guardrailAction")
    trace = get(answer.get("amazon-bedrock-trace"), "guardrail") or get(answer.get("trace"), "guardrail")
    stopped = (
        answer.get("stopReason") == "guardrail_intervened"
        or answer.get("stop_reason") == "guardrail_intervened"
    )
    if not (said or stopped or isinstance(trace, dict)):
        return {}, []
    found = list(_findings(trace))
    blocked = take(trace, "modelOutput")
    texts = [text for text in blocked if isinstance(text, str)] if isinstance(blocked, list) else []
    actions = {action for _, _, action in found}
    action = strictest(actions)
    intervened = stopped or said == "INTERVENED"
    if intervened and action not in ("blocked", "modified"):
        action = "blocked"
    action = action or "allowed"
    guardrails = policy(guardrail for guardrail, _, _ in found)
    kinds = policy(kind for _, kind, decided in found if decided == action and kind)
    return {
        "action": action,
        "policy": f"{guardrails} / {kinds}" if guardrails and kinds else guardrails or kinds,
        "provider": "aws_bedrock",
    }, texts


def _findings(trace: Any) -> Iterator[tuple[str, str | None, str]]:
    """Guardrail, what it found and our word for what it did; a guardrail that found nothing allowed the text."""
    for side in ("input", "outputs", "inputAssessment", "outputAssessments"):
        for guardrail, assessment in _assessments(get(trace, side)):
            yield guardrail, None, "allowed"
            for name, lists in POLICIES.items():
                for key in lists:
                    for finding in dicts(get(assessment.get(name), key)):
                        yield guardrail, _kind_of(finding), _action(finding)


def _assessments(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Assessments by guardrail, however they lie in each other: ``{id: a}``, ``{id: [a]}``, ``[{id: a}]``."""
    for item in dicts(value) if isinstance(value, list) else [value] if isinstance(value, dict) else ():
        for guardrail, assessments in item.items():
            for assessment in [assessments] if isinstance(assessments, dict) else dicts(assessments):
                yield guardrail, assessment


def _action(finding: dict[str, Any]) -> str:
    action = ACTIONS.get(str(finding.get("action")), "flagged" if finding.get("action") else "allowed")
    return "flagged" if action == "allowed" and finding.get("detected") is True else action


def _kind_of(finding: dict[str, Any]) -> str | None:
    """A finding by topic, filter or entity; a blocked word by the list it stands on, never by itself."""
    quoted = any(take(finding, key) is not None for key in QUOTED)
    name, kind = finding.get("name"), finding.get("type")
    if isinstance(name, str) and name:
        return name
    if isinstance(kind, str) and kind:
        return kind
    return "WORD" if quoted else None
