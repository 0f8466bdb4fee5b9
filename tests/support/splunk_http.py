"""Sockets under the Splunk stand-in: a listener in threads, what goes wrong on it, and a log of its requests.

Faults are planned on a ``Faults``: each applies to the next ``times`` requests that it fits, or for some
seconds.
"""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from fault_proxy import Half, Reset, Say

__all__ = ["Answer", "Faults", "Half", "Listener", "Request", "Reset", "Say", "Slow"]


@dataclass(frozen=True)
class Request:
    """One request; ``path`` is without the query and unquoted, ``body`` as it came; ``headers`` in lower case."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes
    target: str = ""
    """The path and query as they came."""

    @property
    def form(self) -> dict[str, list[str]]:
        """The arguments of the body, where it is a form."""
        if "json" in self.headers.get("content-type", ""):
            return {}
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True)
class Answer:
    """What goes back; ``body`` is JSON unless it is bytes."""

    status: int
    body: Any = b""
    kind: str = "application/json; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)

    def bytes(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True)
class Slow:
    """The answer is right and comes after ``seconds``."""

    seconds: float


Action = Say | Reset | Half | Slow


@dataclass
class _Planned:
    action: Action
    times: int
    until: float
    fits: Callable[[Request], bool]


class Faults:
    """What goes wrong next. ``down``: every connection is reset. ``plan`` is asked first for each request."""

    def __init__(self) -> None:
        self.down = False
        self.plan: Callable[[Request], Action | None] = lambda _request: None
        self.applied: list[tuple[Request, Action]] = []
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()

    def add(
        self,
        action: Action,
        *,
        times: int = 1,
        seconds: float | None = None,
        path: str = "",
        fits: Callable[[Request], bool] = lambda _request: True,
    ) -> None:
        """Plan a fault for the next ``times`` requests that have ``path`` in theirs; or for some seconds."""
        until = float("inf") if seconds is None else time.monotonic() + seconds
        count = times if seconds is None else 1 << 60
        with self._lock:
            self._planned.append(_Planned(action, count, until, lambda r: path in r.path and fits(r)))

    def reset(self, *, after: bool = False, times: int = 1, path: str = "") -> None:
        """Reset connections before the work is done, or ``after`` it, so that only the answer is lost."""
        self.add(Reset(after), times=times, path=path)

    def half(self, *, times: int = 1, path: str = "") -> None:
        """Half of the answer arrives; the work is done."""
        self.add(Half(), times=times, path=path)

    def slow(self, seconds: float, *, times: int = 1, path: str = "") -> None:
        """Answers come late."""
        self.add(Slow(seconds), times=times, path=path)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        with self._lock:
            self._planned.clear()
        self.down = False

    def next(self, request: Request) -> Action | None:
        """What becomes of a request."""
        action = self.plan(request) or self._take(request)
        if action is not None:
            self.applied.append((request, action))
        return action

    def _take(self, request: Request) -> Action | None:
        with self._lock:
            now = time.monotonic()
            self._planned = [p for p in self._planned if p.times > 0 and p.until > now]
            for planned in self._planned:
                if planned.fits(request):
                    planned.times -= 1
                    return planned.action
        return None


class Service(Protocol):
    """What listens: HEC or the management port."""

    requests: list[Request]

    @property
    def faults(self) -> Faults: ...

    def answer(self, request: Request) -> Answer: ...


class Listener:
    """A port of 127.0.0.1; with ``certificate`` (PEM, key and certificate) it speaks TLS.

    With ``client_ca`` it wants a certificate of the client that this CA signed.
    """

    def __init__(
        self, service: Service, certificate: Path | None = None, client_ca: Path | None = None
    ) -> None:
        lock = threading.Lock()

        class Handler(_Handler):
            owner = service
            count = lock

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}"
        if certificate:
            self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.context.load_cert_chain(certificate)
            if client_ca:
                self._server.context.verify_mode = ssl.CERT_REQUIRED
                self._server.context.load_verify_locations(client_ca)

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    context: ssl.SSLContext | None = None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is what is tested."""


class _Handler(BaseHTTPRequestHandler):
    owner: Service
    count: threading.Lock
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self) -> None:
        context = self.server.context  # type: ignore[attr-defined]
        if context is not None:
            self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def _serve(self) -> None:
        service = self.owner
        if service.faults.down:
            self._reset()
            return
        request = self._read()
        action = Reset() if service.faults.down else service.faults.next(request)
        if action == Reset(after=False):
            self._reset()
            return
        if isinstance(action, Slow):
            time.sleep(action.seconds)
        if isinstance(action, Say):
            answer = Answer(action.status, action.body, headers=action.headers)
        else:
            answer = service.answer(request)
        if action == Reset(after=True):
            self._reset()
            return
        body = answer.bytes()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "Close")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if isinstance(action, Half):
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            self._reset()
            return
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_HEAD = _serve  # noqa: N815

    def _read(self) -> Request:
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.flush()
        if "chunked" in headers.get("transfer-encoding", ""):
            body = b"".join(iter(self._chunk, b""))
        else:
            body = self.rfile.read(int(headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        query = parse_qs(parts.query, keep_blank_values=True)
        with self.count:
            requests = self.owner.requests
            made = Request(len(requests), self.command, unquote(parts.path), query, headers, body, self.path)
            requests.append(made)
        return made

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
        data = self.rfile.read(size)
        self.rfile.readline()
        return data

    def _reset(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *_: object) -> None:
        """Nothing is written."""
