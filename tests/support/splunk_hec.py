"""The HTTP Event Collector of the Splunk stand-in. It was written from documentation, not from a Splunk.

Pages of Splunk Enterprise and Cloud (Getting Data In, REST API Reference): "HTTP Event Collector REST API
endpoints", "Troubleshoot HTTP Event Collector" (all codes and their statuses), "About HTTP Event Collector Indexer
Acknowledgment", "services/collector/health", limits.conf [http_input]. Where they are silent, as others measured on
Enterprise 10.4 and Cloud 10.5: ids of acknowledgements count from 0 in each channel, an id is told true once and
forgotten, of another channel it is false; a 400 behind indexed events has an ackId too; Cloud says code 28 for a
missing channel and code 6, event 0, to a body over 5 MiB; OPTIONS is always right; deflate is 415.
"""

from __future__ import annotations

import base64
import binascii
import json
import threading
import uuid
import zlib
from dataclasses import replace
from typing import Any

from splunk_hec_events import Parsed, Token, parse
from splunk_http import Answer, Faults, Request, Reset, Say
from splunk_index import Indexes

CODES: dict[int, tuple[int, str]] = {
    0: (200, "Success"),
    1: (403, "Token disabled"),
    2: (401, "Token is required"),
    3: (401, "Invalid authorization"),
    4: (403, "Invalid token"),
    5: (400, "No data"),
    6: (400, "Invalid data format"),
    7: (400, "Incorrect index"),
    8: (500, "Internal server error"),
    9: (503, "Server is busy"),
    10: (400, "Data channel is missing"),
    11: (400, "Invalid data channel"),
    12: (400, "Event field is required"),
    13: (400, "Event field cannot be blank"),
    14: (400, "ACK is disabled"),
    15: (400, "Error in handling indexed fields"),
    16: (400, "Query string authorization is not enabled"),
    17: (200, "HEC is healthy"),
    18: (503, "HEC is unhealthy, queues are full"),
    19: (503, "HEC is unhealthy, ack service unavailable"),
    20: (503, "HEC is unhealthy, queues are full, ack service unavailable"),
    21: (400, "Invalid token"),
    22: (400, "Token disabled"),
    23: (503, "Server is shutting down"),
    24: (200, "HEC queue is approaching its capacity limit"),
    25: (200, "HEC ACK is approaching its capacity limit"),
    26: (429, "HEC queue is at capacity and cannot process any more requests"),
    27: (429, "HEC ACK channel is at capacity and cannot process any more requests"),
    28: (
        400,
        (
            "Data channel is missing. If you have multiple indexers, sticky session load balancers must be "
            "provisioned and client requests must be routed accordingly."
        ),
    ),
}
EVENTS = {f"/services/collector{tail}" for tail in ("", "/1.0", "/event", "/event/1.0")}
RAW = {"/services/collector/raw", "/services/collector/raw/1.0"}
ACK = {"/services/collector/ack", "/services/collector/ack/1.0"}
HEALTH = {"/services/collector/health", "/services/collector/health/1.0"}
MISSING = {"text": "The requested URL was not found on this server.", "code": 404}
CLOUD_BYTES = 5_242_880


def reply(code: int, headers: dict[str, str] | None = None, **more: Any) -> Answer:
    """The documented answer with a code."""
    status, text = CODES[code]
    return Answer(status, {"text": text, "code": code, **more}, headers=headers or {})


