"""Whether everything that a record holds is found again in its events: the measure of "nothing is lost".

A leaf is kept where its value stands in an event (a text inside a longer one counts), or among the texts that are
scanned. ``BY_DESIGN`` names what is not kept, with the reason; a normalizer that drops something more fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import orjson

from tracehound.times import epoch_ms

MESSAGE = ("role", "type", "index", "id", "call_id", "tool_call_id", "tool_use_id", "status", "signature")
"""Structure of messages: who speaks is in the direction of a text, ids have joined results to calls."""
BINARY = ("bytes", "base64", "b64_json", "file_data", "embedding*", "images*", "image_url.url", "filename")


def _within(path: str, *keys: str) -> tuple[str, ...]:
    """Patterns of keys anywhere below a path."""
    return tuple(f"{path}*.{key}" for key in keys)


_BEDROCK_IN, _BEDROCK_OUT = "input.inputBodyJson", "output.outputBodyJson"
_LITELLM = (
    *_within("messages", *MESSAGE, *BINARY),
    *_within("response", *MESSAGE, *BINARY, "event_id"),
    "stream",  # a flag of the request
    *_within("proxy_server_request", "role"),
    *_within("metadata.vector_store_request_metadata", "type"),
    "*model_map_information.*",  # LiteLLM's table of prices and abilities of the model
    "model",  # without the route before the slash, which the provider names
    "*guardrail_request*",  # what the guardrail was asked about: the prompt
    "*guardrail_response*.match",  # what it quotes of the prompt
    "*guardrail_response*.text",
    "*.headers.Authorization",  # masked
    "*.headers.x-forwarded-for",  # kept as a list
    "*.result_type",
)
BY_DESIGN: dict[str, tuple[str, ...]] = {
    "litellm": tuple(f"{before}{path}" for path in _LITELLM for before in ("", "standard_logging_object.")),
    "aws_bedrock_invocation": (
        *_within(_BEDROCK_IN, *MESSAGE, *BINARY),
        *_within(_BEDROCK_OUT, *MESSAGE, *BINARY),
        f"{_BEDROCK_IN}.*.document.name",  # kept where the document lies in S3
        f"{_BEDROCK_IN}.*.qualifiers*",
        f"{_BEDROCK_IN}.prompt",  # kept without the marks of turns
        f"{_BEDROCK_OUT}.*.match",  # what a guardrail quotes
        f"{_BEDROCK_OUT}.*.generatedToken.*",  # each token of the text once more
        f"{_BEDROCK_OUT}*.partial_json",  # pieces, put together
        f"{_BEDROCK_OUT}*.toolUse.input",
        f"{_BEDROCK_OUT}*.function.arguments",
    ),
    "aws_cloudtrail": (
        "*managementEvent",  # in the name of the log
        "*resources*.ARN",  # of a store: its name is kept
        "*resources*.type",
        "*.sessionIssuer.*",  # in the issuer's ARN
        "*.sessionToken",  # a secret
        "userIdentity.userName",  # of a failed login: HIDDEN_DUE_TO_SECURITY_REASONS
    ),
    "otel_genai": (
        "otlp",  # span or log: what the decoder says
        *_within("attributes.events", "event.name", "index", *MESSAGE),  # messages of Pydantic AI
        *_within("attributes.*messages", *MESSAGE),
        "attributes.gen_ai.system_instructions*.type",
        "attributes.gen_ai.tool.call.result*.type",
        *_within("events[[]].attributes.gen_ai", *MESSAGE),
        "events[[]].name",  # an event of which the content is taken
        "events[[]].timeUnixNano",
        "attributes.operation.name",  # ai.operationId and ai.telemetry.functionId once more
        "attributes.openinference.span.kind",
        "attributes.gen_ai.tool.name",  # mcp__server__tool taken apart
        "attributes.network.transport",
        "attributes.*image.url",
        "attributes.ai.response.model",
        "resource.os.type",
        "attributes.*message.role",
        "attributes.*message_content.type",
        "attributes.gen_ai.prompt.*.role",
        "attributes.gen_ai.prompt.*.type",
        "attributes.gen_ai.completion.*.role",
        "attributes.gen_ai.response.model",  # name and version apart
        "attributes.llm.model_name",
        "attributes.gen_ai.system",  # lower case
        "attributes.gen_ai.operation.name",  # a tool's run has the tool's name as operation
        "attributes.input.mime_type",
        "attributes.output.mime_type",
        "attributes.input.value*",  # the request and response whole, beside the messages
        "attributes.output.value*",
        "*embedding*",
        "body.message.content[[]]",  # a vector
        *_within("body.tool_calls", "id", "type", "name"),  # calls of earlier turns
        "resource.process.command*",  # holds the prompt
        *_within("body.*messages", *MESSAGE, "finish_reason"),
    ),
    "claude_code": (
        "resource.os.type",  # as OCSF writes it
        "body",  # the event's name with a prefix
        "attributes.tool_name",  # mcp_tool stands for a name that is elsewhere
        "attributes.decision_type",  # says that it was let through: ai.approval
        "attributes.user.groups",  # a list
        "attributes.cost_usd_micros",  # as dollars
        "attributes.auth_method",
        "attributes.success",  # an HTTP status says more
        "attributes.action",
        "attributes.tool_input.command",  # cut; the whole one is in the parameters
        *_within("attributes.body", *MESSAGE),
    ),
    "mcp": (
        "*.traceparent",  # taken apart
        "*result.isError",
        "*result.role",
        "*.blob",
        "*.content[[]].data",
        "*.content[[]].mimeType",
        "headers.Authorization",
        "remote_addr",  # address and port
        "*result.messages[[]].role",
        "*params.messages[[]].role",
        "*.type",
    ),
}
PLACEHOLDERS = {"default-message-value", "redacted-by-litellm", "<REDACTED>", "[DONE]"}
"""What stands for a text that there is not."""
MIN_TEXT = 4
"""Shorter texts and single digits stand anywhere by chance; they count as kept."""


def lost(source: str, record: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    """Paths of leaves that no event holds and that ``BY_DESIGN`` does not name."""
    values, texts = _held(events)
    patterns = BY_DESIGN.get(source, ())
    return [
        f"{path} = {str(value)[:60]!r}"
        for path, value in leaves(record)
        if not _is_kept(path, value, values, texts)
        and not any(fnmatchcase(path, pattern) for pattern in patterns)
    ]


def _held(events: list[dict[str, Any]]) -> tuple[set[str], str]:
    values = {_plain(value) for event in events for _, value in leaves(event)}
    return values, "\0".join(sorted(value for value in values if len(value) >= MIN_TEXT))


def _is_kept(path: str, value: Any, values: set[str], texts: str) -> bool:
    plain = _plain(value)
    if plain in values or len(plain) < MIN_TEXT or plain in PLACEHOLDERS:
        return True
    if f"{path.rpartition('.')[2]}={plain}" in texts:  # a label
        return True
    moment = epoch_ms(value)
    if moment is not None and str(moment) in values:
        return True
    return isinstance(value, str) and (plain.strip() in texts or orjson.dumps(plain).decode()[1:-1] in texts)


def _plain(value: Any) -> str:
    if isinstance(value, bool) or value in ("true", "false"):
        return str(value).lower()  # logs write truth as text, OCSF does not
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else repr(value)


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Scalars with their paths, list items as ``[]``; JSON in a text is looked into, null and '' are nothing."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item, f"{path}[]")
    elif isinstance(value, str) and value[:1] in ("{", "[") and (inner := _json(value)) is not None:
        yield from leaves(inner, path)
    elif value is not None and value != "":
        yield path, value


def _json(text: str) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, (dict, list)) else None
