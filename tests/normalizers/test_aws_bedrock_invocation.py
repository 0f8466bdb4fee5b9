"""Bedrock invocation logs: each API's bodies, streams, guardrails in both shapes, identities, models, outcomes."""

from __future__ import annotations

from typing import Any

import pytest
from normalized import DATA, normalized, records

from tracehound.event import JOIN, TEXTS
from tracehound.join import Join, offer
from tracehound.normalizers import registry

NORMALIZER = registry().by_name["aws_bedrock_invocation"]
Event = dict[str, Any]
SONNET = "anthropic.claude-3-5-sonnet-20240620-v1:0"


def case(name: str, index: int) -> list[Event]:
    return normalized(NORMALIZER, records(DATA / "aws_bedrock_invocation" / f"{name}.jsonl")[index])


def event(**changes: Any) -> Event:
    """A Converse call with one turn, with values replaced."""
    data = records(DATA / "aws_bedrock_invocation" / "guardrails.jsonl")[3] | changes
    return normalized(NORMALIZER, data)[0]


@pytest.mark.parametrize(
    ("data", "known"),
    [
        ({"schemaType": "ModelInvocationLog"}, True),
        ({"modelId": "m", "operation": "Converse", "requestId": "r", "input": {}}, True),
        ({"modelId": "m", "operation": "Converse"}, False),
        ({"eventName": "Converse", "requestID": "r"}, False),
    ],
)
def test_matches(data: dict[str, Any], known: bool) -> None:
    assert NORMALIZER.matches(data) is known


ANSWERS = {
    "claude": ("invoke_chat", 0, "Answer in Swedish.", "Den lämnade Rotterdam den 17 november."),
    "claude text": ("invoke_chat", 1, "What is a bill of lading?", " A receipt for cargo."),
    "titan": ("invoke_chat", 2, "Translate 'packing list' into Dutch.", "paklijst"),
    "nova": ("invoke_chat", 3, "Name a Baltic port.", "Gdansk"),
    "llama": ("invoke_chat", 4, "Capital of Norway?", "Oslo"),
    "mistral": ("invoke_chat", 5, "Name three incoterms.", " FOB, CIF and DAP."),
    "cohere chat": ("invoke_chat", 7, "What did we quote to Bergen?", "1,480 EUR for a 40HC."),
    "cohere text": (
        "invoke_chat",
        8,
        "Write a subject line for a late delivery.",
        "Your delivery moves to Friday",
    ),
    "ai21 jurassic": ("invoke_chat", 9, "Customs in one sentence.", "Customs checks goods at borders."),
    "ai21 jamba": ("invoke_chat", 10, "What is a manifest?", "A list of cargo."),
    "deepseek": ("invoke_chat", 11, "2+2?", "4"),
    "gpt-oss": ("invoke_chat", 12, "Longest pier in Europe?", "Southend Pier."),
    "qwen": ("invoke_chat", 13, "Say hello", "Hello!"),
    "claude, streamed": ("invoke_streams", 0, "Track HL-20533 and HL-20417", "I look both up."),
    "titan, streamed": ("invoke_streams", 1, "Count to three.", "One, two, three."),
    "llama, streamed": ("invoke_streams", 2, "Say ahoy.", "Ahoy!"),
    "mistral, streamed": ("invoke_streams", 3, "Second?", " Also yes."),
    "cohere, streamed": ("invoke_streams", 4, "Name a sea.", "The Baltic."),
    "nova, streamed": ("invoke_streams", 5, "One word for late.", "Overdue"),
    "gpt-oss, streamed": ("invoke_streams", 6, "Plan and call.", "On it."),
    "converse": ("converse", 0, "When can MV Aldara berth in Antwerp?", "I look at the free slots."),
    "converse, chunks": ("converse", 3, "Explain demurrage.", " what a charterer pays for delay."),
    "embedding": ("media", 0, "bill of lading", None),
    "embeddings": ("media", 1, "packing list\npaklijst", None),
    "rerank": ("media", 2, "demurrage free days", None),
    "image": ("media", 3, "A container ship at dawn\npeople", None),
    "image, stability": ("media", 4, "A lighthouse\nfog", None),
    "body as text": ("edges", 4, "Body as text", "Read all the same."),
}


