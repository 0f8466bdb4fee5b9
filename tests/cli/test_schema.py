"""``tracehound schema``: every form can be read by what it is for."""

from __future__ import annotations

import configparser
import json

import pytest
from commands import Run
from jsonschema import Draft202012Validator


@pytest.mark.parametrize("what", ["json", "config", "rule"])
def test_json_schemas(what: str, tracehound: Run) -> None:
    ran = tracehound("schema", what)
    assert (ran.code, ran.err) == (0, "")
    Draft202012Validator.check_schema(json.loads(ran.out))


def test_default_is_the_event_schema(tracehound: Run) -> None:
    assert tracehound("schema").out == tracehound("schema", "json").out


def test_elastic_mapping(tracehound: Run) -> None:
    mapping = json.loads(tracehound("schema", "elastic").out)
    properties = mapping["template"]["mappings"]["properties"]
    assert properties["ai"]["properties"]["principal"]["type"] == "keyword"
    assert properties["src_endpoint"]["properties"]["ip"]["type"] == "ip"


def test_splunk_props(tracehound: Run) -> None:
    props = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",))
    props.read_string(tracehound("schema", "splunk").out)
    assert props.sections()
    assert all(props.items(section) for section in props.sections())


def test_docs_name_every_field(tracehound: Run) -> None:
    text = tracehound("schema", "docs").out
    assert "| `ai.principal` |" in text
    assert "| `metadata.uid` |" in text


def test_config_schema_knows_every_key(tracehound: Run) -> None:
    schema = json.loads(tracehound("schema", "config").out)
    assert {"packs", "lists", "privacy"} <= schema["properties"].keys()
    assert schema["additionalProperties"] is False


def test_output_file(tracehound: Run, tmp_path: object) -> None:
    ran = tracehound("schema", "json", "-o", "schema.json")
    assert (ran.code, ran.out) == (0, "")
    with open("schema.json", encoding="utf-8") as file:  # noqa: PTH123 - the fixture's working folder
        assert json.load(file)
