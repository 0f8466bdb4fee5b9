"""AWS Bedrock model invocation logs -> OCSF API Activity (6003).

One object per call of InvokeModel, InvokeModelWithResponseStream, Converse or ConverseStream, as Bedrock delivers
it to S3 or CloudWatch Logs. Bodies are those of the model's own API; above 100 KB the log has their S3 path.
There is no source address: it is joined from the CloudTrail event of the same request.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracehound.chat import Conversation, converse, parsed
from tracehound.chat.blocks import dicts
from tracehound.chat.bodies import answered, documents, sent
from tracehound.chat.streams import assembled
from tracehound.chat.usage import tokens
from tracehound.event import Event, with_conversation
from tracehound.guardrails import security_control
from tracehound.join import want
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_int, take_str, whole
from tracehound.times import epoch_ms
from tracehound.values import get

from .guardrail import guardrail
from .model import files, model, resources

STREAMS = {"InvokeModelWithResponseStream", "ConverseStream"}
SESSIONS = (
    "sessionId", "session_id", "session", "conversationId", "conversation_id", "threadId", "thread_id", "chatId",
)  # fmt: skip
"""Names that callers give a session in ``requestMetadata``, which is free."""
TRACES = ("traceId", "trace_id", "xrayTraceId", "langfuse_trace_id")


def normalize(record: Record) -> Iterable[Event]:
    """Map one invocation: the model call, then each tool call that it asks for and each new tool result."""
    log = record.data
    asked, answer = _body(log, "input", "inputBodyJson"), _body(log, "output", "outputBodyJson")
    output = log.get("output")  # with text delivery switched off the counts are all that tells of an answer
    came_back = bool(answer or get(output, "outputBodyS3Path") or get(output, "outputTokenCount"))
    verdict, blocked = guardrail(answer)
    counts = tokens(answer) if answer else {}
    named = model(log, asked, answer)
    about = [*resources(log, named["name"]), *files(asked)]
    event = _event(log, named, about, counts, _latency(answer)) | _outcome(
        log, came_back, _stop_reason(answer)
    )
    if verdict:
        event["ai"]["guardrail"] = verdict
        event |= security_control(verdict["action"])
    talk = _conversation(asked, answer)
    talk.texts.extend(("response", text, True) for text in blocked)  # what the guardrail kept back
    events = list(with_conversation(event, talk))
    request = event["metadata"]["correlation_uid"]
    return [want(made, "aws_request", request, late=True) for made in events] if request else events


def _body(log: dict[str, Any], side: str, key: str) -> dict[str, Any]:
    """The body as an object that stays in the log: decoded, and a stream of chunks put together."""
    part = log.get(side)
    body = parsed(part.get(key)) if isinstance(part, dict) else None
    if isinstance(body, list):
        body = {"messages": body} if side == "input" else assembled(body)
    elif isinstance(body, str) and body:
        body = {"prompt" if side == "input" else "completion": body}
    if not isinstance(body, dict) or not isinstance(part, dict):
        return {}
    part[key] = body
    return body


def _conversation(asked: dict[str, Any], answer: dict[str, Any]) -> Conversation:
    request, found = sent(asked), documents(answer)
    talk = converse(request.messages, answered(answer), system=request.system, tools=request.tools)
    talk.texts.extend(("document", text, False) for text in found)
    return talk


def _event(
    log: dict[str, Any],
    named: dict[str, Any],
    about: list[dict[str, Any]],
    counts: dict[str, int | None],
    latency: int | None,
) -> Event:
    time, original = _time(log)
    operation, request = take_str(log, "operation"), take_str(log, "requestId")
    user, session = _identity(log)
    tags, conversation, trace = _metadata(log)
    return {
        "class_uid": 6003,
        "time": time,
        "start_time": time,
        "duration": latency,
        "api": {
            "operation": operation or "Unknown",
            "service": {"name": "bedrock-runtime.amazonaws.com"},
            "request": _request(request, operation),
            "response": {"error": _code(log), "error_message": take_str(log, "errorMessage")},
        },
        "actor": {"user": user, "session": session},
        "cloud": {"provider": "AWS", "region": take_str(log, "region"), "account": _account(log)},
        "resources": about,
        "trace": {"uid": trace} if trace else None,
        "metadata": {
            "original_time": original,
            "original_event_uid": request,
            "correlation_uid": request,
            "event_code": operation,
            "log_name": take_str(log, "schemaType"),
            "log_version": take_str(log, "schemaVersion"),
            "tags": tags,
        },
        "ai": {
            "activity": "inference",
            "principal": user.get("uid"),
            "session_uid": conversation or trace,
            "model": named,
            "tokens": _tokens(log, counts),
        },
    }


def _request(uid: str | None, operation: str | None) -> dict[str, Any] | None:
    return {"uid": uid, "flags": ["stream"] if operation in STREAMS else None} if uid else None


def _account(log: dict[str, Any]) -> dict[str, Any] | None:
    account = take_str(log, "accountId")
    return {"uid": account, "type": "AWS Account", "type_id": 10} if account else None


def _latency(answer: dict[str, Any]) -> int | None:
    """Milliseconds: of Converse in its metrics, of a stream of InvokeModel in the last chunk."""
    for place, key in (("metrics", "latencyMs"), ("amazon-bedrock-invocationMetrics", "invocationLatency")):
        latency = take_int(answer, place, key)
        if latency is not None:
            return latency
    return None


def _time(log: dict[str, Any]) -> tuple[int | None, str | None]:
    ms = epoch_ms(log.get("timestamp"))
    return (ms, str(log.pop("timestamp"))) if ms else (None, None)


def _code(log: dict[str, Any]) -> str | None:
    code = log.get("errorCode")
    return code if isinstance(code, str) and code else None


def _outcome(log: dict[str, Any], came_back: bool, reason: str | None) -> Event:
    """A call that Bedrock refused has an error code; one that a model answered has an answer."""
    error, said = take_str(log, "errorCode"), take_str(log, "status")
    return {
        "status_id": 2 if error else 1 if came_back else 0,
        "status_code": error,
        "status_detail": reason or said,
    }


def _identity(log: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """``arn:aws:sts::111122223333:assumed-role/ROLE/SESSION`` -> user and session."""
    arn = take_str(log, "identity", "arn")
    if arn is None:
        return {}, {}
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn":
        return {"uid": arn, "name": arn}, {}
    kind, _, name = parts[5].partition("/")
    account = {"uid": parts[4], "type": "AWS Account", "type_id": 10} if parts[4] else None
    user = {
        "uid": arn,
        "name": name.rpartition("/")[2] or kind,
        "account": account,
        "type_id": 1,
        "type": "User",
    }
    session: dict[str, Any] = {}
    if kind == "assumed-role":
        role = name.partition("/")[0]
        user |= {"type_id": 99, "type": "AssumedRole"}
        session = {"issuer": f"arn:{parts[1]}:iam::{parts[4]}:role/{role}"}
    return user, session


def _metadata(log: dict[str, Any]) -> tuple[list[dict[str, str]] | None, str | None, str | None]:
    """What the caller attached to the request: as tags, and the session and trace among them."""
    given = log.get("requestMetadata")
    if not isinstance(given, dict):
        return None, None, None
    tags = [
        {"name": name, "value": value} for name, value in given.items() if isinstance(value, str) and value
    ]
    for tag in tags:
        del given[tag["name"]]
    values = {tag["name"]: tag["value"] for tag in tags}
    session = next((values[key] for key in SESSIONS if key in values), None)
    trace = next((values[key] for key in TRACES if key in values), None)
    return tags or None, session, trace


def _tokens(log: dict[str, Any], counts: dict[str, int | None]) -> dict[str, int | None]:
    """Bedrock's own counts or those of the body, whichever is more: one of them may leave cached tokens out."""
    asked, answer = log.get("input"), log.get("output")
    prompt, completion = _count(asked, "inputTokenCount"), _count(answer, "outputTokenCount")
    if prompt is not None:
        take_int(asked, "inputTokenCount")
        prompt += _count(asked, "cacheReadInputTokenCount") or 0
        prompt += _count(asked, "cacheWriteInputTokenCount") or 0
    if completion is not None:
        take_int(answer, "outputTokenCount")
    prompt, completion = _more(prompt, counts.get("prompt")), _more(completion, counts.get("completion"))
    total = counts.get("total") or None
    if total is None and (prompt is not None or completion is not None):
        total = (prompt or 0) + (completion or 0)
    return {"prompt": prompt, "completion": completion, "total": total}


