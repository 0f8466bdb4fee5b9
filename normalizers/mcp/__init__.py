"""Model Context Protocol traffic, JSON-RPC 2.0 -> OCSF API Activity (6003).

Lines ``{"ts", "direction", "message"}`` as a proxy or tee writes them, with or without session, transport, names
and HTTP headers, and bare JSON-RPC messages: https://modelcontextprotocol.io/specification/2025-11-25/basic

- ``tools/call`` is a ``tool_call``, phase ``executed``; its result a ``tool_result``. A result names neither method
  nor tool: both come from the request, joined by session and JSON-RPC id, which is never an identity of its own.
- A list of tools, resources or prompts is one ``access`` event; each definition is scanned as
  ``tool_description`` and becomes a resource whose version is a hash of the definition.
- What servers give a model to read (resources, prompts) is scanned as ``document``.
- ``sampling/createMessage`` is an ``inference``; its answer is ``access`` with the model and the text.
- Client and server introduce themselves once, at ``initialize``: later events of the session get both names by
  the join. A JSON-RPC error does not say what it answers and stays ``access``, with the tool's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from tracehound.errors import RecordError
from tracehound.event import UNKNOWN, Event
from tracehound.join import offer, want
from tracehound.normalizers import Normalizer
from tracehound.record import Record, take, take_str

from .answers import RESULTS, failed, result, server
from .frame import Frame, holds_message, messages, other_side, surroundings, trace
from .requests import REQUESTS, Params, client, request
from .results import ASKED_BY_SERVER, method_of

INTRODUCED = (
    ("actor",), ("src_endpoint",), ("http_request", "user_agent"), ("api", "service"), ("ai", "agent"),
    ("ai", "mcp", "server"),
)  # fmt: skip
"""What client and server say of themselves for the whole session."""
VENDOR_META = "io.modelcontextprotocol/"


def normalize(record: Record) -> Iterator[Event]:
    """Map the messages of one line."""
    found = messages(record.data)
    frame = surroundings(record.data)
    frame.shared = len(found) > 1
    made = False
    for message in found:
        if not isinstance(message, dict):
            continue
        if "method" in message:
            made = True
            yield from _request(message, frame, record.stream)
        elif "result" in message or "error" in message:
            made = True
            yield from _response(message, frame, record.stream)
    if not made:
        raise RecordError("JSON-RPC without method, result or error", reason="no_message")


def _start(message: Params, frame: Frame) -> tuple[Event, str | None]:
    """The event's frame, and the JSON-RPC id: it joins a response to its request and identifies nothing."""
    event = deepcopy(frame.event) if frame.shared else frame.event
    take(message, "jsonrpc")
    uid = take_str(message, "id")
    event["api"]["request"] = {"uid": uid} if uid else None
    event["ai"]["mcp"] = {"server": frame.server, "transport": frame.transport}
    return event, uid


def _request(message: Params, frame: Frame, stream: str) -> Iterator[Event]:
    event, uid = _start(message, frame)
    method = take_str(message, "method") or UNKNOWN
    params = message["params"] if isinstance(message.get("params"), dict) else {}
    _meta(event, params)
    event["api"]["operation"] = event["ai"]["mcp"]["method"] = method
    session = ("mcp", frame.session or stream)
    sender = frame.sender or ("server" if method in ASKED_BY_SERVER else "client")
    if method == "notifications/cancelled":
        want(event, *session, sender, take_str(params, "requestId"))
    if method == "initialize":  # has no session id yet
        session = ("mcp", stream)
    else:
        want(event, *session)
    if uid:
        offer(event, *session, sender, uid)
    yield from REQUESTS.get(method, request)(event, params)


def _response(message: Params, frame: Frame, stream: str) -> Iterator[Event]:
    event, uid = _start(message, frame)
    answer = message["result"] if isinstance(message.get("result"), dict) else {}
    introduced = _meta(event, answer)
    method = method_of(answer)
    event["api"]["operation"] = UNKNOWN if method in (None, "tools/call") else method
    event["ai"]["mcp"]["method"] = method
    asked = other_side(frame.sender) if frame.sender else "server" if method in ASKED_BY_SERVER else "client"
    session = ("mcp", frame.session or stream)
    if uid:
        want(event, *(("mcp", stream) if method == "initialize" else session), asked, uid)
    if introduced or method == "initialize":
        offer(event, *session, paths=INTRODUCED)
    else:
        want(event, *session)
    if "error" in message:
        yield failed(event, message)
    else:
        event["status_id"] = 1
        for made in RESULTS.get(method or "", result)(event, answer):
            yield made if made is event else want(made, *session)


def _meta(event: Event, holder: Params) -> bool:
    """Trace context, and who speaks where each message says it (protocol 2026-07-28)."""
    meta = holder.get("_meta")
    if not isinstance(meta, dict):
        return False
    event["trace"], event["metadata"]["correlation_uid"] = trace(meta)
    if event["trace"] and event["ai"]["session_uid"] is None:
        event["ai"]["session_uid"] = event["trace"]["uid"]
    client(event, meta, VENDOR_META + "clientInfo")
    event["api"]["version"] = take_str(meta, VENDOR_META + "protocolVersion")
    return server(event, meta, VENDOR_META + "serverInfo")


NORMALIZER = Normalizer(
    name="mcp",
    matches=holds_message,
    normalize=normalize,
    product="Model Context Protocol",
    vendor="Agentic AI Foundation",
    service="mcp",
)