class HecFaults(Faults):
    """What goes wrong at the collector, beside what does on every port."""

    def __init__(self) -> None:
        super().__init__()
        self.ack_never = False
        """No id is told true; events are indexed."""
        self.ack_polls = 0
        """How often an id is told false before it is true."""
        self.lose = 0
        """So many requests from now on are accepted, never indexed and never acknowledged: an indexer died."""
        self.reject: tuple[str, ...] = ()
        """An event whose envelope holds one of these texts is refused with code 6."""
        self.queue_full = False
        """Events are answered with code 9, health with 18."""
        self.ack_down = False
        """Health is 19 (20 with a full queue)."""
        self.stopping = False
        """The server is shutting down: code 23."""
        self.no_index: set[str] = set()
        """Indexes that no token may write to any more: code 7."""

    def busy(
        self,
        times: int = 1,
        *,
        seconds: float | None = None,
        retry_after: int | None = None,
        code: int = 9,
        path: str = "",
    ) -> None:
        """503 (code 9), or 429 with code 26 or 27, with or without Retry-After; nothing is indexed."""
        status, text = CODES[code]
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self.add(Say(status, {"text": text, "code": code}, headers), times=times, seconds=seconds, path=path)

    def ack_lost(self, times: int = 1) -> None:
        """The answer about acknowledgements is lost; the server has forgotten the ids that it told true."""
        self.add(Reset(after=True), times=times, path="/ack")


class _Channel:
    """Ids of one channel of one token: how often each was told false; those told true are gone."""

    def __init__(self) -> None:
        self.next = 0
        self.asked: dict[int, int] = {}
        self.never: set[int] = set()


