"""Where on the network: endpoints, connections, HTTP, DNS, TLS."""

from __future__ import annotations

from typing import Annotated, ClassVar

from tracehound.schema.base import Int, Ip, Mac, Model, OneOf, Port, Time, attr, must
from tracehound.schema.constants import (
    BOUNDARY,
    DIRECTION,
    DNS_FLAG,
    DNS_OPCODE,
    ENDPOINT_TYPE,
    HTTP_METHOD,
    NETWORK_SCOPE,
    PROTOCOL_VERSION,
)
from tracehound.schema.ocsf.common import AutonomousSystem, Fingerprint, Location
from tracehound.schema.ocsf.host import Container, HostAgent, Os
from tracehound.schema.ocsf.identity import Session, UserRef


class NetworkEndpoint(Model):
    """One end of a connection or call."""

    ocsf = "network_endpoint"
    at_least_one: ClassVar[tuple[str, ...]] = (
        "ip", "uid", "name", "hostname", "svc_name", "instance_uid", "interface_uid", "interface_name",
        "domain",
    )  # fmt: skip

    ip: Ip = attr("Address.", example="203.0.113.7")
    port: Port = attr("Port.", example=443)
    hostname: str = attr("Host name.", example="api.openai.com")
    domain: str = attr("Domain.", example="openai.com")
    name: str = attr("Short name.", example="proxy-1")
    uid: str = attr("Identifier.", example="vm-4")
    svc_name: str = attr(
        "Service; of a call without an address, the service that made it.", example="litellm"
    )
    type: str = attr("Kind of endpoint, as text.", example="Server")
    type_id: Annotated[int, OneOf(ENDPOINT_TYPE)] = attr("Kind of endpoint.", example=1)
    mac: Mac = attr("Hardware address.", example="00:1b:44:11:3a:b7")
    os: Os = attr("Operating system.")
    owner: UserRef = attr("Owner of the endpoint.", listed=("name", "uid", "email_addr"))
    location: Location = attr("Where the endpoint is.")
    autonomous_system: AutonomousSystem = attr("Autonomous system of the address.")
    isp: str = attr("Internet provider of the address.")
    isp_org: str = attr("Organisation of the Internet provider.")
    agent_list: list[HostAgent] = attr("Monitoring agents on the endpoint.", listed=("name", "uid"))
    intermediate_ips: list[Ip] = attr("Addresses between the two ends, as in X-Forwarded-For.")
    instance_uid: str = attr("Identifier of the virtual machine.", example="i-0abcd1234")
    interface_name: str = attr("Name of the network interface.")
    interface_uid: str = attr("Identifier of the network interface.", example="eni-0a1b")
    vpc_uid: str = attr("Virtual network.", example="vpc-0a1b")
    subnet_uid: str = attr("Subnet.", example="subnet-0a1b")
    vlan_uid: str = attr("VLAN.")
    zone: str = attr("Zone.", example="dmz")
    network_scope: str = attr("Internal or external, as text.", example="Internal")
    network_scope_id: Annotated[int, OneOf(NETWORK_SCOPE)] = attr("Internal or external.", example=1)
    container: Container = attr("Container of the endpoint.", profile="container", listed=False)


class Url(Model):
    """An address on the web."""

    ocsf = "url"
    at_least_one: ClassVar[tuple[str, ...]] = ("url_string", "path")

    url_string: str = attr("The whole address.", example="https://api.openai.com/v1/chat/completions")
    scheme: str = attr("Scheme.", example="https")
    hostname: str = attr("Host name.", example="api.openai.com")
    domain: str = attr("Domain.", example="openai.com")
    subdomain: str = attr("Part before the domain.", example="api")
    port: Port = attr("Port.", example=443)
    path: str = attr("Path.", example="/v1/chat/completions")
    query_string: str = attr("Query, without the question mark.", example="api-version=2024-06-01")
    resource_type: str = attr("Kind of thing the address leads to.")
    categories: list[str] = attr(
        "Categories of the site, as the source names them.", example=["Generative AI"]
    )
    category_ids: list[Int] = attr("Numbers of the categories.")


class HttpHeader(Model):
    """A header of a request or response."""

    ocsf = "http_header"

    name: str = must("Name of the header.", example="anthropic-version")
    value: str = must("Its value, masked.", example="2023-06-01")


class HttpRequest(Model):
    """An HTTP request."""

    ocsf = "http_request"

    http_method: Annotated[str, OneOf(HTTP_METHOD)] = attr("Method.", example="POST")
    url: Url = attr("Address that is asked for.")
    user_agent: str = attr("User agent.", example="OpenAI/Python 1.55.0")
    version: str = attr("Version of HTTP.", example="1.1")
    uid: str = attr("Identifier of the request.", example="req-7f3a")
    args: str = attr("Arguments of the request.")
    referrer: str = attr("Address the request came from.")
    length: Int = attr("Length of the whole request.", unit="bytes", example=5120)
    body_length: Int = attr("Length of the body.", unit="bytes", example=4096)
    http_headers: list[HttpHeader] = attr("Headers of the request.")
    x_forwarded_for: list[Ip] = attr("Addresses of the client and the proxies.")


