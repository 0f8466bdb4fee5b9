"""Fields, event types and tags of Splunk's Common Information Model, made from OCSF in the add-on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from spl.engine import Event, Options, run
from splunk_apps import our_apps, part, stanzas

from tracehound.rules import load_rules
from tracehound.schema import fields
from tracehound.schema.constants import CLASSES
from tracehound.schema.generate.splunk import splunk_props

ADD_ON = "TA-tracehound"
FILES = our_apps()


def conf(name: str) -> dict[str, dict[str, str]]:
    return stanzas(FILES[f"{ADD_ON}/default/{name}.conf"])


CIM = part("cim")
SAME = {"action", "status"}
"""Attributes of OCSF that CIM names too; both words are kept."""


def cim_row(event: dict[str, Any]) -> dict[str, list[str]]:
    """The fields of the data models of an event."""
    uid = event["class_uid"]
    made = {f"th_{name}": said for name, said in CIM.FIELDS[uid].items()}
    text = f"index=* | eval {', '.join(f'{name}={said}' for name, said in made.items())}"
    options = Options(json_null="absent", kv_maxchars=None)
    (row,) = run(text, [Event(event, event["time"] / 1000)], options=options)
    return {name.removeprefix("th_"): row[name] for name in made if name in row}


def event(class_uid: int, **more: Any) -> dict[str, Any]:
    return {"class_uid": class_uid, "time": 1_764_000_000_000, "metadata": {"uid": "u"}, **more}


CASES: dict[str, tuple[dict[str, Any], dict[str, list[str]]]] = {
    "log-in": (
        event(3002, status_id=2, status="Failure", activity_id=1, user={"name": "mia"}),
        {"action": ["failure"], "user": ["mia"]},
    ),
    "log-in with an action of its own": (
        event(3002, status_id=1, action="Allowed"), {"action": ["success", "Allowed"]},
    ),
    "traffic that was blocked": (
        event(4001, action_id=2, action="Denied", src_endpoint={"ip": "10.0.0.5"}, dst_endpoint={"port": 443}),
        {"action": ["blocked", "Denied"], "src": ["10.0.0.5"], "dest_port": ["443"]},
    ),
    "traffic that was allowed": (event(4001, action_id=1, action="Allowed"), {"action": ["allowed"]}),
    "a web page": (
        event(
            4002, status="Success", http_response={"code": 200}, traffic={"bytes_in": 5, "bytes_out": 7},
            http_request={"http_method": "GET", "url": {"path": "/v1", "hostname": "api.example"}},
        ),
        {"status": ["200", "Success"], "http_method": ["GET"], "url_domain": ["api.example"], "bytes": ["12"]},
    ),
    "a name looked up": (
        event(4003, activity_id=1, query={"hostname": "api.example"}, answers=[{"rdata": "192.0.2.1"}]),
        {"query": ["api.example"], "answer": ["192.0.2.1"], "message_type": ["Query"]},
    ),
    "a change": (
        event(
            6003, activity_name="Delete", status_id=1, status="Success", api={"operation": "DeleteGuardrail"},
            resources=[{"name": "g-1", "type": "guardrail"}], ai={"service": "cloud_audit", "principal": "ana"},
        ),
        {
            "action": ["deleted"], "status": ["success"], "command": ["DeleteGuardrail"], "object": ["g-1"],
            "object_category": ["guardrail"], "user": ["ana"],
        },
    ),
    "a prompt with a secret that was blocked": (
        event(
            6003, severity="Fatal", metadata={"uid": "u", "product": {"name": "LiteLLM", "vendor_name": "BerriAI"}},
            ai={"signals": ["prompt.secret.aws_key", "prompt.pii.iban"], "guardrail": {"action": "blocked"}},
        ),
        {
            "action": ["blocked"], "category": ["secret", "pii"], "dlp_type": ["ai"], "app": ["LiteLLM"],
            "vendor_product": ["BerriAI LiteLLM"],
        },
    ),
    "a finding": (
        event(2004, severity="High", finding_info={"title": "Jailbreak", "uid": "f-1"}),
        {"signature": ["Jailbreak"], "id": ["f-1"], "type": ["alert"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given_event", "wanted"), CASES.values(), ids=CASES)
def test_fields_of_the_data_models(given_event: dict[str, Any], wanted: dict[str, list[str]]) -> None:
    found = cim_row(given_event)
    assert {name: found.get(name) for name in wanted} == wanted


def test_cim_takes_the_place_of_no_attribute_that_rules_test() -> None:
    known = fields()
    for uid, made in CIM.FIELDS.items():
        assert {name for name in made if name in known and uid in known[name].classes} <= SAME
    asked = {name for rule in load_rules().rules for name in rule.fields}
    assert not asked & SAME
    for name in (name for name in FILES if "/ui/views/" in name):
        queries = re.findall(r'"query": "((?:[^"\\]|\\.)*)"', FILES[name].decode())
        assert queries
        assert not [q for q in queries if re.search(r"(?<![\w.{}$])(?:action|status)(?![\w.])", q)]


def test_the_table_of_the_page_is_that_of_the_code() -> None:
    page = Path(__file__).parents[2] / "docs" / "splunk.md"
    assert CIM.table() in page.read_text("utf-8")


def test_each_event_type_has_fields_and_tags() -> None:
    types, tags, props = conf("eventtypes"), conf("tags"), conf("props")
    assert {f"eventtype={name}" for name in types} == set(tags)
    assert all(value == "enabled" for one in tags.values() for value in one.values())
    for one in types.values():
        for sourcetype in re.findall(r'sourcetype="([^"]+)"', one["search"]):
            assert {"EVAL-user", "EVAL-src", "EVAL-vendor_product"} <= set(props[sourcetype])
    assert len(props) == len(CLASSES)
    ours = stanzas(splunk_props().encode())
    for name, one in ours.items():
        assert one.items() <= props[name].items()


def test_events_of_our_rules_fall_into_event_types() -> None:
    """Those of the change and data loss types, which choose among events of one class."""
    types = conf("eventtypes")
    change = event(6003, activity_name="Delete", ai={"service": "cloud_audit"})
    prompt = event(6003, activity_name="Create", ai={"service": "gateway", "signals": ["prompt.pii.iban"]})
    quiet = event(6003, activity_name="Create", ai={"service": "gateway"})
    given_events = [
        Event(one, 1.0, sourcetype="tracehound:ocsf:api_activity") for one in (change, prompt, quiet)
    ]
    found = {name: [e["ai.service"] for e in run(one["search"], given_events)] for name, one in types.items()}
    assert found["tracehound_change"] == [["cloud_audit"]]
    assert found["tracehound_dlp"] == [["gateway"]]
    assert not found["tracehound_alert"]
