"""Whole events: what the official schema and ours accept and refuse."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocsf import ocsf_problems, official
from ocsf_events import GOOD, with_
from pydantic import TypeAdapter, ValidationError

from tracehound.schema import validate
from tracehound.schema.base import Email
from tracehound.schema.constants import CLASSES, EXTENSION, OCSF_VERSION, OPEN_CLASSES


@pytest.mark.parametrize("name", GOOD)
def test_good_events(name: str) -> None:
    assert ocsf_problems(GOOD[name]) == []


def test_every_class_has_a_good_event() -> None:
    assert {one["class_uid"] for one in GOOD.values()} == set(CLASSES)


OFFICIAL_AND_OURS = {
    "seconds are no words": ("time", "2024-11-24T09:15:02Z"),
    "float time": ("time", 1.5),
    "null": ("status_detail", None),
    "null within": ("actor/user/name", None),
    "unknown attribute": ("prompt", "text"),
    "unknown nested attribute": ("actor/user/mail", "a@b.co"),
    "transient texts": ("_texts", []),
    "unknown number": ("disposition_id", 98),
    "boolean for a number": ("severity_id", True),
    "number for text": ("status_code", 200),
    "text for a list": ("resources", "g1"),
    "required object": ("actor", ...),
    "empty actor": ("actor", {}),
    "empty endpoint": ("src_endpoint", {}),
    "api without operation": ("api", {}),
    "model without provider": ("ai_model/ai_provider", ...),
    "context without service": ("message_context/service", ...),
    "no address": ("src_endpoint/ip", "localhost"),
    "no e-mail": ("actor/user/email_addr", "alice"),
    "lower-case method": ("http_request/http_method", "post"),
    "port too high": ("src_endpoint/port", 65536),
    "other type_uid": ("type_uid", 600398),
    "attribute without profile": ("metadata/profiles", ["ai_operation", "trace", "cloud", "host"]),
    "profile of other classes": ("metadata/profiles", ["ai_operation", "incident"]),
    "cloud profile without cloud": ("cloud", ...),
    "class of no schema": ("class_uid", 6999),
}


@pytest.mark.parametrize("name", OFFICIAL_AND_OURS)
def test_refused_by_both(name: str) -> None:
    problems = ocsf_problems(with_(*OFFICIAL_AND_OURS[name]))
    assert any(said.startswith("OCSF: ") for said in problems), problems
    assert any(said.startswith("ours: ") for said in problems), problems


OURS_ONLY = {
    "seconds": ("time", 1_732_439_702, "time", "is no time in epoch milliseconds"),
    "other type_uid of the class": ("type_uid", 600301, "type_uid", "should be 600399"),
    "without ai": ("ai", ..., "ai", "is required"),
    "unknown in ai": ("ai/promt_text", "x", "ai.promt_text", "did you mean 'prompt_text'?"),
    "unknown word": ("ai/service", "gatway", "ai.service", "should be 'gateway'"),
    "null in ai": ("ai/principal", None, "ai.principal", "should be a valid string"),
    "one signal": ("ai/signals", "a.b.c", "ai.signals", "should be a valid list"),
    "negative tokens": ("ai/tokens/prompt", -1, "ai.tokens.prompt", "greater than or equal to 0"),
    "not a number": ("ai/cost_usd", float("nan"), "ai.cost_usd", "finite"),
    "object as leaf": ("ai/tool", "bash", "ai.tool", "valid dictionary"),
    "no uid": ("metadata/uid", ..., "metadata.uid", "is required"),
    "no provider": ("metadata/log_provider", ..., "metadata.log_provider", "is required"),
    "no raw hash": ("raw_data_hash", ..., "raw_data_hash", "is required"),
    "no extension": ("metadata/extensions", [], "metadata.extensions", "lacks ai_security"),
    "other version": ("metadata/version", "1.7.0", "metadata.version", "should be 1.8.0"),
    "over 64 bits": ("duration", 2**63, "duration", "64 bits"),
    "address with zone": ("src_endpoint/ip", "fe80::1%eth0", "src_endpoint.ip", "zone"),
}


@pytest.mark.parametrize("name", OURS_ONLY)
def test_refused_by_ours(name: str) -> None:
    path, value, where, what = OURS_ONLY[name]
    problems = validate(with_(path, value))
    assert [problem.path for problem in problems] == [where]
    assert what in problems[0].problem


@pytest.mark.parametrize("junk", [None, [], "event", 7])
def test_no_object(junk: Any) -> None:
    assert [problem.problem for problem in validate(junk)] == ["an event is an object"]
    assert ocsf_problems(junk) == ["an event is an object"]


def test_all_problems_are_told() -> None:
    made = with_("ai/service", "x", with_("status_detail", 5))
    assert [problem.path for problem in validate(made)] == ["status_detail", "ai.service"]


@pytest.mark.parametrize("path", ["ai/service", "src_endpoint/ip", "ai/unknown", "time"])
def test_values_are_shown_cut(path: str) -> None:
    secret = "hunter2-hunter2-hunter2"
    (problem,) = validate(with_(path, secret))
    assert secret not in str(problem)


def test_array_element_is_named() -> None:
    (problem,) = validate(with_("resources/0/uid", 5))
    assert (problem.path, problem.value) == ("resources[0].uid", "5")


class TestOcsfAlready:
    """Traffic logs keep their version; attributes that we do not name stay."""

    def old(self, version: str, **metadata: Any) -> dict[str, Any]:
        made = copy.deepcopy(GOOD["http"])
        del made["raw_data_hash"], made["src_endpoint"]["hw_info"], made["http_cookies"]
        made |= {"dst_endpoint": {"hostname": "api.openai.com"}, "http_response": {"code": 200, "length": 5}}
        made["tls"] = {"version": "1.3", "sans": [{"name": "a", "type": "dns"}]}
        made["metadata"] = {**made["metadata"], "version": version, **metadata}
        return made

    def test_other_version(self) -> None:
        assert ocsf_problems(self.old("1.3.0")) == []

    def test_first_version_has_one_extension(self) -> None:
        made = self.old("1.0.0", extension=dict(EXTENSION))
        del made["metadata"]["extensions"]
        assert ocsf_problems(made) == []

    def test_hash_of_the_record_is_new_in_1_6(self) -> None:
        assert ocsf_problems(self.old("1.6.0")) == ["ours: raw_data_hash: is required"]
        assert (
            ocsf_problems(with_("raw_data_hash", {"algorithm_id": 3, "value": "e"}, self.old("1.5.0"))) != []
        )

    def test_our_object_stays_closed(self) -> None:
        assert [problem.path for problem in validate(with_("ai/x", 1, GOOD["http"]))] == ["ai.x"]

    @pytest.mark.parametrize(
        "path", ["metadata", "metadata/uid", "metadata/product", "time", "ai", "ai/source"]
    )
    def test_what_every_version_has_is_held(self, path: str) -> None:
        assert [problem.path for problem in validate(with_(path, ..., self.old("1.3.0")))] == [
            path.replace("/", ".")
        ]

    def test_types_are_held(self) -> None:
        made = with_("src_endpoint/port", "443", self.old("1.3.0"))
        assert [problem.path for problem in validate(made)] == ["src_endpoint.port"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=8), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """All paths into an event, objects and leaves."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [place for key, one in inner for place in places(one, (*above, key))]
    return [*found, above] if above else found


@settings(max_examples=300)
@given(st.sampled_from(sorted(GOOD)), st.data())
def test_any_junk_is_told_and_none_breaks_the_check(name: str, data: st.DataObject) -> None:
    """Ours refuses what the official schema refuses, wherever the junk lands."""
    place = data.draw(st.sampled_from(places(GOOD[name])))
    made = with_("/".join(map(str, place)), data.draw(JSON), GOOD[name])
    said = ocsf_problems(made)
    if any(one.startswith("OCSF: ") for one in said) and GOOD[name]["class_uid"] not in OPEN_CLASSES:
        assert any(one.startswith("ours: ") for one in said), said


@given(st.text(max_size=12) | st.emails() | st.from_regex(r"[!-~]{1,5}@[!-~]{1,9}"))
def test_addresses_are_those_of_ocsf(text: str) -> None:
    """Our pattern for e-mail addresses takes what OCSF's takes."""
    pattern = official(OCSF_VERSION).schema.schema["dictionary"]["types"]["attributes"]["email_t"]["regex"]
    try:
        TypeAdapter(Email).validate_python(text)
        ours = True
    except ValidationError:
        ours = False
    assert ours == bool(re.search(pattern, text) and not text.endswith("\n"))
