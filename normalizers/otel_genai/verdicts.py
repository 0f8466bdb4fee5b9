"""Verdicts of guardrails: a filter that stopped an answer, a guardrail's own span, a guardrail that a call names.

Names: https://github.com/open-telemetry/semantic-conventions-genai (guardrails, proposed in two forms),
OpenInference spans of kind GUARDRAIL, ``aws.bedrock.guardrail.id``.
"""

from __future__ import annotations

from typing import Any

from tracehound.guardrails import security_control
from tracehound.otel.fields import Attributes, anything, text

Event = dict[str, Any]

FINISH = (
    "gen_ai.response.finish_reasons", "llm.finish_reason", "ai.response.finishReason", "finish_reasons",
    "gen_ai.response.finish_reason", "llm.response.finish_reason",
)  # fmt: skip
BLOCKING_REASONS = {
    "content_filter", "content-filter", "content_filtered", "safety", "guardrail_intervened", "refusal",
    "prohibited_content", "blocklist", "spii", "recitation",
}  # fmt: skip
POLICY = (
    "gen_ai.guardrail.policy.id", "gen_ai.guardrail.security.policy.id", "gen_ai.guardrail.policy.name",
    "aws.bedrock.guardrail.id", "guardrail.name", "validator_name",
)  # fmt: skip
COMPONENT = ("gen_ai.guardrail.component.name", "gen_ai.guardrail.name")
VERDICT = (
    "gen_ai.guardrail.action.type", "gen_ai.guardrail.verdict.type", "gen_ai.guardrail.result.value",
    "gen_ai.guardrail.verdict", "guardrail.result", "validator_result",
)  # fmt: skip
"""What was done stands before what was advised."""
REASON = ("gen_ai.guardrail.verdict.reason", "gen_ai.guardrail.result.reason")
DECIDED = frozenset((*POLICY, *COMPONENT, *VERDICT))
ACTIONS = {
    "allow": "allowed", "allowed": "allowed", "pass": "allowed", "passed": "allowed", "none": "allowed",
    "no_match_found": "allowed", "block": "blocked", "blocked": "blocked", "deny": "blocked", "fail": "blocked",
    "failed": "blocked", "guardrail_intervened": "blocked", "intervened": "blocked", "modify": "modified",
    "modified": "modified", "redact": "modified", "fix": "modified", "warn": "flagged", "flag": "flagged",
    "flagged": "flagged", "escalate": "flagged", "match_found": "flagged",
}  # fmt: skip
TRIPWIRE = {"true": "blocked", "false": "allowed"}


def guardrail(event: Event, attributes: Attributes, finished: list[str] | None = None) -> None:
    """Take the verdict; ``finished`` are finish reasons that stand elsewhere than in attributes."""
    reasons = anything(attributes, FINISH) or finished
    listed = [r for r in (reasons if isinstance(reasons, list) else [reasons]) if isinstance(r, str)]
    blocking = any(reason.lower() in BLOCKING_REASONS for reason in listed)
    event["status_detail"] = event.get("status_detail") or ", ".join(listed)[:200] or None
    if not blocking and DECIDED.isdisjoint(attributes):
        return
    policy, component = text(attributes, POLICY), text(attributes, COMPONENT)
    said = text(attributes, VERDICT)
    words = TRIPWIRE if attributes.get("gen_ai.guardrail.result.type") == "tripwire_triggered" else ACTIONS
    action = "blocked" if blocking else words.get((said or "").lower())
    if action is None and policy is None and component is None:
        return
    provider = component or (event["api"].get("service") or {}).get("name")
    event["ai"]["guardrail"] = {"action": action, "policy": policy, "provider": provider}
    event |= security_control(action)
    if said is not None and not blocking:
        event["status_code"] = event.get("status_code") or said
        event["status_detail"] = text(attributes, REASON) or event["status_detail"] or said
