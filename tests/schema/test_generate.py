"""What is made from the schema."""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator
from ocsf_events import GOOD, with_

from tracehound.schema import (
    elasticsearch_mapping,
    field_docs,
    fields,
    json_schema,
    splunk_props,
)
from tracehound.schema.constants import (
    ACTIVITIES,
    APPROVAL_DECISIONS,
    CLASSES,
    GUARDRAIL_ACTIONS,
    MODEL_STATUSES,
    SERVICES,
    TOOL_PHASES,
    TOOL_STATUSES,
)
from tracehound.schema.generate.splunk import sourcetype

DOCS = Path(__file__).parents[2] / "docs"


class TestJsonSchema:
    validator = Draft202012Validator(json_schema())

    def test_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(json_schema())
        assert "x-listed" not in json.dumps(json_schema())
        assert json_schema() == json_schema()

    @pytest.mark.parametrize("name", GOOD)
    def test_takes_good_events(self, name: str) -> None:
        assert [error.message for error in self.validator.iter_errors(GOOD[name])] == []

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("class_uid", 6999),
            ("class_uid", ...),
            ("ai", ...),
            ("ai/service", "gatway"),
            ("ai/x", 1),
            ("ai/signals", "a"),
            ("actor", {}),
            ("actor/user/mail", "a"),
            ("disposition_id", 98),
            ("status_detail", None),
            ("src_endpoint/port", 65536),
        ],
    )
    def test_refuses(self, path: str, value: Any) -> None:
        assert not self.validator.is_valid(with_(path, value))

    def test_traffic_takes_what_we_do_not_name_but_ai_does_not(self) -> None:
        made = with_("src_endpoint/owner/surprise", 1, GOOD["http"])
        assert self.validator.is_valid(made)
        assert not self.validator.is_valid(with_("ai/surprise", 1, GOOD["http"]))
        assert not self.validator.is_valid(with_("src_endpoint/port", "443", GOOD["http"]))


class TestElasticsearch:
    def leaves(self, node: dict[str, Any], prefix: str = "") -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for name, inner in node["properties"].items():
            if "properties" in inner:
                found |= self.leaves(inner, f"{prefix}{name}.")
            else:
                found[prefix + name] = inner
        return found

    def test_every_field_is_mapped(self) -> None:
        mapped = self.leaves(elasticsearch_mapping()["template"]["mappings"])
        assert set(mapped) == set(fields())
        for path, info in fields().items():
            mine = mapped[path]
            if info.type == "keyword":
                assert mine["fields"]["caseless"]["normalizer"] == "lowercase"
            elif path not in ("raw_data", "unmapped") and info.type != "json":
                assert mine["type"] == info.type
        assert mapped["time"] == {"type": "date", "format": "epoch_millis"}
        assert mapped["unmapped"]["type"] == "flattened"
        assert mapped["evidences.data"] == {"type": "object", "enabled": False}

    def test_fits_its_own_limit(self) -> None:
        template = elasticsearch_mapping()["template"]
        count = json.dumps(template["mappings"]).count('"type":') + json.dumps(template).count(
            '"properties":'
        )
        assert count < template["settings"]["index"]["mapping"]["total_fields"]["limit"] / 1.5

    def test_strings_fit_into_a_term(self) -> None:
        leaf = elasticsearch_mapping()["template"]["mappings"]["properties"]["status_detail"]
        assert leaf["ignore_above"] * 4 <= 32766

    def test_no_log_grows_the_mapping(self) -> None:
        assert elasticsearch_mapping()["template"]["mappings"]["dynamic"] is False
        wide = elasticsearch_mapping(dynamic=True)["template"]
        assert wide["mappings"]["dynamic"] is True
        assert wide["mappings"]["properties"]["ai"]["dynamic"] is False
        assert wide["settings"]["index"]["mapping"]["total_fields"]["ignore_dynamic_beyond_limit"] is True
        (template,) = wide["mappings"]["dynamic_templates"]
        assert "caseless" in template["strings"]["mapping"]["fields"]
        assert "dynamic" not in elasticsearch_mapping()["template"]["mappings"]["properties"]["ai"]


class TestSplunk:
    def props(self) -> configparser.RawConfigParser:
        parser = configparser.RawConfigParser(delimiters=("=",), strict=True)
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(splunk_props())
        return parser

    def test_a_stanza_per_class(self) -> None:
        assert self.props().sections() == [sourcetype(uid) for uid in sorted(CLASSES)]
        assert sourcetype(6003) == "tracehound:ocsf:api_activity"

    @pytest.mark.parametrize("name", GOOD)
    def test_time_is_found(self, name: str) -> None:
        stanza = self.props()[sourcetype(GOOD[name]["class_uid"])]
        line = orjson.dumps({"start_time": 1, "end_time": 2, **GOOD[name]}).decode()
        found = re.search(stanza["TIME_PREFIX"], line)
        assert found is not None
        digits = line[found.end() : found.end() + int(stanza["MAX_TIMESTAMP_LOOKAHEAD"])]
        assert digits.startswith(str(GOOD[name]["time"]))
        assert stanza["TIME_FORMAT"] == "%s%3N"
        assert stanza["KV_MODE"] == "json"

    def test_arrays_have_their_plain_name(self) -> None:
        stanza = self.props()["tracehound:ocsf:detection_finding"]
        assert stanza["FIELDALIAS-ai_signals"] == '"ai.signals{}" AS "ai.signals"'
        assert stanza["FIELDALIAS-finding_info_tags_values"] == (
            '"finding_info.tags{}.values{}" AS "finding_info.tags.values"'
        )
        assert "FIELDALIAS-answers_rdata" not in stanza


class TestDocs:
    def test_fields_are_up_to_date(self) -> None:
        written = (DOCS / "fields.md").read_text("utf-8")
        assert written == field_docs(), "run: tracehound schema docs > docs/fields.md"

    def test_all_fields_are_there_once(self) -> None:
        rows = re.findall(r"^\| `([^`]+)` \|", field_docs(), re.MULTILINE)
        assert sorted(rows) == sorted(fields())

    def test_tables_are_whole(self) -> None:
        rows = [line for line in field_docs().splitlines() if line.startswith("| `")]
        assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}

    def test_the_guide_names_every_class_and_word(self) -> None:
        guide = (DOCS / "schema.md").read_text("utf-8")
        words = SERVICES + ACTIVITIES + TOOL_PHASES + TOOL_STATUSES + GUARDRAIL_ACTIONS + APPROVAL_DECISIONS
        missing = [word for word in words + MODEL_STATUSES if f"`{word}`" not in guide]
        missing += [str(uid) for uid in CLASSES if str(uid) not in guide]
        assert missing == []
