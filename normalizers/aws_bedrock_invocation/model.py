"""The model of an invocation, and the resources that it names: profiles, deployments, files in S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracehound.chat.blocks import dicts
from tracehound.models import bedrock_name, maker
from tracehound.record import take_str
from tracehound.values import get

RESOURCES = {
    "foundation-model": "AWS::Bedrock::FoundationModel",
    "inference-profile": "AWS::Bedrock::InferenceProfile",
    "application-inference-profile": "AWS::Bedrock::ApplicationInferenceProfile",
    "provisioned-model": "AWS::Bedrock::ProvisionedModelThroughput",
    "custom-model": "AWS::Bedrock::CustomModel",
    "custom-model-deployment": "AWS::Bedrock::CustomModelDeployment",
    "imported-model": "AWS::Bedrock::ImportedModel",
    "prompt": "AWS::Bedrock::Prompt",
    "prompt-router": "AWS::Bedrock::PromptRouter",
    "default-prompt-router": "AWS::Bedrock::PromptRouter",
    "endpoint": "AWS::SageMaker::Endpoint",
}
FILES = frozenset(("document", "image", "video"))
GENERIC = set(RESOURCES) - {"foundation-model", "inference-profile"}
"""ARNs that name a resource and not its model."""


def model(log: dict[str, Any], asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """The model; of a profile or deployment whose ARN does not name one, the model that answered."""
    named = log.get("modelId")
    answered_by = answer.get("model") if isinstance(answer.get("model"), str) else None
    if not isinstance(named, str) or not named:
        return {"name": answered_by, "provider": maker(answered_by)}
    name = bedrock_name(named)
    if named.startswith("arn:") and _kind(named) in GENERIC and answered_by:
        name = answered_by
    provider = maker(name) or maker(answered_by) or ("anthropic" if "anthropic_version" in asked else None)
    if name == named:
        del log["modelId"]
    return {"name": name, "provider": provider}


def resources(log: dict[str, Any], name: str | None) -> Iterator[dict[str, Any]]:
    """The profile, deployment or cross-region id that the caller named in place of the model itself."""
    named = take_str(log, "modelId")
    if named is not None:
        region = take_str(log, "inferenceRegion")
        yield {"uid": named, "name": name, "type": RESOURCES.get(_kind(named)), "region": region}


def files(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Documents, images and videos of the messages that lie in S3, where Bedrock puts what it does not inline."""
    for message in dicts(asked.get("messages")):
        content = message.get("content")
        for block in content if isinstance(content, list) else ():
            if not isinstance(block, dict) or FILES.isdisjoint(block):
                continue
            for kind in sorted(FILES.intersection(block)):
                source, name = get(block.get(kind), "source"), get(block.get(kind), "name")
                uri = get(source, "s3Uri") or get(get(source, "s3Location"), "uri")
                if isinstance(uri, str):
                    yield {"uid": uri, "name": name if isinstance(name, str) else None, "type": kind}


def _kind(arn: str) -> str:
    return arn.split(":", 5)[-1].partition("/")[0]
