"""Story 3: a stolen access key is used from abroad to run costly models."""

from random import Random
from typing import Any

from tracehound.demo.generate import fakes
from tracehound.demo.generate.clock import at
from tracehound.demo.generate.day import ACCOUNT, Day, Record
from tracehound.demo.generate.ids import uuid
from tracehound.demo.generate.people import SERVICES
from tracehound.demo.generate.shapes import bedrock, cloudtrail
from tracehound.demo.generate.shapes.bedrock import Invocation
from tracehound.demo.generate.shapes.cloudtrail import Action, Actor
from tracehound.demo.generate.stories.story import Story
from tracehound.demo.generate.stories.words import several, words

LOGS, TRAIL = "bedrock_invocation", "cloudtrail"
COSTLY = "anthropic.claude-opus-4-1-20250805-v1:0"
REGION = "us-west-2"
REGIONS = (
    "us-east-1",
    "us-east-2",
    "us-west-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-1",
    "eu-west-3",
    "ap-northeast-1",
    "ap-south-1",
    "sa-east-1",
)
THIEF = "203.0.113.77"
RESELLER = "198.51.100.211"
CLI = "aws-cli/2.15.30 Python/3.11.8 Linux/5.15.0 exe/x86_64.ubuntu.22"


def build(day: Day) -> None:
    """Write the story's records."""
    rng = day.rng("story/llm_jacking")
    story = Story("llm_jacking")
    thief = stolen(rng, THIEF, CLI)
    survey(day, rng, story, thief)
    refusals(day, rng, story, thief)
    access(day, rng, story, thief)
    burst(day, rng, story)
    story.close(day)


def stolen(rng: Random, address: str, agent: str) -> Actor:
    """The service's identity at a foreign address."""
    who = cloudtrail.workload(rng, SERVICES["svc-doc-translate"], at("03:00"))
    return Actor(who.identity, address, agent)


def ids(record: Record) -> Record:
    """The ids of a trail's record."""
    return {"event_id": record["eventID"], "request_id": record["requestID"]}


def write(day: Day, rng: Random, who: Actor, what: Action) -> Record:
    """One record of the trail; returns its ids."""
    record = day.add(TRAIL, what.when, cloudtrail.event(rng, who, what))
    return ids(record)


def survey(day: Day, rng: Random, story: Story, who: Actor) -> None:
    """What is there, and is anybody looking?"""
    seen = [
        write(day, rng, who, Action(at("03:12:09") + n * 2.5, "ListFoundationModels", None, region=region))
        for n, region in enumerate(REGIONS)
    ]
    story.step(
        TRAIL, at("03:12:09"), "From a foreign address the key lists the models of ten regions.", *seen
    )
    asked = write(
        day, rng, who, Action(at("03:12:41"), "GetModelInvocationLoggingConfiguration", None, region=REGION)
    )
    story.step(TRAIL, at("03:12:41"), "It asks whether prompts are logged.", asked)


def refusals(day: Day, rng: Random, story: Story, who: Actor) -> None:
    """The costly model is refused."""
    arn = f"arn:aws:bedrock:{REGION}::foundation-model/{COSTLY}"
    host = f"bedrock-runtime.{REGION}.amazonaws.com"
    refused = [
        write(
            day,
            rng,
            who,
            Action(
                at("03:13:20") + n * 4,
                "InvokeModel",
                {"modelId": COSTLY},
                region=REGION,
                error=cloudtrail.denied(who, "InvokeModel", arn),
                host=host,
            ),
        )
        for n in range(4)
    ]
    story.step(TRAIL, at("03:13:20"), "Four invocations of a costly model are refused.", *refused)


def access(day: Day, rng: Random, story: Story, who: Actor) -> None:
    """Access is arranged in the company's name."""
    model = {"modelId": COSTLY}
    plan: tuple[tuple[str, str, Any, Any, bool], ...] = (
        ("03:16:02", "GetFoundationModelAvailability", model, None, True),
        ("03:16:15", "ListFoundationModelAgreementOffers", model, None, True),
        ("03:16:33", "PutUseCaseForModelAccess", None, None, False),
        ("03:16:58", "CreateFoundationModelAgreement", model, model, False),
        ("03:17:11", "PutFoundationModelEntitlement", model, {"status": "SUCCESS"}, False),
    )
    given = [
        write(day, rng, who, Action(at(clock), name, request, response, region=REGION, read=read))
        for clock, name, request, response, read in plan
    ]
    story.step(TRAIL, at("03:16:33"), "The thief files a use case and signs the model's agreement.", *given)


def burst(day: Day, rng: Random, story: Story) -> None:
    """Two addresses, long answers, a persona."""
    scenes, persona = several("jacking", "scenes"), words("jacking", "persona")
    arn = SERVICES["svc-doc-translate"].arn
    waves = (
        (
            "03:24:00",
            THIEF,
            "python-requests/2.31.0",
            22,
            "The first wave of invocations, long role-play from one address.",
        ),
        (
            "04:40:00",
            RESELLER,
            "oai-reverse-proxy/1.0 " + fakes.ANSI,
            34,
            "A second wave through a reseller's proxy.",
        ),
    )
    for clock, address, agent, count, what in waves:
        who, when = stolen(rng, address, agent), at(clock)
        trail, logs = [], []
        for _ in range(count):
            when += rng.uniform(4, 48)
            answer = " ".join([words("jacking", "scene")] * rng.randrange(3, 6))
            call = Invocation(when, arn, COSTLY, "InvokeModel", rng.choice(scenes), answer, REGION, persona)
            call.maximum, call.request = 8192, uuid(rng)
            log = day.add(LOGS, when, expensive(rng, call))
            record = day.add(TRAIL, when, cloudtrail.invoked(rng, who, log, when))
            trail.append(ids(record))
            logs.append({"request_id": log["requestId"]})
        story.step(TRAIL, at(clock), what, *trail)
        story.step(
            LOGS, at(clock) + 1, f"The invocation log holds the {count} prompts (account {ACCOUNT}).", *logs
        )


def expensive(rng: Random, call: Invocation) -> Record:
    """An invocation with the token counts of a long conversation, whose text was cut by the client."""
    log = bedrock.messages(rng, call)
    given, made = rng.randrange(9_000, 62_000), rng.randrange(2_600, 8_100)
    log["input"]["inputTokenCount"], log["output"]["outputTokenCount"] = given, made
    log["output"]["outputBodyJson"]["usage"] = {"input_tokens": given, "output_tokens": made}
    return log
