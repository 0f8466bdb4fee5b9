"""What surrounds JSON-RPC messages in a log: time, session, direction, who and where.

Loggers and proxies agree on no names; these are the ones in use. What is not known stays in the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from tracehound.otel.fields import address
from tracehound.record import take, take_str
from tracehound.times import epoch_ms
from tracehound.values import email

Event = dict[str, Any]

MESSAGE_KEYS = ("message", "msg", "payload", "frame", "jsonrpc_message", "mcp_message")
TIME = ("ts", "timestamp", "@timestamp", "time", "datetime", "created_at", "date")
SESSION = (
    "session_id",
    "sessionId",
    "mcp_session_id",
    "mcpSessionId",
    "session",
    "connection_id",
    "connectionId",
)
DIRECTION = ("direction", "dir")
TRANSPORT = ("transport", "transport_type", "transportType")
SERVER = ("server", "server_name", "serverName", "mcp_server", "mcpServer", "server_id")
CLIENT = ("client", "client_name", "clientName", "agent", "agent_name")
USER = ("user", "username", "user_name", "user_id", "userId", "user_email", "principal", "subject", "sub")
ADDRESS = (
    "remote_addr",
    "remote_address",
    "client_ip",
    "clientIp",
    "client_addr",
    "source_ip",
    "src_ip",
    "peer",
    "ip",
)
HOST = ("host", "hostname", "host_name")
URL = ("url", "endpoint", "server_url", "serverUrl")
SECRET_HEADERS = ("authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key", "api-key")
REMOVED = "[removed]"
MAX_TEXT = 64 * 1024 * 1024
OPPOSITE = {
    "in": "out", "out": "in", "inbound": "outbound", "outbound": "inbound", "incoming": "outgoing",
    "outgoing": "incoming", "sent": "received", "received": "sent", "send": "recv", "recv": "send",
    "request": "response", "response": "request", "read": "write", "write": "read", "stdin": "stdout",
    "stdout": "stdin", "client": "server", "server": "client",
}  # fmt: skip


@dataclass(slots=True)
class Frame:
    """``sender`` is ``client``, ``server`` or a word of the log's own; None where the log does not say."""

    event: Event
    session: str | None
    sender: str | None
    server: str | None
    transport: str | None
    shared: bool = False
    """Whether several messages stand in it."""


def messages(line: dict[str, Any]) -> list[Any]:
    """Take the JSON-RPC messages out of a line: one, a batch, or the line itself."""
    if "jsonrpc" in line:
        return [line]
    for key in MESSAGE_KEYS:
        value = _parsed(line.get(key))
        if isinstance(value, dict) and "jsonrpc" in value:
            line[key] = value
            return [value]
        if isinstance(value, list) and any(isinstance(item, dict) and "jsonrpc" in item for item in value):
            line[key] = value
            return value
    return []


def holds_message(line: dict[str, Any]) -> bool:
    """Whether a line is or surrounds JSON-RPC 2.0, by a look at a few keys."""
    if line.get("jsonrpc") == "2.0":
        return "method" in line or "result" in line or "error" in line
    for key in MESSAGE_KEYS:
        value = line.get(key)
        if isinstance(value, str):
            if value[:1] in ("{", "[") and '"jsonrpc"' in value:
                return True
            continue
        if isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, dict) and value.get("jsonrpc") == "2.0":
            return True
    return False


def _parsed(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in ("{", "[") and len(value) < MAX_TEXT:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def surroundings(line: dict[str, Any]) -> Frame:
    """Take time, session, direction, who and where out of a line."""
    headers = _headers(line)
    session = _text(line, SESSION) or take_str(headers, "mcp-session-id")
    server, client, user = _text(line, SERVER), _text(line, CLIENT), _text(line, USER)
    transport = _text(line, TRANSPORT)
    stamp = next((line[key] for key in TIME if epoch_ms(line.get(key)) is not None), None)
    if stamp is not None:
        line.pop(next(key for key in TIME if line.get(key) is stamp))
    source = next((key for key in ADDRESS if address(line.get(key))[0]), None)
    ip, port = address(line.pop(source)) if source else (None, None)
    url = next((key for key in URL if isinstance(line.get(key), str) and "://" in line[key]), None)
    event: Event = {
        "class_uid": 6003,
        "time": epoch_ms(stamp),
        "api": {"service": {"name": server} if server else None},
        "actor": {"user": _user(user), "app_name": client},
        "src_endpoint": {"ip": ip, "port": port, "hostname": _text(line, HOST)},
        "http_request": {
            "user_agent": take_str(headers, "user-agent"),
            "url": {"url_string": line.pop(url)} if url else None,
        },
        "metadata": {
            "original_time": None if stamp is None else str(stamp),
            "log_name": "JSON-RPC",
            "type": next((line[key] for key in DIRECTION if isinstance(line.get(key), str)), None),
        },
        "ai": {"session_uid": session, "agent": {"name": client}},
    }
    if not (event["actor"]["user"] or client):
        event["actor"] = None
    return Frame(event, session, _sender(line), server, transport)


def _text(line: dict[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = line.get(key)
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            return take_str(value, "name")
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return take_str(line, key)
    return None


def _headers(line: dict[str, Any]) -> dict[str, Any]:
    """The HTTP headers in lower case, left in the line without what would let anybody in."""
    for key in ("headers", "http_headers", "request_headers"):
        found = line.get(key)
        if isinstance(found, dict):
            lower = {str(name).lower(): value for name, value in found.items()}
            for name in SECRET_HEADERS:
                if name in lower:
                    lower[name] = REMOVED
            line[key] = lower
            return lower
    return {}


def _user(said: str | None) -> Event | None:
    if said is None:
        return None
    return {"email_addr": email(said), "name": None if email(said) else said}


def _sender(line: dict[str, Any]) -> str | None:
    """Who sent the message: ``client->server``, ``server_to_client``, ``c2s``, ``in``..."""
    key = next((k for k in DIRECTION if isinstance(line.get(k), str)), None)
    if key is None:
        return None
    said: str = line[key].strip().lower()
    line.pop(key)
    client, server = said.find("client"), said.find("server")
    if client >= 0 and server >= 0:
        return "client" if client < server else "server"
    return {"c2s": "client", "s2c": "server"}.get(said, said)


def other_side(sender: str | None) -> str | None:
    """Who receives what the sender sends."""
    return OPPOSITE.get(sender or "", sender)


def trace(meta: Any) -> tuple[Event | None, str | None]:
    """Trace and calling span of a W3C ``traceparent`` in ``_meta``: https://www.w3.org/TR/trace-context/"""
    parent = meta.get("traceparent") if isinstance(meta, dict) else None
    parts = parent.split("-") if isinstance(parent, str) else []
    if len(parts) < 4 or len(parts[1]) != 32 or not parts[1].strip("0"):
        return None, None
    take(meta, "traceparent")
    return {"uid": parts[1].lower(), "flags": [parts[3]]}, parts[2].lower()
