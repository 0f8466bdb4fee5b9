"""LiteLLM: who, what, outcome, verdict and texts of each form the proxy writes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from normalized import DATA, normalized, records
from recordings import recorded

from tracehound.decode.envelopes import unwrap
from tracehound.event import TEXTS
from tracehound.normalizers import registry

NORMALIZER = registry().by_name["litellm"]
Event = dict[str, Any]


def case(name: str, index: int) -> list[Event]:
    return normalized(NORMALIZER, records(DATA / "litellm" / f"{name}.jsonl")[index])


def callback(index: int) -> list[Event]:
    return normalized(NORMALIZER, recorded("litellm_callback.jsonl")[index])


def payload(**changes: Any) -> dict[str, Any]:
    """A recorded payload, bare, with values replaced."""
    return copy.deepcopy(recorded("litellm_callback.jsonl")[0]["standard_logging_object"]) | changes


def event(**changes: Any) -> Event:
    return normalized(NORMALIZER, payload(**changes))[0]


def texts(found: Event) -> list[tuple[str, str, bool]]:
    return list(found.get(TEXTS, ()))


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ({"kind": "success", "standard_logging_object": {}}, True),
        ({"kind": "success", "standard_logging_object": None}, False),
        ({"call_type": "acompletion", "startTime": 1.0, "custom_llm_provider": None}, True),
        ({"call_type": "acompletion", "startTime": 1.0, "model_group": "a"}, True),
        ({"call_type": "acompletion"}, False),
        ({"model": "gpt-4o", "messages": []}, False),
    ],
)
def test_matches(data: dict[str, Any], known: bool) -> None:
    assert NORMALIZER.matches(data) is known


def test_wrapped_and_bare_are_the_same_event() -> None:
    wrapped, bare = callback(0)[0], event()
    assert {k: v for k, v in wrapped.items() if not k.startswith("raw_data")} == {
        k: v for k, v in bare.items() if not k.startswith("raw_data")
    }


def test_a_webhook_request_kept_whole_is_its_payloads() -> None:
    posted = {
        "path": "/logs",
        "headers": {"content-type": "application/json"},
        "body": json.dumps([payload(), payload()]),
    }
    assert list(unwrap(posted)) == [payload(), payload()]
    for body in ("[", "{}", "[1]", 5):
        assert list(unwrap(posted | {"body": body})) == [posted | {"body": body}]


def test_who_what_and_where() -> None:
    found = callback(0)[0]
    assert found["time"] == 1795528254385
    assert found["duration"] == found["end_time"] - found["start_time"]
    assert found["metadata"]["original_time"] == "1795528254.384756"
    assert found["actor"]["user"]["groups"] == [
        {"name": "dispatch", "uid": "team-dispatch-01", "type": "team"}
    ]
    assert found["actor"]["user"]["org"] == {"uid": "org-harborline"}
    assert found["actor"]["app_name"] == "mara-laptop"
    assert found["src_endpoint"] == {"ip": "192.0.2.24"}
    assert found["http_request"]["url"] == {"path": "/v1/chat/completions"}
    assert found["api"]["operation"] == "acompletion"
    assert found["ai"]["tokens"] == {"prompt": 38, "completion": 17, "total": 55}
    assert found["ai"]["cost_usd"] == pytest.approx(0.000265)
    assert (found["ai"]["activity"], found["ai"]["service"]) == ("inference", "gateway")


PEOPLE = {
    "e-mail": ({"user_api_key_user_email": "M@x.example", "user_api_key_user_id": "m"}, "", "M@x.example"),
    "no e-mail": ({"user_api_key_user_email": "none", "user_api_key_user_id": "m"}, "e", "m"),
    "placeholder": ({"user_api_key_user_id": "default_user_id", "user_api_key_alias": "a"}, "e", "e"),
    "alias": ({"user_api_key_user_id": "default_user_id", "user_api_key_alias": "a"}, "", "a"),
    "hash": ({"user_api_key_hash": "88dc28d0"}, "", "88dc28d0"),
    "master key": ({"user_api_key_hash": "litellm_proxy_master_key", "user_api_key_user_id": "default_user_id"},
                   None, "default_user_id"),
    "nobody": ({}, None, None),
    "wrong types": ({"user_api_key_user_email": 5, "user_api_key_user_id": ["m"], "user_api_key_hash": {}},
                    7.5, "7.5"),
}  # fmt: skip


@pytest.mark.parametrize(("metadata", "end_user", "principal"), PEOPLE.values(), ids=PEOPLE)
def test_principal(metadata: dict[str, Any], end_user: Any, principal: str | None) -> None:
    found = event(metadata=metadata, end_user=end_user)
    assert found["ai"].get("principal") == principal


def test_the_end_user_is_kept_beside_the_key() -> None:
    user = callback(2)[0]["actor"]["user"]
    assert user["uid"] == "svc-customer-portal"
    assert user["uid_alt"] == "kunde-4471"
    assert user["credential_uid"].startswith("cda4245528")


MODELS = {
    "route and provider": ("openai/gpt-4o", "openai", "gpt-4o", "openai"),
    "route without provider": ("openai/gpt-4o", None, "gpt-4o", "openai"),
    "bedrock, cross-region": ("bedrock/us.amazon.nova-lite-v1:0", "bedrock", "amazon.nova-lite-v1:0", "amazon"),
    "azure deployment of openai": ("azure/gpt-4o", "azure", "gpt-4o", "openai"),
    "azure deployment of its own name": ("azure/prod-east", "azure", "prod-east", "azure"),
    "self-hosted": ("hosted_vllm/harborline-8b", "hosted_vllm", "harborline-8b", "vllm"),
    "open weights": ("together_ai/meta-llama/Llama-3-70b", "together_ai", "meta-llama/Llama-3-70b", "meta"),
    "text completion": ("openai/gpt-3.5-turbo", "text-completion-openai", "gpt-3.5-turbo", "openai"),
    "unknown": ("no-such-model", None, "no-such-model", None),
    "none": ("", "openai", None, "openai"),
    "wrong type": (["gpt-4o"], "openai", None, "openai"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "provider", "name", "maker"), MODELS.values(), ids=MODELS)
def test_model(model: Any, provider: str | None, name: str | None, maker: str | None) -> None:
    found = event(model=model, custom_llm_provider=provider)["ai"].get("model", {})
    assert (found.get("name"), found.get("provider")) == (name, maker)


def test_version_of_the_model_that_answered() -> None:
    found = case("call_types", 13)[0]
    assert found["ai"]["model"] == {"name": "gpt-4o", "provider": "openai", "version": "2024-11-20"}


OUTCOMES = {
    "success": ({"status": "success"}, 1, "Success"),
    "failure": ({"status": "failure"}, 2, "Failure"),
    "another word": ({"status": "pending"}, 99, "pending"),
    "none": ({"status": None}, 0, "Unknown"),
    "wrong type": ({"status": {"a": 1}}, 0, "Unknown"),
}


@pytest.mark.parametrize(("changes", "status_id", "status"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(changes: dict[str, Any], status_id: int, status: str) -> None:
    found = event(**changes)
    assert (found["status_id"], found["status"]) == (status_id, status)


def test_an_error_has_code_class_and_words() -> None:
    found = callback(26)[0]
    assert (found["status_id"], found["status_code"]) == (2, "429")
    assert found["api"]["response"]["error"] == "RateLimitError"
    assert "Rate limit reached" in found["api"]["response"]["error_message"]


VERDICTS = {
    "allowed": (callback, 18, "allowed", "prompt-shield", "Allowed"),
    "flagged": (callback, 19, "flagged", "tone-watch", "Detected"),
    "blocked": (callback, 17, "blocked", "prompt-shield", "Blocked"),
    "down": (callback, 21, "error", "remote-scan-strict", "Error"),
    "masked": (callback, 22, "modified", "pii-filter / email", "Corrected"),
    "filter of the provider": (callback, 29, "blocked", "content_filter", "Blocked"),
    "one object": (lambda i: case("guardrails", i), 1, "blocked", "lakera-guard / illegal_activity, fraud",
                   "Blocked"),
    "strictest of several": (lambda i: case("guardrails", i), 2, "error", "b", "Error"),
    "only the overall word": (lambda i: case("guardrails", i), 3, "blocked", "shield", "Blocked"),
    "content policy": (lambda i: case("guardrails", i), 4, "blocked", "content_filter", "Blocked"),
    "answer cut off": (lambda i: case("guardrails", i), 5, "blocked", "content_filter", "Blocked"),
    "in the spend log": (lambda i: case("spend_log", i), 0, "flagged", "prompt-shield", "Detected"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("load", "index", "action", "policy", "disposition"), VERDICTS.values(), ids=VERDICTS
)
def test_guardrail(load: Any, index: int, action: str, policy: str, disposition: str) -> None:
    found = load(index)[0]
    assert (found["ai"]["guardrail"]["action"], found["ai"]["guardrail"]["policy"]) == (action, policy)
    assert found["disposition"] == disposition
    assert "security_control" in found["metadata"]["profiles"]


def test_no_guardrail_no_verdict() -> None:
    found = callback(0)[0]
    assert "guardrail" not in found["ai"]
    assert "disposition_id" not in found


def test_what_a_guardrail_quotes_is_not_stored() -> None:
    stored = str({k: v for k, v in case("guardrails", 0)[0].items() if k != TEXTS})
    assert "4111" not in stored


def test_parallel_tool_calls_and_their_results() -> None:
    asked, answered = callback(11), callback(12)
    assert [e["ai"]["activity"] for e in asked] == ["inference", "tool_call", "tool_call"]
    assert [e["ai"]["activity"] for e in answered] == ["inference", "tool_result", "tool_result"]
    assert asked[1]["ai"]["tool"]["name"] == "lookup_shipment"
    assert [e["api"]["request"]["uid"] for e in asked[1:]] == [
        e["api"]["request"]["uid"] for e in answered[1:]
    ]
    assert answered[1]["ai"]["tool"]["arguments_text"] == asked[1]["ai"]["tool"]["arguments_text"]
    assert answered[1]["ai"]["tool"]["result_text"]
    assert answered[1]["src_endpoint"] == {"ip": "192.0.2.24"}


def test_only_the_new_part_is_the_prompt() -> None:
    found = callback(10)[0]
    assert found["ai"]["prompt_text"] == "When does it arrive?"
    assert [text for direction, text, context in texts(found) if direction == "prompt" and not context] == [
        "When does it arrive?"
    ]
    assert any(context for direction, _, context in texts(found) if direction == "prompt")


def test_an_mcp_call_of_the_gateway() -> None:
    found = callback(40)[0]
    assert found["ai"]["activity"] == "tool_call"
    assert found["ai"]["tool"]["phase"] == "executed"
    assert (found["ai"]["tool"]["name"], found["ai"]["tool"]["server"]) == ("container_status", "tracking")
    assert found["ai"]["mcp"] == {"server": "tracking", "method": "tools/call"}
    assert [direction for direction, _, _ in texts(found)] == ["tool_call", "tool_result"]
    assert "model" not in found["ai"]


def test_an_mcp_call_that_failed() -> None:
    assert [case("tools_and_stores", i)[0]["ai"]["tool"]["status"] for i in (0, 1)] == ["failure", "failure"]


def test_descriptions_of_mcp_tools_are_scanned_anew() -> None:
    found = callback(39)[0]
    assert (found["activity_name"], found["ai"]["mcp"]["method"]) == ("Read", "tools/list")
    ((direction, text, is_context),) = texts(found)
    assert (direction, is_context) == ("tool_description", False)
    assert "Say where a container is." in text


def test_vector_stores_asked_before_the_call() -> None:
    call, retrieval = case("tools_and_stores", 2)
    assert call["ai"]["activity"] == "inference"
    assert (retrieval["class_uid"], retrieval["ai"]["activity"]) == (6005, "retrieval")
    assert retrieval["database"]["uid"] == "vs_rates"
    assert ("document", "Demurrage starts after five free days.", False) in texts(retrieval)


CALL_TYPES = {
    "acompletion": ("inference", "Inference"), "aresponses": ("inference", "Inference"),
    "anthropic_messages": ("inference", "Inference"), "aembedding": ("inference", "Inference"),
    "image_edit": ("inference", "Inference"), "agenerate_content": ("inference", "Inference"),
    "acreate_video": ("inference", "Inference"), "arerank": ("inference", "Inference"),
    "acreate_batch": ("access", "Create"), "afile_delete": ("access", "Delete"),
    "afile_content": ("access", "Read"),
    "avector_store_file_update": ("access", "Update"), "acancel_batch": ("access", "Delete"),
    "aget_messages": ("access", "Read"), "alist_containers": ("access", "Read"),
    "vector_store_search": ("retrieval", "Read"), "arun_code": ("tool_call", "Tool Call"),
    "": ("inference", "Inference"),
}  # fmt: skip


@pytest.mark.parametrize(("call_type", "wanted"), CALL_TYPES.items(), ids=CALL_TYPES)
def test_call_types(call_type: str, wanted: tuple[str, str]) -> None:
    found = event(call_type=call_type)
    assert (found["ai"]["activity"], found["activity_name"]) == wanted


def test_a_row_of_the_spend_log() -> None:
    found = case("spend_log", 0)[0]
    assert found["time"] == 1795515646847
    assert (found["ai"]["principal"], found["ai"]["session_uid"]) == ("svc-customer-portal", "portal-4471")
    assert (found["ai"]["prompt_text"], found["ai"]["response_text"]) == (
        "Where is my parcel?",
        "It is in Antwerp.",
    )
    assert found["ai"]["agent"] == {"uid": "portal-agent-2"}
    assert found["metadata"]["labels"] == ["portal", "prod"]


def test_the_request_body_stands_in_for_messages() -> None:
    found = case("spend_log", 1)[0]
    assert found["ai"]["prompt_text"] == "From the request body"
    assert "From the request body" not in str(found.get("unmapped"))


@pytest.mark.parametrize(
    "messages", ["default-message-value", [{"role": "user", "content": "redacted-by-litellm"}]]
)
def test_placeholders_are_no_prompt(messages: Any) -> None:
    assert "prompt_text" not in event(messages=messages)["ai"]


LIVE = {
    "realtime": (0, "Where is my parcel?", "In Antwerp."),
    "responses, streamed": (1, "Streamed by the Responses API", "As one event."),
    "passed through": (2, "Inside the body", "Seen."),
}


@pytest.mark.parametrize(("index", "prompt", "answer"), LIVE.values(), ids=LIVE)
def test_events_and_bodies_in_place_of_messages(index: int, prompt: str, answer: str) -> None:
    found = case("realtime_and_pass_through", index)[0]
    assert (found["ai"]["prompt_text"], found["ai"]["response_text"]) == (prompt, answer)
    assert answer not in str(found["unmapped"])


def test_documents_to_rank_are_scanned() -> None:
    found = case("realtime_and_pass_through", 3)[0]
    assert ("document", "Fuel surcharge.", False) in texts(found)
    assert found["ai"]["prompt_text"] == "free days"


def test_an_error_in_the_spend_log() -> None:
    found = case("spend_log", 1)[0]
    assert (found["status"], found["status_code"]) == ("Failure", "429")


def test_secret_headers_are_masked() -> None:
    found = case("people", 2)[0]
    assert {"name": "authorization", "value": "***"} in found["http_request"]["http_headers"]
    assert found["http_request"]["x_forwarded_for"] == ["203.0.113.9", "10.0.0.3"]
    assert found["src_endpoint"]["ip"] == "203.0.113.9"
    assert "sk-hl-live" not in str(found)


def test_no_text_of_prompt_or_answer_is_in_unmapped() -> None:
    for data in recorded("litellm_callback.jsonl"):
        for found in normalized(NORMALIZER, data):
            for _, text, _ in texts(found):
                assert len(text) < 8 or text not in str(found.get("unmapped"))


def test_a_retry_with_the_same_ids_is_another_event() -> None:
    first, second = event(), event(startTime=1795528255.0)
    assert first["metadata"]["uid"] != second["metadata"]["uid"]
    assert event()["metadata"]["uid"] == first["metadata"]["uid"]
