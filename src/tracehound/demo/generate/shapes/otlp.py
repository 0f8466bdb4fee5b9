"""OTLP/JSON: attributes, spans, log records and the export requests that carry them.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (ids in hex, 64-bit integers as strings)
"""

import json
from collections.abc import Sequence
from random import Random
from typing import Any

from tracehound.demo.generate.clock import nanos
from tracehound.demo.generate.day import Record
from tracehound.demo.generate.ids import digest, hexes

CLIENT, INTERNAL = 3, 1


def value(given: Any) -> Record:
    """An ``AnyValue``."""
    match given:
        case bool():
            return {"boolValue": given}
        case int():
            return {"intValue": str(given)}
        case float():
            return {"doubleValue": given}
        case list():
            return {"arrayValue": {"values": [value(item) for item in given]}}
        case dict():
            return {"kvlistValue": {"values": attributes(given)}}
        case _:
            return {"stringValue": str(given)}


def attributes(given: Record) -> list[Record]:
    """A list of ``KeyValue``; keys without a value are left out."""
    return [{"key": key, "value": value(item)} for key, item in given.items() if item is not None]


def resource(service: str, version: str, **more: Any) -> Record:
    """The resource of a Python application."""
    return {
        "attributes": attributes(
            {
                "telemetry.sdk.language": "python",
                "telemetry.sdk.name": "opentelemetry",
                "telemetry.sdk.version": "1.45.2",
                "service.instance.id": f"{digest(service)[:8]}-4a1e-4c07-9d3b-{digest(service)[8:20]}",
                "service.name": service,
                "service.version": version,
                "deployment.environment.name": "prod",
            }
            | more
        )
    }


def span(
    rng: Random, trace: str, parent: str, name: str, kind: int, start: float, end: float, given: Record
) -> Record:
    """One span; an ``error.type`` among the attributes sets the status."""
    made: Record = {
        "traceId": trace,
        "spanId": hexes(rng, 16),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": nanos(start),
        "endTimeUnixNano": nanos(end),
        "attributes": attributes(given),
        "status": {"code": 2, "message": str(given["error.type"])} if "error.type" in given else {},
        "flags": 256,
    }
    if parent:
        made["parentSpanId"] = parent
    return made


def spans(resource_: Record, scope: Record, batch: Sequence[Record]) -> Record:
    """An ``ExportTraceServiceRequest``."""
    return {
        "resourceSpans": [{"resource": resource_, "scopeSpans": [{"scope": scope, "spans": list(batch)}]}]
    }


def logs(resource_: Record, scope: Record, batch: Sequence[Record]) -> Record:
    """An ``ExportLogsServiceRequest``."""
    return {
        "resourceLogs": [{"resource": resource_, "scopeLogs": [{"scope": scope, "logRecords": list(batch)}]}]
    }


def parts(messages: list[tuple[str, list[Record]]]) -> str:
    """Messages of the GenAI conventions as the JSON string that spans carry."""
    return json.dumps([{"role": role, "parts": list(items)} for role, items in messages], ensure_ascii=False)


def text(content: str) -> Record:
    """A text part."""
    return {"type": "text", "content": content}


def tool_call(mark: str, name: str, arguments: Any) -> Record:
    """A part in which the model asks for a tool."""
    return {"type": "tool_call", "id": mark, "name": name, "arguments": arguments}


def tool_response(mark: str, result: Any) -> Record:
    """A part with a tool's result."""
    return {"type": "tool_call_response", "id": mark, "response": result}
