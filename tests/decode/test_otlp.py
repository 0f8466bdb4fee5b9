"""OTLP and its relatives, as flat records."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracehound.decode.otlp import unwrap

TRACE, SPAN = "5b8efff798038103d269b633813fc60c", "eee19b7ec3c1b174"
NAME = {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}
RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}


def request(item: dict[str, Any], signal: str = "span") -> dict[str, Any]:
    resources, scopes, items = {
        "span": ("resourceSpans", "scopeSpans", "spans"),
        "log": ("resourceLogs", "scopeLogs", "logRecords"),
        "metric": ("resourceMetrics", "scopeMetrics", "metrics"),
    }[signal]
    scope = {"name": "lib", "version": "1.2"}
    return {resources: [{"resource": RESOURCE, scopes: [{"scope": scope, items: [item]}]}]}


def one(data: dict[str, Any]) -> dict[str, Any]:
    records = unwrap(data)
    assert records is not None
    assert len(records) == 1
    return records[0]


def test_span_of_an_export_request() -> None:
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "parentSpanId": "",
        "name": "chat gpt-4o",
        "kind": 3,
        "startTimeUnixNano": "1732439702000000000",
        "attributes": [NAME],
        "events": [{"name": "exception", "timeUnixNano": "1", "attributes": [NAME]}],
        "status": {"code": 2, "message": "no"},
    }
    assert one(request(span)) == {
        "otlp": "span",
        "resource": {"service.name": "shop"},
        "scope": {"name": "lib", "version": "1.2"},
        "traceId": TRACE,
        "spanId": SPAN,
        "parentSpanId": None,
        "name": "chat gpt-4o",
        "kind": "CLIENT",
        "startTimeUnixNano": "1732439702000000000",
        "attributes": {"gen_ai.operation.name": "chat"},
        "events": [
            {"name": "exception", "timeUnixNano": "1", "attributes": {"gen_ai.operation.name": "chat"}}
        ],
        "status": {"code": "ERROR", "message": "no"},
    }


def test_snake_case_and_names_of_enumerations_and_base64_ids() -> None:
    span = {
        "trace_id": "W47/95gDgQPSabYzgT/GDA==",
        "span_id": "7uGbfsPBsXQ=",
        "kind": "SPAN_KIND_SERVER",
        "start_time_unix_nano": "1",
        "status": {"code": "STATUS_CODE_OK"},
        "attributes": [{"key": "n", "value": {"int_value": "7"}}],
    }
    envelope = {"resource_spans": [{"scope_spans": [{"spans": [span]}]}]}
    assert one(envelope) == {
        "otlp": "span",
        "resource": {},
        "scope": {},
        "traceId": TRACE,
        "spanId": SPAN,
        "kind": "SERVER",
        "startTimeUnixNano": "1",
        "status": {"code": "OK"},
        "attributes": {"n": 7},
    }


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"stringValue": "a"}, "a"),
        ({"intValue": "12"}, 12),
        ({"intValue": 12}, 12),
        ({"intValue": "many"}, "many"),
        ({"doubleValue": 0.5}, 0.5),
        ({"boolValue": False}, False),
        ({"bytesValue": "AAE="}, "AAE="),
        ({"arrayValue": {"values": [{"stringValue": "a"}, {"intValue": "1"}]}}, ["a", 1]),
        ({"arrayValue": {}}, []),
        ({"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": True}}]}}, {"k": True}),
        ({}, None),
        (None, None),
        ("already plain", "already plain"),
    ],
)
def test_values(value: Any, expected: Any) -> None:
    assert one(request({"attributes": [{"key": "x", "value": value}]}))["attributes"] == {"x": expected}


def test_log_record_with_structured_body() -> None:
    text = {"key": "content", "value": {"stringValue": "hi"}}
    log = {
        "timeUnixNano": "0",
        "observedTimeUnixNano": "5",
        "eventName": "gen_ai.user.message",
        "severityNumber": 9,
        "body": {"kvlistValue": {"values": [text]}},
        "attributes": [],
    }
    made = one(request(log, "log"))
    assert made["otlp"] == "log"
    assert made["body"] == {"content": "hi"}
    assert made["eventName"] == "gen_ai.user.message"
    assert made["severityNumber"] == 9


def test_each_record_has_its_own_resource() -> None:
    envelope = request({"name": "a"})
    envelope["resourceSpans"][0]["scopeSpans"][0]["spans"].append({"name": "b"})
    first, second = unwrap(envelope) or []
    first["resource"].clear()
    first["scope"].clear()
    assert second["resource"] == {"service.name": "shop"}
    assert second["scope"] == {"name": "lib", "version": "1.2"}


def test_a_repeated_attribute_and_what_is_no_attribute_are_kept() -> None:
    made = one(
        request({"attributes": [NAME, {"key": "gen_ai.operation.name", "value": {}}, "odd", {"k": 1}]})
    )
    assert made["attributes"] == {
        "gen_ai.operation.name": "chat",
        "gen_ai.operation.name#2": None,
        "#malformed": ["odd", {"k": 1}],
    }


def test_elastic_document_also_wrapped_in_events() -> None:
    document = {
        "@timestamp": "2026-11-24T09:00:00.000Z",
        "attributes": {"event.name": "api_request"},
        "resource": {"attributes": {"service.name": "claude-code"}},
        "scope": {"name": "com.anthropic.claude_code.events", "version": "2.1"},
        "body": {"text": "claude_code.api_request"},
        "event_name": "api_request",
        "data_stream": {"type": "logs"},
    }
    expected = {
        "otlp": "log",
        "resource": {"service.name": "claude-code"},
        "scope": {"name": "com.anthropic.claude_code.events", "version": "2.1"},
        "attributes": {"event.name": "api_request"},
        "timeUnixNano": "2026-11-24T09:00:00.000Z",
        "body": "claude_code.api_request",
        "eventName": "api_request",
        "data_stream": {"type": "logs"},
    }
    assert one(document) == expected
    assert one({"events": [document]}) == expected


def test_elastic_span() -> None:
    made = one(
        {
            "@timestamp": "1732439702000000000",
            "attributes": {},
            "resource": {"attributes": {}},
            "name": "chat",
            "span_id": SPAN,
            "trace_id": TRACE,
            "kind": "Client",
            "duration": 5,
            "status": {"code": "Error"},
        }
    )
    assert made["otlp"] == "span"
    assert made["kind"] == "CLIENT"
    assert made["status"] == {"code": "ERROR"}
    assert made["startTimeUnixNano"] == "1732439702000000000"
    assert made["endTimeUnixNano"] == "1732439702000000005"


def test_python_console_exporter() -> None:
    made = one(
        {
            "name": "chat",
            "context": {"trace_id": "0x" + TRACE, "span_id": "0x" + SPAN, "trace_state": "[]"},
            "kind": "SpanKind.CLIENT",
            "parent_id": None,
            "start_time": "2026-11-24T09:00:00.000000Z",
            "end_time": "2026-11-24T09:00:01.000000Z",
            "status": {"status_code": "ERROR", "description": "no"},
            "attributes": {"gen_ai.system": "openai"},
            "events": [{"name": "exception", "timestamp": "2026-11-24T09:00:01Z", "attributes": {}}],
            "links": [],
            "resource": {"attributes": {"service.name": "shop"}, "schema_url": ""},
        }
    )
    assert made["traceId"] == TRACE
    assert made["spanId"] == SPAN
    assert made["kind"] == "CLIENT"
    assert made["status"] == {"code": "ERROR", "message": "no"}
    assert made["startTimeUnixNano"] == "2026-11-24T09:00:00.000000Z"
    assert made["resource"] == {"service.name": "shop"}
    assert made["events"][0]["timeUnixNano"] == "2026-11-24T09:00:01Z"


def test_javascript_span_and_log() -> None:
    span = one(
        {
            "name": "ai.toolCall",
            "spanContext": {"traceId": TRACE, "spanId": SPAN},
            "kind": 2,
            "attributes": {"ai.toolCall.name": "x"},
            "startTime": [1732439702, 5],
            "endTime": [1732439703, 0],
            "status": {"code": 0},
        }
    )
    assert span["kind"] == "CLIENT"
    assert span["startTimeUnixNano"] == "1732439702000000005"
    assert span["status"] == {"code": "UNSET"}
    log = one(
        {
            "hrTime": [1732439702, 0],
            "resource": {"_rawAttributes": [["service.name", "cli"], ["host.id", None]]},
            "instrumentationScope": {"name": "cli"},
            "attributes": {"event.name": "cli.start"},
            "_body": "started",
        }
    )
    assert log["otlp"] == "log"
    assert log["resource"] == {"service.name": "cli"}
    assert log["scope"] == {"name": "cli"}
    assert log["body"] == "started"


def test_records_outside_an_envelope() -> None:
    assert one({"name": "chat", "kind": "SPAN_KIND_INTERNAL", "attributes": [NAME]})["otlp"] == "span"
    wrapped = one(
        {"scope": {"name": "s"}, "span": {"traceId": TRACE, "name": "n", "attributes": []}, "line": 4}
    )
    assert (wrapped["scope"], wrapped["traceId"], wrapped["line"]) == ({"name": "s"}, TRACE, 4)
    assert one({"openinference.span.kind": "LLM"})["attributes"] == {"openinference.span.kind": "LLM"}


def test_metric() -> None:
    metric = {"name": "tokens", "sum": {"dataPoints": [{"asInt": "5", "attributes": [NAME]}]}}
    made = one(request(metric, "metric"))
    assert made["otlp"] == "metric"
    assert made["sum"]["dataPoints"][0]["attributes"] == {"gen_ai.operation.name": "chat"}


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"otlp": "span", "attributes": {"gen_ai.system": "x"}, "name": "n", "spanId": SPAN},
        {"name": "a person", "attributes": {"height": 1}},
        {"attributes": 5, "name": "x", "spanId": 1},
        {"events": []},
        {"events": [{"id": 1}]},
        {"resourceSpans": {"not": "a list"}},
        {"resourceSpans": None},
    ],
)
def test_what_is_nothing_of_otlp(data: dict[str, Any]) -> None:
    assert unwrap(data) is None


@pytest.mark.parametrize("holder", [5, None, {"scopeSpans": [7]}, {"scopeSpans": [{"spans": ["x", None]}]}])
def test_malformed_parts_become_records_that_nothing_knows(holder: Any) -> None:
    records = unwrap({"resourceSpans": [holder]})
    assert records
    assert all("malformed" in record for record in records)


_KEYS = st.sampled_from(
    [
        "resourceSpans", "scopeSpans", "spans", "resourceLogs", "scope_logs", "log_records", "scope", "resource",
        "attributes", "key", "value", "kvlistValue", "arrayValue", "values", "events", "status", "kind", "traceId",
        "name", "hrTime", "startTime", "@timestamp", "body", "span", "context", "severityNumber", "metrics",
    ]
)  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, anything, max_size=6))
def test_never_fails(data: dict[str, Any]) -> None:
    for record in unwrap(data) or []:
        assert record["otlp"] in ("span", "log", "metric")
        assert isinstance(record.get("attributes", {}), dict)


def test_deep_values_stay_bounded() -> None:
    value: dict[str, Any] = {"stringValue": "x"}
    for _ in range(240):
        value = {"arrayValue": {"values": [value]}}
    assert one(request({"attributes": [{"key": "deep", "value": value}]}))["attributes"]["deep"]
