"""Who, where and when of an OTLP record: actor, endpoints, device, cloud, trace, metadata, outcome.

Attribute names: https://opentelemetry.io/docs/specs/semconv/registry/attributes/
"""

from __future__ import annotations

from typing import Any

from tracehound.otel.fields import Attributes, address, only, text
from tracehound.otel.host import cloud, device, process
from tracehound.record import take, take_dict, take_str, whole
from tracehound.times import epoch_ms
from tracehound.values import email

Event = dict[str, Any]

USER_UID = (
    "enduser.id", "user.id", "user.account_uuid", "gen_ai.user", "gen_ai.request.user",
    "gen_ai.openai.request.user", "llm.user", "langfuse.user.id", "langfuse.trace.user_id",
    "traceloop.association.properties.user_id",
    "traceloop.association.properties.userId", "ai.telemetry.metadata.userId", "ai.telemetry.metadata.user_id",
    "usr.id", "user_id",
)  # fmt: skip
USER_UID_ALT = ("user.account_id", "user.hash", "enduser.pseudo.id")
USER_EMAIL = ("user.email", "enduser.email")
USER_NAME = ("user.name", "user.full_name", "enduser.name")
SESSION = (
    "gen_ai.conversation.id", "session.id", "conversation.id", "langfuse.session.id", "langfuse.trace.session_id",
    "gcp.vertex.agent.session_id", "traceloop.association.properties.session_id",
    "traceloop.association.properties.thread_id", "traceloop.association.properties.conversation_id",
    "traceloop.association.properties.chat_id", "ai.telemetry.metadata.sessionId", "thread_id",
    "mcp.session.id",
)  # fmt: skip
CLIENT_ADDRESS = ("client.address", "client.ip", "http.client_ip", "source.address", "source.ip")
PEER_ADDRESS = ("network.peer.address", "net.sock.peer.addr", "net.peer.ip")
SERVER_ADDRESS = ("server.address", "net.peer.name", "peer.address")
CLIENT_OR_PEER, SERVER_OR_PEER = (*CLIENT_ADDRESS, *PEER_ADDRESS), (*SERVER_ADDRESS, *PEER_ADDRESS)
URL = ("url.full", "http.url", "http.target", "gen_ai.openai.api_base", "llm.base_url")
TAGS = (
    "deployment.environment.name",
    "deployment.environment",
    "service.namespace",
    "telemetry.sdk.language",
)
ORGANISATION = ("organization.id", "user.organization.id", "tenant.id")
USER = frozenset((*USER_UID, *USER_UID_ALT, *USER_EMAIL, *USER_NAME, *ORGANISATION))
METHODS = {"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE", "CONNECT", "PATCH"}
METHOD = ("http.request.method", "http.method")
SCHEME = ("url.scheme", "http.scheme")
USER_AGENT = ("user_agent.original", "http.user_agent", "ai.request.headers.user-agent")
HTTP = frozenset((*METHOD, *URL, *SCHEME, *USER_AGENT, "url.path", "url.query"))
ZERO_COUNTS = ("droppedAttributesCount", "droppedEventsCount", "droppedLinksCount")


def describe(log: dict[str, Any], attributes: Attributes) -> Event:
    """The event's frame, taken out of a flat record of ``tracehound.decode.otlp`` and its attributes."""
    resource = log["resource"] if isinstance(log.get("resource"), dict) else {}
    spanned = log.pop("otlp", None) == "span"
    for name in ZERO_COUNTS:
        if name in log and not log[name]:
            del log[name]
    service = only(resource, "service.name")
    event: Event = _times(log, attributes, spanned)
    event["actor"] = actor(attributes, resource, service)
    event["cloud"] = cloud(resource)
    event["device"] = device(resource)
    event["metadata"] |= _metadata(log, resource)
    event["ai"] = {"session_uid": text(attributes, SESSION)}
    _endpoints(event, attributes, str(log.get("kind") or ""), service)
    event["http_request"] = http_request(attributes)
    event["trace"] = _trace(log, event, spanned)
    if spanned:
        event["metadata"]["type"] = take_str(log, "kind")
    if "span" in event["trace"]:
        event["trace"]["span"]["service"] = application(log, service)
    if event["ai"]["session_uid"] is None:
        event["ai"]["session_uid"] = event["trace"].get("uid")
    event["actor"]["session"] = {"uid": event["ai"]["session_uid"]} if event["actor"].get("user") else None
    return event


def _times(log: dict[str, Any], attributes: Attributes, spanned: bool) -> Event:
    """A span's start, a log record's own time; of a log without one, the time it was observed."""
    event: Event = {"metadata": {}}
    names = ("startTimeUnixNano", "endTimeUnixNano") if spanned else ("timeUnixNano", "observedTimeUnixNano")
    first, second = (log.get(name) for name in names)
    began, ended = epoch_ms(first), epoch_ms(second)
    if began is not None:
        log.pop(names[0])
        event["metadata"]["original_time"] = str(first)
    elif first in ("0", 0):
        log.pop(names[0])
    if spanned:
        if ended is not None:
            log.pop(names[1])
        event |= {"time": began or ended, "start_time": began, "end_time": ended}
        if began is not None and ended is not None and ended >= began:
            event["duration"] = ended - began
        return event
    stamp = attributes.get("event.timestamp")
    said = epoch_ms(stamp)
    if said is not None and began in (None, said):
        attributes.pop("event.timestamp")
        if began is None:
            began = said
            event["metadata"]["original_time"] = str(stamp)
    if ended is not None:
        log.pop(names[1])
        event["metadata"]["logged_time"] = ended
        if began is None:
            began = ended
            event["metadata"]["original_time"] = str(second)
    event["time"] = began
    return event


