"""Traffic of the Model Context Protocol: one JSON-RPC message per line, as a recording proxy writes it.

https://modelcontextprotocol.io/specification/2025-11-25
"""

import json
from dataclasses import dataclass
from random import Random
from typing import Any

from tracehound.demo.generate.clock import millis
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import hexes

SOURCE = "mcp"
TO_SERVER, TO_CLIENT = "client->server", "server->client"


@dataclass(frozen=True)
class Server:
    """A server: its name, what it says about itself, its tools (name, description, arguments)."""

    name: str
    version: str
    instructions: str
    tools: tuple[tuple[str, str, dict[str, str]], ...]


@dataclass
class Connection:
    """One session between a client and a server."""

    day: Day
    rng: Random
    server: Server
    now: float
    client: str = "claude-code"
    id: str = ""
    last: int = 0

    def __post_init__(self) -> None:
        """Give the session its id."""
        self.id = self.id or hexes(self.rng, 32)

    def send(self, direction: str, message: Record) -> Record:
        """Write one message; returns the ids by which a story names it."""
        self.now = round(self.now + self.rng.uniform(0.004, 0.4), 6)
        message = {"jsonrpc": "2.0"} | message
        line = {"ts": self.now, "direction": direction, "session_id": self.id, "message": message}
        self.day.add(SOURCE, self.now, line)
        return {
            "session_id": self.id,
            "jsonrpc_id": message.get("id"),
            "direction": direction,
            "ts": self.now,
            "time_ms": millis(self.now),
        }

    def request(self, method: str, params: Record, result: Any) -> tuple[Record, Record]:
        """A request and its answer."""
        self.last += 1
        trace = f"00-{self.id}-{hexes(self.rng, 16)}-01"
        asked = self.send(
            TO_SERVER,
            {"id": self.last, "method": method, "params": params | {"_meta": {"traceparent": trace}}},
        )
        kind = "error" if isinstance(result, dict) and "code" in result else "result"
        return asked, self.send(TO_CLIENT, {"id": self.last, kind: result})

    def open(self) -> tuple[Record, Record]:
        """Handshake and list of tools; returns the ids of the list's request and answer."""
        self.request(
            "initialize",
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {"roots": {"listChanged": True}},
                "clientInfo": {"name": self.client, "version": "2.1.274"},
            },
            {
                "protocolVersion": "2025-11-25",
                "capabilities": {"tools": {"listChanged": True}},
                "serverInfo": {"name": self.server.name, "version": self.server.version},
                "instructions": self.server.instructions,
            },
        )
        self.send(TO_SERVER, {"method": "notifications/initialized"})
        return self.request("tools/list", {}, {"tools": [describe(*tool) for tool in self.server.tools]})

    def call(self, tool: str, arguments: Record, answer: Any, failed: bool = False) -> tuple[Record, Record]:
        """One tool call and its result."""
        text = answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)
        result: Record = {"content": [{"type": "text", "text": text}], "isError": failed}
        return self.request("tools/call", {"name": tool, "arguments": arguments}, result)


def describe(name: str, description: str, arguments: dict[str, str]) -> Record:
    """A tool as ``tools/list`` returns it."""
    return {
        "name": name,
        "description": description,
        "inputSchema": {
            "type": "object",
            "properties": {key: {"type": kind} for key, kind in arguments.items()},
            "required": list(arguments),
        },
    }
