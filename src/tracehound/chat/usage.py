"""Token counts of response bodies, in every dialect."""

from __future__ import annotations

from typing import Any

from tracehound.chat.blocks import dicts
from tracehound.record import whole

PROMPT_TOKENS = (
    "prompt_tokens", "input_tokens", "inputTokens", "inputTokenCount", "promptTokenCount", "prompt_token_count",
    "inputTextTokenCount", "input_text_token_count", "prompt_eval_count",
)  # fmt: skip
COMPLETION_TOKENS = (
    "completion_tokens", "output_tokens", "outputTokens", "outputTokenCount", "candidatesTokenCount",
    "generation_token_count", "eval_count", "tokenCount", "totalOutputTextTokenCount",
)  # fmt: skip
TOTAL_TOKENS = ("total_tokens", "totalTokens", "totalTokenCount")
_COUNTED = frozenset((*PROMPT_TOKENS, *COMPLETION_TOKENS, *TOTAL_TOKENS))
CACHED_APART = (
    "cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens", "cacheWriteInputTokens",
    "cacheReadInputTokenCount", "cacheWriteInputTokenCount",
)  # fmt: skip
"""Tokens read from or written to a cache that Anthropic and Bedrock count beside the input."""


def tokens(body: dict[str, Any]) -> dict[str, int | None]:
    """Take the token counts out of a response body, or of its ``usage``; cached tokens count as prompt."""
    counts: dict[str, int | None] = {"prompt": None, "completion": None, "total": None}
    meta = body.get("meta")
    places = (
        body.get("usage"), body.get("usageMetadata"), body.get("amazon-bedrock-invocationMetrics"),
        meta.get("billed_units") if isinstance(meta, dict) else None, body, *dicts(body.get("results"))[:1],
    )  # fmt: skip
    for place in places:
        if not isinstance(place, dict) or _COUNTED.isdisjoint(place):
            continue
        for name, value in _counts(place).items():
            if value is not None and not counts[name]:
                counts[name] = value
    return counts


def _counts(usage: dict[str, Any]) -> dict[str, int | None]:
    prompt = _count(usage, PROMPT_TOKENS)
    total = _count(usage, TOTAL_TOKENS)
    completion = _count(usage, COMPLETION_TOKENS)
    apart = 0
    if not usage.keys().isdisjoint(CACHED_APART):
        apart = sum(number for key in CACHED_APART if (number := _seen(usage, key)))
    # LiteLLM's and OpenAI's own counts hold the cached tokens already: then the sum is what it should be.
    if prompt is not None and apart and (total is None or total == prompt + (completion or 0) + apart):
        prompt += apart
    return {"prompt": prompt, "completion": completion, "total": total}


def _count(usage: dict[str, Any], keys: tuple[str, ...]) -> int | None:
    if usage.keys().isdisjoint(keys):
        return None
    for key in keys:
        if key in usage:
            number = whole(usage[key])
            if number is not None and number >= 0:
                del usage[key]
                return number
    return None


def _seen(usage: dict[str, Any], key: str) -> int:
    number = whole(usage.get(key))
    return number if number is not None and number > 0 else 0
