"""Claude Code's OpenTelemetry events -> OCSF API Activity (6003), Process Activity (1007), Authentication (3002).

Log records of scope ``com.anthropic.claude_code.events``, as OTLP/JSON or as Elasticsearch stores them:
https://code.claude.com/docs/en/monitoring-usage#events

- ``api_request`` and ``api_error`` are the model calls. ``user_prompt``, ``assistant_response`` and the raw bodies
  tell what was said in them and are ``access``, so that no call counts twice; ``metadata.correlation_uid``, the
  prompt's id, joins them.
- ``tool_result`` is a tool's run (``tool_call``, phase ``executed``): it holds the arguments, never the result's
  text. A shell command is Process Activity where the resource names the host, else API Activity.
- ``tool_decision`` is an ``approval``. An event that is not known is ``access`` with all its attributes kept.

Prompts, responses and arguments are there only where the company switched them on; ``<REDACTED>`` counts as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from typing import Any

from tracehound.event import Event
from tracehound.guardrails import security_control
from tracehound.normalizers import Normalizer
from tracehound.otel.context import application, describe
from tracehound.otel.fields import Attributes, count, number, only, text
from tracehound.otel.host import system
from tracehound.record import Record
from tracehound.values import email

from . import calls
from .tools import decided, executed

SCOPE = "com.anthropic.claude_code.events"
SERVICES = ("claude-code", "claude-code-desktop")
PREFIX = "claude_code."
CREATE, UPDATE, LOGON, LOGOFF = 1, 3, 1, 2
OAUTH = 6
ABOUT = (
    "plugin", "skill", "marketplace", "has_", "host_owned", "command_path", "agent_path", "enabled_via",
    "safe_mode", "install.", "invocation_trigger",
)  # fmt: skip
OUTCOMES = {"true": 1, "false": 2, "connected": 1, "failed": 2, "complete": 1, "completed": 1}
"""Of success, status and result; any other word (``disconnected``, ``skipped``) is no outcome."""
Handler = Callable[[Event, dict[str, Any], Attributes], Iterator[Event]]


def matches(data: dict[str, Any]) -> bool:
    if data.get("otlp") != "log" or "malformed" in data:
        return False
    scope, resource = data.get("scope"), data.get("resource")
    if isinstance(scope, dict) and scope.get("name") == SCOPE:
        return True
    return isinstance(resource, dict) and resource.get("service.name") in SERVICES


def identify(data: dict[str, Any]) -> str | None:
    """Session, sequence and time: a session that is continued counts its events anew."""
    attributes = data.get("attributes")
    if not isinstance(attributes, dict):
        return None
    parts = [attributes.get("session.id"), attributes.get("event.sequence")]
    time = attributes.get("event.timestamp") or data.get("timeUnixNano")
    return None if None in parts or not time else f"{parts[0]}:{parts[1]}:{time}"


def normalize(record: Record) -> Iterable[Event]:
    """Map one event."""
    log = record.data
    attributes: Attributes = log["attributes"] if isinstance(log.get("attributes"), dict) else {}
    resource = log["resource"] if isinstance(log.get("resource"), dict) else {}
    for key in [k for k, v in resource.items() if k in attributes and attributes[k] == v]:
        del attributes[key]  # OTEL_RESOURCE_ATTRIBUTES are repeated on each event
    name = _name(log, attributes)
    session = attributes["session.id"] if isinstance(attributes.get("session.id"), str) else None
    user = _user(attributes, resource)
    event = describe(log, attributes)
    event["actor"] |= {
        "user": user or event["actor"]["user"],
        "session": {"uid": session, "terminal": only(attributes, "terminal.type")},
    }
    event |= {"class_uid": 6003, "api": {"operation": name or "Unknown"}}
    program = application(log, event["actor"]["app_name"] or "claude-code") or {}
    version = only(attributes, "app.version") or program["version"]
    event["message_context"] = {"application": program}
    event["metadata"] |= {
        "event_code": name,
        "sequence": number(attributes, ("event.sequence",)),
        "correlation_uid": only(attributes, "prompt.id") or event["metadata"]["correlation_uid"],
        "original_event_uid": only(attributes, "message.uuid"),
        "product": {"version": version},
    }
    mode = only(attributes, "permission_mode")
    event["metadata"]["labels"] = [f"permission_mode={mode}"] if mode else None
    event["src_endpoint"]["os"] = system(resource)
    event["ai"] |= {"activity": "access", "agent": _agent(event, attributes)}
    _outcome(event, attributes)
    _duration(event, attributes)
    return EVENTS.get(name or "", _plain)(event, log, attributes)


def _name(log: dict[str, Any], attributes: Attributes) -> str | None:
    """The event's name; in the body and in OTLP's own field it may have the prefix ``claude_code.``."""
    names = [only(attributes, "event.name"), log.get("eventName"), log.get("body")]
    found = next((n for n in names if isinstance(n, str) and n), None)
    name = found.removeprefix(PREFIX) if found else None
    for key in ("eventName", "body"):
        said = log.get(key)
        if isinstance(said, str) and said.removeprefix(PREFIX) == name:
            del log[key]
    return name


def _user(attributes: Attributes, resource: Attributes) -> Event | None:
    """The signed-in account; ``enduser.id`` is how companies without accounts stamp the user."""
    account, uuid = only(attributes, "user.account_id"), only(attributes, "user.account_uuid")
    installation = only(attributes, "user.id")
    named = only(attributes, "enduser.id") or only(resource, "enduser.id")
    mail = attributes.get("user.email")
    organisation, groups = only(attributes, "organization.id"), only(attributes, "user.groups")
    if email(mail):
        del attributes["user.email"]
    uid = account or uuid or installation
    if not (uid or named or email(mail)):
        return None
    return {
        "email_addr": email(mail) or email(named),
        "name": named,
        "uid": uid,
        "uid_alt": installation if installation != uid else None,
        "account": {"uid": uuid} if uuid else None,
        "org": {"uid": organisation} if organisation else None,
        "groups": [{"name": group.strip()} for group in (groups or "").split(",") if group.strip()],
    }


def _agent(event: Event, attributes: Attributes) -> Event:
    return {
        "name": event["actor"]["app_name"] or "claude-code",
        "uid": only(attributes, "agent_id"),
        "parent_uid": only(attributes, "parent_agent_id"),
        "type": text(attributes, ("agent.name", "agent_type")) or only(attributes, "query_source"),
    }


def _outcome(event: Event, attributes: Attributes) -> None:
    """``success`` is text; some events have ``status`` or ``result`` instead."""
    said = next(
        (k for k in ("success", "status", "result") if isinstance(attributes.get(k), (str, bool))), None
    )
    event["status_id"] = 0
    if said is not None:
        word = str(attributes.pop(said))
        event["status_id"] = OUTCOMES.get(word.lower(), 0)
        event["status_code"] = word
    http = count(attributes, ("status_code",))
    error = text(attributes, ("error_type", "error_code", "error_name", "error_category"))
    message = only(attributes, "error")
    if error or message or (http is not None and http >= 400):
        event["status_id"] = 2
        event["status_code"] = str(http) if http is not None else event.get("status_code")
        event["status_detail"] = message or error
        event["api"]["response"] = {"code": http, "error": error, "error_message": message}


def _duration(event: Event, attributes: Attributes) -> None:
    """Events are written when the operation ends."""
    took = count(attributes, ("duration_ms", "total_duration_ms", "total_retry_duration_ms"))
    if took is not None:
        event["duration"] = took
        if event.get("time") and event["time"] > took:
            event |= {"end_time": event["time"], "start_time": event["time"] - took}


def _plain(event: Event, log: dict[str, Any], _attributes: Attributes) -> Iterator[Event]:
    if isinstance(log.get("body"), str):
        event["message"] = log.pop("body")
    yield event


def _tool_result(event: Event, log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    yield executed(event, log, attributes)


def _tool_decision(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    yield decided(event, attributes)


def _permission_mode(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    old, new = only(attributes, "from_mode"), only(attributes, "to_mode")
    event |= {"activity_id": UPDATE, "status_id": 1, "status_detail": f"{old or '?'} -> {new or '?'}"}
    event["status_code"] = only(attributes, "trigger")
    event["resources"] = [{"name": new, "type": "permission mode"}] if new else None
    event["ai"]["activity"] = "config_change"
    yield event


def _auth(event: Event, log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    action = only(attributes, "action")
    event["ai"]["activity"] = "login"
    event["api"]["operation"] = action or "auth"
    if event["actor"]["user"] is not None and action in ("login", "logout"):
        event |= {"class_uid": 3002, "activity_id": LOGON if action == "login" else LOGOFF}
        event |= {"user": deepcopy(event["actor"]["user"]), "service": {"name": "Anthropic"}}
        method = only(attributes, "auth_method")
        if method:
            known = method.lower().startswith("oauth")
            event |= {
                "auth_protocol": "OAUTH 2.0" if known else method,
                "auth_protocol_id": OAUTH if known else 99,
            }
        for key in ("api", "message_context"):
            event.pop(key, None)
        trace = event.pop("trace", None)
        if trace:
            log["trace"] = trace
    yield event


def _mcp_connection(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    server = only(attributes, "server_name")
    event["ai"]["mcp"] = {"server": server, "transport": only(attributes, "transport_type")}
    event["api"]["service"] = {"name": server} if server else None
    about = _rest(attributes, ("server_scope", "is_plugin", "plugin"))
    event["resources"] = [{"name": server or "MCP server", "type": "MCP server", "data": about}]
    yield event


def _rest(attributes: Attributes, starts: tuple[str, ...]) -> Event:
    """What else the event says of its resource, under the names it has there."""
    return {key: attributes.pop(key) for key in [k for k in attributes if k.startswith(starts)]}


def _named(kind: str, activity: str = "access", activity_id: int = 99) -> Handler:
    """Events about a plugin or skill: it becomes a resource."""

    def about(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
        resource = {
            "name": text(attributes, (f"{kind}.name", "plugin.name")),
            "uid": only(attributes, "plugin_id_hash") if kind == "plugin" else None,
            "version": only(attributes, "plugin.version"),
            "namespace": only(attributes, "marketplace.name"),
            "type": kind,
            "data": _rest(attributes, ABOUT),
        }
        event["resources"] = [resource] if resource["name"] or resource["uid"] else None
        event |= {"activity_id": activity_id, "status_id": event["status_id"] or 1}
        event["ai"]["activity"] = activity
        yield event

    return about


def _settings(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    settings = _rest(attributes, ("managed_settings.",))
    event["resources"] = [{"name": "managed settings", "type": "settings", "data": settings}]
    yield event


def _hook(event: Event, _log: dict[str, Any], attributes: Attributes) -> Iterator[Event]:
    """A hook that blocks is the company's own guardrail."""
    blocking = count({"n": attributes.get("num_blocking")}, ("n",))
    hook = text(attributes, ("hook_name", "hook_event"))
    event["resources"] = [{"name": hook, "type": "hook"}] if hook else None
    if blocking:
        event["ai"]["guardrail"] = {"action": "blocked", "policy": hook, "provider": "claude-code hook"}
        event |= security_control("blocked")
    yield event


EVENTS: dict[str, Handler] = {
    "user_prompt": calls.prompt,
    "assistant_response": calls.response,
    "api_request": calls.request,
    "api_error": calls.request,
    "api_refusal": calls.refusal,
    "api_retries_exhausted": calls.about_model,
    "api_request_body": calls.body,
    "api_response_body": calls.body,
    "subagent_completed": calls.about_model,
    "tool_result": _tool_result,
    "tool_decision": _tool_decision,
    "managed_settings_resolved": _settings,
    "permission_mode_changed": _permission_mode,
    "auth": _auth,
    "mcp_server_connection": _mcp_connection,
    "plugin_installed": _named("plugin", "config_change", CREATE),
    "plugin_loaded": _named("plugin"),
    "skill_activated": _named("skill"),
    "hook_registered": _hook,
    "hook_execution_start": _hook,
    "hook_execution_complete": _hook,
}

NORMALIZER = Normalizer(
    name="claude_code",
    matches=matches,
    normalize=normalize,
    product="Claude Code",
    vendor="Anthropic",
    service="agent",
    identify=identify,
)
