"""One client for Elasticsearch 8.19, 9.x and OpenSearch: elasticsearch-py 9 with a node class of ours.

Two things keep that client from the others: its media type (``compatible-with=9``), which 8.x and OpenSearch
refuse, and its check for a product header, which OpenSearch does not send. The node sends plain
``application/json``, which all three take as their own version's form, and answers the check; ``server_of`` tells
what the server is.

The node also compresses, with the fastest library there is: see ``docs/elastic.md`` for the measurement.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any

import elastic_transport
from elastic_transport import (
    ConnectionTimeout,
    HttpHeaders,
    NodeConfig,
    SerializationError,
    TlsError,
    Urllib3HttpNode,
)
from elastic_transport.client_utils import DEFAULT
from elasticsearch import ApiError, Elasticsearch, ElasticsearchWarning
from elasticsearch.serializer import NdjsonSerializer, OrjsonSerializer

from tracehound.delivery.compress import SMALLEST, gzipped
from tracehound.errors import ConfigError, TargetError

from .settings import ElasticSettings

OLDEST_ELASTICSEARCH = (8, 19)
OLDEST_OPENSEARCH = (2, 19)
VENDOR_TYPE = re.compile(r"application/vnd\.elasticsearch\+(json|x-ndjson)\s*;\s*compatible-with=\d+")
PRODUCT = "x-elastic-product"


class _Prepared(NdjsonSerializer):
    """NDJSON that is bytes already is sent as it is."""

    def dumps(self, data: Any) -> bytes:
        return data if type(data) is bytes else super().dumps(data)


class Node(Urllib3HttpNode):
    """A connection that speaks to all three; its ``http_compress`` is fast."""

    def __init__(self, config: NodeConfig) -> None:
        super().__init__(config)
        self._compress, self._http_compress = self._http_compress, False

    def perform_request(
        self,
        method: str,
        target: str,
        body: bytes | None = None,
        headers: HttpHeaders | None = None,
        request_timeout: Any = DEFAULT,
    ) -> Any:
        sent = HttpHeaders({k: VENDOR_TYPE.sub(r"application/\1", v) for k, v in (headers or {}).items()})
        if body and self._compress and len(body) >= SMALLEST:
            body = gzipped(body)
            sent["content-encoding"] = "gzip"
        answer = super().perform_request(method, target, body, sent, request_timeout)
        if PRODUCT not in answer.meta.headers:
            known = HttpHeaders({**answer.meta.headers, PRODUCT: "Elasticsearch"})
            object.__setattr__(answer.meta, "headers", known)
        return answer


@dataclass(frozen=True, slots=True)
class Server:
    """What answers: ``flavour`` is ``elasticsearch``, ``serverless`` or ``opensearch``; ``version`` as numbers."""

    flavour: str
    version: tuple[int, ...]
    cluster: str

    @property
    def opensearch(self) -> bool:
        return self.flavour == "opensearch"

    def __str__(self) -> str:
        return f"{self.flavour.capitalize()} {'.'.join(map(str, self.version))} ({self.cluster})"


def elastic(settings: ElasticSettings) -> Elasticsearch:
    """The client; it does not retry by itself. Raises ``ConfigError`` where no address is set."""
    if not settings.url and not settings.cloud_id:
        raise ConfigError(
            "elastic: no address; set --url, TRACEHOUND_ELASTIC_URL or targets.elastic.url (or a cloud_id)"
        )
    options: dict[str, Any] = {
        "node_class": Node,
        "serializers": {"application/json": OrjsonSerializer(), "application/x-ndjson": _Prepared()},
        "request_timeout": settings.timeout,
        "max_retries": 0,
        "http_compress": settings.compress,
        "connections_per_node": settings.in_flight + 1,
        **_login(settings),
    }
    where: dict[str, Any] = (
        {"cloud_id": settings.cloud_id} if settings.cloud_id else {"hosts": _hosts(settings)}
    )
    try:
        if settings.cloud_id or any(url.startswith("https:") for url in settings.url):
            options |= _tls(settings)
        return Elasticsearch(**where, **options)
    except (ValueError, OSError) as error:
        raise ConfigError(f"elastic: {settings.hide(str(error))}") from None


def _hosts(settings: ElasticSettings) -> list[str]:
    """Elasticsearch-py wants a port in every URL."""
    from urllib.parse import urlsplit

    made = []
    for url in settings.url:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        made.append(f"{parts.scheme}://{host}:{port}{parts.path}")
    return made


def _login(settings: ElasticSettings) -> dict[str, Any]:
    key, password = settings.secret("api_key"), settings.secret("password")
    if key is not None:
        return {"api_key": key.reveal()}
    if password is not None:
        if not settings.username:
            raise ConfigError("elastic: a password without a username; set username")
        return {"basic_auth": (settings.username, password.reveal())}
    return {}


def _tls(settings: ElasticSettings) -> dict[str, Any]:
    for name in ("ca_certs", "client_cert", "client_key"):
        path = getattr(settings, name)
        if path is not None and not path.is_file():
            raise ConfigError(f"elastic: {name} {path}: no such file")
    made: dict[str, Any] = {"verify_certs": settings.verify_tls}
    if not settings.verify_tls:
        made["ssl_show_warn"] = False  # said once, by us
    if settings.fingerprint:
        made["ssl_assert_fingerprint"] = settings.fingerprint
    if settings.ca_certs:
        made["ca_certs"] = str(settings.ca_certs)
    if settings.client_cert:
        made |= {"client_cert": str(settings.client_cert), "client_key": str(settings.client_key)}
    return made


def request(
    client: Elasticsearch,
    settings: ElasticSettings,
    method: str,
    path: str,
    body: Any = None,
    *,
    missing_ok: bool = False,
) -> Any:
    """JSON of one request outside of bulk; None for a 404 with ``missing_ok``.

    Raises ``ConfigError`` for a login or certificate that is refused, else ``TargetError`` with the reason.
    """
    headers = {"accept": "application/json"}
    if body is not None:
        headers["content-type"] = "application/json"
    try:
        with warnings.catch_warnings():  # what a server advises is no problem of ours
            warnings.simplefilter("ignore", ElasticsearchWarning)
            answer = client.perform_request(method, path, headers=headers, body=body)
    except elastic_transport.TransportError as error:
        raise unreachable(settings, error) from None
    except ApiError as error:
        status, found = error.meta.status, error.body
        if status == 404 and missing_ok:
            return None
        raise refused(settings, f"{method} {path.partition('?')[0]}", status, found) from None
    return answer.body


def unreachable(
    settings: ElasticSettings, error: elastic_transport.TransportError
) -> ConfigError | TargetError:
    """The error for a server that gives no answer."""
    where = ", ".join(settings.url) or "the cloud deployment"
    said = settings.hide(str(error.message))
    if isinstance(error, TlsError):
        if cut_off(error):
            return TargetError(
                f"{where}: the connection ended while TLS began: {said}; does the server speak TLS here, and does "
                "it want a certificate of ours (--client-cert)?"
            )
        return ConfigError(f"{where}: TLS: {said}; {advice(said)}")
    if isinstance(error, SerializationError):
        return TargetError(f"{where}: the answer is no JSON: {said[:200]}")
    if isinstance(error, ConnectionTimeout):
        return TargetError(f"{where}: no answer within {settings.timeout:g} s")
    return TargetError(f"{where}: cannot be reached: {said}")


def cut_off(error: TlsError) -> bool:
    """A connection that ended inside TLS: no word on a certificate. (``str(error)`` has no words where nothing was
    tried again.)"""
    said = str(error.message).lower()
    return "alert" not in said and any(word in said for word in ("eof", "reset", "timed out", "broken pipe"))


def advice(said: str, *, by_mark: bool = True) -> str:
    """What to do about a certificate that is refused; ``by_mark``: its fingerprint may be named."""
    said = said.lower()
    if "alert" in said:
        return "the server does not take our certificate: give it one that it trusts (--client-cert, --client-key)"
    if "doesn't match" in said or "mismatch" in said or "not valid for" in said:
        return "the certificate is for another name: use that name in the address"
    if "expired" in said or "not yet valid" in said:
        return "the server needs a new certificate, or this machine's clock is wrong"
    return f"name the CA of the server's certificate (--ca-certs){', or its fingerprint' if by_mark else ''}"


def refused(settings: ElasticSettings, what: str, status: int, body: Any) -> ConfigError | TargetError:
    """The error for an answer of 400 and above, with the server's reason."""
    said = settings.hide(f"{what}: {status} {reason_of(body)}")
    if status == 401:
        return ConfigError(f"{said}; is the API key right, and not expired?")
    if status == 403 and "cluster_block_exception" not in said:
        return ConfigError(f"{said}; `tracehound doctor elastic` prints the role that is needed")
    return TargetError(said)


