"""Runs of an agent as OpenTelemetry's GenAI conventions describe them.

One ``invoke_agent`` span over ``chat`` spans and ``execute_tool`` spans:
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/
"""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tracehound.demo.generate.day import Day, Record
from tracehound.demo.generate.ids import base62, hexes, uuid
from tracehound.demo.generate.shapes import otlp
from tracehound.demo.generate.shapes.litellm import tokens

SOURCE = "otel_traces"
SCOPE = {"name": "opentelemetry.util.genai.handler", "version": "0.4b0"}


@dataclass(frozen=True)
class Tool:
    """One tool call of a run: what the model asks for and what comes back."""

    name: str
    arguments: Record
    result: Any
    description: str = ""
    error: str = ""


@dataclass(frozen=True)
class Agent:
    """An instrumented application."""

    name: str
    uid: str
    version: str
    model: str
    provider: str
    server: str
    system: str


@dataclass
class Run:
    """What one run of an agent said and did."""

    agent: Agent
    when: float
    task: str
    tools: list[Tool]
    answer: str
    user: str
    conversation: str = ""
    spans: list[Record] = field(default_factory=list)
    trace: str = ""
    end: float = 0.0

    def time(self, place: int) -> float:
        """When the span at this place began, in epoch seconds."""
        return int(self.spans[place]["startTimeUnixNano"]) / 1e9

    def ids(self, *places: int) -> Record:
        """Trace id and the ids of the spans at these places (the root span is the last)."""
        return {"trace_id": self.trace, "span_ids": [self.spans[place]["spanId"] for place in places]}


def play(day: Day, rng: Random, run: Run) -> Run:
    """Write a run as one export request: model, tool, model, tool, ..., answer."""
    run.trace = run.trace or hexes(rng, 32)
    run.conversation = run.conversation or "conv_" + uuid(rng)
    root = hexes(rng, 16)
    said: list[tuple[str, list[Record]]] = [("user", [otlp.text(run.task)])]
    now = run.when + 0.02
    for tool in run.tools:
        mark = "call_" + base62(rng, 24)
        asked = otlp.tool_call(mark, tool.name, tool.arguments)
        now = chat(rng, run, root, said, [asked], "tool_calls", now)
        said.append(("assistant", [asked]))
        now = execute(rng, run, root, tool, mark, now)
        said.append(("tool", [otlp.tool_response(mark, tool.error or tool.result)]))
    run.end = chat(rng, run, root, said, [otlp.text(run.answer)], "stop", now)
    given = common(run, "invoke_agent") | {
        "gen_ai.agent.version": run.agent.version,
        "gen_ai.input.messages": otlp.parts([("user", [otlp.text(run.task)])]),
        "gen_ai.output.messages": otlp.parts([("assistant", [otlp.text(run.answer)])]),
    }
    top = otlp.span(
        rng, run.trace, "", f"invoke_agent {run.agent.name}", otlp.INTERNAL, run.when, run.end + 0.01, given
    )
    top["spanId"] = root
    run.spans.append(top)
    request = otlp.spans(otlp.resource(run.agent.name, run.agent.version), SCOPE, run.spans)
    day.add(SOURCE, run.end, request, len(run.spans))
    return run


def common(run: Run, operation: str) -> Record:
    """Attributes that all spans of a run share."""
    return {
        "gen_ai.operation.name": operation,
        "gen_ai.provider.name": run.agent.provider,
        "gen_ai.request.model": run.agent.model,
        "gen_ai.agent.name": run.agent.name,
        "gen_ai.agent.id": run.agent.uid,
        "gen_ai.conversation.id": run.conversation,
        "user.id": run.user,
    }


def chat(
    rng: Random,
    run: Run,
    root: str,
    said: list[tuple[str, list[Record]]],
    made: list[Record],
    reason: str,
    now: float,
) -> float:
    """One call of the model; returns when it ended."""
    written = sum(tokens(json.dumps(part)) for part in made)
    end = now + 0.5 + written * rng.uniform(0.006, 0.018) + rng.expovariate(3)
    output = [{"role": "assistant", "parts": made, "finish_reason": reason}]
    given = common(run, "chat") | {
        "server.address": run.agent.server,
        "server.port": 443,
        "gen_ai.request.temperature": 0.1,
        "gen_ai.response.model": run.agent.model,
        "gen_ai.response.id": "chatcmpl-" + base62(rng, 29),
        "gen_ai.response.finish_reasons": [reason],
        "gen_ai.usage.input_tokens": tokens(run.agent.system) + sum(tokens(json.dumps(p)) for _, p in said),
        "gen_ai.usage.output_tokens": written,
        "gen_ai.system_instructions": json.dumps([otlp.text(run.agent.system)]),
        "gen_ai.input.messages": otlp.parts(said),
        "gen_ai.output.messages": json.dumps(output, ensure_ascii=False),
    }
    run.spans.append(otlp.span(rng, run.trace, root, f"chat {run.agent.model}", otlp.CLIENT, now, end, given))
    return end + 0.01


def execute(rng: Random, run: Run, root: str, tool: Tool, mark: str, now: float) -> float:
    """One execution of a tool; returns when it ended."""
    end = now + rng.uniform(0.03, 0.9)
    given: Record = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.name,
        "gen_ai.tool.call.id": mark,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.description": tool.description or None,
        "gen_ai.tool.call.arguments": json.dumps(tool.arguments, ensure_ascii=False),
        "gen_ai.agent.name": run.agent.name,
        "gen_ai.agent.id": run.agent.uid,
        "gen_ai.conversation.id": run.conversation,
        "user.id": run.user,
    }
    if tool.error:
        given["error.type"] = tool.error
    else:
        result = tool.result if isinstance(tool.result, str) else json.dumps(tool.result, ensure_ascii=False)
        given["gen_ai.tool.call.result"] = result
    run.spans.append(
        otlp.span(rng, run.trace, root, f"execute_tool {tool.name}", otlp.INTERNAL, now, end, given)
    )
    return end + 0.01
