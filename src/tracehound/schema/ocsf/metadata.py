"""Where an event comes from."""

from __future__ import annotations

from typing import ClassVar

from tracehound.schema.base import Int, Ip, Model, Time, attr, must
from tracehound.schema.ocsf.common import Extension, KeyValue, Organization, Product


class Logger(Model):
    """Something the event went through before us."""

    ocsf = "logger"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the logger.", example="otel-collector")
    uid: str = attr("Identifier of the logger.")
    product: Product = attr("Product of the logger.")
    log_name: str = attr("Name of the log.")
    log_provider: str = attr("What wrote the log.")
    version: str = attr("Version of the logger.")
    event_uid: str = attr("Identifier of the event at the logger.")
    logged_time: Time = attr("When it was logged.")
    transmit_time: Time = attr("When it was passed on.")


class Reporter(Model):
    """What reported the event."""

    ocsf = "reporter"
    at_least_one: ClassVar[tuple[str, ...]] = ("hostname", "ip", "name", "uid")

    name: str = attr("Name of the reporter.")
    uid: str = attr("Identifier of the reporter.")
    hostname: str = attr("Host of the reporter.")
    ip: Ip = attr("Address of the reporter.")
    org: Organization = attr("Organisation of the reporter.")


class Metadata(Model):
    """What is known about the event itself."""

    ocsf = "metadata"

    uid: str = must("Identifier of the event; the same input gives the same one.", example="0d7c9e5112f04f61")
    version: str = must("Version of OCSF.", example="1.8.0")
    product: Product = must("Product that wrote the log.")
    profiles: list[str] = attr("OCSF profiles the event uses.", example=["ai_operation", "cloud"])
    extensions: list[Extension] = attr("Schema extensions the event uses; ours is among them.")
    extension: Extension = attr("Schema extension, as OCSF 1.0 has it.", listed=False)
    log_provider: str = attr("Service or system that wrote the log.", example="bedrock.amazonaws.com")
    log_name: str = attr("Name of the log.", example="ModelInvocationLog")
    log_source: str = attr("Where the log was taken from.")
    log_version: str = attr("Version of the log's format.", example="1.0")
    log_format: str = attr("Format of the log.", example="json")
    log_level: str = attr("Level of the log line.", example="INFO")
    original_time: str = attr("Time as the record has it.", example="2026-11-24T09:15:02Z")
    original_event_uid: str = attr("Identifier the vendor gave the event.", example="chatcmpl-9f3")
    correlation_uid: str = attr("Identifier that events of one request share.", example="req-7f3a")
    event_code: str = attr("Name the vendor has for this kind of event.", example="api_request")
    labels: list[str] = attr("Labels of the event.")
    tags: list[KeyValue] = attr("Named values attached to the event.")
    sequence: Int = attr("Place of the event in its log.", example=4)
    tenant_uid: str = attr("Tenant the event belongs to.")
    source: str = attr("Source within the product.")
    type: str = attr("Kind of event, in the source's words.")
    reporter: Reporter = attr("What reported the event.", listed=("name", "uid", "hostname", "ip"))
    loggers: list[Logger] = attr("What the event went through.", listed=("name", "uid"))
    debug: list[str] = attr("Notes on how the event was made.")
    is_truncated: bool = attr("True when the record was cut.", example=False)
    untruncated_size: Int = attr("Size before it was cut.", unit="bytes")
    logged_time: Time = attr("When it was logged.")
    modified_time: Time = attr("When the event was changed.")
    processed_time: Time = attr("When the event was made.")
    transmit_time: Time = attr("When the event was passed on.")
