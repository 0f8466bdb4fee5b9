"""What guardrails of a LiteLLM proxy decided."""

from __future__ import annotations

from typing import Any

from tracehound.chat.blocks import dicts
from tracehound.event import Event
from tracehound.guardrails import policy, security_control, strictest
from tracehound.record import take_str, whole
from tracehound.values import get

GUARDRAIL = {
    "success": "allowed",
    "guardrail_flagged": "flagged",
    "guardrail_intervened": "blocked",
    "blocked": "blocked",  # before 1.75
    "failure": "error",
    "guardrail_failed_to_respond": "error",
}
VERDICT_TEXTS = {
    "text",
    "content",
    "match",
    "matched_text",
    "snippet",
    "value",
    "input",
    "output",
    "outputs",
    "prompt",
}


def guardrail(log: dict[str, Any], event: Event, finish: set[str]) -> Event:
    """The strictest verdict of LiteLLM's guardrails and of the provider's content filter."""
    verdicts: list[tuple[str | None, str | None, str | None]] = []
    for entry in _guardrails(log):
        verdicts.append(_verdict(entry))
    overall = GUARDRAIL.get(str(get(log.get("status_fields"), "guardrail_status")))
    if not verdicts and overall:
        names = (
            log.get("metadata", {}).get("applied_guardrails")
            if isinstance(log.get("metadata"), dict)
            else None
        )
        named = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
        verdicts.append((overall, policy(named), "litellm"))
    filtered = "content_filter" in finish or event["status_code"] == "content_filter"
    if filtered or event["api"]["response"]["error"] == "ContentPolicyViolationError":
        provider = take_str(log, "error_information", "llm_provider") or event["ai"]["model"].get("provider")
        verdicts.append(("blocked", "content_filter", provider))
    action = strictest(verdict[0] for verdict in verdicts)
    if action is None:
        return {}
    decided = [verdict for verdict in verdicts if verdict[0] == action]
    event["ai"]["guardrail"] = {
        "action": action,
        "policy": policy(name for _, name, _ in decided),
        "provider": policy(provider for _, _, provider in decided),
    }
    return security_control(action)


def _guardrails(log: dict[str, Any]) -> list[dict[str, Any]]:
    for place in (log, log.get("metadata")):
        found = get(place, "guardrail_information")
        entries = [found] if isinstance(found, dict) else dicts(found)
        if entries:
            return entries
    return []


def _verdict(entry: dict[str, Any]) -> tuple[str | None, str | None, str | None]:
    """Action, policy and provider of one guardrail; texts that it quotes are taken out."""
    action = GUARDRAIL.get(str(entry.get("guardrail_status")))
    masked = entry.get("masked_entity_count")
    if action == "allowed" and isinstance(masked, dict) and any(whole(count) for count in masked.values()):
        action = "modified"
    entry.pop("guardrail_request", None)
    for key in ("guardrail_response", "match_details", "classification"):
        _without_texts(entry.get(key))
    name = take_str(entry, "guardrail_name") or take_str(entry, "guardrail_id")
    kinds = entry.get("violation_categories")
    kinds = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else []
    if action == "modified" and isinstance(masked, dict):
        kinds = [*kinds, *masked]
    named = f"{name} / {', '.join(kinds)}" if name and kinds else name
    return action, named, take_str(entry, "guardrail_provider") or "litellm"


def _without_texts(value: Any) -> None:
    if isinstance(value, dict):
        for key in VERDICT_TEXTS & value.keys():
            del value[key]
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _without_texts(item)
