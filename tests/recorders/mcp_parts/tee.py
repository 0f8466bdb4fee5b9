"""Stands between an MCP client and a stdio server and writes down each line that passes.

Arguments: FILE, then the server's command. A line of FILE: ``{"ts", "direction", "message"}``.
"""

import json
import subprocess
import sys
import threading
import time
from pathlib import Path

LOCK = threading.Lock()


def note(sink, direction, line):
    with LOCK:
        entry = {"ts": time.time(), "direction": direction, "message": json.loads(line)}
        sink.write(json.dumps(entry, ensure_ascii=False) + "\n")
        sink.flush()


def upward(sink, server):
    """Copy the client's lines to the server until the client closes."""
    for line in sys.stdin.buffer:
        note(sink, "client->server", line)
        server.stdin.write(line)
        server.stdin.flush()
    server.stdin.close()


def main():
    with Path(sys.argv[1]).open("a", encoding="utf-8") as sink:
        server = subprocess.Popen(sys.argv[2:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=upward, args=(sink, server), daemon=True).start()
        for line in server.stdout:
            note(sink, "server->client", line)
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        server.wait()


main()