def application(log: dict[str, Any], name: str | None) -> Event | None:
    """The emitting service, with version and instance the first time it is asked for."""
    resource = log["resource"] if isinstance(log.get("resource"), dict) else {}
    version = only(resource, "service.version") if "service.version" in resource else None
    uid = only(resource, "service.instance.id") if "service.instance.id" in resource else None
    return {"name": name, "version": version, "uid": uid} if name else None


def actor(attributes: Attributes, resource: Attributes, service: str | None) -> Event:
    """The user, from the record or, where the company stamps its exports, from the resource."""
    user = None
    if not (USER.isdisjoint(attributes) and USER.isdisjoint(resource)):
        user = _user(attributes, resource)
    return {"user": user, "app_name": service, "process": process(resource)}


def _user(attributes: Attributes, resource: Attributes) -> Event | None:
    uid = text(attributes, USER_UID) or text(resource, USER_UID)
    mail = _email(attributes) or _email(resource)
    name = text(attributes, USER_NAME) or text(resource, USER_NAME)
    user: Event = {
        "uid": uid,
        "uid_alt": text(attributes, USER_UID_ALT),
        "name": name,
        "email_addr": mail or email(uid) or email(name),
    }
    organisation = text(attributes, ORGANISATION)
    if organisation:
        user["org"] = {"uid": organisation}
    return user if uid or mail or name else None


def _email(attributes: Attributes) -> str | None:
    if attributes.keys().isdisjoint(USER_EMAIL):
        return None
    said = next((attributes.get(name) for name in USER_EMAIL if attributes.get(name)), None)
    return text(attributes, USER_EMAIL) if email(said) else None


def _metadata(log: dict[str, Any], resource: Attributes) -> Event:
    scope = take_dict(log, "scope")
    name, version = take_str(scope, "name"), take_str(scope, "version")
    if scope:
        log["scope"] = scope
    loggers = [{"name": name, "version": version}] if name else []
    sdk = only(resource, "telemetry.sdk.name")
    if sdk:
        loggers.append({"name": sdk, "version": only(resource, "telemetry.sdk.version")})
    tags = [
        {"name": name, "value": said} for name in TAGS if name in resource and (said := only(resource, name))
    ]
    level = take_str(log, "severityText")
    if level:
        log.pop("severityNumber", None)  # says the same
    return {
        "log_provider": name,
        "loggers": loggers,
        "log_level": level,
        "tags": tags,
    }


def _endpoints(event: Event, attributes: Attributes, kind: str, service: str | None) -> None:
    """``client.address``, else the peer of a server's span, is the source; the server's address the target."""
    sources, targets = (
        (CLIENT_OR_PEER, SERVER_ADDRESS) if kind == "SERVER" else (CLIENT_ADDRESS, SERVER_OR_PEER)
    )
    ip, port = _address(attributes, sources)
    source: Event = {"ip": ip, "port": port or _port(attributes, ("client.port",))}
    if ip is None and kind != "SERVER":
        own = event["device"] or {}
        source |= {"ip": own.get("ip"), "hostname": own.get("hostname"), "svc_name": service}
    if ip is None:
        source["domain"] = only(attributes, "client.address")
    event["src_endpoint"] = source
    target, target_port = _address(attributes, targets)
    named = text(attributes, SERVER_ADDRESS)
    port = _port(attributes, ("server.port", "net.peer.port")) or target_port
    event["dst_endpoint"] = {"ip": target, "hostname": named, "port": port} if target or named else None


def _address(attributes: Attributes, names: tuple[str, ...]) -> tuple[str | None, int | None]:
    for name in names:
        if name not in attributes:
            continue
        ip, port = address(attributes[name])
        if ip is not None:
            del attributes[name]
            return ip, port
    return None, None


def _port(attributes: Attributes, names: tuple[str, ...]) -> int | None:
    for name in names:
        found = whole(attributes[name]) if name in attributes else None
        if found is not None and 0 < found <= 65535:
            del attributes[name]
            return found
    return None


def http_request(attributes: Attributes) -> Event:
    """The request; empty where no attribute tells of one."""
    if HTTP.isdisjoint(attributes):
        return {}
    method = attributes.get("http.request.method", attributes.get("http.method"))
    said = method.upper() if isinstance(method, str) and method.upper() in METHODS else None
    if said:
        text(attributes, METHOD)
    url = {
        "url_string": text(attributes, URL),
        "path": only(attributes, "url.path"),
        "query_string": only(attributes, "url.query"),
        "scheme": text(attributes, SCHEME),
    }
    agent = text(attributes, USER_AGENT)
    located = url["url_string"] or url["path"]
    return {"http_method": said, "url": url if located else None, "user_agent": agent}


def _trace(log: dict[str, Any], event: Event, spanned: bool) -> Event:
    """Trace and span; a log record has no span of its own, so its span id is what it shares with the span."""
    uid, span = take_str(log, "traceId"), take_str(log, "spanId")
    event["metadata"]["correlation_uid"] = span
    if uid is None:
        return {}
    trace: Event = {"uid": uid}
    flags = take(log, "flags")
    if flags is not None:
        trace["flags"] = [str(flags)] if isinstance(flags, (int, str)) and flags else None
    if spanned and span and event.get("start_time") and event.get("end_time"):
        status = log.get("status")
        code = status.get("code") if isinstance(status, dict) else None
        trace["span"] = {
            "uid": span,
            "parent_uid": take_str(log, "parentSpanId"),
            "operation": take_str(log, "name"),
            "start_time": event["start_time"],
            "end_time": event["end_time"],
            "duration": event.get("duration"),
            "status_code": code if isinstance(code, str) else None,
        }
    return trace
