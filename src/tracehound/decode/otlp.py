"""OTLP/JSON and its relatives to flat records: one dict per span, log record or metric.

``{"otlp": "span" | "log" | "metric", "resource": {...}, "scope": {"name", "version", ...}, "attributes": {...},
...own fields}`` with attributes as plain dicts, ids in lower-case hex, times as the exporter wrote them, ``kind``
as ``CLIENT`` or ``SERVER``, and ``status.code`` as ``OK``, ``ERROR`` or ``UNSET``. Read are:

- export requests in camelCase, snake_case or protobuf's own JSON: ``resourceSpans``, ``resourceLogs``,
  ``resourceMetrics`` (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding);
- a span, log record or metric outside its envelope, alone or as ``{"resource", "scope", "span" | "logRecord"}``;
- documents as Elasticsearch stores OTLP, also in ``{"events": [...]}``
  (https://www.elastic.co/docs/reference/opentelemetry);
- what the console exporters of the Python SDK and the span and log objects of the JavaScript SDK become as JSON.

Nothing that a record says is dropped: a field that is not known is kept under its own name.
"""

from __future__ import annotations

from typing import Any

from tracehound.decode.otlp_values import (
    CAMEL,
    attributes,
    camel,
    identifier,
    kind,
    nanos,
    plain,
    resource,
    status,
)
from tracehound.times import epoch_ms

Record = dict[str, Any]

SIGNALS = (
    ("span", "resourceSpans", ("scopeSpans", "instrumentationLibrarySpans"), "spans"),
    ("log", "resourceLogs", ("scopeLogs", "instrumentationLibraryLogs"), "logRecords"),
    ("metric", "resourceMetrics", ("scopeMetrics", "instrumentationLibraryMetrics"), "metrics"),
)
SNAKE = {
    "resourceSpans": "resource_spans", "scopeSpans": "scope_spans", "resourceLogs": "resource_logs",
    "scopeLogs": "scope_logs", "logRecords": "log_records", "resourceMetrics": "resource_metrics",
    "scopeMetrics": "scope_metrics", "instrumentationLibrarySpans": "instrumentation_library_spans",
    "instrumentationLibraryLogs": "instrumentation_library_logs",
    "instrumentationLibraryMetrics": "instrumentation_library_metrics",
}  # fmt: skip
LONE = (("span", "span"), ("log", "logRecord"), ("log", "log_record"), ("metric", "metric"))
BARE_ATTRIBUTES = (
    "gen_ai.operation.name",
    "gen_ai.provider.name",
    "gen_ai.system",
    "openinference.span.kind",
)


SIGNS = frozenset((
    *(name for _, name, _, _ in SIGNALS), *(SNAKE[name] for _, name, _, _ in SIGNALS), *(key for _, key in LONE),
    *BARE_ATTRIBUTES, "attributes", "@timestamp", "events",
))  # fmt: skip
"""Keys of which each form has one."""


def unwrap(data: dict[str, Any]) -> list[Record] | None:
    """The records that ``data`` holds; None where it is nothing of OTLP's (or one of our flat records)."""
    records = _from_request(data)
    if records is not None:
        return records
    if "otlp" in data:
        return None
    events = data.get("events")
    if isinstance(events, list) and events and len(data) == 1 and all(map(_is_elastic, events)):
        return [_elastic(event) for event in events]
    if _is_elastic(data):
        return [_elastic(data)]
    return _lone(data)


def _from_request(data: dict[str, Any]) -> list[Record] | None:
    found: list[Record] | None = None
    for signal, resources, scopes, items in SIGNALS:
        holders = _either(data, resources)
        if isinstance(holders, list):
            found = found if found is not None else []
            for holder in holders:
                _read_resource(found, signal, holder, scopes, items)
    return found


def _either(data: dict[str, Any], name: str) -> Any:
    value = data.get(name)
    return value if value is not None else data.get(SNAKE.get(name, name))


def _read_resource(
    found: list[Record], signal: str, holder: Any, scopes: tuple[str, ...], items: str
) -> None:
    if not isinstance(holder, dict):
        found.append({"otlp": signal, "malformed": holder})
        return
    about = holder.get("resource")
    shared = resource(about)
    flat = not any(isinstance(value, (dict, list)) for value in shared.values())
    for scope_key in scopes:
        groups = _either(holder, scope_key)
        for group in groups if isinstance(groups, list) else ():
            if not isinstance(group, dict):
                found.append({"otlp": signal, "malformed": group})
                continue
            scope = group.get("scope") or group.get("instrumentationLibrary")
            listed = _either(group, items)
            for item in listed if isinstance(listed, list) else ():
                own = shared.copy() if flat else resource(about)
                found.append(_record(signal, item, own, _scope(scope)))


