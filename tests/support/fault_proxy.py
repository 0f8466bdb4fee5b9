"""A proxy in front of a server that does what networks and overloaded servers do.

    with FaultProxy(server.url) as proxy:
        proxy.plan = lambda request: Reset(after=True) if request.number == 3 else None
        ... proxy.url ...

``plan`` is asked for each request, and answers with a fault or None. ``down`` resets every connection until it is
set to False. It runs in threads of this process; with ``certificate`` (key and certificates in one PEM) it speaks
TLS, and with ``client_ca`` it wants a certificate of the client.
"""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DROPPED = {"connection", "transfer-encoding", "content-length", "host"}


@dataclass
class Request:
    """One request, its body unpacked; ``number`` counts all, ``bulk`` the bulk requests, from 0."""

    number: int
    bulk: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Reset:
    """The connection is reset; ``after``: the server has done the work, only its answer is lost."""

    after: bool = False


@dataclass(frozen=True)
class Half:
    """The server has done the work; half of its answer arrives."""


@dataclass(frozen=True)
class Say:
    """An answer in the server's place."""

    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reject:
    """Every second item of a bulk request gets this status and error, the others reach the server."""

    status: int
    kind: str = "es_rejected_execution_exception"
    reason: str = "busy"


@dataclass(frozen=True)
class Send:
    """The server gets this body instead."""

    body: Any


Fault = Reset | Half | Say | Reject | Send | None


class FaultProxy:
    """The proxy; ``requests`` are those that came, ``plan`` says what becomes of them."""

    def __init__(self, upstream: str, certificate: Path | None = None, client_ca: Path | None = None) -> None:
        parts = urlsplit(upstream)
        self.host, self.port = str(parts.hostname), int(parts.port or 80)
        self.plan: Callable[[Request], Fault] = lambda _request: None
        self.requests: list[Request] = []
        self.down = False
        self.lock = threading.Lock()
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = _Server(("127.0.0.1", 0), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self._server.context = context
        scheme = "https" if certificate else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> FaultProxy:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def bulks(self) -> list[Request]:
        """The bulk requests that came."""
        return [request for request in self.requests if "_bulk" in request.path]


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64
    context: ssl.SSLContext | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is what is tested."""


class _Handler(socketserver.StreamRequestHandler):
    owner: FaultProxy

    def setup(self) -> None:
        context = self.server.context  # type: ignore[attr-defined]
        if context is not None:
            self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()  # of TLS, a socket that the server does not know

    def handle(self) -> None:
        while True:
            if self.owner.down:
                return self._reset()
            line = self.rfile.readline().decode("latin-1").split()
            if len(line) != 3:
                return None
            headers = {k.lower(): v for k, v in http.client.parse_headers(self.rfile).items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            if headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
                del headers["content-encoding"]
            with self.owner.lock:
                request = Request(
                    len(self.owner.requests), len(self.owner.bulks), line[0], line[1], headers, body
                )
                self.owner.requests.append(request)
            fault = Reset() if self.owner.down else self.owner.plan(request)
            if not self._answer(request, fault):
                return None

    def _answer(self, request: Request, fault: Fault) -> bool:
        """Whether the connection lives on."""
        if isinstance(fault, Say):
            self._write(fault.status, json.dumps(fault.body).encode(), fault.headers)
            return True
        if fault == Reset(after=False):
            self._reset()
            return False
        if isinstance(fault, Reject):
            status, body = self._reject(request, fault)
        else:
            instead = json.dumps(fault.body).encode() if isinstance(fault, Send) else None
            status, body = self._forward(request, instead)
        if fault == Reset(after=True):
            self._reset()
            return False
        if isinstance(fault, Half):
            self.wfile.write(self._head(status, len(body), {}) + body[: len(body) // 2])
            self.wfile.flush()
            self._reset()
            return False
        self._write(status, body, {})
        return True

    def _forward(self, request: Request, body: bytes | None = None) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection(self.owner.host, self.owner.port, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k not in DROPPED}
        headers["accept-encoding"] = "identity"
        upstream.request(
            request.method, request.path, request.body if body is None else body, headers=headers
        )
        answer = upstream.getresponse()
        found = answer.status, answer.read()
        upstream.close()
        return found

    def _reject(self, request: Request, fault: Reject) -> tuple[int, bytes]:
        lines = request.body.splitlines(keepends=True)
        pairs = [lines[n] + lines[n + 1] for n in range(0, len(lines), 2)]
        refused = {"create": {"status": fault.status, "error": {"type": fault.kind, "reason": fault.reason}}}
        kept = pairs[::2]
        status, body = self._forward(request, b"".join(kept))
        passed = iter(json.loads(body)["items"])
        items = [refused if n % 2 else next(passed) for n in range(len(pairs))]
        return status, json.dumps({"errors": True, "items": items}).encode()

    def _write(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.wfile.write(self._head(status, len(body), headers) + body)
        self.wfile.flush()

    @staticmethod
    def _head(status: int, length: int, headers: dict[str, str]) -> bytes:
        lines = [f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def _reset(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