@pytest.mark.parametrize(("name", "index", "prompt", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_prompt_and_answer(name: str, index: int, prompt: str, answer: str | None) -> None:
    found = case(name, index)[0]
    assert (found["ai"].get("prompt_text"), found["ai"].get("response_text")) == (prompt, answer)
    assert found["status_id"] == 1
    left = str(found.get("unmapped"))
    assert prompt not in left
    assert not answer or answer not in left


def test_tool_calls_and_results() -> None:
    asked, answered = case("converse", 0), case("converse", 1)
    assert [e["ai"]["activity"] for e in asked] == ["inference", "tool_call", "tool_call"]
    assert [e["ai"]["tool"]["status"] for e in answered[1:]] == ["success", "failure"]
    assert answered[1]["ai"]["tool"]["arguments_text"] == '{"port":"BEANR","day":"2026-11-20"}'
    assert {e["ai"]["session_uid"] for e in asked + answered} == {"berth-7781"}


def test_streamed_tool_calls_are_put_together() -> None:
    calls = case("invoke_streams", 0)[1:]
    assert [e["ai"]["tool"]["arguments_text"] for e in calls] == [
        '{"reference": "HL-20533"}',
        '{"reference": "HL-20417"}',
    ]


VERDICTS = {
    "converse, blocked": (0, "blocked", "gr7h2kq91xzm / PROMPT_ATTACK"),
    "converse, masked": (1, "modified", "gr7h2kq91xzm / NAME, EMAIL, crew-id"),
    "converse, detected only": (2, "flagged", "gr7h2kq91xzm / Competitors"),
    "converse, passed": (3, "allowed", "gr7h2kq91xzm"),
    "invoke, blocked": (4, "blocked", "gr7h2kq91xzm / VIOLENCE, WORD, PROFANITY"),
    "invoke, streamed": (5, "blocked", "gr7h2kq91xzm / PHONE"),
    "invoke, passed": (6, "allowed", None),
}


@pytest.mark.parametrize(("index", "action", "policy"), VERDICTS.values(), ids=VERDICTS)
def test_guardrail(index: int, action: str, policy: str | None) -> None:
    found = case("guardrails", index)[0]
    assert (found["ai"]["guardrail"]["action"], found["ai"]["guardrail"].get("policy")) == (action, policy)
    assert found["ai"]["guardrail"]["provider"] == "aws_bedrock"
    assert found["disposition"] == {"blocked": "Blocked", "modified": "Corrected", "flagged": "Detected"}.get(
        action, "Allowed"
    )


@pytest.mark.parametrize(
    "assessments",
    [
        {"g1": {"topicPolicy": {"topics": [{"name": "Arms", "action": "BLOCKED"}]}}},
        {"g1": [{"topicPolicy": {"topics": [{"name": "Arms", "action": "BLOCKED"}]}}]},
        [{"g1": {"topicPolicy": {"topics": [{"name": "Arms", "action": "BLOCKED"}]}}}],
        [{"g1": [{"topicPolicy": {"topics": [{"name": "Arms", "action": "BLOCKED"}]}}]}],
    ],
)
def test_assessments_lie_in_each_other_in_several_ways(assessments: Any) -> None:
    output = {"outputBodyJson": {"trace": {"guardrail": {"outputAssessments": assessments}}}}
    assert event(output=output)["ai"]["guardrail"]["policy"] == "g1 / Arms"


def test_an_intervention_without_trace_is_a_block() -> None:
    output = {
        "outputBodyJson": {"stopReason": "guardrail_intervened", "output": {"message": {"content": []}}}
    }
    found = event(output=output)
    assert found["ai"]["guardrail"] == {"action": "blocked", "provider": "aws_bedrock"}
    assert found["status_detail"] == "guardrail_intervened"


def test_what_a_guardrail_kept_back_is_scanned_and_not_stored() -> None:
    found = case("guardrails", 1)[0]
    kept_back = "It was signed for by Jonas Ek, jonas.ek@harborline.example."
    assert ("response", kept_back, True) in found[TEXTS]
    assert "Jonas" not in str({key: value for key, value in found.items() if key != TEXTS})


IDENTITIES = {
    "user": ("arn:aws:iam::111122223333:user/ops/mara.lindqvist", "mara.lindqvist", "User", None),
    "role": ("arn:aws:sts::111122223333:assumed-role/Admin/i-0abc", "i-0abc", "AssumedRole",
             "arn:aws:iam::111122223333:role/Admin"),
    "federated": ("arn:aws:sts::111122223333:federated-user/jonas", "jonas", "User", None),
    "root": ("arn:aws:iam::111122223333:root", "root", "User", None),
    "gov cloud": ("arn:aws-us-gov:sts::111122223333:assumed-role/Admin/x", "x", "AssumedRole",
                  "arn:aws-us-gov:iam::111122223333:role/Admin"),
}  # fmt: skip


@pytest.mark.parametrize(("arn", "name", "kind", "issuer"), IDENTITIES.values(), ids=IDENTITIES)
def test_identity(arn: str, name: str, kind: str, issuer: str | None) -> None:
    found = event(identity={"arn": arn})
    user = found["actor"]["user"]
    assert (user["uid"], user["name"], user["type"]) == (arn, name, kind)
    assert user["account"]["uid"] == "111122223333"
    assert found["actor"].get("session", {}).get("issuer") == issuer
    assert found["ai"]["principal"] == arn


def test_an_identity_that_is_no_arn() -> None:
    assert event(identity={"arn": "someone"})["actor"]["user"] == {"uid": "someone", "name": "someone"}
    assert event(identity={})["actor"] == {"app_name": "Amazon Bedrock"}


ARN = "arn:aws:bedrock:eu-central-1:111122223333"
MODELS = {
    "plain": (SONNET, SONNET, "anthropic", None),
    "cross-region": (f"eu.{SONNET}", SONNET, "anthropic", None),
    "global": (f"global.{SONNET}", SONNET, "anthropic", None),
    "foundation model": (f"arn:aws:bedrock:eu-central-1::foundation-model/{SONNET}", SONNET, "anthropic",
                         "AWS::Bedrock::FoundationModel"),
    "inference profile": (f"{ARN}:inference-profile/us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", "amazon",
                          "AWS::Bedrock::InferenceProfile"),
    "application profile": (f"{ARN}:application-inference-profile/q7k2", "q7k2", None,
                            "AWS::Bedrock::ApplicationInferenceProfile"),
    "meta": ("meta.llama3-8b-instruct-v1:0", "meta.llama3-8b-instruct-v1:0", "meta", None),
}  # fmt: skip


@pytest.mark.parametrize(("model", "name", "provider", "kind"), MODELS.values(), ids=MODELS)
def test_model(model: str, name: str, provider: str | None, kind: str | None) -> None:
    found = event(modelId=model)
    assert (found["ai"]["model"].get("name"), found["ai"]["model"].get("provider")) == (name, provider)
    if model != name:
        assert found["resources"][0]["uid"] == model
        assert found["resources"][0].get("type") == kind


def test_the_model_behind_a_deployment_is_the_one_that_answered() -> None:
    found = case("edges", 3)[0]
    assert found["ai"]["model"] == {"name": "claude-3-haiku-20240307", "provider": "anthropic"}
    assert found["resources"][0]["type"] == "AWS::Bedrock::ProvisionedModelThroughput"


OUTCOMES = {
    "denied": (0, 2, "AccessDeniedException"),
    "throttled": (1, 2, "ThrottlingException"),
    "bodies in S3": (2, 1, None),
    "no answer logged": (6, 0, None),
}


@pytest.mark.parametrize(("index", "status_id", "code"), OUTCOMES.values(), ids=OUTCOMES)
def test_outcome(index: int, status_id: int, code: str | None) -> None:
    found = case("edges", index)[0]
    assert (found["status_id"], found.get("status_code")) == (status_id, code)


def test_paths_of_bodies_in_s3_are_kept() -> None:
    found = case("edges", 2)[0]
    assert found["unmapped"]["input"]["inputBodyS3Path"].endswith("5f0c1b7e_input.json.gz")
    assert found["ai"]["tokens"] == {"prompt": 41872, "completion": 612, "total": 42484}


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("2025-05-15T14:17:22Z", 1747318642000),
        ("2025-05-15 14:17:22.000000000", 1747318642000),
        ("2025-05-15T14:17:22.250Z", 1747318642250),
    ],
)
def test_time(text: str, ms: int) -> None:
    found = event(timestamp=text)
    assert (found["time"], found["metadata"]["original_time"]) == (ms, text)


