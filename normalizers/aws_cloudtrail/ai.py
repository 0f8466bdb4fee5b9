"""What the parameters of a Bedrock, AgentCore or SageMaker call say: model, agent, guardrail, tool."""

from __future__ import annotations

import re
from typing import Any

from tracehound.models import bedrock_name, maker

from .resources import HIDDEN, arn_name

INFERENCE = re.compile(r"(?:Invoke|Converse|CreateInference|CreateChatCompletion|CreateResponse).*")
GATEWAY = ("InvokeGateway", "InvokeMcp")
CODE_INTERPRETER = "InvokeCodeInterpreter"
MODELS = (
    "modelId",
    "modelIdentifier",
    "modelArn",
    "foundationModel",
    "baseModelIdentifier",
    "modelName",
    "model",
)
REFUSED = re.compile(
    r"on resource: (arn:[^\s,]+(?:foundation-model|inference-profile|imported-model)/[^\s,]+)"
)


def first(data: Any, *keys: str) -> str | None:
    """The first of these keys of an object that holds a text."""
    if isinstance(data, dict):
        for key in keys:
            if isinstance(data.get(key), str) and data[key]:
                return str(data[key])
    return None


def inner(data: Any, *path: str) -> dict[str, Any]:
    """The object at a path, else an empty one."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def refused_model(detail: str | None) -> str | None:
    """The ARN of the model in the message of a denied call, which may have no parameters."""
    found = REFUSED.search(detail or "")
    return found[1].rstrip(".") if found else None


def described(name: str, request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """``model``, ``agent``, ``guardrail``, ``tool`` and ``mcp`` of our ``ai`` object, as far as they are named."""
    found: dict[str, Any] = {}
    model = first(request, *MODELS) or first(knowledge_base(request), *MODELS)
    if model and model not in HIDDEN:
        plain = bedrock_name(arn_name(model))  # one name, by whatever region it is called
        found["model"] = {"name": plain, "provider": maker(plain)}
    runtime, agent = first(request, "agentRuntimeArn", "agentRuntimeId"), first(request, "agentId")
    if runtime or agent:
        found["agent"] = {"name": arn_name(runtime) if runtime else None, "uid": agent or runtime}
    guardrail = first(request, "guardrailIdentifier") or first(
        request.get("guardrailConfig"), "guardrailIdentifier"
    )
    if guardrail and (INFERENCE.fullmatch(name) or name == "ApplyGuardrail"):
        found["guardrail"] = {"policy": guardrail, "provider": "aws_bedrock"}
    if name in GATEWAY:
        found |= _gateway(inner(request, "body"), response)
    elif name == CODE_INTERPRETER:
        tool = first(request, "name") or "code_interpreter"
        found["tool"] = {"name": tool, "type": "builtin", "phase": "executed"}
    return found


def knowledge_base(request: dict[str, Any]) -> dict[str, Any]:
    """The knowledge base and model that RetrieveAndGenerate uses."""
    return inner(request, "retrieveAndGenerateConfiguration", "knowledgeBaseConfiguration")


def _gateway(call: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    """An MCP call through an AgentCore gateway; arguments and result are always redacted by AWS."""
    method = first(call, "method")
    name = first(call.get("params"), "name") if method == "tools/call" else None
    target, _, tool = (name or "").rpartition("___")
    found: dict[str, Any] = {"mcp": {"method": method, "server": target or None, "transport": "http"}}
    if name:
        body = inner(response, "body")
        failed = True if body.get("error") else inner(body, "result").get("isError")
        status = "failure" if failed is True else "success" if failed is False else "unknown"
        found["tool"] = {"name": tool, "type": "mcp", "server": target, "phase": "executed", "status": status}
    return found
