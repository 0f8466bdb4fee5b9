"""Amazon Bedrock: one ModelInvocationLog object per invocation, as delivered to S3.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tracehound.demo.generate.clock import iso
from tracehound.demo.generate.day import ACCOUNT, Record
from tracehound.demo.generate.ids import base62, uuid
from tracehound.demo.generate.shapes.litellm import tokens

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
TITAN = "amazon.titan-embed-text-v2:0"
GUARDRAIL = "k3x9q2m7vd1t"


def profile(region: str, model: str = SONNET) -> str:
    """The ARN of the cross-region inference profile, as clients name it."""
    prefix = region.partition("-")[0]
    return f"arn:aws:bedrock:{region}:{ACCOUNT}:inference-profile/{prefix}.{model}"


@dataclass
class Invocation:
    """One call of a model through Bedrock."""

    when: float
    arn: str
    model: str
    operation: str
    prompt: str
    answer: str
    region: str = "us-east-1"
    system: str = ""
    before: list[tuple[str, str]] = field(default_factory=list)
    maximum: int = 2048
    request: str = ""


def log(rng: Random, call: Invocation, asked: Any, answered: Any, given: int, made: int) -> Record:
    """The envelope all operations share."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "timestamp": iso(call.when),
        "accountId": ACCOUNT,
        "identity": {"arn": call.arn},
        "region": call.region,
        "requestId": call.request or uuid(rng),
        "operation": call.operation,
        "modelId": call.model,
        "input": {"inputContentType": "application/json", "inputBodyJson": asked, "inputTokenCount": given},
        "output": {
            "outputContentType": "application/json",
            "outputBodyJson": answered,
            "outputTokenCount": made,
        },
    }


def turns(call: Invocation) -> list[tuple[str, str]]:
    """Roles and texts of the conversation up to the new prompt."""
    said = [pair for user, answer in call.before for pair in (("user", user), ("assistant", answer))]
    return [*said, ("user", call.prompt)]


def counts(call: Invocation) -> tuple[int, int]:
    """Tokens in and out."""
    return sum(4 + tokens(text) for _, text in turns(call)) + tokens(call.system), tokens(call.answer)


def converse(rng: Random, call: Invocation, guarded: bool = False) -> Record:
    """``Converse`` and ``ConverseStream``: one result object; streams are logged put together."""
    given, made = counts(call)
    asked: Record = {
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in turns(call)],
        "inferenceConfig": {"maxTokens": call.maximum, "temperature": 0.3},
    }
    if call.system:
        asked["system"] = [{"text": call.system}]
    answered: Record = {
        "output": {"message": {"role": "assistant", "content": [{"text": call.answer}]}},
        "stopReason": "end_turn",
        "metrics": {"latencyMs": latency(rng, made)},
        "usage": {"inputTokens": given, "outputTokens": made, "totalTokens": given + made},
    }
    if guarded:
        answered["trace"] = {"guardrail": {"inputAssessment": {GUARDRAIL: passed(call.prompt)}}}
    return log(rng, call, asked, answered, given, made)


def messages(rng: Random, call: Invocation) -> Record:
    """``InvokeModel`` with Anthropic's Messages body, plain or as a list of stream events."""
    given, made = counts(call)
    asked: Record = {
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": call.maximum,
        "messages": [
            {"role": role, "content": [{"type": "text", "text": text}]} for role, text in turns(call)
        ],
    }
    if call.system:
        asked["system"] = call.system
    mark = "msg_bdrk_01" + base62(rng, 22)
    start: Record = {
        "id": mark,
        "type": "message",
        "role": "assistant",
        "model": call.model.rpartition("/")[2],
    }
    if call.operation != "InvokeModelWithResponseStream":
        answered: Any = start | {
            "content": [{"type": "text", "text": call.answer}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "usage": {"input_tokens": given, "output_tokens": made},
        }
        return log(rng, call, asked, answered, given, made)
    opening = start | {"content": [], "usage": {"input_tokens": given, "output_tokens": 1}}
    events: list[Record] = [{"type": "message_start", "message": opening}]
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for at in range(0, len(call.answer), 60):
        delta = {"type": "text_delta", "text": call.answer[at : at + 60]}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events.append({"type": "content_block_stop", "index": 0})
    events.append(
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": made}}
    )
    events.append({"type": "message_stop"})
    return log(rng, call, asked, events, given, made)


def embedding(rng: Random, call: Invocation) -> Record:
    """``InvokeModel`` on a Titan embedding model."""
    given = tokens(call.prompt)
    asked = {"inputText": call.prompt, "dimensions": 256, "normalize": True}
    numbers = [round(rng.uniform(-0.2, 0.2), 3) for _ in range(6)]
    answered = {"embedding": numbers, "inputTextTokenCount": given}
    return log(rng, call, asked, answered, given, 0)


def blocked(rng: Random, call: Invocation, topic: str) -> Record:
    """A ``Converse`` call in which the guardrail stepped in."""
    record = converse(rng, call)
    body = record["output"]["outputBodyJson"]
    body["stopReason"] = "guardrail_intervened"
    body["usage"] = {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
    record["input"]["inputTokenCount"] = record["output"]["outputTokenCount"] = 0
    assessment = passed(call.prompt) | {
        "topicPolicy": {"topics": [{"name": topic, "type": "DENY", "action": "BLOCKED"}]}
    }
    body["trace"] = {"guardrail": {"inputAssessment": {GUARDRAIL: assessment}}}
    return record


def passed(text: str) -> Record:
    """A guardrail's assessment that found nothing."""
    return {
        "invocationMetrics": {
            "guardrailProcessingLatency": 210 + len(text) % 170,
            "usage": {"topicPolicyUnits": 1, "contentPolicyUnits": 1, "wordPolicyUnits": 1},
            "guardrailCoverage": {"textCharacters": {"guarded": len(text), "total": len(text)}},
        }
    }


def latency(rng: Random, made: int) -> int:
    """Milliseconds, with the long tail of a shared service."""
    return int(320 + made * rng.uniform(9, 19) + rng.expovariate(1 / 400))
