"""What AWS names: the resources that a call is about, and its parameters as labels.

>>> labels({"loggingConfig": {"textDataDeliveryEnabled": False}, "tags": [{"key": "a"}]})
['loggingConfig.textDataDeliveryEnabled=false', 'tags.key=a']
>>> arn_type("arn:aws:bedrock:us-east-1:111122223333:agent-alias/A/B")
'AWS::Bedrock::AgentAlias'
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

MAX_LABELS, MAX_LABEL = 128, 1024
MAX_RESOURCES = 32
SERVICES = {
    "bedrock": "Bedrock",
    "bedrock-agentcore": "BedrockAgentCore",
    "sagemaker": "SageMaker",
    "iam": "IAM",
    "lambda": "Lambda",
    "s3": "S3",
}
KINDS = {
    "BedrockAgentCore": (
        "agentRuntime agentRuntimeEndpoint apiKeyCredentialProvider browser codeInterpreter gateway"
        " memory oauth2CredentialProvider workloadIdentity"
    ),
    "SageMaker": (
        "app autoMLJob domain endpoint endpointConfig featureGroup hyperParameterTuningJob inferenceComponent"
        " model modelPackage modelPackageGroup monitoringSchedule notebookInstance"
        " notebookInstanceLifecycleConfig pipeline processingJob project space studioLifecycleConfig"
        " trainingJob transformJob userProfile"
    ),
    "Bedrock": (
        "agent agentAlias automatedReasoningPolicy customModel dataSource flow flowAlias guardrail importedModel"
        " inferenceProfile knowledgeBase modelImportJob prompt promptRouter provisionedModel"
    ),
}
ENDINGS = ("Arn", "ARN", "Identifier", "Id", "Name")
# Identifiers in parameters and answers -> the type of what they name, as CloudFormation writes it.
IDENTIFIERS = {
    f"{kind}{ending}": f"AWS::{service}::{kind[0].upper()}{kind[1:]}"
    for service, kinds in KINDS.items()
    for kind in kinds.split()
    for ending in ENDINGS
} | {
    "bucket": "AWS::S3::Bucket",
    "bucketName": "AWS::S3::Bucket",
    "functionName": "AWS::Lambda::Function",
    "gatewayIdentifier": "AWS::BedrockAgentCore::Gateway",
    "groupName": "AWS::IAM::Group",
    "instanceId": "AWS::EC2::Instance",
    "logGroupName": "AWS::Logs::LogGroup",
    "modelId": "AWS::Bedrock::FoundationModel",
    "modelIdentifier": "AWS::Bedrock::FoundationModel",
    "policyArn": "AWS::IAM::Policy",
    "roleName": "AWS::IAM::Role",
    "secretId": "AWS::SecretsManager::Secret",
    "tableName": "AWS::DynamoDB::Table",
    "trailName": "AWS::CloudTrail::Trail",
    "userName": "AWS::IAM::User",
}
HIDDEN = ("HIDDEN_DUE_TO_SECURITY_REASONS", "***", "REDACTED")


def arn_type(arn: str) -> str | None:
    """The type of what an ARN names, None for an ARN of a service we do not know."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or parts[0] != "arn" or parts[2] not in SERVICES:
        return None
    if parts[2] == "s3":
        return "AWS::S3::Object" if "/" in parts[5] else "AWS::S3::Bucket"
    kind = parts[5].replace(":", "/").partition("/")[0]
    return f"AWS::{SERVICES[parts[2]]}::" + "".join(word[:1].upper() + word[1:] for word in kind.split("-"))


def arn_name(arn: str) -> str:
    """The name at the end of an ARN; of an id that is no ARN, the id."""
    return arn.rpartition("/")[2] or arn if arn.startswith("arn:") else arn


def resources(listed: Any, *parameters: Any) -> list[dict[str, Any]]:
    """OCSF resources: those that the record lists, then those that its parameters and answers name.

    What is named twice (an id in the request, its ARN in the answer) is one resource.
    """
    found: dict[str, dict[str, Any]] = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and len(found) < MAX_RESOURCES:
            _listed(one, found)
    for data in parameters:
        for key, value in _identifiers(data):
            kind = (arn_type(value) if value.startswith("arn:") else None) or IDENTIFIERS[key]
            if len(found) < MAX_RESOURCES:
                _merge(found, kind, value)
    return list(found.values())


def _listed(one: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    arn, kind, account = one.get("ARN") or one.get("ARNPrefix"), one.get("type"), one.get("accountId")
    if not isinstance(arn, str):
        return
    kind = kind if isinstance(kind, str) else arn_type(arn)
    _merge(found, kind or "", arn)
    if isinstance(account, str) and account:
        found[_key(found, kind or "", arn)]["owner"] = {"account": {"uid": account}}


def _key(found: dict[str, dict[str, Any]], kind: str, value: str) -> str:
    """The resource that ``value`` names, if it is known under another form of its name."""
    name = arn_name(value)
    return next(
        (k for k, r in found.items() if r.get("type") == kind and r["name"] == name), f"{kind} {value}"
    )


def _merge(found: dict[str, dict[str, Any]], kind: str, value: str) -> None:
    one = found.setdefault(
        _key(found, kind, value), {"type": kind or None, "name": arn_name(value), "uid": value}
    )
    if value.startswith("arn:"):
        one["uid"] = value


def _identifiers(data: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Identifiers in an object and the objects in it, two levels deep."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if isinstance(value, str):
            if key in IDENTIFIERS and value and value not in HIDDEN:
                yield key, value
        elif depth < 2:
            yield from _identifiers(value, depth + 1)


def labels(parameters: Any) -> list[str]:
    """Each parameter as ``path=value``; lists add nothing to the path, and nothing is said of what is empty.

    At most 128 labels, each at most 1,024 characters long.
    """
    found: dict[str, None] = {}
    for path, value in _leaves(parameters, ""):
        if len(found) == MAX_LABELS:
            break
        found[f"{path}={value}"[:MAX_LABEL]] = None
    return list(found)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, path)
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    elif value is not None and value != "":
        yield path, str(value)
