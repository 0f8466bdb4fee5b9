"""Which AI service a machine talks to: for network, HTTP and DNS events (4001, 4002, 4003).

``ai.destinations`` is the host that is asked for (address, SNI or query, else the other end), lower case. Of a host
that ``services.yml`` knows, ``ai.model.provider`` is who offers the service, and ``metadata.labels`` says what for,
as in ``ai_service_category:chat``. ``ai.model.status`` is here the company's word on the service:

    approved     ``services.approved`` of the configuration names the host or a domain above it
    unapproved   ``services.unapproved`` does; of two domains the longer one decides, of two equal ones this
    unknown      the host serves AI, and the configuration says nothing of it

A host that serves no AI, and that the configuration does not name, has none of these. Port 11434 of a machine
without a listed name is Ollama's, wherever it runs.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import yaml

from tracehound.config import Settings
from tracehound.enrichers import Enrich, Enricher, Event
from tracehound.errors import ContentError

TRAFFIC = (4001, 4002, 4003)
CATALOGUE = Path(__file__).with_suffix(".yml")
CATEGORIES = frozenset(
    {"agent", "api", "audio", "chat", "coding", "image", "meeting"}
    | {"model_hub", "platform", "relay", "search", "video", "writing"}
)
LABEL = "ai_service_category:"
LOCAL_SERVERS = {11434: ("ollama", "local")}
DOMAIN = re.compile(r"(?:[a-z0-9*_-]+\.)+[a-z0-9-]+")
REMEMBERED = 65_536


class Service(NamedTuple):
    """Who offers it, and what for."""

    provider: str
    category: str


class Answer(NamedTuple):
    """What is known of a host: its domain (none of an address), its service, and the company's word."""

    domain: str
    service: Service | None
    status: str | None


class Domains:
    """Domains with a value each; a domain stands for all below it, and the longest wins."""

    def __init__(self, values: dict[str, Any]) -> None:
        self._plain = {domain: value for domain, value in values.items() if "*" not in domain}
        self._patterns = [
            (
                domain.count(".") + 1,
                re.compile(r"(?:.+\.)?" + re.escape(domain).replace(r"\*", "[^.]+")),
                value,
            )
            for domain, value in values.items()
            if "*" in domain
        ]
        self._patterns.sort(key=lambda one: -one[0])

    def find(self, host: str) -> tuple[int, Any] | None:
        """How many labels of the host the longest domain has, and its value."""
        rest, best = host, None
        while rest:
            if rest in self._plain:
                best = (rest.count(".") + 1, self._plain[rest])
                break
            rest = rest.partition(".")[2]
        for labels, pattern, value in self._patterns:
            if best is not None and labels <= best[0]:
                break
            if pattern.fullmatch(host):
                return labels, value
        return best


@cache
def catalogue() -> dict[str, Service]:
    """Domain -> service; a ContentError names what is wrong in the file."""
    found: dict[str, Service] = {}
    for entry in yaml.load(CATALOGUE.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        provider = entry["provider"]
        for category, domains in entry.items():
            if category == "provider":
                continue
            if category not in CATEGORIES:
                raise ContentError(f"{provider}: {category!r} is no category", file=CATALOGUE)
            for domain in domains:
                if not DOMAIN.fullmatch(domain) or domain in found:
                    raise ContentError(
                        f"{provider}: {domain!r} is no domain, or is there twice", file=CATALOGUE
                    )
                found[domain] = Service(provider, category)
    return found


def build(settings: Settings) -> Enrich:
    """What is known of a host is remembered, for the 65,536 hosts last seen."""
    services = Domains(catalogue())
    said_of = {_host(domain): "approved" for domain in settings.services.approved}
    said_of |= {_host(domain): "unapproved" for domain in settings.services.unapproved}
    company = Domains(said_of)

    @lru_cache(REMEMBERED)
    def look_up(said: str) -> Answer:
        host = _host(said)
        found = services.find(host)
        status = company.find(host)
        service = found[1] if found else None
        word = status[1] if status else ("unknown" if service else None)
        return Answer("" if _is_address(host) else host, service, word)

    def enrich(events: list[Event]) -> None:
        for event in events:
            if event.get("class_uid") in TRAFFIC:
                _enrich(event, look_up)

    return enrich


def _enrich(event: Event, look_up: Callable[[str], Answer]) -> None:
    asked, other_end = list(_asked(event)), list(_other_end(event))
    destinations: list[str] = []
    for said in asked or other_end:
        host = look_up(said).domain
        if host and host not in destinations:
            destinations.append(host)
    ai = event["ai"]
    if destinations:
        ai["destinations"] = destinations
    local = _local(event)
    for said in (*asked, *other_end):
        _, service, status = look_up(said)
        if service or status:
            _say(event, service or local, status)
            return
    if local:
        _say(event, local, "unknown")


def _say(event: Event, service: Service | None, status: str | None) -> None:
    model = event["ai"].setdefault("model", {})
    if status:
        model["status"] = status
    if service:
        model.setdefault("provider", service.provider)
        labels = event["metadata"].setdefault("labels", [])
        if isinstance(labels, list) and not any(str(label).startswith(LABEL) for label in labels):
            labels.append(LABEL + service.category)


def _asked(event: Event) -> Iterator[str]:
    """The hosts that the client names, the surest first."""
    url = _dict(_dict(event.get("http_request")).get("url"))
    address = url.get("url_string")
    names = (
        url.get("hostname"),
        _of_url(address) if not url.get("hostname") and isinstance(address, str) else None,
        _dict(event.get("tls")).get("sni"),
        _dict(event.get("query")).get("hostname"),
    )
    yield from (name for name in names if isinstance(name, str) and name)


def _other_end(event: Event) -> Iterator[str]:
    """The other end of the connection, and the names that DNS says the asked one stands for."""
    end = _dict(event.get("dst_endpoint"))
    yield from (
        end[key] for key in ("hostname", "domain", "ip") if isinstance(end.get(key), str) and end[key]
    )
    answers = event.get("answers")
    for answer in answers if isinstance(answers, list) else ():
        if _dict(answer).get("type") == "CNAME" and isinstance(answer.get("rdata"), str):
            yield answer["rdata"]


def _local(event: Event) -> Service | None:
    url = _dict(_dict(event.get("http_request")).get("url"))
    for port in (url.get("port"), _dict(event.get("dst_endpoint")).get("port")):
        if isinstance(port, int) and port in LOCAL_SERVERS:
            return Service(*LOCAL_SERVERS[port])
    return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_url(address: str) -> str | None:
    try:
        return urlsplit(address if "//" in address else f"//{address}").hostname
    except ValueError:
        return None


def _host(said: str) -> str:
    """Lower case, without port, brackets and final dot; international names in their ``xn--`` form."""
    host = said.strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    if host.count(":") == 1:
        host = host.partition(":")[0]
    host = host.rstrip(".").removeprefix("*.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return host
    return host


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


ENRICHER = Enricher(
    "services",
    20,
    build,
    ("ai.destinations", "ai.model.provider", "ai.model.status", "metadata.labels"),
)
