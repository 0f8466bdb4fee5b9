"""OpenTelemetry spans and log records -> OCSF API Activity (6003), Datastore Activity (6005).

Reads the GenAI and MCP semantic conventions, current and previous
(https://opentelemetry.io/docs/specs/semconv/gen-ai/), OpenInference, OpenLLMetry and the Vercel AI SDK, as flat
records of ``tracehound.decode.otlp``. It is the fallback of OTLP: a span or log record that no other normalizer
knows becomes an event too, ordinary HTTP spans of an application as ``access``.

- A model call (chat, completion, embeddings) is an ``inference``, with one event more per tool call and result.
- A tool's span is one ``tool_call`` event, phase ``executed``, with arguments and result.
- Agents, chains, workflows and the outer spans of the Vercel AI SDK are ``access`` with their texts: the model
  calls inside have spans of their own and are counted there.
- A log event that holds one message of a model call (``gen_ai.user.message``, ``gen_ai.choice``) is ``access`` too,
  with the message's text; a tool's message is a ``tool_result``.
- One model call may be told twice, by its span and by a ``gen_ai.client.inference.operation.details`` event: both
  are records and become events of their own, joined by ``metadata.correlation_uid``, the span's id.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.chat import converse, parsed
from tracehound.event import Event, with_conversation
from tracehound.join import offer, want
from tracehound.normalizers import Normalizer
from tracehound.otel.context import application, describe
from tracehound.otel.fields import Attributes, decimal, only, text
from tracehound.record import Record, take_str

from .conversation import clean_parameters, said
from .events import MESSAGE_EVENTS, in_attribute, message_of
from .kinds import APPROVAL, INFERENCE, MESSAGE, OTHER, RETRIEVAL, TOOL, classify
from .outcome import COST, outcome, tokens
from .providers import named, provider
from .retrieval import datastore
from .tools import approval, call_of_span, mcp
from .verdicts import FINISH, guardrail

PROVIDER = (
    "gen_ai.provider.name",
    "gen_ai.system",
    "llm.provider",
    "llm.system",
    "ai.model.provider",
    "provider_name",
)
MODEL_ASKED = ("gen_ai.request.model", "ai.model.id", "llm.request.model")
MODEL_ANSWERED = (
    "gen_ai.response.model", "ai.response.model", "llm.model_name", "embedding.model_name", "reranker.model_name",
    "llm.response.model", "model_name", "model",
)  # fmt: skip
RESPONSE_ID = ("gen_ai.response.id", "ai.response.id", "llm.response.id", "request_id")
AGENT_NAME = ("gen_ai.agent.name", "agent.name", "agent_name", "ai.telemetry.functionId", "graph.node.id")
WORKFLOW = ("gen_ai.workflow.name", "traceloop.workflow.name")
UNUSED_COPIES = frozenset((
    "input.mime_type", "output.mime_type", "gen_ai.prompt_json", "gen_ai.completion_json", "operation.name",
    "resource.name", "gen_ai.response.finish_reason",
))  # fmt: skip
OFFERED = (("api", "operation"), ("ai", "tool", "name"), ("ai", "tool", "type"))


def matches(data: dict[str, Any]) -> bool:
    return data.get("otlp") in ("span", "log") and "malformed" not in data


def identify(data: dict[str, Any]) -> str | None:
    """Trace id, span id and kind of a span.

    Log records have no id: two of one span may share name and time, and one of them must not be lost.
    """
    trace, span = data.get("traceId"), data.get("spanId")
    if not isinstance(trace, str) or not isinstance(span, str):
        return None
    return f"{trace}:{span}:{data.get('kind')}" if data.get("otlp") == "span" else None


def normalize(record: Record) -> Iterator[Event]:
    """Map one span or log record."""
    log = record.data
    attributes: Attributes = log["attributes"] if isinstance(log.get("attributes"), dict) else {}
    _merge_body(log, attributes)
    name = _event_name(log, attributes)
    kind, operation = classify(log, attributes, name)
    span_kind = str(log.get("kind"))
    event = describe(log, attributes)
    event |= {"class_uid": 6003, "api": {"operation": operation}}
    event["metadata"]["event_code"] = name or _left_name(log, operation)
    if kind != OTHER:
        event["message_context"] = {"application": application(log, event["actor"]["app_name"])}
    if kind == MESSAGE and name is not None:
        yield from _message(event, log, attributes, name)
        return
    _agent(event, attributes, kind, operation)
    if kind == OTHER:
        yield _other(event, log, attributes)
        return
    if kind != INFERENCE and isinstance(log.get("body"), str):
        event["message"] = log.pop("body")
    mcp(event, attributes, span_kind)
    events = log.setdefault("events", [])
    if isinstance(events, list):
        events.extend(in_attribute(attributes))
    else:
        events = []
    if kind == TOOL:
        yield call_of_span(event, log, attributes, events)
        return
    if kind == APPROVAL:
        yield approval(event, attributes)
        return
    yield from _conversation(event, log, attributes, events, kind)


def _conversation(
    event: Event, log: dict[str, Any], attributes: Attributes, events: list[Any], kind: str
) -> Iterator[Event]:
    """A model call, a retrieval, or the step of an agent, with what was said in it."""
    _model(event, attributes)
    talk = said(attributes, events)
    event["metadata"]["original_event_uid"] = event["metadata"]["original_event_uid"] or talk.uid
    counted = any(event["ai"]["tokens"].values())
    ended = counted or talk.output or talk.documents or attributes.get(FINISH[0])
    outcome(event, log, attributes, done=bool(ended or event["metadata"]["original_event_uid"]))
    guardrail(event, attributes, talk.finish_reasons())
    event["ai"]["activity"] = kind
    if kind == RETRIEVAL:
        datastore(event, log, attributes)
    for copy in UNUSED_COPIES.intersection(attributes):
        del attributes[copy]
    _evaluation(event, attributes)
    yield from with_conversation(event, talk.conversation())


def _merge_body(log: dict[str, Any], attributes: Attributes) -> None:
    """A structured body holds what others write as attributes: they are read together."""
    body = log.get("body")
    if isinstance(body, dict) and _name_of(log, attributes) not in MESSAGE_EVENTS:
        log.pop("body")
        for key, value in body.items():
            if isinstance(key, str) and key not in attributes:
                attributes[key] = value
            else:
                log.setdefault("body", {})[key] = value
        payload = attributes.get("request_payload")
        if isinstance(payload, dict) and isinstance(payload.get("actor_id"), str):
            attributes.setdefault("user.id", payload.pop("actor_id"))


def _name_of(log: dict[str, Any], attributes: Attributes) -> str | None:
    """The event's name; a record of Rust's tracing has a place in the source as name and the name beside it."""
    for name in (attributes.get("event.name"), log.get("eventName")):
        if isinstance(name, str) and name:
            return name
    return None


def _event_name(log: dict[str, Any], attributes: Attributes) -> str | None:
    if log.get("otlp") != "log":
        return None
    name = _name_of(log, attributes)
    only(attributes, "event.name")
    if log.get("eventName") == name:
        log.pop("eventName", None)
    return name


def _left_name(log: dict[str, Any], operation: str) -> str | None:
    """The name of a span without ids or times, which has no place in a trace."""
    name = take_str(log, "name")
    return name if name != operation else None


def _agent(event: Event, attributes: Attributes, kind: str, operation: str) -> None:
    """The agent by name, else the service that runs it; parent and version where they are told."""
    name = text(attributes, AGENT_NAME) or text(attributes, WORKFLOW)
    if name is None and kind != OTHER:
        name = event["actor"].get("app_name")
    event["ai"]["agent"] = {
        "name": name,
        "uid": text(attributes, ("gen_ai.agent.id", "agent.id", "agent_id")),
        "parent_uid": text(attributes, ("gen_ai.agent.parent_id", "parent_agent_id", "graph.node.parent_id")),
    }


def _model(event: Event, attributes: Attributes) -> None:
    parameters = clean_parameters(attributes)
    asked, holder, names = _asked(attributes, parameters)
    answered = text(attributes, MODEL_ANSWERED)
    name, version, from_request = named(asked, answered)
    if names and from_request:
        text(holder, names)
    said_provider = text(attributes, PROVIDER)
    who = provider(said_provider, name)
    event["ai"] |= {
        "model": {"name": name, "provider": who, "version": version},
        "tokens": tokens(attributes),
        "cost_usd": decimal(attributes, COST),
    }
    event["metadata"]["original_event_uid"] = text(attributes, RESPONSE_ID)
    if said_provider or who:
        event["api"]["service"] = {"name": said_provider or who}


def _asked(attributes: Attributes, parameters: Attributes) -> tuple[str | None, Attributes, tuple[str, ...]]:
    """The model that was asked for, and where it stands under which names."""
    for name in MODEL_ASKED:
        if isinstance(asked := attributes.get(name), str):
            return asked, attributes, MODEL_ASKED
    for name in ("model", "model_name") if parameters else ():
        if isinstance(asked := parameters.get(name), str):
            return asked, parameters, (name,)
    return None, attributes, ()


def _evaluation(event: Event, attributes: Attributes) -> None:
    """``gen_ai.evaluation.result``: what was evaluated and how."""
    name = only(attributes, "gen_ai.evaluation.name")
    if name is not None:
        event["status_detail"] = event.get("status_detail") or text(
            attributes, ("gen_ai.evaluation.score.label",)
        )
        event["message"] = only(attributes, "gen_ai.evaluation.explanation")
        event["api"]["operation"] = f"evaluate {name}"


def _message(event: Event, log: dict[str, Any], attributes: Attributes, name: str) -> Iterator[Event]:
    """One message of a model call, as the previous conventions log it."""
    _agent(event, attributes, MESSAGE, name)
    _model(event, attributes)
    body = parsed(log.pop("body", None))
    inner = body if isinstance(body, dict) else {"content": body} if body else attributes
    message = message_of(name, inner)
    if inner is not attributes and inner:
        log["body"] = inner
    outcome(event, log, attributes, done=False)
    guardrail(event, attributes, [str(message["finish_reason"])] if "finish_reason" in message else None)
    event["ai"]["activity"] = "access"
    if name == "gen_ai.assistant.message":  # an earlier answer, sent along as context
        talk = converse([message, {"role": "user", "content": ""}])
    elif name == "gen_ai.choice":
        talk = converse(None, [message])
    else:
        talk = converse([message])
    made = list(with_conversation(event, talk))
    for call in made[1:]:
        uid = (call["api"]["request"] or {}).get("uid")
        if uid and call["ai"]["activity"] == "tool_call":  # the result that comes next names no tool
            offer(call, "otel_genai", event["actor"]["app_name"], uid, paths=OFFERED)
        elif uid:
            want(call, "otel_genai", event["actor"]["app_name"], uid)
    if name == "gen_ai.tool.message" and len(made) == 2:
        made = made[1:]  # the result is all there is
        made[0]["metadata"] = event["metadata"]
        made[0]["message_context"] = (event.get("message_context") or {}) | made[0]["message_context"]
    yield from made


def _other(event: Event, log: dict[str, Any], attributes: Attributes) -> Event:
    """A span or log record that tells nothing of AI: who did what, as ``access``."""
    outcome(event, log, attributes, done=False)
    event["ai"]["activity"] = "access"
    body = log.get("body")
    if isinstance(body, str):
        event["message"] = log.pop("body")
    route = only(attributes, "http.route")
    if route and not event["http_request"].get("url"):
        event["http_request"]["url"] = {"path": route}
    return event


NORMALIZER = Normalizer(
    name="otel_genai",
    matches=matches,
    normalize=normalize,
    product="OpenTelemetry GenAI",
    vendor="OpenTelemetry",
    service="agent",
    identify=identify,
    fallback=True,
)
