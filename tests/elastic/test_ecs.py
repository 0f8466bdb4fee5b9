"""The OCSF-to-ECS table: real names on both sides, right types, and an event that stays as it was."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from elastic_push import day, part

from tracehound.schema import fields
from tracehound.schema.constants import CLASSES

ecs, table, events = part("ecs"), part("ecs_table"), part("events")

PUBLISHED = json.loads((Path(__file__).parents[1] / "data" / "ecs" / "published.json").read_bytes())
"""ECS 9.3.0 as it is published: whole field sets, and the types that each category expects."""

# ECS type -> types of our schema whose values it takes. A keyword takes any scalar.
TAKES = {
    "date": {"date"},
    "ip": {"ip"},
    "long": {"long"},
    "integer": {"long"},
    "float": {"long", "double"},
    "keyword": {"keyword", "text", "long", "ip"},
    "wildcard": {"keyword", "text"},
    "match_only_text": {"text", "keyword"},
}


def test_every_field_of_the_table_is_published_and_each_published_one_is_used() -> None:
    used = {field for field, _ in (*table.COPIED, *table.COLLECTED)} | set(table.SAME) | set(table.MADE)
    assert used == set(ecs.published())


def test_names_and_types_are_those_that_ecs_publishes() -> None:
    wrong = {name: kind for name, kind in ecs.published().items() if PUBLISHED["fields"].get(name) != kind}
    assert wrong == {}
    assert ecs.version() == PUBLISHED["version"]


def test_the_mapping_has_the_published_types() -> None:
    """A field of ECS alone is mapped as published, or as what holds the same values in one type."""
    server = part("client").Server("elasticsearch", (9, 5), "c")
    properties = part("templates").mapping(server)["properties"]
    simpler = {"wildcard": "keyword", "constant_keyword": "keyword", "integer": "long"}
    for name in ecs.own_fields():
        node: Any = {"properties": properties}
        for step in name.split("."):
            node = node["properties"][step]
        published = PUBLISHED["fields"][name]
        assert node["type"] in (published, simpler.get(published)), name


def test_every_class_has_a_category_and_types_that_it_expects() -> None:
    assert set(table.CATEGORIES) == set(CLASSES)
    for class_uid, categories in table.CATEGORIES.items():
        expected = {kind for one in categories for kind in PUBLISHED["types_of_category"][one]}
        used = {*table.TYPES.get(class_uid, {}).values(), table.USUAL_TYPE.get(class_uid, "info")}
        if class_uid in table.VERDICT_CLASSES:
            used |= set(table.VERDICTS.values())
        assert used <= expected, class_uid


@pytest.mark.parametrize(("field", "source"), [*table.COPIED, *table.COLLECTED])
def test_sources_are_in_the_schema_and_types_agree(field: str, source: str) -> None:
    assert fields()[source].type in TAKES[ecs.published()[field]]


@pytest.mark.parametrize("field", table.SAME)
def test_fields_of_both_schemas_have_one_type(field: str) -> None:
    assert fields()[field].type in TAKES[ecs.published()[field]]


def test_no_field_lies_where_the_other_schema_has_an_object() -> None:
    paths = set(fields())
    for name in ecs.published():
        assert not any(path.startswith(f"{name}.") for path in paths), name
        steps = name.split(".")
        assert not any(".".join(steps[:n]) in paths for n in range(1, len(steps))), name


def test_shared_roots_are_those_of_the_schema() -> None:
    roots = {path.partition(".")[0] for path in fields()}
    ours = {field.partition(".")[0] for field, source in table.COPIED if "." in field and field != source}
    assert roots & ours == table.SHARED_ROOTS


def test_the_sample_day() -> None:
    for event in day():
        before = copy.deepcopy(event)
        document = ecs.with_ecs(event, "tracehound.x", "default")
        assert event == before
        assert document["@timestamp"] == event["time"]
        assert document["event"]["id"] == event["metadata"]["uid"]
        assert document["event"]["category"]
        assert set(_leaves(document)) - set(_leaves(event)) <= set(ecs.published())
        assert ecs.without_ecs(orjson.loads(orjson.dumps(document))) == orjson.loads(orjson.dumps(before))


def _leaves(value: Any, path: str = "") -> list[str]:
    if isinstance(value, dict) and path != "unmapped":
        return [
            leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}" if path else key)
        ]
    return [path]


LOGIN = {"class_uid": 3002, "activity_id": 1, "status_id": 2, "time": 1, "metadata": {"uid": "u"}}
CALL = {"class_uid": 6003, "activity_id": 99, "time": 1, "metadata": {"uid": "u"}}
CASES: dict[str, tuple[dict[str, Any], str, Any]] = {
    "who logs in goes before who acts": (
        LOGIN | {"user": {"name": "alice"}, "actor": {"user": {"name": "root"}}}, "user.name", "alice",
    ),
    "who acts": (CALL | {"actor": {"user": {"name": "bob", "uid": "7"}}}, "user.id", "7"),
    "all who are named": (
        CALL | {"actor": {"user": {"name": "bob", "uid": "7"}}, "ai": {"principal": "bob"}},
        "related.user", ["bob", "7"],
    ),
    "a login that failed": (LOGIN, "event.outcome", "failure"),
    "a login's words": (LOGIN, "event.type", ["start"]),
    "an operation goes before an activity": (
        CALL | {"activity_name": "Inference", "api": {"operation": "chat"}}, "event.action", "chat",
    ),
    "milliseconds become nanoseconds": (CALL | {"duration": 3}, "event.duration", 3_000_000),
    "blocked": (CALL | {"disposition_id": 2}, "event.type", ["info", "denied"]),
    "a name is no address": (CALL | {"src_endpoint": {"hostname": "h"}}, "source.address", "h"),
    "a tool call's id": (
        CALL | {"ai": {"activity": "tool_call"}, "api": {"request": {"uid": "t1"}}}, "gen_ai.tool.call.id", "t1",
    ),
    "a finding is an alert": ({"class_uid": 2004, "time": 1, "metadata": {"uid": "u"}}, "event.kind", "alert"),
    "techniques, each once": (
        {"class_uid": 2004, "time": 1, "metadata": {"uid": "u"}, "finding_info": {
            "attacks": [{"technique": {"uid": "AML.T0051"}}, {"technique": {"uid": "AML.T0051"}}]}},
        "threat.technique.id", ["AML.T0051"],
    ),
    "an object where a text should be": (CALL | {"actor": {"user": {"name": {"x": 1}}}}, "user.name", None),
    "a text where an object should be": (CALL | {"cloud": "x", "device": "y"}, "host.name", None),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values(name: str) -> None:
    event, field, wanted = CASES[name]
    found: Any = ecs.with_ecs(event, "tracehound.x", "default")
    for step in field.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    assert found == wanted


def test_names_of_streams_and_ids() -> None:
    assert events.stream_name(6003, "prod") == "logs-tracehound.api_activity-prod"
    assert events.stream_name(4711, "prod") == "logs-tracehound.other-prod"
    assert events.document_id("abc") == "abc"
    assert len(events.document_id("x" * 513)) == 32
    assert len(events.document_id("")) == 32
    assert events.document_id("\ud800") == events.document_id("\ud800")


def test_a_document_survives_what_json_cannot_hold() -> None:
    event = CALL | {"message": "half a pair \ud800", "severity_id": 2**70}
    document = events.Encoder("default").document(event)
    assert orjson.loads(document.body)["metadata"]["uid"] == "u"
