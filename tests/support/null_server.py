"""A server that says yes to all, as Elasticsearch and as Splunk's HTTP Event Collector, and does nothing.

It is a process of its own, for measuring clients.

    python tests/support/null_server.py [--status N] [--port N]    # prints its port; ends with its standard input

It answers in HTTP/1.1 with keep-alive, reads gzip without unpacking more than it must to count lines, and keeps no
documents. ``--status 429`` refuses everything.
"""

from __future__ import annotations

import argparse
import os
import socketserver
import sys
import threading
import zlib
from http.server import BaseHTTPRequestHandler

ROOT = b'{"version":{"number":"9.5.3","build_flavor":"default"},"cluster_name":"null"}'
TEMPLATES = b'{"index_templates":[]}'
ITEM = b'{"create":{"_index":"i","_id":"0123456789abcdef0123456789abcdef","_version":1,"result":"created",'
WHOLE = ITEM + b'"_shards":{"total":1,"successful":1,"failed":0},"_seq_no":1,"_primary_term":1,"status":201}}'
SHORT = b'{"create":{"status":201}}'
HEALTHY = b'{"text":"HEC is healthy","code":17}'
TAKEN = b'{"text":"Success","code":0}'
NO_ACKS = b'{"text":"ACK is disabled","code":14}'


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    status = 200
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        if self.path.startswith("/services/collector"):
            return self._answer(200, HEALTHY)
        return self._answer(200, TEMPLATES if "template" in self.path else ROOT)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.status != 200:
            self._answer(self.status, b'{"error":{"type":"es_rejected_execution_exception","reason":"busy"}}')
            return
        if self.path.startswith("/services/collector"):
            asks = "/ack" in self.path
            self._answer(400 if asks else 200, NO_ACKS if asks else TAKEN)
            return
        if self.headers.get("content-encoding") == "gzip":
            body = zlib.decompress(body, 31)
        count = body.count(b"\n") // 2
        item = SHORT if "filter_path" in self.path else WHOLE
        self._answer(200, b'{"took":1,"errors":false,"items":[' + b",".join([item] * count) + b"]}")

    do_PUT = do_POST  # noqa: N815 - named by http.server

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("x-elastic-product", "Elasticsearch")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


class Server(socketserver.ThreadingTCPServer):
    """Threads, one a connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--status", type=int, default=200)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    Handler.status = given.status
    server = Server(("127.0.0.1", given.port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
