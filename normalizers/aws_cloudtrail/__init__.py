"""AWS CloudTrail -> OCSF API Activity (6003), Datastore Activity (6005), Authentication (3002).

Bedrock, Bedrock Agents, AgentCore and SageMaker are read in depth; events of any other AWS service become plain
API Activity, so that a trail is read whole. CloudTrail has no prompts, answers or tokens: the model, the caller,
the address and the outcome. What was said is in Bedrock's invocation log, which takes the address from here.

Parameters: ``api.request.data`` and ``api.response.data`` keep them whole. For rules, each parameter is also a
label of the first resource, ``resources[].labels``: the path with dots, ``=``, the value, as in
``loggingConfig.textDataDeliveryEnabled=false`` or ``directInternetAccess=Enabled``; lists add nothing to the
path, and a parameter that was not sent has no label. What is said of the call itself (``additionalEventData``,
TLS, ``readOnly``, ``sessionCredentialFromConsole``) is a flag of the same form in ``api.request.flags``.
An operation on a setting of the account (invocation logging) has the account as its resource.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from tracehound.event import TEXTS, Event
from tracehound.join import offer
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_dict, take_str, whole
from tracehound.times import epoch_ms

from . import identity, resources
from .ai import (
    CODE_INTERPRETER,
    GATEWAY,
    INFERENCE,
    described,
    first,
    inner,
    knowledge_base,
    refused_model,
)

AI_SOURCES = ("bedrock", "sagemaker")
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
VERBS = {
    READ: "Check Describe Detect Get Head List Lookup Query Scan Search Validate View",
    DELETE: "Delete Deregister Detach Disassociate Purge Remove Revoke Terminate",
    UPDATE: "Cancel Disable Modify Prepare Restore Set Stop Tag Untag Update",
    CREATE: "Add Allocate Associate Attach Copy Create Enable Import Ingest Put Register Run Start Upload",
}
VERB = {verb: activity for activity, verbs in VERBS.items() for verb in verbs.split()}
FIRST_WORD = re.compile(r"(?:Batch)?([A-Z][a-z]*)")
RETRIEVAL = frozenset(
    (
        "Retrieve",
        "RetrieveAndGenerate",
        "RetrieveAndGenerateStream",
        "RetrieveMemoryRecords",
        "GetDocumentContent",
    )
)
LOGINS = {"ConsoleLogin": 1, "UserAuthentication": 1, "Logout": 2}
# S3's object operations -> Datastore Activity.
OBJECTS = {
    "GetObject": 1, "HeadObject": 1, "CopyObject": 5, "PutObject": 5, "CompleteMultipartUpload": 5,
    "DeleteObject": 7, "DeleteObjects": 7, "ListObjects": 8,
}  # fmt: skip
# Of these CloudTrail documents that an error code is there when, and only when, the call failed.
CALLS = (None, "AwsApiCall", "AwsConsoleAction")
SESSIONS = ("sessionId", "runtimeSessionId", "mcpSessionId", "sessionIdentifier")
PROMPTS = (("inputText",), ("input", "text"), ("retrievalQuery", "text"))
MAX_SCRIPT = 65_536
# What the log of the invocation's content lacks.
OFFERED = (
    ("actor",),
    ("actor", "session"),
    ("src_endpoint",),
    ("dst_endpoint",),
    ("http_request", "user_agent"),
)


def normalize(record: Record) -> Iterable[Event]:
    """Map one call; EventBridge delivers it as ``detail`` of an event of its own."""
    log = record.data
    if "eventSource" not in log:
        log.update(take_dict(log, "detail"))
    source, name = take_str(log, "eventSource") or "Unknown", take_str(log, "eventName") or "Unknown"
    request, response = take_dict(log, "requestParameters"), take_dict(log, "responseElements")
    if take(response, "credentials", "sessionToken"):
        response["credentials"]["sessionToken"] = resources.HIDDEN[1]  # AssumeRole: a secret is not kept
    ai = source.startswith(AI_SOURCES)
    activity = _activity(name, log, request, ai)
    actor = identity.actor(log)
    cloud = identity.cloud(log, actor["user"])
    plain = activity in ("access", "config_change")
    event: Event = {
        "class_uid": 6003,
        "activity_id": _verb(name, log) if plain else OTHER,
        "time": epoch_ms(log.get("eventTime")),
        **_outcome(log, name, response),
        "actor": actor,
        "src_endpoint": identity.origin(log),
        "dst_endpoint": {"hostname": take_str(log, "tlsDetails", "clientProvidedHostHeader")},
        "http_request": {"user_agent": take_str(log, "userAgent")},
        "cloud": cloud,
        "ai": {"activity": activity, "session_uid": first(request, *SESSIONS)},
    }
    named = request
    if ai:
        refused = refused_model(event.get("status_detail"))
        named = request or ({"modelId": refused} if refused else {})
        event["ai"] |= described(name, named, response)
        _texts(event, request)
    event["resources"] = _resources(log, named, response, cloud)
    event["api"] = _api(log, source, name, event, request, response)
    event["metadata"] = _metadata(log)
    return [_shaped(event, name, request, log)]


def _activity(name: str, log: dict[str, Any], request: dict[str, Any], ai: bool) -> str:
    if name in LOGINS:
        return "login"
    if ai and name in RETRIEVAL:
        return "retrieval"
    if ai and (
        name == CODE_INTERPRETER or (name in GATEWAY and inner(request, "body").get("method") == "tools/call")
    ):
        return "tool_call"
    if ai and name not in GATEWAY and INFERENCE.fullmatch(name):
        return "inference"
    read_only = str(log.get("readOnly")).lower()
    if read_only == "true" or name in GATEWAY or (read_only != "false" and _verb(name, log) == READ):
        return "access"
    return "config_change"


def _verb(name: str, log: dict[str, Any]) -> int:
    word = FIRST_WORD.match(name)
    found = VERB.get(word[1]) if word else None
    return found or (READ if log.get("readOnly") is True else OTHER)


def _outcome(log: dict[str, Any], name: str, response: dict[str, Any]) -> dict[str, Any]:
    """An error code means failure and, for calls, its absence success; a gateway tells by its HTTP status."""
    code, detail = take_str(log, "errorCode"), take_str(log, "errorMessage")
    if code or detail:
        return {"status_id": 2, "status_code": code, "status_detail": detail}
    if name in LOGINS:
        said = first(response, name) or first(log.get("serviceEventDetails"), name)
        if said:
            return {"status_id": {"Success": 1, "Failure": 2}.get(said, 0), "status_code": said}
    http = whole(response.get("statusCode"))
    if http is not None:
        body = response.get("body")
        error = body.get("error") if isinstance(body, dict) else None
        message = error.get("message") if isinstance(error, dict) else None
        return {
            "status_id": 2 if http >= 400 or error else 1,
            "status_code": str(http),
            "status_detail": message if isinstance(message, str) else None,
        }
    return {"status_id": 1 if log.get("eventType") in CALLS else 0}


def _texts(event: Event, request: dict[str, Any]) -> None:
    """A question that AWS did not hide, and scripts that will run: scanned, the question stored as prompt."""
    texts = []
    for path in PROMPTS:
        holder = request.get(path[0]) if len(path) > 1 else request
        text = holder.get(path[-1]) if isinstance(holder, dict) else None
        if isinstance(text, str) and text and text not in resources.HIDDEN:
            event["ai"]["prompt_text"] = take(request, *path)
            texts.append(("prompt", text, False))
            break
    for hook in ("onCreate", "onStart"):
        texts += [("tool_call", script, False) for script in _scripts(request.get(hook))]
    event[TEXTS] = texts


def _scripts(hook: Any) -> Iterator[str]:
    """Lifecycle scripts of notebooks: ``[{"content": base64}]``."""
    for one in hook if isinstance(hook, list) else ():
        content = one.get("content") if isinstance(one, dict) else None
        if isinstance(content, str) and len(content) <= MAX_SCRIPT * 2:
            try:
                yield base64.b64decode(content, validate=True).decode("utf-8", "replace")
            except (binascii.Error, ValueError):
                yield content


def _resources(
    log: dict[str, Any], request: dict[str, Any], response: dict[str, Any], cloud: dict[str, Any]
) -> list[dict[str, Any]]:
    listed = log.get("resources")
    found = resources.resources(listed, request, response)
    if isinstance(listed, list) and all(isinstance(one, dict) and one.get("ARN") for one in listed):
        del log["resources"]
    labels = resources.labels(request)
    if labels and not found and cloud["account"]:
        found = [{"uid": cloud["account"]["uid"], "type": "AWS::Account"}]
    if found:
        found[0]["labels"] = labels
    return found


def _api(
    log: dict[str, Any],
    source: str,
    name: str,
    event: Event,
    request: dict[str, Any],
    response: dict[str, Any],
) -> dict[str, Any]:
    """The call with its parameters; without a request id OCSF has no place for them, and they stay unmapped."""
    api: dict[str, Any] = {
        "operation": name,
        "service": {"name": source},
        "version": take_str(log, "apiVersion"),
        "response": {"data": response},
    }
    request_id, code = take_str(log, "requestID"), event.get("status_code")
    if request_id:
        api["request"] = {"uid": request_id, "flags": _flags(log), "data": request}
        if event["ai"]["activity"] == "inference":
            offer(event, "aws_request", request_id, paths=OFFERED)
    elif request:
        log["requestParameters"] = request
    if code and name not in LOGINS:
        said = {"code": int(code)} if code.isdecimal() else {"error": code}
        api["response"] |= said | {"error_message": event.get("status_detail")}
    return api


def _flags(log: dict[str, Any]) -> list[str]:
    """What is said of the call itself; what is too much for flags stays where it is."""
    flags: list[str] = []
    for key in ("readOnly", "sessionCredentialFromConsole", "tlsDetails", "additionalEventData"):
        if isinstance(log.get(key), (bool, str, dict)):
            found = resources.labels({key: log[key]} if not isinstance(log[key], dict) else log[key])
            if len(found) < resources.MAX_LABELS and all(len(flag) < resources.MAX_LABEL for flag in found):
                del log[key]
                flags += found
    return flags


def _metadata(log: dict[str, Any]) -> dict[str, Any]:
    management = log.get("managementEvent")
    category = take_str(log, "eventCategory")
    if isinstance(management, bool) and category in (None, "Management" if management else "Data"):
        category = "Management" if log.pop("managementEvent") else "Data"
    told = epoch_ms(log.get("eventTime")) is not None
    return {
        "original_time": str(log.pop("eventTime")) if told else None,
        "log_name": category,
        "log_version": take_str(log, "eventVersion"),
        "type": take_str(log, "eventType"),
        "original_event_uid": take_str(log, "eventID"),
        "correlation_uid": take_str(log, "sharedEventID"),
    }


def _shaped(event: Event, name: str, request: dict[str, Any], log: dict[str, Any]) -> Event:
    """A login, an access to a store that is named, or the call that it is."""
    user = event["actor"].get("user")
    if name in LOGINS and user:
        factors = log.get("additionalEventData")
        used = factors.get("MFAUsed") if isinstance(factors, dict) else None
        event |= {
            "class_uid": 3002,
            "activity_id": LOGINS[name],
            "user": deepcopy(user),
            "service": {**event["api"]["service"]},
        }
        event["is_mfa"] = {"Yes": True, "No": False}.get(used) if isinstance(used, str) else None
        del event["resources"]
        return event
    base = first(request, "knowledgeBaseId") or first(knowledge_base(request), "knowledgeBaseId")
    bucket = first(request, "bucketName")
    if event["ai"]["activity"] == "retrieval" and base:
        store = {"uid": base, "type_id": 99, "type": "Knowledge Base"}
        event |= {"activity_id": 4, "type_id": 1, "type": "Database", "database": store}
    elif event["api"]["service"]["name"] == "s3.amazonaws.com" and name in OBJECTS and bucket:
        key = first(request, "key")
        store = {"name": bucket, "type_id": 1, "type": "S3"}
        if key:
            store["file"] = {"name": key.rpartition("/")[2] or key, "path": key, "type_id": 1}
        event |= {"activity_id": OBJECTS[name], "type_id": 2, "type": "Databucket", "databucket": store}
    else:
        return event
    event["class_uid"] = 6005
    del event["resources"]
    return event


def _matches(data: dict[str, Any]) -> bool:
    detail = data.get("detail") if "detail-type" in data else data
    return (
        isinstance(detail, dict)
        and "eventSource" in detail
        and "eventName" in detail
        and "awsRegion" in detail
    )


def _identify(data: dict[str, Any]) -> str | None:
    detail = data if "eventSource" in data else data.get("detail")
    uid = detail.get("eventID") if isinstance(detail, dict) else None
    return uid if isinstance(uid, str) and uid else None


NORMALIZER = Normalizer(
    name="aws_cloudtrail",
    matches=_matches,
    normalize=normalize,
    product="CloudTrail",
    vendor="AWS",
    service="cloud_audit",
    identify=_identify,
)
