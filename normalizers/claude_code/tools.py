"""Claude Code's tool events: names, arguments, shell commands, permission decisions.

https://code.claude.com/docs/en/monitoring-usage#tool-result-event
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tracehound.chat import as_text, parsed
from tracehound.event import TEXTS, split_tool_name
from tracehound.guardrails import security_control
from tracehound.otel.fields import Attributes, only

Event = dict[str, Any]

SHELLS = {"Bash": "bash", "PowerShell": "powershell"}
LAUNCH = 1
TOOL_ROLE = 3
HIDDEN_NAME = "mcp_tool"
AFTER_THE_CALL = ("git_commit_id",)
"""Parameters that are no arguments."""


@dataclass(slots=True)
class Call:
    name: str | None
    server: str | None
    kind: str
    uid: str | None
    arguments: str | None
    command: str | None
    program: str | None


def executed(event: Event, log: dict[str, Any], attributes: Attributes) -> Event:
    """A tool has run: ``tool_call``, phase ``executed``."""
    call = _call(attributes)
    decision, source = only(attributes, "decision_type"), only(attributes, "decision_source")
    _describe(event, call)
    error = (event["api"].get("response") or {}).get("error_message")
    event["ai"]["activity"] = "tool_call"
    event["ai"]["tool"] |= {
        "phase": "executed",
        "result_text": error,
        "status": {1: "success", 2: "failure"}.get(event["status_id"], "unknown"),
    }
    if decision or source:
        event["ai"]["approval"] = {"decision": verdict(decision, source), "source": source}
    event[TEXTS] = [(d, t, False) for d, t in (("tool_call", call.arguments), ("tool_result", error)) if t]
    if error:  # what a tool says is content: it is kept where the privacy setting rules
        event["api"]["response"]["error_message"] = None
        event["status_detail"] = event["api"]["response"]["error"]
    if call.name in SHELLS and event.get("device") and call.uid:
        _as_process(event, log, call)
    return event


def decided(event: Event, attributes: Attributes) -> Event:
    """Somebody or something let the tool run, or not."""
    call = _call(attributes)
    decision, source = only(attributes, "decision"), only(attributes, "source")
    _describe(event, call)
    made = verdict(decision, source)
    denied = made == "denied"
    event["status_id"] = {"denied": 2, "unknown": 0}.get(made, 1)
    event["status_code"] = decision
    event |= security_control({"denied": "blocked", "unknown": None}.get(made, "allowed"))
    event["ai"] |= {"activity": "approval", "approval": {"decision": made, "source": source}}
    event["ai"]["tool"] |= {"phase": "requested", "status": "denied" if denied else "unknown"}
    event[TEXTS] = [("tool_call", call.arguments, False)] if call.arguments else []
    return event


def verdict(decision: str | None, source: str | None) -> str:
    """approved: by the user; auto_approved: by configuration or a hook; denied: by whomever."""
    if decision == "reject":
        return "denied"
    if decision == "accept":
        return "approved" if (source or "").startswith("user") else "auto_approved"
    return "unknown"


def _describe(event: Event, call: Call) -> None:
    event["api"] |= {
        "operation": call.name or event["api"]["operation"],
        "service": {"name": call.server} if call.server else None,
        "request": {"uid": call.uid} if call.uid else None,
    }
    event["metadata"]["original_event_uid"] = call.uid
    event["message_context"] = (event.get("message_context") or {}) | {"ai_role_id": TOOL_ROLE}
    event["ai"]["tool"] = {
        "name": call.name,
        "type": call.kind,
        "server": call.server,
        "arguments_text": call.arguments,
    }
    if call.server:
        event["ai"]["mcp"] = {"server": call.server, "method": "tools/call"}


def _call(attributes: Attributes) -> Call:
    said = only(attributes, "tool_name")
    source = only(attributes, "tool_source")
    parameters = _taken(attributes, "tool_parameters")
    given = _taken(attributes, "tool_input")
    name, server = split_tool_name(said)
    command = program = None
    if isinstance(parameters, dict):
        server = _string(parameters, "mcp_server_name") or server
        named = _string(parameters, "mcp_tool_name")
        name = named or name
        command = _string(parameters, "full_command") or _string(parameters, "bash_command", keep=True)
        program = _string(parameters, "bash_command")
        left = {key: parameters.pop(key) for key in AFTER_THE_CALL if key in parameters}
        if left:
            attributes["tool_parameters"] = left
    arguments = _arguments(given, parameters, command)
    mcp = server is not None or said == HIDDEN_NAME or (source or "").endswith("mcp")
    if command is None and isinstance(given, dict) and isinstance(given.get("command"), str):
        command = given["command"]
    return Call(
        name,
        server,
        "mcp" if mcp else source or "builtin",
        only(attributes, "tool_use_id"),
        arguments,
        command,
        program,
    )


def _taken(attributes: Attributes, name: str) -> Any:
    value = attributes.get(name)
    if isinstance(value, (str, dict)):
        return parsed(attributes.pop(name)) or None
    return None


def _string(data: dict[str, Any], key: str, *, keep: bool = False) -> str | None:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        return None
    if not keep:
        del data[key]
    return value


def _arguments(given: Any, parameters: Any, command: str | None) -> str | None:
    """The tool's input (values above 512 characters are cut) with the whole command; else the parameters."""
    if given is None:
        given = parameters if isinstance(parameters, dict) else as_text(parameters)
        if isinstance(given, dict) and command is not None:
            given = {"command": command, **given}
        return as_text(given) if given else None
    if isinstance(given, dict):
        if isinstance(parameters, dict):
            given = {**given, **{key: value for key, value in parameters.items() if key not in given}}
        if command is not None and "command" in given:
            given = {**given, "command": command}
    return as_text(given)


def _as_process(event: Event, log: dict[str, Any], call: Call) -> None:
    """A shell command on a host that is known: OCSF Process Activity."""
    event |= {
        "class_uid": 1007,
        "activity_id": LAUNCH,
        "process": {
            "uid": call.uid,
            "name": call.program or SHELLS[str(call.name)],
            "cmd_line": call.command,
        },
    }
    for key in ("api", "src_endpoint", "dst_endpoint", "http_request", "resources"):
        event.pop(key, None)
    trace = event.pop("trace", None)  # Process Activity has none
    if trace:
        log["trace"] = trace
