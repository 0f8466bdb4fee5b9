"""What is found: finding, evidence, attack, remedy, vulnerability, compliance, data security."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Int, Json, Model, OneOf, Time, attr, must
from tracehound.schema.constants import (
    ANALYTIC_STATE,
    ANALYTIC_TYPE,
    SEVERITY,
    VERDICT,
)
from tracehound.schema.ocsf.common import KeyValue, Observable, Product
from tracehound.schema.ocsf.host import Actor, Device, File, Process
from tracehound.schema.ocsf.identity import User
from tracehound.schema.ocsf.network import ConnectionInfo, DnsQuery, HttpRequest, NetworkEndpoint, Url
from tracehound.schema.ocsf.resource import Api, Database, Databucket, Resource

Severity = Annotated[int, OneOf(SEVERITY)]


class _Named(Model):
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name.", example="LLM Prompt Injection")
    uid: str = attr("Identifier.", example="AML.T0051")
    src_url: str = attr("Where to read about it.")


class Tactic(_Named):
    """A tactic of ATT&CK or ATLAS."""

    ocsf = "tactic"


class Technique(_Named):
    """A technique of ATT&CK or ATLAS."""

    ocsf = "technique"


class SubTechnique(_Named):
    """A sub-technique of ATT&CK or ATLAS."""

    ocsf = "sub_technique"


class Attack(Model):
    """A tactic, technique and sub-technique that belong together."""

    ocsf = "attack"
    at_least_one: ClassVar[tuple[str, ...]] = ("tactic", "technique", "sub_technique")

    tactic: Tactic = attr("The tactic.")
    technique: Technique = attr("The technique.")
    sub_technique: SubTechnique = attr("The sub-technique.")
    version: str = attr("Version of the matrix.", example="ATLAS 2026.1")


class Analytic(Model):
    """The rule or model that found it."""

    ocsf = "analytic"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the rule.", example="Bedrock guardrail blocked a prompt")
    uid: str = attr("Identifier of the rule.", example="4f1c2d3e-0000-4000-8000-000000000000")
    type: str = attr("Kind of rule, as text.", example="Rule")
    type_id: Annotated[int, OneOf(ANALYTIC_TYPE)] = must("Kind of rule.", example=1)
    version: str = attr("Version of the rule.", example="2026-11-24")
    category: str = attr("Area of the rule.", example="applications")
    algorithm: str = attr("Algorithm it uses.")
    desc: str = attr("What the rule finds.")
    state: str = attr("State of the rule, as text.")
    state_id: Annotated[int, OneOf(ANALYTIC_STATE)] = attr("State of the rule.", example=1)


class RelatedEvent(Model):
    """An event or finding that a finding rests on."""

    ocsf = "related_event"

    uid: str = must("`metadata.uid` of the event.", example="0d7c9e51")
    type_uid: Int = attr("Class and activity of the event.", example=600399)
    type_name: str = attr("Class and activity, as text.")
    type: str = attr("Kind of event, in the source's words.")
    title: str = attr("Title of the event.")
    desc: str = attr("What happened.")
    count: Int = attr("How often it happened.")
    severity: str = attr("Severity, as text.")
    severity_id: Severity = attr("Severity.")
    status: str = attr("Status of the event.")
    product: Product = attr("Product that reported it.", listed=False)
    attacks: list[Attack] = attr("Tactics and techniques.", listed=False)
    observables: list[Observable] = attr("Values worth looking up.", listed=False)
    tags: list[KeyValue] = attr("Named values attached to the event.", listed=False)
    created_time: Time = attr("When the event was made.")
    modified_time: Time = attr("When the event was changed.")
    first_seen_time: Time = attr("When it was first seen.")
    last_seen_time: Time = attr("When it was last seen.")


class FindingInfo(Model):
    """The finding itself."""

    ocsf = "finding_info"

    uid: str = must("Identifier of the finding.", example="3c1f0a77")
    uid_alt: str = attr("Another identifier, such as the vendor's.")
    title: str = attr("Title of the finding.", example="Prompt injection reached a tool")
    desc: str = attr("What was found.")
    types: list[str] = attr("Kinds of finding.", example=["prompt_injection"])
    analytic: Analytic = attr("Rule that found it.")
    related_analytics: list[Analytic] = attr("Other rules that have to do with it.", listed=False)
    attacks: list[Attack] = attr("Tactics and techniques.")
    product: Product = attr("Product that found it.")
    product_uid: str = attr("Identifier of the product; OCSF prefers product.")
    data_sources: list[str] = attr("Sources the finding rests on.", example=["litellm"])
    related_events: list[RelatedEvent] = attr("Events the finding rests on, the first 100.")
    related_events_count: Int = attr("How many events the finding rests on.", example=7)
    src_url: str = attr("Where to see the finding.")
    tags: list[KeyValue] = attr("OWASP ids and other named values.")
    created_time: Time = attr("When the finding was made.")
    modified_time: Time = attr("When the finding was changed.")
    first_seen_time: Time = attr("When it was first seen.")
    last_seen_time: Time = attr("When it was last seen.")


class Evidence(Model):
    """What a finding rests on; ours keep the fields that matched in `data`."""

    ocsf = "evidences"
    at_least_one: ClassVar[tuple[str, ...]] = (
        "actor", "api", "connection_info", "data", "database", "databucket", "device", "dst_endpoint", "file",
        "process", "query", "src_endpoint", "url", "user",
    )  # fmt: skip

    name: str = attr("Name of the evidence.")
    uid: str = attr("Identifier of the evidence.")
    data: Json = attr("Fields that matched, with masked values.", example={"ai.guardrail.action": "blocked"})
    verdict: str = attr("Verdict on the evidence, as text.")
    verdict_id: Annotated[int, OneOf(VERDICT)] = attr("Verdict on the evidence.")
    actor: Actor = attr("Who acted.", listed=False)
    user: User = attr("User it is about.", listed=False)
    api: Api = attr("API call.", listed=False)
    process: Process = attr("Process.", listed=False)
    file: File = attr("File.", listed=False)
    url: Url = attr("Address on the web.", listed=False)
    query: DnsQuery = attr("DNS question.", listed=False)
    http_request: HttpRequest = attr("HTTP request.", listed=False)
    device: Device = attr("Device.", listed=False)
    src_endpoint: NetworkEndpoint = attr("Source.", listed=False)
    dst_endpoint: NetworkEndpoint = attr("Destination.", listed=False)
    connection_info: ConnectionInfo = attr("Connection.", listed=False)
    database: Database = attr("Database.", listed=False)
    databucket: Databucket = attr("Bucket.", listed=False)
    resources: list[Resource] = attr("Resources.", listed=False)
