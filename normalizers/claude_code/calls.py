"""Claude Code's events about model calls, and those that hold what was said in them.

https://code.claude.com/docs/en/monitoring-usage#api-request-event
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.chat import Conversation, converse, parsed
from tracehound.chat.bodies import answered, sent
from tracehound.event import Event, with_conversation
from tracehound.guardrails import security_control
from tracehound.models import maker
from tracehound.otel.fields import Attributes, count, decimal, only, text

REDACTED = "<REDACTED>"
BACKENDS = {"firstParty": "anthropic"}


def model(event: Event, attributes: Attributes) -> None:
    name = text(attributes, ("model", "gen_ai.request.model"))
    backend = str(attributes.get("anthropic.provider") or "anthropic")
    uid = text(attributes, ("request_id", "gen_ai.response.id"))
    event["ai"]["model"] = {"name": name, "provider": maker(name, "anthropic")}
    event["api"]["service"] = {"name": BACKENDS.get(backend, backend)}
    event["api"]["request"] = {"uid": uid} if uid else None
    event["metadata"]["original_event_uid"] = event["metadata"]["original_event_uid"] or uid


def request(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    """``api_request``, ``api_error``: one model call. Its input does not count cached tokens; ours does."""
    model(event, attributes)
    fresh = count(attributes, ("input_tokens",))
    cached = [
        count(dict(attributes), (name,)) or 0 for name in ("cache_read_tokens", "cache_creation_tokens")
    ]
    given = fresh + sum(cached) if fresh is not None else None
    made = count(attributes, ("output_tokens",))
    total = given + made if given is not None and made is not None else None
    cost = decimal(attributes, ("cost_usd",))
    if cost is None:
        micros = decimal(attributes, ("cost_usd_micros",))
        cost = micros / 1_000_000 if micros is not None else None
    event["ai"] |= {
        "activity": "inference",
        "tokens": {"prompt": given, "completion": made, "total": total},
        "cost_usd": cost,
    }
    if event["status_id"] == 0 and event["metadata"]["event_code"] == "api_request":
        event["status_id"] = 1  # failed requests are api_error
    yield event


def refusal(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    """The model refused: the classifiers' verdict. The call itself is an ``api_request``."""
    model(event, attributes)
    category = only(attributes, "category")
    event["ai"]["guardrail"] = {"action": "blocked", "policy": category, "provider": "anthropic"}
    event |= security_control("blocked") | {"status_id": 1, "status_detail": category or "refusal"}
    yield event


def about_model(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    model(event, attributes)
    yield event


def prompt(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    event["status_id"] = 1
    yield from with_conversation(event, converse(_shown(attributes, "prompt", "prompt_text")))


def response(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    model(event, attributes)
    event["status_id"] = 1
    yield from with_conversation(event, converse(None, _shown(attributes, "response", "response_text")))


def _shown(attributes: Attributes, *names: str) -> list[Any] | None:
    """A text as the content of a message, so that JSON in it stays text; None where it is not logged."""
    texts = [v for name in names if isinstance(v := attributes.get(name), str)]
    for name in names:
        if isinstance(attributes.get(name), str):
            del attributes[name]
    said = next((t for t in texts if t and t != REDACTED), None)
    return [{"role": "user", "content": said}] if said is not None else None


def body(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    """``api_request_body``, ``api_response_body``: the Messages API's own JSON, which may be cut."""
    model(event, attributes)
    raw = attributes.pop("body", None)
    whole = parsed(raw)
    asked = event["metadata"]["event_code"] == "api_request_body"
    talk = Conversation()
    if isinstance(whole, dict) and asked:
        parts = sent(whole)
        talk = converse(parts.messages, system=parts.system, tools=parts.tools)
    elif isinstance(whole, dict):
        talk = converse(None, answered(whole))
    elif isinstance(raw, str) and raw:  # cut: where the new part begins can not be told
        talk.texts.append(("prompt" if asked else "response", raw, asked))
    if isinstance(whole, dict) and whole:
        attributes["body"] = whole  # parameters, ids, usage
    yield from with_conversation(event, talk)
