"""OCSF 1.8.0 events of a secure web gateway, its DNS resolver and the firewall.

https://schema.ocsf.io/1.8.0/classes/http_activity (4002), dns_activity (4003), network_activity (4001)
"""

from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from tracehound.demo.generate.clock import millis
from tracehound.demo.generate.day import Record
from tracehound.demo.generate.ids import digest, uuid
from tracehound.demo.generate.people import Person

SOURCE = "proxy_ocsf"
VERSION = "1.8.0"
VENDOR = "Quayside Networks"
METHODS = {
    "CONNECT": 1,
    "DELETE": 2,
    "GET": 3,
    "HEAD": 4,
    "OPTIONS": 5,
    "POST": 6,
    "PUT": 7,
    "TRACE": 8,
    "PATCH": 9,
}
BROWSER = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 "
    "Safari/537.36"
)


@dataclass(frozen=True)
class Desk:
    """A machine and who is signed in on it."""

    address: str
    host: str
    name: str
    email: str
    type_id: int = 2

    @classmethod
    def of(cls, one: Person) -> "Desk":
        """An employee's machine."""
        return cls(one.address, one.host, one.name, one.email, 3 if "mac" in one.host else 2)


def resolved(domain: str) -> str:
    """A fixed address from the documentation ranges for a name on the internet."""
    number = int(digest(domain)[:8], 16)
    return f"{('198.51.100', '203.0.113')[number % 2]}.{number // 2 % 180 + 60}"


def metadata(rng: Random, product: str, log: str, when: float, profiles: list[str]) -> Record:
    """The ``metadata`` object."""
    return {
        "version": VERSION,
        "uid": uuid(rng),
        "product": {"name": product, "vendor_name": VENDOR, "version": "9.4.1"},
        "log_name": log,
        "log_provider": product,
        "logged_time": millis(when) + rng.randrange(20, 900),
        "profiles": profiles,
    }


def base(kind: tuple[int, str, int, str], activity: tuple[int, str], when: float) -> Record:
    """Class, category, activity and severity."""
    class_uid, class_name, category_uid, category = kind
    return {
        "class_uid": class_uid,
        "class_name": class_name,
        "category_uid": category_uid,
        "category_name": category,
        "activity_id": activity[0],
        "activity_name": activity[1],
        "type_uid": class_uid * 100 + activity[0],
        "severity_id": 1,
        "severity": "Informational",
        "time": millis(when),
    }


def address(url: str, category: str) -> Record:
    """OCSF's ``url`` object."""
    parts = urlsplit(url)
    place: Record = {
        "url_string": url,
        "scheme": parts.scheme,
        "hostname": parts.hostname or "",
        "path": parts.path or "/",
        "port": parts.port or (443 if parts.scheme == "https" else 80),
    }
    if parts.query:
        place["query_string"] = parts.query
    if category:
        place["categories"] = [category]
    return place


def http(
    rng: Random,
    when: float,
    desk: Desk,
    method: str,
    url: str,
    *,
    sent: int,
    received: int,
    code: int = 200,
    agent: str = BROWSER,
    category: str = "",
) -> Record:
    """One request through the web gateway; sizes in bytes."""
    place = address(url, category)
    event = base((4002, "HTTP Activity", 4, "Network Activity"), (METHODS[method], method.title()), when)
    return event | {
        "status_id": 1,
        "status": "Success",
        "action_id": 1,
        "action": "Allowed",
        "disposition_id": 1,
        "disposition": "Allowed",
        "duration": rng.randrange(20, 4000),
        "src_endpoint": {"ip": desk.address, "port": rng.randrange(49152, 65000), "hostname": desk.host},
        "dst_endpoint": {
            "hostname": place["hostname"],
            "ip": resolved(place["hostname"]),
            "port": place["port"],
        },
        "device": {"type_id": desk.type_id, "hostname": desk.host, "ip": desk.address},
        "actor": {"user": {"name": desk.name, "email_addr": desk.email, "type_id": 1, "type": "User"}},
        "http_request": {
            "http_method": method,
            "url": place,
            "user_agent": agent,
            "version": "2",
            "body_length": sent,
        },
        "http_response": {"code": code, "body_length": received},
        "traffic": {"bytes_out": sent + 620, "bytes_in": received + 410, "bytes": sent + received + 1030},
        "metadata": metadata(rng, "Web Gateway", "access", when, ["host", "security_control"]),
    }


def dns(rng: Random, when: float, desk: Desk, name: str, kind: str = "A") -> Record:
    """One query at the resolver, with its answer."""
    event = base((4003, "DNS Activity", 4, "Network Activity"), (2, "Response"), when)
    return event | {
        "status_id": 1,
        "status": "Success",
        "src_endpoint": {"ip": desk.address, "hostname": desk.host},
        "dst_endpoint": {"ip": "10.20.0.53", "port": 53},
        "query": {"hostname": name, "type": kind, "class": "IN", "opcode_id": 0},
        "query_time": millis(when),
        "response_time": millis(when) + rng.randrange(1, 60),
        "rcode_id": 0,
        "rcode": "NoError",
        "answers": [
            {"rdata": resolved(name), "type": kind, "class": "IN", "ttl": rng.choice([60, 300, 3600])}
        ],
        "connection_info": {"direction_id": 2, "protocol_name": "udp", "protocol_num": 17},
        "metadata": metadata(rng, "DNS Resolver", "queries", when, []),
    }


def network(
    rng: Random, when: float, desk: Desk, address: str, port: int, *, sent: int, received: int, app: str = ""
) -> Record:
    """One connection the firewall saw and let pass."""
    event = base((4001, "Network Activity", 4, "Network Activity"), (6, "Traffic"), when)
    event |= {
        "status_id": 1,
        "status": "Success",
        "duration": rng.randrange(40, 90_000),
        "src_endpoint": {"ip": desk.address, "port": rng.randrange(49152, 65000), "hostname": desk.host},
        "dst_endpoint": {"ip": address, "port": port},
        "connection_info": {
            "direction_id": 4 if address.startswith("10.") else 2,
            "protocol_name": "tcp",
            "protocol_num": 6,
        },
        "traffic": {"bytes_out": sent, "bytes_in": received, "bytes": sent + received},
        "metadata": metadata(rng, "Firewall", "flows", when, []),
    }
    if app:
        event["app_name"] = app
    return event


def ids(event: Record) -> Record:
    """The id by which a story names this event."""
    return {"uid": event["metadata"]["uid"], "class_uid": event["class_uid"]}
