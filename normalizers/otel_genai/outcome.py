"""How an operation ended, and what it cost."""

from __future__ import annotations

from typing import Any

from tracehound.otel.fields import Attributes, count, number, only, text
from tracehound.record import take_dict, take_str, whole

Event = dict[str, Any]

STATUS_CODE = ("http.response.status_code", "http.status_code", "status_code", "rpc.response.status_code")


def outcome(event: Event, log: dict[str, Any], attributes: Attributes, *, done: bool) -> None:
    """Status from the span's status, ``error.type``, an exception event or an HTTP status.

    A span whose status is left unset has no error by convention; it counts as success only where it shows
    that the operation came to its end (``done``).
    """
    status = take_dict(log, "status")
    code, message = take_str(status, "code"), take_str(status, "message")
    if status:
        log["status"] = status
    code = None if code == "UNSET" else code
    error = only(attributes, "error.type")
    raised, detail = _exception(log, message)
    http = number(attributes, STATUS_CODE)
    word = str(attributes.get("success")).lower()
    if word in ("true", "false"):
        attributes.pop("success")
        code = code or word
    failed = code == "ERROR" or word == "false" or error is not None or (http is not None and http >= 400)
    succeeded = not failed and (code in ("OK", "true") or done or (http is not None and 100 <= http < 400))
    if failed:
        message = message or text(attributes, ("error.message", "error_message", "error"))
    event["status_id"] = 2 if failed else 1 if succeeded else 0
    event["status_code"] = error or (str(http) if http is not None else code)
    event["status_detail"] = message or detail or (raised if failed else None)
    if failed or http is not None:
        api = event["api"]
        response = {"code": http, "error": error or raised, "error_message": message or detail}
        api["response"] = response if any(v is not None for v in response.values()) else None


def _exception(log: dict[str, Any], said: str | None) -> tuple[str | None, str | None]:
    """Type and message of the last exception among the span's events; what only repeats is taken out."""
    found: tuple[str | None, str | None] = (None, None)
    events = log.get("events")
    for event in events if isinstance(events, list) else ():
        inner = event.get("attributes") if isinstance(event, dict) else None
        if isinstance(inner, dict) and event.get("name") == "exception":
            kind, message = inner.get("exception.type"), inner.get("exception.message")
            if said is None or message == said:
                take_str(inner, "exception.message")
            found = (
                kind if isinstance(kind, str) else found[0],
                message if isinstance(message, str) else found[1],
            )
    return found


def tokens(attributes: Attributes) -> Event:
    """Tokens of a model call, cached ones included, as the current convention counts them."""
    made = {
        "prompt": count(attributes, PROMPT_TOKENS),
        "completion": count(attributes, COMPLETION_TOKENS),
        "total": count(attributes, TOTAL_TOKENS),
    }
    apart = [whole(attributes.get(name)) or 0 for name in CACHED_APART]
    if made["prompt"] is not None:
        made["prompt"] += sum(number for number in apart if number > 0)
    if made["total"] is None and made["prompt"] is not None and made["completion"] is not None:
        made["total"] = made["prompt"] + made["completion"]
    return made


PROMPT_TOKENS = (
    "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt", "llm.usage.prompt_tokens",
    "ai.usage.promptTokens", "ai.usage.inputTokens", "gen_ai.usage.input.tokens", "input_tokens",
    "input_token_count", "ai.usage.tokens", "gen_ai.response.prompt_tokens",
)  # fmt: skip
COMPLETION_TOKENS = (
    "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens", "llm.token_count.completion",
    "llm.usage.completion_tokens", "ai.usage.completionTokens", "ai.usage.outputTokens", "output_tokens",
    "output_token_count", "gen_ai.response.completion_tokens",
)  # fmt: skip
CACHED_APART = ("cache_read_tokens", "cache_creation_tokens")
"""Claude Code counts cached tokens beside the input."""
TOTAL_TOKENS = (
    "gen_ai.usage.total_tokens", "llm.usage.total_tokens", "llm.token_count.total", "ai.usage.totalTokens",
    "total_token_count", "total_tokens",
)  # fmt: skip
COST = (
    "gen_ai.usage.cost",
    "llm.cost.total",
    "gen_ai.cost.total",
    "gen_ai.usage.total_cost",
    "cost_usd",
    "llm.usage.cost",
)
