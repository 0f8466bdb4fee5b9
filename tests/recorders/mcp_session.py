"""Record real MCP sessions of the mcp 2.3.0 SDK: the JSON-RPC that passes between a client and a server.

``python tests/recorders/mcp_session.py OUTDIR [--venv DIR]``

The client and server are in ``mcp_parts/``. Written:

- ``mcp_stdio.jsonl``: ``{"ts", "direction", "message"}`` per line, by a tee between the two processes
- ``mcp_bare.jsonl``: the same messages, one bare JSON-RPC message per line
- ``mcp_stdio_modern.jsonl``: a short session of the newest protocol (``server/discover``, no initialize)
- ``mcp_http.jsonl``: ``{"ts", "direction", "session_id", "transport", "message"}``, by a loopback proxy
- ``otel_mcp_sdk_traces.jsonl``: the SDK's own spans of the HTTP session, client and server, as OTLP/JSON
"""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import kit
from otel_genai import collector

PARTS = kit.HERE / "mcp_parts"
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


def relay(port: int, notes: list[dict[str, Any]]) -> type[BaseHTTPRequestHandler]:
    """Build a handler that passes requests on to ``port`` and notes the JSON-RPC of both directions."""
    lock = threading.Lock()

    def note(direction: str, session: str | None, text: bytes) -> None:
        if text.strip():
            entry = {"ts": time.time(), "direction": direction, "session_id": session, "transport": "http"}
            with lock:
                notes.append({**entry, "message": json.loads(text)})

    class Relay(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Keep the recorder's terminal quiet."""

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            asked_by = self.headers.get("mcp-session-id")
            note("client->server", asked_by, body)
            upstream = http.client.HTTPConnection("127.0.0.1", port)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in (*HOP, "host")}
            upstream.request(self.command, self.path, body or None, headers)
            answer = upstream.getresponse()
            session = answer.headers.get("mcp-session-id") or asked_by
            self.send_response(answer.status)
            for key, value in answer.headers.items():
                if key.lower() not in HOP:
                    self.send_header(key, value)
            self.send_header("Connection", "close")
            self.end_headers()
            streamed = "event-stream" in answer.headers.get("content-type", "")
            for line in answer:
                if not streamed:
                    note("server->client", session, line)
                elif line.startswith(b"data:"):
                    note("server->client", session, line[5:])
                self.wfile.write(line)
            self.close_connection = True

        do_GET = do_POST = do_DELETE = pass_on  # noqa: N815 (named by http.server)

    return Relay


def over_stdio(way: str, python: Path, work: Path) -> list[str]:
    """Run one stdio session through the tee; returns what it wrote."""
    seen = work / f"{way}.jsonl"
    server = [python, PARTS / "tee.py", seen, python, PARTS / "server.py", "stdio"]
    kit.run([python, PARTS / "client.py", way, *server], work, kit.clean_environment(work))
    return seen.read_text(encoding="utf-8").splitlines()


def await_port(port: int) -> None:
    """Return when something listens on ``port``."""
    for _ in range(200):
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.1)
    raise SystemExit("the MCP server did not start")


def over_http(python: Path, work: Path, bodies: Path) -> list[dict[str, Any]]:
    """Run one Streamable HTTP session through the relay, with the SDK's spans turned on."""
    notes: list[dict[str, Any]] = []
    port = kit.free_port()
    with kit.serving(collector(bodies)) as otlp:
        env = kit.clean_environment(work, OTLP=otlp)
        server = [python, PARTS / "server.py", "streamable-http", port]
        with kit.child(server, work, env, work / "server.log"), kit.serving(relay(port, notes)) as proxy:
            await_port(port)
            kit.run([python, PARTS / "client.py", "http", f"{proxy}/mcp"], work, env)
            time.sleep(6)  # spans leave every five seconds
    return notes


def main() -> None:
    args = kit.arguments(__doc__ or "")
    with kit.software("mcp", args.venv) as python, kit.workdir() as work:
        scrub = kit.Scrub((python.parent.parent, "/opt/mcp"), (PARTS, "/srv/mcp"), (work, "/srv/run"))
        lines = over_stdio("stdio", python, work)
        kit.write_lines(args.outdir / "mcp_stdio.jsonl", lines, scrub)
        kit.write_lines(
            args.outdir / "mcp_bare.jsonl", [json.loads(line)["message"] for line in lines], scrub
        )
        kit.write_lines(args.outdir / "mcp_stdio_modern.jsonl", over_stdio("modern", python, work), scrub)
        bodies = work / "bodies"
        bodies.mkdir()
        kit.write_lines(args.outdir / "mcp_http.jsonl", over_http(python, work, bodies), scrub)
        convert = [python, kit.HERE / "otel_parts" / "to_json.py", bodies, work / "otel_mcp_sdk"]
        kit.run(convert, work, kit.clean_environment(work))
        spans = (work / "otel_mcp_sdk_traces.jsonl").read_text(encoding="utf-8").splitlines()
        kit.write_lines(args.outdir / "otel_mcp_sdk_traces.jsonl", spans, scrub)


if __name__ == "__main__":
    main()