def _record(signal: str, item: Any, about: Record, scope: Record) -> Record:
    """One flat record; its resource and scope are its own copies, as it will take things out of them."""
    made: Record = {"otlp": signal, "resource": about, "scope": scope}
    if not isinstance(item, dict):
        made["malformed"] = item
        return made
    for name, value in item.items():
        read = _FIELDS.get(name)
        if read is not None:
            made[name] = read(value)
        elif name in CAMEL:
            known = CAMEL[name]
            made[known] = _FIELDS[known](value) if known in _FIELDS else value
        else:
            made["unknown_" + name if name in ("otlp", "resource", "scope") else name] = value
    if type(made.get("attributes")) is not dict:
        made["attributes"] = {}
    if signal == "metric":
        _data_points(made)
    return made


def _scope(scope: Any) -> Record:
    if isinstance(scope, str):
        return {"name": scope}
    if not isinstance(scope, dict) or not scope:
        return {}
    made = {key: value for key, value in scope.items() if key != "attributes" and value not in ("", 0, None)}
    if "attributes" in scope:
        for key, value in attributes(scope["attributes"]).items():
            made.setdefault(key, value)
    return made


def _events(value: Any) -> Any:
    """Events and links: each with plain attributes and a time as the exporter wrote it."""
    if not isinstance(value, list):
        return value
    made = []
    for event in value:
        if isinstance(event, dict):
            event = {camel(name): item for name, item in event.items()}
            event["attributes"] = attributes(event.get("attributes"))
            for other in ("timestamp", "@timestamp", "time"):
                if other in event and "timeUnixNano" not in event:
                    event["timeUnixNano"] = nanos(event.pop(other))
            for name in ("traceId", "spanId"):
                if name in event:
                    event[name] = identifier(event[name])
        made.append(event)
    return made


_FIELDS = {
    "attributes": attributes,
    "body": plain,
    "events": _events,
    "kind": kind,
    "links": _events,
    "parentSpanId": identifier,
    "spanId": identifier,
    "status": status,
    "traceId": identifier,
}


def _data_points(made: Record) -> None:
    """The points of a metric with plain attributes."""
    for shape in ("gauge", "sum", "histogram", "exponentialHistogram", "summary"):
        points = made.get(shape)
        listed = points.get("dataPoints", points.get("data_points")) if isinstance(points, dict) else None
        for point in listed if isinstance(listed, list) else ():
            if isinstance(point, dict):
                point["attributes"] = attributes(point.get("attributes"))


def _is_elastic(data: Any) -> bool:
    return (
        isinstance(data, dict)
        and "@timestamp" in data
        and isinstance(data.get("attributes"), dict)
        and isinstance(data.get("resource"), dict)
    )


def _elastic(data: dict[str, Any]) -> Record:
    """A document of a ``logs-*.otel-*`` or ``traces-*.otel-*`` data stream."""
    left = dict(data)
    span = "span_id" in left and "name" in left
    about, scope = resource(left.pop("resource")), _scope(left.pop("scope", None))
    made = _record("span" if span else "log", {}, about, scope)
    made["attributes"] = attributes(left.pop("attributes"))
    stamp = left.pop("@timestamp")
    made["startTimeUnixNano" if span else "timeUnixNano"] = nanos(stamp)
    text = left.get("body")
    if isinstance(text, dict) and ("text" in text or "structured" in text):
        left.pop("body")
        made["body"] = text["text"] if "text" in text else plain(text["structured"])
    for old, new in _ELASTIC_NAMES.items():
        if old in left:
            made[new] = left.pop(old)
    duration = left.get("duration")  # nanoseconds
    start = made.get("startTimeUnixNano")
    began = epoch_ms(start)
    if span and isinstance(duration, int) and began is not None:
        nanoseconds = int(start) if isinstance(start, str) and start.isdecimal() else began * 1_000_000
        made["endTimeUnixNano"] = str(nanoseconds + left.pop("duration"))
    for name, read in _FIELDS.items():
        if name in made and name not in ("attributes", "body"):
            made[name] = read(made[name])
    for name, value in left.items():
        made.setdefault(name, value)
    return made