class Hec:
    """The collector: ``tokens`` by value; ``cloud`` answers as Splunk Cloud does where that differs."""

    def __init__(self, indexes: Indexes, tokens: tuple[Token, ...], cloud: bool = False) -> None:
        self.indexes, self.cloud = indexes, cloud
        self.tokens = {token.value: token for token in tokens}
        self.faults, self.requests = HecFaults(), list[Request]()
        self.max_content_length = 838_860_800
        self.max_pending = 1_000_000
        """max_number_of_acked_requests_pending_query_per_ack_channel; behind it code 27."""
        self.index_offset = 1
        """How far behind the refused event code 7 counts; 0 is what its name promises."""
        self.query_string = False
        """allowQueryStringAuth of the tokens."""
        self._channels: dict[tuple[str, str], _Channel] = {}
        self._lock = threading.Lock()

    def answer(self, request: Request) -> Answer:
        path = request.path.rstrip("/")
        known = path in EVENTS | RAW | ACK | HEALTH
        allow = "GET,HEAD,OPTIONS" if path in HEALTH else "POST,OPTIONS"
        if known and request.method == "OPTIONS":
            return Answer(200, headers={"Allow": allow})
        if not known or request.method not in allow:
            return Answer(405 if known else 404, MISSING, headers={"Allow": allow} if known else {})
        if path in HEALTH:
            return self._health(request)
        token = self._token(request)
        if isinstance(token, Answer):
            return token
        channel = self._channel(request, token, path)
        if isinstance(channel, Answer):
            return channel
        return (
            self._acks(request, token, channel) if path in ACK else self._take(request, path, token, channel)
        )

    def _health(self, request: Request) -> Answer:
        if "authorization" in request.headers:
            token = self._token(request)
            if isinstance(token, Answer):
                code = token.body["code"]
                return reply({1: 22, 4: 21}.get(code, code))
        if self.faults.stopping:
            return reply(23)
        return reply({0: 17, 1: 18, 2: 19, 3: 20}[self.faults.queue_full + 2 * self.faults.ack_down])

    def _token(self, request: Request) -> Token | Answer:
        if "token" in request.query and not self.query_string:
            return reply(16)
        scheme, _, value = request.headers.get("authorization", "").strip().partition(" ")
        value = value.strip()
        if "token" in request.query:
            value = request.query["token"][0]
        elif not scheme or (scheme.lower() == "splunk" and not value):
            return reply(2)
        elif scheme.lower() == "basic":
            try:
                value = base64.b64decode(value).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                return reply(3)
        elif scheme.lower() != "splunk":
            return reply(3)
        token = self.tokens.get(value)
        if token is None:
            return reply(4)
        return token if token.enabled else reply(1)

    def _channel(self, request: Request, token: Token, path: str) -> str | Answer:
        named = request.headers.get("x-splunk-request-channel") or request.query.get("channel", [""])[0]
        if path in ACK and not token.ack:
            return reply(14)
        if not named:
            return reply(28 if self.cloud else 10) if token.ack else ""
        try:
            return str(uuid.UUID(named))
        except ValueError:
            return reply(11)

    def _acks(self, request: Request, token: Token, channel: str) -> Answer:
        try:
            ids = json.loads(request.body)["acks"]
            wanted = [int(one) for one in ids]
        except (ValueError, TypeError, KeyError):
            return reply(6)
        with self._lock:
            known = self._channels.setdefault((token.value, channel), _Channel())
            return Answer(200, {"acks": {str(one): self._told(known, one) for one in wanted}})

    def _told(self, known: _Channel, number: int) -> bool:
        """Whether an id is indexed; true is told once."""
        if number not in known.asked or number in known.never or self.faults.ack_never:
            return False
        known.asked[number] += 1
        if known.asked[number] <= self.faults.ack_polls:
            return False
        del known.asked[number]
        return True

    def _take(self, request: Request, path: str, token: Token, channel: str) -> Answer:
        if self.faults.stopping:
            return reply(23)
        if self.faults.queue_full:
            return reply(9)
        body = self._body(request)
        if isinstance(body, Answer):
            return body
        if path in RAW:
            parsed = _raw(body, request, token)
        else:
            parsed = parse(body, self._narrowed(token), self.faults.reject, self.index_offset)
        more: dict[str, Any] = {} if parsed.number is None else {"invalid-event-number": parsed.number}
        with self._lock:
            if token.ack and parsed.events:
                known = self._channels.setdefault((token.value, channel), _Channel())
                if len(known.asked) >= self.max_pending:
                    return reply(27)
                more["ackId"] = known.next
                known.asked[known.next] = 0
                known.never.update({known.next} if self.faults.lose else ())
                known.next += 1
            if not self.faults.lose:
                self.indexes.add(parsed.events)
            self.faults.lose = max(0, self.faults.lose - 1)
        return reply(parsed.code, **more)

    def _narrowed(self, token: Token) -> Token:
        """The token without the indexes that it may not write to any more."""
        if not self.faults.no_index:
            return token
        names = token.indexes if token.indexes is not None else tuple(self.indexes.names)
        return replace(token, indexes=tuple(name for name in names if name not in self.faults.no_index))

    def _body(self, request: Request) -> str | Answer:
        encoding, body = request.headers.get("content-encoding", "identity"), request.body
        if len(body) > self.max_content_length:
            said = f"Content-Length of {len(body)} too large (maximum is {self.max_content_length})"
            return Answer(413, f"<html><title>413 {said}</title></html>".encode(), "text/html")
        if encoding not in ("gzip", "identity"):
            return Answer(415, {"text": "Unsupported Media Type", "code": 415})
        try:
            body = zlib.decompress(body, 31) if encoding == "gzip" else body
            text = body.decode()
        except (zlib.error, UnicodeDecodeError):
            return reply(6)
        return reply(6, {}, **{"invalid-event-number": 0}) if self.cloud and len(body) > CLOUD_BYTES else text


def _raw(body: str, request: Request, token: Token) -> Parsed:
    """Lines of /raw; the metadata of all of them stands in the query."""
    said = {
        name: request.query.get(name, [""])[0] for name in ("index", "sourcetype", "host", "source", "time")
    }
    told = replace(
        token,
        index=said["index"] or token.index,
        sourcetype=said["sourcetype"] or token.sourcetype,
        host=said["host"] or token.host,
        source=said["source"] or token.source,
    )
    if told.indexes is not None and told.index not in told.indexes:
        return Parsed(code=7)
    envelope = {"time": said["time"]} if said["time"] else {}
    lines = [json.dumps({**envelope, "event": line}) for line in body.splitlines() if line.strip()]
    return parse("\n".join(lines), told)


__all__ = ["CODES", "Hec", "HecFaults", "Token", "reply"]