class HttpResponse(Model):
    """An HTTP response."""

    ocsf = "http_response"

    code: Int = must("Status code.", example=200)
    status: str = attr("Status line.", example="OK")
    message: str = attr("What the response says of itself.")
    latency: Int = attr("Time until the response.", unit="ms", example=840)
    length: Int = attr("Length of the whole response.", unit="bytes", example=2048)
    body_length: Int = attr("Length of the body.", unit="bytes", example=1900)
    content_type: str = attr("Media type.", example="application/json")
    http_headers: list[HttpHeader] = attr("Headers of the response.")


class ConnectionInfo(Model):
    """A connection."""

    ocsf = "network_connection_info"

    uid: str = attr("Identifier of the connection.")
    community_uid: str = attr("Community id of the flow.", example="1:wCb3OG7yAFWelaUydu0D+125CLM=")
    direction: str = attr("Direction, as text.", example="Outbound")
    direction_id: Annotated[int, OneOf(DIRECTION)] = must("Direction.", example=2)
    boundary: str = attr("Boundary that is crossed, as text.")
    boundary_id: Annotated[int, OneOf(BOUNDARY)] = attr("Boundary that is crossed.", example=3)
    protocol_name: str = attr("Protocol, lower case.", example="tcp")
    protocol_num: Int = attr("Number of the protocol, as IANA has it.", example=6)
    protocol_ver: str = attr("Version of IP, as text.")
    protocol_ver_id: Annotated[int, OneOf(PROTOCOL_VERSION)] = attr("Version of IP.", example=4)
    tcp_flags: Int = attr("TCP flags.")
    flag_history: str = attr("TCP flags in the order they came.")
    session: Session = attr("Session of the connection.", listed=("uid",))


class Traffic(Model):
    """How much went over a connection."""

    ocsf = "network_traffic"

    bytes: Int = attr("Bytes both ways.", unit="bytes", example=51200)
    bytes_in: Int = attr("Bytes towards the source.", unit="bytes", example=48000)
    bytes_out: Int = attr("Bytes away from the source.", unit="bytes", example=3200)
    bytes_missed: Int = attr("Bytes that the observer missed.", unit="bytes")
    packets: Int = attr("Packets both ways.", unit="packets", example=60)
    packets_in: Int = attr("Packets towards the source.", unit="packets")
    packets_out: Int = attr("Packets away from the source.", unit="packets")
    chunks: Int = attr("Chunks both ways.", unit="chunks")
    chunks_in: Int = attr("Chunks towards the source.", unit="chunks")
    chunks_out: Int = attr("Chunks away from the source.", unit="chunks")
    start_time: Time = attr("When it began.")
    end_time: Time = attr("When it ended.")


class Certificate(Model):
    """An X.509 certificate."""

    ocsf = "certificate"

    subject: str = attr("Subject.", example="CN=api.openai.com")
    issuer: str = must("Issuer.", example="CN=WE1, O=Google Trust Services")
    serial_number: str = must("Serial number.")
    fingerprints: list[Fingerprint] = attr("Hashes of the certificate.")
    version: str = attr("Version.")
    uid: str = attr("Identifier.")
    is_self_signed: bool = attr("True when nobody else signed it.")
    created_time: Time = attr("From when it holds.")
    expiration_time: Time = attr("Until when it holds.")


class Tls(Model):
    """TLS of a connection."""

    ocsf = "tls"

    version: str = must("Version.", example="1.3")
    cipher: str = attr("Cipher suite.", example="TLS_AES_128_GCM_SHA256")
    sni: str = attr("Server name the client asks for.", example="api.openai.com")
    ja3_hash: Fingerprint = attr("JA3 of the client.")
    ja3s_hash: Fingerprint = attr("JA3S of the server.")
    certificate: Certificate = attr("Certificate of the server.")
    client_ciphers: list[str] = attr("Cipher suites the client offers.")
    server_ciphers: list[str] = attr("Cipher suites the server takes.")
    alert: Int = attr("Alert, as a number.")
    handshake_dur: Int = attr("Time of the handshake.", unit="ms")
    key_length: Int = attr("Length of the key.", unit="bits")


class DnsQuery(Model):
    """A DNS question."""

    ocsf = "dns_query"

    hostname: str = must("Name that is asked for.", example="api.deepseek.com")
    type: str = attr("Type of record.", example="AAAA")
    # "class" is a word of Python's own.
    class_: str = attr("Class of record.", example="IN", alias="class")
    opcode: str = attr("Kind of question, as text.", example="Query")
    opcode_id: Annotated[int, OneOf(DNS_OPCODE)] = attr("Kind of question.", example=0)
    packet_uid: Int = attr("Identifier of the packet.")


class DnsAnswer(Model):
    """A DNS answer."""

    ocsf = "dns_answer"

    rdata: str = must("What the answer says.", example="203.0.113.10")
    type: str = attr("Type of record.", example="A")
    class_: str = attr("Class of record.", example="IN", alias="class")
    ttl: Int = attr("How long the answer holds.", unit="s", example=300)
    flags: list[str] = attr("Flags, as text.")
    flag_ids: list[Annotated[int, OneOf(DNS_FLAG)]] = attr("Flags.")
    packet_uid: Int = attr("Identifier of the packet.")