_ELASTIC_NAMES = {
    "body": "body", "event_name": "eventName", "kind": "kind", "links": "links", "name": "name",
    "observed_timestamp": "observedTimeUnixNano", "parent_span_id": "parentSpanId",
    "severity_number": "severityNumber", "severity_text": "severityText", "span_id": "spanId",
    "status": "status", "trace_id": "traceId", "trace_state": "traceState",
}  # fmt: skip


def _lone(data: dict[str, Any]) -> list[Record] | None:
    """One record without an export request around it."""
    for lone_signal, key in LONE:
        inner = data.get(key)
        if isinstance(inner, dict) and ("scope" in data or "resource" in data) and _looks_otlp(inner):
            made = _sdk(lone_signal, inner, data.get("resource"), data.get("scope"))
            made |= {k: v for k, v in data.items() if k not in (key, "resource", "scope") and k not in made}
            return [made]
    given = data.get("attributes")
    if isinstance(given, (dict, list)) and (signal := _signal(data)):
        scope = data.get("scope") or data.get("instrumentationScope") or data.get("instrumentation_scope")
        inner = {k: v for k, v in data.items() if k not in _SURROUNDINGS}
        return [_sdk(signal, inner, data.get("resource"), scope)]
    if any(key in data for key in BARE_ATTRIBUTES):
        return [_record("span", {"attributes": data}, {}, {})]
    return None


_SURROUNDINGS = (
    "resource",
    "scope",
    "instrumentationScope",
    "instrumentation_scope",
    "instrumentationLibrary",
)


def _looks_otlp(inner: dict[str, Any]) -> bool:
    return "attributes" in inner or "traceId" in inner or "timeUnixNano" in inner


def _signal(data: dict[str, Any]) -> str | None:
    """Whether a dict with attributes is a span or a log record, by keys that only these have."""
    if "name" in data and any(key in data for key in _SPAN_KEYS):
        return "span"
    if any(key in data for key in _LOG_KEYS):
        return "log"
    listed = data["attributes"]
    if "name" in data and isinstance(listed, list) and listed:
        first = listed[0]  # an OTLP span that has lost its ids and times
        return "span" if isinstance(first, dict) and "key" in first and "value" in first else None
    return None


_SPAN_KEYS = (
    "startTimeUnixNano", "start_time_unix_nano", "spanId", "span_id", "spanContext", "_spanContext", "context",
)  # fmt: skip
_LOG_KEYS = (
    "timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano", "observed_timestamp",
    "hrTime", "severityNumber", "severity_number",
)  # fmt: skip


def _sdk(signal: str, inner: dict[str, Any], from_resource: Any, scope: Any) -> Record:
    """A record in OTLP's or in an SDK's own names."""
    renamed: Record = {}
    for name, value in inner.items():
        if name in ("spanContext", "_spanContext", "context") and isinstance(value, dict):
            renamed |= {camel(key): item for key, item in value.items()}
        elif name in ("parentSpanContext", "parent") and isinstance(value, dict):
            renamed["parentSpanId"] = value.get("spanId", value.get("span_id"))
        elif name in _SDK_NAMES and not (signal == "span" and name in ("timestamp", "observed_timestamp")):
            known = _SDK_NAMES[name]
            renamed[known] = nanos(value) if known.endswith("UnixNano") else value
        elif not name.startswith("_"):  # an SDK object's own machinery: processors, limits, buffers
            renamed[name] = value
    made = _record(signal, renamed, resource(from_resource), _scope(scope))
    if signal == "span" and "startTime" in inner and inner.get("kind") in (0, 1, 2, 3, 4):
        made["kind"] = kind(inner["kind"] + 1)  # JavaScript counts from INTERNAL = 0
    return made


_SDK_NAMES = {
    "_attributes": "attributes", "_body": "body", "end_time": "endTimeUnixNano", "endTime": "endTimeUnixNano",
    "hrTime": "timeUnixNano", "hrTimeObserved": "observedTimeUnixNano",
    "observed_timestamp": "observedTimeUnixNano", "parent_id": "parentSpanId", "start_time": "startTimeUnixNano",
    "startTime": "startTimeUnixNano", "timestamp": "timeUnixNano", "_severityNumber": "severityNumber",
    "_severityText": "severityText",
}  # fmt: skip
