"""What is acted on: cloud, APIs, models, traces, data stores, resources."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Int, Ip, Json, Model, OneOf, Time, attr, must
from tracehound.schema.constants import AI_ROLE, DATABASE_TYPE, DATABUCKET_TYPE, RESOURCE_ROLE
from tracehound.schema.ocsf.common import Group, KeyValue, Organization, ServiceObject
from tracehound.schema.ocsf.host import Container, File
from tracehound.schema.ocsf.identity import Account, UserRef


class Cloud(Model):
    """The cloud something happens in."""

    ocsf = "cloud"

    provider: str = must("Provider.", example="AWS")
    region: str = attr("Region.", example="us-east-1")
    zone: str = attr("Availability zone.", example="us-east-1a")
    account: Account = attr("Account, subscription or project.")
    org: Organization = attr("Organisation of the account.")
    cloud_partition: str = attr("Partition of the cloud.", example="aws")
    project_uid: str = attr("Project; OCSF prefers the account.", example="ml-prod-1")


class Request(Model):
    """The request of an API call."""

    ocsf = "request"

    uid: str = must("Identifier of the request.", example="req-7f3a")
    flags: list[str] = attr("Flags of the request.", example=["stream"])
    data: Json = attr("Parameters of the request, as the source has them.")
    containers: list[Container] = attr("Containers the request is about.", listed=False)


class Response(Model):
    """The response of an API call."""

    ocsf = "response"

    code: Int = attr("Status code.", example=200)
    error: str = attr("Error code.", example="AccessDenied")
    error_message: str = attr("What the error says.", example="User is not authorized to perform this")
    message: str = attr("What the response says.")
    flags: list[str] = attr("Flags of the response.")
    data: Json = attr("What came back, as the source has it.")
    containers: list[Container] = attr("Containers the response is about.", listed=False)


class Api(Model):
    """An API call."""

    ocsf = "api"

    operation: str = must("Operation, tool or method.", example="InvokeModel")
    version: str = attr("Version of the API.", example="2023-09-30")
    service: ServiceObject = attr("Service the API belongs to.")
    group: Group = attr("Group of operations.")
    request: Request = attr("The request.")
    response: Response = attr("The response.")


class OcsfAiModel(Model):
    """The model, as OCSF has it; rules read `ai.model`, which every class has."""

    ocsf = "ai_model"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = must("Name of the model; Unknown where the log has none.", example="gpt-4o")
    ai_provider: str = must("Provider of the model; Unknown where the log has none.", example="openai")
    version: str = attr("Version of the model.", example="2024-08-06")
    uid: str = attr("Identifier of the model: ARN, deployment, digest.", example="gpt-4o-prod")


class Application(Model):
    """An application."""

    ocsf = "application"
    at_least_one: ClassVar[tuple[str, ...]] = ("uid", "name")

    name: str = attr("Name of the application.", example="helpdesk-bot")
    uid: str = attr("Identifier of the application.")
    type: str = attr("Kind of application.")
    version: str = attr("Version of the application.")
    desc: str = attr("What the application is.")
    hostname: str = attr("Host of the application.")
    region: str = attr("Cloud region of the application.", profile="cloud")
    labels: list[str] = attr("Labels of the application.", listed=False)
    tags: list[KeyValue] = attr("Named values attached to the application.", listed=False)
    criticality: str = attr("How much depends on the application.")


class MessageContext(Model):
    """The message that a model call carries."""

    ocsf = "message_context"
    at_least_one: ClassVar[tuple[str, ...]] = ("application", "service")

    name: str = attr("Name of the conversation or message.")
    uid: str = attr("Identifier of the conversation or message.", example="conv-9c1e")
    ai_role: str = attr("Role of who speaks, as text.", example="User")
    ai_role_id: Annotated[int, OneOf(AI_ROLE)] = attr("Role of who speaks.", example=1)
    prompt_tokens: Int = attr("Tokens that went in.", unit="tokens", example=1250)
    completion_tokens: Int = attr("Tokens that came out.", unit="tokens", example=312)
    total_tokens: Int = attr("Tokens in and out.", unit="tokens", example=1562)
    service: ServiceObject = attr("Service that carries the message.")
    application: Application = attr("Application that carries the message.")


class Span(Model):
    """One span of a trace."""

    ocsf = "span"

    uid: str = must("Identifier of the span.", example="00f067aa0ba902b7")
    parent_uid: str = attr("Span that this one is part of.", example="b7ad6b7169203331")
    operation: str = attr("What the span does.", example="chat gpt-4o")
    start_time: Time = must("When the span began.")
    end_time: Time = must("When the span ended.")
    duration: Int = attr("How long the span took.", unit="ms", example=840)
    status_code: str = attr("How the span ended.", example="ERROR")
    message: str = attr("What the span says.")
    service: ServiceObject = attr("Service the span ran in.")


class Trace(Model):
    """A trace."""

    ocsf = "trace"

    uid: str = must("Identifier of the trace.", example="4bf92f3577b34da6a3ce929d0e0e4736")
    span: Span = attr("The span that the event is.")
    service: ServiceObject = attr("Service the trace began in.")
    flags: list[str] = attr("Flags of the trace.")
    start_time: Time = attr("When the trace began.")
    end_time: Time = attr("When the trace ended.")
    duration: Int = attr("How long the trace took.", unit="ms")


class Resource(Model):
    """Something that is acted on, or that a finding is about."""

    ocsf = "resource_details"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the resource.", example="prod-guardrail")
    uid: str = attr(
        "Identifier of the resource: ARN, id.", example="arn:aws:bedrock:us-east-1:123456789012:guardrail/g1"
    )
    uid_alt: str = attr("Another identifier of the resource.")
    type: str = attr("Kind of resource.", example="AWS::Bedrock::Guardrail")
    role: str = attr("What the resource is to the event, as text.", example="Target")
    role_id: Annotated[int, OneOf(RESOURCE_ROLE)] = attr("What the resource is to the event.", example=1)
    owner: UserRef = attr("Owner of the resource.", listed=("name", "uid", "email_addr", "type"))
    group: Group = attr("Group of the resource.", listed=("name", "uid"))
    namespace: str = attr("Namespace of the resource.")
    version: str = attr("Version of the resource.", example="3")
    criticality: str = attr("How much depends on the resource.")
    hostname: str = attr("Host of the resource.")
    ip: Ip = attr("Address of the resource.")
    labels: list[str] = attr("Labels of the resource.")
    tags: list[KeyValue] = attr("Named values attached to the resource.")
    data: Json = attr("More about the resource, as the source has it.")
    is_backed_up: bool = attr("True when there is a backup.")
    created_time: Time = attr("When the resource was made.")
    modified_time: Time = attr("When the resource was changed.")
    provider: str = attr("Cloud provider of the resource.", profile="cloud", example="AWS")
    region: str = attr("Cloud region of the resource.", profile="cloud", example="us-east-1")
    zone: str = attr("Availability zone of the resource.", profile="cloud")
    cloud_partition: str = attr("Partition of the cloud.", profile="cloud", example="aws")


class Databucket(Model):
    """A bucket of objects, or a data set."""

    ocsf = "databucket"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the bucket.", example="training-data")
    uid: str = attr("Identifier of the bucket.", example="arn:aws:s3:::training-data")
    type: str = attr("Kind of bucket, as text.", example="S3")
    type_id: Annotated[int, OneOf(DATABUCKET_TYPE)] = must("Kind of bucket; 99 for a data set.", example=1)
    desc: str = attr("What the bucket holds.")
    file: File = attr(
        "Object in the bucket.", listed=("name", "path", "uid", "uri", "mime_type", "size", "hashes")
    )
    groups: list[Group] = attr("Groups of the bucket.", listed=False)
    owner: UserRef = attr("Owner of the bucket.", listed=("name", "uid"))
    namespace: str = attr("Namespace of the bucket.")
    hostname: str = attr("Host of the bucket.")
    ip: Ip = attr("Address of the bucket.")
    labels: list[str] = attr("Labels of the bucket.")
    tags: list[KeyValue] = attr("Named values attached to the bucket.", listed=False)
    criticality: str = attr("How much depends on the bucket.")
    version: str = attr("Version of the bucket.")
    data: Json = attr("More about the bucket, as the source has it.")
    size: Int = attr("Size of the bucket.", unit="bytes")
    is_public: bool = attr("True when anybody may read it.", example=False)
    is_encrypted: bool = attr("True when the bucket is encrypted.")
    created_time: Time = attr("When the bucket was made.")
    modified_time: Time = attr("When the bucket was changed.")
    region: str = attr("Cloud region of the bucket.", profile="cloud")
    zone: str = attr("Availability zone of the bucket.", profile="cloud")
    cloud_partition: str = attr("Partition of the cloud.", profile="cloud")


class Database(Model):
    """A database or vector store."""

    ocsf = "database"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the database.", example="kb-index")
    uid: str = attr("Identifier of the database.", example="KB12345678")
    type: str = attr("Kind of database, as text.", example="Vector")
    type_id: Annotated[int, OneOf(DATABASE_TYPE)] = must("Kind of database.", example=7)
    desc: str = attr("What the database holds.")
    embedding_model: str = attr("Model that makes the vectors.", example="amazon.titan-embed-text-v2:0")
    groups: list[Group] = attr("Groups of the database.", listed=False)
    size: Int = attr("Size of the database.", unit="bytes")
    created_time: Time = attr("When the database was made.")
    modified_time: Time = attr("When the database was changed.")


class Table(Model):
    """A table, collection or index of a database."""

    ocsf = "table"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the table.", example="customers")
    uid: str = attr("Identifier of the table.")
    desc: str = attr("What the table holds.")
    groups: list[Group] = attr("Groups of the table.", listed=False)
    size: Int = attr("Size of the table.", unit="bytes")
    created_time: Time = attr("When the table was made.")
    modified_time: Time = attr("When the table was changed.")


class QueryInfo(Model):
    """A query to a data store."""

    ocsf = "query_info"
    at_least_one: ClassVar[tuple[str, ...]] = ("name", "uid")

    name: str = attr("Name of the query.", example="Retrieve")
    uid: str = attr("Identifier of the query.")
    query_string: str = must("The query.", example="refund policy")
    bytes: Int = attr("Size of what came back.", unit="bytes")
    data: Json = attr("What came back, as the source has it.")
    query_time: Time = attr("When the query ran.")