def test_cached_tokens_are_part_of_the_prompt() -> None:
    assert case("converse", 1)[0]["ai"]["tokens"] == {"prompt": 500, "completion": 44, "total": 544}
    cached = event(
        input={"inputTokenCount": 10, "cacheReadInputTokenCount": 90, "cacheWriteInputTokenCount": 5}
    )
    assert cached["ai"]["tokens"]["prompt"] == 105


def test_request_metadata_is_tags_session_and_trace() -> None:
    found = case("converse", 0)[0]
    assert {"name": "app", "value": "berth-planner"} in found["metadata"]["tags"]
    assert (found["ai"]["session_uid"], found["trace"]["uid"]) == (
        "berth-7781",
        "4bf92f3577b34da6a3ce929d0e0e4736",
    )


def test_cloud_and_request() -> None:
    found = case("converse", 0)[0]
    assert found["cloud"]["provider"] == "AWS"
    assert (found["cloud"]["region"], found["cloud"]["account"]["uid"]) == ("eu-central-1", "111122223333")
    assert found["resources"][0]["region"] == "eu-west-3"
    assert found["api"]["request"]["uid"] == found["metadata"]["correlation_uid"]
    assert found["duration"] == 1421
    assert case("converse", 2)[0]["api"]["request"]["flags"] == ["stream"]


def test_files_in_s3_are_resources() -> None:
    profile, document = case("converse", 2)[0]["resources"]
    assert profile["type"] == "AWS::Bedrock::InferenceProfile"
    assert document == {
        "uid": "s3://harborline-docs/terms-2026.pdf",
        "name": "terms-2026",
        "type": "document",
    }


def test_source_address_comes_from_cloudtrail() -> None:
    trail: Event = {
        "src_endpoint": {"ip": "203.0.113.7"},
        "http_request": {"user_agent": "Boto3/1.35"},
        "ai": {},
    }
    events = case("converse", 0)
    offer(trail, "aws_request", events[0]["metadata"]["correlation_uid"])
    Join().run([trail, *events])
    assert [e["src_endpoint"] for e in events] == [{"ip": "203.0.113.7"}] * 3
    assert events[0]["http_request"]["user_agent"] == "Boto3/1.35"
    assert not any(JOIN in e for e in events)
