"""Claude Code's OpenTelemetry events, as its JavaScript exporter writes OTLP/JSON (plain integers).

https://code.claude.com/docs/en/monitoring-usage
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tracehound.demo.generate.clock import iso_ms, millis, nanos
from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62, uuid
from tracehound.demo.generate.people import Person
from tracehound.demo.generate.shapes import otlp

SOURCE = "claude_code"
VERSION = "2.1.274"
MODEL = "claude-sonnet-4-5-20250929"
SMALL = "claude-haiku-4-5-20251001"
ORGANISATION = "5b0c4d9e-8f21-4a67-b3ce-d02f7716e9a4"
SCOPE = {"name": "com.anthropic.claude_code.events", "version": VERSION}
BATCH = 6


@dataclass
class Session:
    """A developer's session in the terminal; events are exported in small batches."""

    day: Day
    rng: Random
    who: Person
    now: float
    id: str = ""
    prompt: str = ""
    sequence: int = 0
    pending: list[tuple[float, Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Give the session its id."""
        self.id = self.id or uuid(self.rng)

    def wait(self, shortest: float, longest: float) -> None:
        """Let time pass."""
        self.now += round(self.rng.uniform(shortest, longest), 3)

    def emit(self, name: str, **given: Any) -> Record:
        """Emit one event and return the ids by which a story names it."""
        standard: Record = {
            "session.id": self.id,
            "user.id": self.who.claude_user,
            "organization.id": ORGANISATION,
            "user.email": self.who.email,
            "user.account_uuid": self.who.claude_uuid,
            "user.account_id": self.who.claude_account,
            "terminal.type": "iTerm.app" if "mac" in self.who.host else "vscode",
            "event.name": name,
            "event.timestamp": iso_ms(self.now),
            "event.sequence": self.sequence,
            "prompt.id": self.prompt or None,
        }
        record: Record = {
            "timeUnixNano": nanos(self.now),
            "observedTimeUnixNano": nanos(self.now),
            "body": {"stringValue": f"claude_code.{name}"},
            "attributes": [*script(standard), *script(given)],
            "droppedAttributesCount": 0,
        }
        self.pending.append((self.now, record))
        ids = {
            "session_id": self.id,
            "event_sequence": self.sequence,
            "event_name": name,
            "time_ms": millis(self.now),
        }
        self.sequence += 1
        if len(self.pending) >= BATCH:
            self.flush()
        return ids

    def flush(self) -> None:
        """Export what waits."""
        if not self.pending:
            return
        mac = "mac" in self.who.host
        system = {
            "os.type": "darwin" if mac else "linux",
            "os.version": "25.1.0" if mac else "6.8.0-48-generic",
        }
        place = {
            "attributes": otlp.attributes(
                {"host.arch": "arm64" if mac else "amd64"}
                | system
                | {"service.name": "claude-code", "service.version": VERSION}
            ),
            "droppedAttributesCount": 0,
        }
        batch = [record for _, record in self.pending]
        self.day.add(SOURCE, self.pending[-1][0], otlp.logs(place, SCOPE, batch), len(batch))
        self.pending = []

    def ask(self, prompt: str) -> Record:
        """The user submits a prompt."""
        self.prompt = uuid(self.rng)
        return self.emit(
            "user_prompt",
            prompt_length=len(prompt),
            prompt=prompt,
            **{"message.uuid": uuid(self.rng)},
        )

    def think(self, answer: str = "", model: str = MODEL) -> Record:
        """One request to the model, with the text it answered if there was any."""
        self.wait(1.2, 6.0)
        given, made = self.rng.randrange(3, 900), len(answer) // 4 + self.rng.randrange(40, 420)
        cached, fresh = self.rng.randrange(9_000, 88_000), self.rng.randrange(200, 9_000)
        rates = (1.0, 5.0) if model == SMALL else (3.0, 15.0)
        micros = round(given * rates[0] + made * rates[1] + cached * rates[0] / 10 + fresh * rates[0] * 1.25)
        request = "req_011C" + base62(self.rng, 20)
        ids = self.emit(
            "api_request",
            model=model,
            input_tokens=given,
            output_tokens=made,
            cache_read_tokens=cached,
            cache_creation_tokens=fresh,
            cost_usd=micros / 1_000_000,
            cost_usd_micros=micros,
            duration_ms=900 + made * 11,
            request_id=request,
            client_request_id=uuid(self.rng),
            speed="normal",
            query_source="repl_main_thread",
        )
        if answer:
            said = {"message.uuid": uuid(self.rng)}
            self.emit(
                "assistant_response",
                response_length=len(answer),
                response=answer,
                model=model,
                request_id=request,
                query_source="repl_main_thread",
                **said,
            )
        return ids

    def decide(self, tool: str, given: Record, decision: str, source: str, mark: str) -> Record:
        """The permission decision about a tool call."""
        return self.emit(
            "tool_decision",
            tool_name="mcp_tool" if tool.startswith("mcp__") else tool,
            tool_use_id=mark,
            tool_source="mcp" if tool.startswith("mcp__") else "builtin",
            decision=decision,
            source=source,
            tool_parameters=json.dumps(parameters(tool, given), ensure_ascii=False),
        )

    def use(self, tool: str, given: Record, source: str = "config", error: str = "") -> Record:
        """A tool call: decision and result; returns the ids of the result."""
        mark = "toolu_01" + base62(self.rng, 22)
        self.wait(0.2, 1.0)
        self.decide(tool, given, "accept", source, mark)
        self.wait(0.1, 3.0)
        body = json.dumps(given, ensure_ascii=False)
        more: Record = {"error_type": "ShellError", "error": error} if error else {}
        if tool.startswith("mcp__"):
            more["mcp_server_scope"] = "project"
        return self.emit(
            "tool_result",
            tool_name="mcp_tool" if tool.startswith("mcp__") else tool,
            tool_use_id=mark,
            success="false" if error else "true",
            duration_ms=self.rng.randrange(4, 2600),
            decision_type="accept",
            decision_source=source,
            tool_input_size_bytes=str(len(body)),
            tool_result_size_bytes=str(self.rng.randrange(40, 9000)),
            tool_parameters=json.dumps(parameters(tool, given), ensure_ascii=False),
            tool_input=body,
            **more,
        )


def script(given: Record) -> list[Record]:
    """Attributes as the JavaScript exporter writes them: integers are numbers, not strings."""
    made = otlp.attributes(given)
    for pair in made:
        if "intValue" in pair["value"]:
            pair["value"]["intValue"] = int(pair["value"]["intValue"])
    return made


def parameters(tool: str, given: Record) -> Record:
    """``tool_parameters``: what the event keeps of each kind of tool's arguments."""
    if tool.startswith("mcp__"):
        _, server, name = tool.split("__", 2)
        return {"mcp_server_name": server, "mcp_tool_name": name}
    if tool == "Bash" and given:
        command = str(given["command"])
        return {
            "bash_command": command.split()[0],
            "full_command": command,
            "description": given.get("description", ""),
        }
    return {}
