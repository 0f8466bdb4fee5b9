"""One right event of every class, to change and look at."""

from __future__ import annotations

import copy
from typing import Any

from tracehound.schema.constants import CLASSES, EXTENSION, OCSF_VERSION, type_uid

TIME = 1_732_439_702_000


def event(class_uid: int, activity_id: int = 1, **attributes: Any) -> dict[str, Any]:
    """The least an event of a class needs, and what is given."""
    profiles = attributes.pop("profiles", [])
    made = {
        "class_uid": class_uid,
        "category_uid": CLASSES[class_uid].category_uid,
        "activity_id": activity_id,
        "type_uid": type_uid(class_uid, activity_id),
        "severity_id": 1,
        "time": TIME,
        "metadata": {
            "uid": "0d7c9e51",
            "version": OCSF_VERSION,
            "product": {"name": "LiteLLM Proxy", "vendor_name": "BerriAI"},
            "log_provider": "litellm",
            "extensions": [dict(EXTENSION)],
            "profiles": profiles,
        },
        "raw_data_hash": {"algorithm": "SHA-256", "algorithm_id": 3, "value": "e3b0"},
        "ai": {"service": "gateway", "source": "litellm", "activity": "inference"},
    }
    return {**made, **attributes}


def model_call() -> dict[str, Any]:
    return event(
        6003,
        99,
        activity_name="Inference",
        profiles=["ai_operation", "trace", "security_control", "cloud", "host"],
        actor={"user": {"name": "alice", "email_addr": "alice@example.com", "type_id": 1}, "app_name": "bot"},
        api={"operation": "chat", "request": {"uid": "r1", "data": {"n": None}}, "response": {"code": 200}},
        src_endpoint={"ip": "2001:db8::1", "port": 40000, "svc_name": "litellm"},
        dst_endpoint={"hostname": "api.openai.com"},
        http_request={"user_agent": "x", "http_method": "POST", "url": {"path": "/v1/chat/completions"}},
        ai_model={"name": "gpt-4o", "ai_provider": "openai"},
        message_context={"service": {"name": "litellm"}, "ai_role_id": 1, "prompt_tokens": 12},
        trace={"uid": "4bf9", "span": {"uid": "00f0", "start_time": TIME, "end_time": TIME + 5}},
        disposition_id=2,
        action_id=2,
        status_id=2,
        cloud={"provider": "AWS", "region": "us-east-1", "account": {"uid": "123456789012"}},
        device={"type_id": 0, "hostname": "h"},
        resources=[{"name": "g1", "region": "us-east-1", "data": {"a": [None]}}],
        unmapped={"deep": {"null": None}},
        duration=840,
        ai={
            "service": "gateway",
            "source": "litellm",
            "activity": "inference",
            "signals": ["prompt.injection.instruction_override"],
            "tokens": {"prompt": 12, "completion": 3, "total": 15},
            "cost_usd": 1,
            "model": {"name": "gpt-4o", "status": "approved", "known_vulnerabilities": []},
        },
    )


def detection() -> dict[str, Any]:
    return event(
        2004,
        severity_id=4,
        profiles=["security_control", "host"],
        finding_info={
            "uid": "f1",
            "title": "t",
            "analytic": {"name": "r", "uid": "u", "type_id": 1, "type": "Rule", "version": "1"},
            "related_events": [{"uid": "0d7c9e51", "type_uid": 600399}],
            "related_events_count": 1,
            "tags": [{"name": "owasp", "values": ["llm01-2025"]}],
        },
        attacks=[{"technique": {"uid": "AML.T0051", "name": "LLM Prompt Injection"}, "version": "1"}],
        evidences=[{"data": {"ai.guardrail.action": "blocked"}}],
        remediation={"desc": "Look at the prompt."},
        actor={"user": {"name": "alice"}},
        is_alert=True,
        risk_score=70,
        ai={"service": "finding", "source": "rules", "activity": "finding", "principal": "alice"},
    )


GOOD: dict[str, dict[str, Any]] = {
    "model call": model_call(),
    "our finding": detection(),
    "datastore": event(
        6005,
        4,
        profiles=["ai_operation"],
        actor={"app_name": "agent"},
        src_endpoint={"svc_name": "bedrock"},
        database={"name": "kb", "type_id": 7},
        query_info={"query_string": "q", "uid": "1"},
    ),
    "command": event(
        1007,
        profiles=["ai_operation"],
        actor={"app_name": "claude-code"},
        device={"type_id": 0, "hostname": "h"},
        process={"uid": "toolu_1", "cmd_line": "ls", "parent_process": {"pid": 1}},
    ),
    "login": event(3002, user={"email_addr": "a@b.co", "uid": "u"}, service={"name": "OpenAI"}, is_mfa=True),
    "vendor data finding": event(2006, finding_info={"uid": "1"}, data_security={"detection_pattern": "cc"}),
    "vulnerability": event(
        2002, finding_info={"uid": "1"}, vulnerabilities=[{"cve": {"uid": "CVE-2024-37032"}}]
    ),
    "compliance": event(2003, finding_info={"uid": "1"}, compliance={"control": "c", "status_id": 3}),
    "dns": event(4003, query={"hostname": "a", "class": "IN"}, src_endpoint={"ip": "10.0.0.1"}),
    "http": event(
        4002,
        6,
        http_request={"http_method": "POST", "url": {"hostname": "api.openai.com", "path": "/"}},
        http_cookies=[{"name": "a", "value": "b"}],
        src_endpoint={"ip": "10.0.0.1", "hw_info": {"cpu_count": 4}},
    ),
    "network": event(4001, 6, src_endpoint={"ip": "10.0.0.1"}, traffic={"bytes": 1}),
}


def with_(path: str, value: Any, base: dict[str, Any] | None = None) -> dict[str, Any]:
    """A copy of an event with one attribute set, or taken away when the value is ``...``."""
    made = copy.deepcopy(base or model_call())
    *above, last = path.split("/")
    inner: Any = made
    for step in above:
        inner = inner[int(step)] if step.isdigit() else inner.setdefault(step, {})
    key = int(last) if isinstance(inner, list) else last
    if value is ...:
        del inner[key]
    else:
        inner[key] = value
    return made
