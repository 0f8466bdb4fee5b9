"""The classes of events: API, data store, process, authentication, network; findings are in ``findings``."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from tracehound.schema.base import Int, OneOf, Time, attr, must
from tracehound.schema.constants import (
    ACCOUNT_SWITCH_TYPE,
    AUTH_PROTOCOL,
    CLASSES,
    DATASTORE_TYPE,
    DNS_RCODE,
    INJECTION_TYPE,
    LAUNCH_TYPE,
    LOGON_TYPE,
    OBSERVATION_POINT,
)
from tracehound.schema.ocsf.common import ServiceObject
from tracehound.schema.ocsf.event import Event
from tracehound.schema.ocsf.findings import (
    ComplianceFinding,
    DataSecurityFinding,
    DetectionFinding,
    VulnerabilityFinding,
)
from tracehound.schema.ocsf.host import Actor, Device, File, Process
from tracehound.schema.ocsf.identity import AuthFactor, Session, User
from tracehound.schema.ocsf.network import (
    Certificate,
    ConnectionInfo,
    DnsAnswer,
    DnsQuery,
    HttpRequest,
    HttpResponse,
    NetworkEndpoint,
    Tls,
    Traffic,
    Url,
)
from tracehound.schema.ocsf.resource import (
    Api,
    Database,
    Databucket,
    MessageContext,
    OcsfAiModel,
    QueryInfo,
    Resource,
    Table,
    Trace,
)


class _AiOperation(Event):
    """The profile ``ai_operation``."""

    ai_model: OcsfAiModel = attr("Model that is called.", profile="ai_operation")
    message_context: MessageContext = attr("Message that is carried.", profile="ai_operation")


class ApiActivity(_AiOperation):
    """Model calls, tool calls and control planes."""

    ocsf = "api_activity"

    class_uid: Literal[6003] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[6003].activities)] = must("Activity.", example=99)
    actor: Actor = must("Who or what acts.")
    api: Api = must("The call.")
    src_endpoint: NetworkEndpoint = must("Where the call comes from.")
    dst_endpoint: NetworkEndpoint = attr("Where the call goes.")
    http_request: HttpRequest = attr("HTTP request of the call.")
    http_response: HttpResponse = attr("HTTP response of the call.")
    resources: list[Resource] = attr("What the call is about.")
    device: Device = attr("Device the call comes from.", profile="host")
    trace: Trace = attr("Trace the call belongs to.", profile="trace")


class DatastoreActivity(_AiOperation):
    """Retrieval, data sets, vector stores."""

    ocsf = "datastore_activity"
    at_least_one: ClassVar[tuple[str, ...]] = ("database", "databucket", "table")

    class_uid: Literal[6005] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[6005].activities)] = must("Activity.", example=4)
    actor: Actor = must("Who or what acts.")
    src_endpoint: NetworkEndpoint = must("Where the access comes from.")
    dst_endpoint: NetworkEndpoint = attr("Where the access goes.")
    type: str = attr("Kind of store, as text.", example="Database")
    type_id: Annotated[int, OneOf(DATASTORE_TYPE)] = attr("Kind of store.", example=1)
    database: Database = attr("Database or vector store.")
    databucket: Databucket = attr("Bucket or data set.")
    table: Table = attr("Table, collection or index.")
    query_info: QueryInfo = attr("The query.")
    http_request: HttpRequest = attr("HTTP request of the access.")
    http_response: HttpResponse = attr("HTTP response of the access.")
    api: Api = attr("API call of the access.", profile="cloud")
    device: Device = attr("Device the access comes from.", profile="host")


class ProcessActivity(_AiOperation):
    """Commands that an agent runs."""

    ocsf = "process_activity"

    class_uid: Literal[1007] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[1007].activities)] = must("Activity.", example=1)
    actor: Actor = must("Who or what acts.")
    device: Device = must("Device the process runs on.")
    process: Process = must("The process.")
    exit_code: Int = attr("Exit code of the process.", example=0)
    injection_type: str = attr("Way of injection, as text.")
    injection_type_id: Annotated[int, OneOf(INJECTION_TYPE)] = attr("Way of injection.")
    launch_type: str = attr("Way of starting, as text.")
    launch_type_id: Annotated[int, OneOf(LAUNCH_TYPE)] = attr("Way of starting.", example=3)
    api: Api = attr("API call of the command.", profile="cloud")


class Authentication(Event):
    """Logins."""

    ocsf = "authentication"
    at_least_one: ClassVar[tuple[str, ...]] = ("service", "dst_endpoint")

    class_uid: Literal[3002] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[3002].activities)] = must("Activity.", example=1)
    user: User = must("User that logs in.")
    actor: Actor = attr("Who or what acts.")
    session: Session = attr("Session that begins or ends.")
    service: ServiceObject = attr("Service that is logged in to.")
    src_endpoint: NetworkEndpoint = attr("Where the login comes from.")
    dst_endpoint: NetworkEndpoint = attr("Where the login goes.")
    auth_protocol: str = attr("Protocol, as text.", example="SAML")
    auth_protocol_id: Annotated[int, OneOf(AUTH_PROTOCOL)] = attr("Protocol.", example=5)
    auth_factors: list[AuthFactor] = attr("Factors that were used.")
    logon_type: str = attr("Kind of login, as text.", example="Interactive")
    logon_type_id: Annotated[int, OneOf(LOGON_TYPE)] = attr("Kind of login.", example=2)
    account_switch_type: str = attr("Way of changing user, as text.")
    account_switch_type_id: Annotated[int, OneOf(ACCOUNT_SWITCH_TYPE)] = attr("Way of changing user.")
    is_mfa: bool = attr("True when a second factor was used.", example=True)
    is_remote: bool = attr("True for a login from elsewhere.")
    is_cleartext: bool = attr("True when the password went unencrypted.")
    is_new_logon: bool = attr("True for a new login.")
    certificate: Certificate = attr("Certificate that was used.", listed=False)
    http_request: HttpRequest = attr("HTTP request of the login.")
    http_response: HttpResponse = attr("HTTP response of the login.")
    api: Api = attr("API call of the login.", profile="cloud")
    device: Device = attr("Device the login comes from.", profile="host")


class _Network(Event):
    """What the network classes have in common."""

    src_endpoint: NetworkEndpoint = attr("Where it comes from.")
    dst_endpoint: NetworkEndpoint = attr("Where it goes.")
    connection_info: ConnectionInfo = attr("Connection.")
    traffic: Traffic = attr("How much went over it.")
    cumulative_traffic: Traffic = attr("How much went over it so far.", listed=False)
    tls: Tls = attr("TLS of the connection.")
    app_name: str = attr("Application, as the network sees it.", example="openai-base")
    app_protocol_name: str = attr("Protocol of the application.", example="https")
    observation_point: str = attr("Where it was seen, as text.")
    observation_point_id: Annotated[int, OneOf(OBSERVATION_POINT)] = attr("Where it was seen.")
    actor: Actor = attr("Who or what acts.", profile="host")
    device: Device = attr("Device it comes from.", profile="host")
    api: Api = attr("API call.", profile="cloud")


class NetworkActivity(_Network):
    """Connections."""

    ocsf = "network_activity"
    at_least_one: ClassVar[tuple[str, ...]] = ("dst_endpoint", "src_endpoint")

    class_uid: Literal[4001] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[4001].activities)] = must("Activity.", example=6)
    url: Url = attr("Address on the web.")
    is_src_dst_assignment_known: bool = attr("True when it is known who began.")


class HttpActivity(_Network):
    """Web traffic."""

    ocsf = "http_activity"
    at_least_one: ClassVar[tuple[str, ...]] = ("http_request", "http_response")

    class_uid: Literal[4002] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[4002].activities)] = must("Activity.", example=6)
    http_request: HttpRequest = attr("The request.")
    http_response: HttpResponse = attr("The response.")
    http_status: Int = attr("Status code; OCSF prefers http_response.code.", example=200)
    file: File = attr("File that was carried.")
    trace: Trace = attr("Trace it belongs to.", profile="trace")


class DnsActivity(_Network):
    """DNS questions and answers."""

    ocsf = "dns_activity"
    at_least_one: ClassVar[tuple[str, ...]] = ("dst_endpoint", "src_endpoint")

    class_uid: Literal[4003] = must("Class of the event.")
    activity_id: Annotated[int, OneOf(CLASSES[4003].activities)] = must("Activity.", example=1)
    query: DnsQuery = attr("The question.")
    answers: list[DnsAnswer] = attr("The answers.")
    rcode: str = attr("Response code, as text.", example="NoError")
    rcode_id: Annotated[int, OneOf(DNS_RCODE)] = attr("Response code.", example=0)
    query_time: Time = attr("When it was asked.")
    response_time: Time = attr("When it was answered.")


MODELS: dict[int, type[Event]] = {
    1007: ProcessActivity,
    2002: VulnerabilityFinding,
    2003: ComplianceFinding,
    2004: DetectionFinding,
    2006: DataSecurityFinding,
    3002: Authentication,
    4001: NetworkActivity,
    4002: HttpActivity,
    4003: DnsActivity,
    6003: ApiActivity,
    6005: DatastoreActivity,
}