def _more(one: int | None, other: int | None) -> int | None:
    return max(one, other) if one is not None and other is not None else one if other is None else other


def _count(data: Any, key: str) -> int | None:
    number = whole(get(data, key))
    return None if number is None or number < 0 else number


def _stop_reason(answer: dict[str, Any]) -> str | None:
    """Why the model stopped, in its own words."""
    for key in ("stopReason", "stop_reason", "finish_reason", "completionReason"):
        if isinstance(answer.get(key), str) and answer[key]:
            return str(answer.pop(key))
    for key in ("choices", "results", "outputs", "generations", "completions"):
        for part in dicts(answer.get(key)):
            for name in ("finish_reason", "stop_reason", "completionReason", "finishReason"):
                reason = part.get(name)
                reason = get(reason, "reason", reason)
                if isinstance(reason, str) and reason:
                    take(part, name)
                    return reason
    return None


def matches(data: dict[str, Any]) -> bool:
    """Named by its schema; panes of glass that drop the name keep model, operation and one of the bodies."""
    if data.get("schemaType") == "ModelInvocationLog":
        return True
    return (
        "modelId" in data
        and "operation" in data
        and ("input" in data or "output" in data)
        and "requestId" in data
    )


def identify(data: dict[str, Any]) -> str | None:
    """Bedrock logs a request once."""
    request = data.get("requestId")
    return request if isinstance(request, str) and request else None


NORMALIZER = Normalizer(
    name="aws_bedrock_invocation",
    matches=matches,
    normalize=normalize,
    product="Amazon Bedrock",
    vendor="AWS",
    service="gateway",
    identify=identify,
    log_provider="bedrock.amazonaws.com",
)
