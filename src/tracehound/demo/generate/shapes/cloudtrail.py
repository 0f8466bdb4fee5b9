"""AWS CloudTrail records of Bedrock, SageMaker and STS.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from tracehound.demo.generate.clock import iso
from tracehound.demo.generate.day import ACCOUNT, Record
from tracehound.demo.generate.ids import base32, uuid
from tracehound.demo.generate.people import EGRESS, Person, Service, access_key

BOTO = "Boto3/1.42.3 md/Botocore#1.42.3 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.12.7"
CONSOLE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
ENDPOINT = "vpce-0f3a81c2d4be97a15"


@dataclass
class Actor:
    """A signed-in identity at its address."""

    identity: Record
    address: str
    agent: str
    console: bool = False
    endpoint: str = ""


@dataclass
class Action:
    """One API call."""

    when: float
    name: str
    request: Any = None
    response: Any = None
    service: str = "bedrock"
    region: str = "us-east-1"
    read: bool = True
    error: tuple[str, str] | None = None
    request_id: str = ""
    host: str = ""
    extra: Record = field(default_factory=dict)


def session_of(arn: str, key: str, rng: Random, since: float, mfa: bool = False) -> Record:
    """``userIdentity`` of an assumed role."""
    role, _, session = arn.partition("assumed-role/")[2].partition("/")
    principal = "AROA" + base32(Random(role), 17)
    path = "aws-reserved/sso.amazonaws.com/" if role.startswith("AWSReservedSSO") else ""
    return {
        "type": "AssumedRole",
        "principalId": f"{principal}:{session}",
        "arn": arn,
        "accountId": ACCOUNT,
        "accessKeyId": key,
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": principal,
                "arn": f"arn:aws:iam::{ACCOUNT}:role/{path}{role}",
                "accountId": ACCOUNT,
                "userName": role,
            },
            "attributes": {"creationDate": iso(since), "mfaAuthenticated": "true" if mfa else "false"},
        },
    }


def employee(rng: Random, one: Person, when: float, address: str = EGRESS, agent: str = CONSOLE) -> Actor:
    """An employee signed in through single sign-on, in the console."""
    key = access_key(rng, "ASIA")
    since = when - rng.uniform(60, 3000)
    return Actor(session_of(one.arn, key, rng, since, mfa=True), address, agent, console=True)


def workload(rng: Random, one: Service, when: float, agent: str = BOTO) -> Actor:
    """A service: a role session inside the network, or an IAM user with its long-lived key."""
    if ":user/" in one.arn:
        name = one.arn.rpartition("/")[2]
        identity: Record = {
            "type": "IAMUser",
            "principalId": "AIDA" + base32(Random(name), 17),
            "arn": one.arn,
            "accountId": ACCOUNT,
            "accessKeyId": one.access_key,
            "userName": name,
        }
    else:
        identity = session_of(one.arn, one.access_key, rng, when - rng.uniform(200, 3400))
    return Actor(identity, one.address, agent, endpoint=ENDPOINT)


def event(rng: Random, who: Actor, what: Action) -> Record:
    """One record as CloudTrail delivers it inside ``Records``."""
    host = what.host or f"{what.service}.{what.region}.amazonaws.com"
    record: Record = {
        "eventVersion": "1.11",
        "userIdentity": who.identity,
        "eventTime": iso(what.when),
        "eventSource": f"{what.service}.amazonaws.com",
        "eventName": what.name,
        "awsRegion": what.region,
        "sourceIPAddress": who.address,
        "userAgent": who.agent,
        "requestParameters": what.request,
        "responseElements": what.response,
    }
    if what.error:
        record["errorCode"], record["errorMessage"] = what.error
    record |= {
        "requestID": what.request_id or uuid(rng),
        "eventID": uuid(rng),
        "readOnly": what.read,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
        "tlsDetails": {
            "tlsVersion": "TLSv1.3",
            "cipherSuite": "TLS_AES_128_GCM_SHA256",
            "clientProvidedHostHeader": host,
        },
    }
    if who.endpoint:
        record["vpcEndpointId"] = who.endpoint
    if who.console:
        record["sessionCredentialFromConsole"] = "true"
    return record | what.extra


def invoked(rng: Random, who: Actor, log: Record, when: float) -> Record:
    """The trail's record of an invocation whose content is in the invocation log: same request id."""
    region = log["region"]
    return event(
        rng,
        who,
        Action(
            when,
            log["operation"],
            {"modelId": log["modelId"]},
            region=region,
            request_id=log["requestId"],
            host=f"bedrock-runtime.{region}.amazonaws.com",
        ),
    )


def denied(actor: Actor, action: str, resource: str) -> tuple[str, str]:
    """Error code and message of a call the policies refuse."""
    who = f"User: {actor.identity['arn']} is not authorized to perform: bedrock:{action}"
    return "AccessDenied", f"{who} on resource: {resource} because no identity-based policy allows the action"