def reason_of(answer: Any) -> str:
    """What a server says is wrong: the innermost cause, ``type: reason``."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    while isinstance(error, dict) and isinstance(error.get("caused_by"), dict):
        error = error["caused_by"]
    if isinstance(error, dict):
        return f"{error.get('type', 'error')}: {error.get('reason', '')}"
    return str(error)[:500]


def server_of(client: Elasticsearch, settings: ElasticSettings) -> Server:
    """What the server is. Raises ``ConfigError`` where it is none of ours, or too old."""
    found = request(client, settings, "GET", "/")
    version = found.get("version", {}) if isinstance(found, dict) else {}
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(version.get("number", "")))[:3])
    if not numbers:
        raise ConfigError(f"{', '.join(settings.url)}: answers, but is no Elasticsearch and no OpenSearch")
    opensearch = version.get("distribution") == "opensearch"
    serverless = version.get("build_flavor") == "serverless"
    flavour = "opensearch" if opensearch else "serverless" if serverless else "elasticsearch"
    server = Server(flavour, numbers, str(found.get("cluster_name", "")))
    oldest = OLDEST_OPENSEARCH if opensearch else OLDEST_ELASTICSEARCH
    if numbers < oldest and not serverless:
        raise ConfigError(f"{server}: too old; at least {'.'.join(map(str, oldest))} is needed")
    return server
