"""Splunk's HTTP Event Collector: its connection, and what its answers mean.

    200, code 0, 24, 25              taken (24, 25: its queues are filling)
    429, 5xx (8, 9, 18-20, 23, 26..) busy, or on its way down: later again, not before Retry-After
    400, code 5, 6, 12, 13, 15       one event is refused: ``invalid-event-number``
    400, code 7                      the index does not exist, or the token may not write to it
    401, 403, code 1-4, 16, 21, 22   the token is not taken
    413                              too large

https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/troubleshoot-http-event-collector
https://help.splunk.com/en/splunk-enterprise/get-data-in/collect-http-event-data/about-http-event-collector-indexer-acknowledgment
"""

from __future__ import annotations

import email.utils
import ssl
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import urllib3

from tracehound.delivery import TransportError
from tracehound.delivery.compress import SMALLEST, gzipped
from tracehound.errors import ConfigError, TargetError

from .settings import SplunkSettings

EVENT, ACK, HEALTH = "/services/collector/event", "/services/collector/ack", "/services/collector/health"
TAKEN = frozenset((0, 24, 25))
HEALTHY = frozenset((17, 24, 25))
EVENT_CODES = frozenset((5, 6, 12, 13, 15))
INDEX_CODE, NO_ACKS = 7, 14
TOKEN_CODES = frozenset((1, 2, 3, 4, 16, 21, 22))
DISABLED = frozenset((1, 22))
UNHEALTHY = frozenset((18, 19, 20))
CHANNEL = "x-splunk-request-channel"
SHOWN = 300
CONNECT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: HTTP's status, Splunk's ``code`` (-1: none) and ``text``, the rest of its JSON."""

    status: int
    code: int
    text: str
    found: Mapping[str, Any]
    after: float | None = None

    @property
    def taken(self) -> bool:
        return self.status == 200 and self.code in TAKEN

    @property
    def refuses_event(self) -> bool:
        """Whether it is about one event of the request, and not about the request."""
        return self.status == 400 and (self.code in EVENT_CODES or self.code == INDEX_CODE)

    @property
    def place(self) -> int | None:
        """Which event it is about, where Splunk says so."""
        place = self.found.get("invalid-event-number")
        return place if type(place) is int and place >= 0 else None

    def __str__(self) -> str:
        code = f", code {self.code}" if self.code >= 0 else ""
        return f"{self.status} {self.text}{code}"


class Hec:
    """One collector; threads share it. Requests raise ``TransportError``."""

    def __init__(self, settings: SplunkSettings) -> None:
        if not settings.hec_url:
            raise ConfigError(
                "splunk: no address for events; set --hec-url, TRACEHOUND_SPLUNK_HEC_URL or targets.splunk.hec_url"
            )
        token = settings.secret("hec_token")
        if token is None:
            raise ConfigError(
                "splunk: no token for events; set TRACEHOUND_SPLUNK_HEC_TOKEN, hec_token_file or hec_token_keyring"
            )
        self.settings, self.url = settings, settings.hec_url
        self._pool = _pool(settings)
        self._path = urllib3.util.parse_url(self.url).path or ""
        self._headers = {
            "authorization": f"Splunk {token.reveal()}",
            "content-type": "application/json",
            "connection": "keep-alive",
        }
        self._cookies: dict[str, str] = {}
        self.channel = str(uuid.uuid4())

    def post(self, body: bytes, channel: str) -> Reply:
        """Send events."""
        headers = {**self._headers, CHANNEL: channel}
        if self.settings.compress and len(body) >= SMALLEST:
            body = gzipped(body)
            headers["content-encoding"] = "gzip"
        return self.ask("POST", EVENT, body, headers)

    def acknowledged(self, numbers: list[int], channel: str) -> Reply:
        """Ask which of these requests are indexed; Splunk forgets those of which it said so."""
        body = orjson.dumps({"acks": numbers})
        return self.ask("POST", f"{ACK}?channel={channel}", body, {**self._headers, CHANNEL: channel})

    def health(self) -> Reply:
        """How the collector is."""
        return self.ask("GET", HEALTH, None, self._headers)

    def ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        """One request; an answer of any status."""
        if self._cookies:  # a load balancer's: acknowledgements are known to one server alone
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            answer = self._pool.urlopen(
                method, self._path + path, body, headers, False, redirect=False, assert_same_host=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise self._broken(error) from None
        for cookie in answer.headers.getlist("set-cookie") if "set-cookie" in answer.headers else ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name.strip()] = value.strip()
        return self._reply(answer)

    def problem(self, reply: Reply) -> TransportError:
        """What an answer that is no yes means for the request."""
        said = f"{self.url}: {self.settings.hide(str(reply))}"
        if reply.status == 413:
            return TransportError(said, too_large=True)
        if reply.status in (408, 429) or reply.status >= 500:
            return TransportError(said, after=reply.after)
        if reply.status == 200:
            return TransportError(f"{said}: the answer was cut off, or is none of an event collector")
        return TransportError(said, retry=False, error=self._final(reply, said))

    def close(self) -> None:
        """End the connections."""
        self._pool.close()

    def _final(self, reply: Reply, said: str) -> Exception:
        if reply.code in DISABLED:
            return ConfigError(
                f"{said}; enable the token in Settings > Data inputs > HTTP Event Collector, or use another. "
                "What was not delivered is not lost: run it again"
            )
        if reply.code in TOKEN_CODES or reply.status in (401, 403):
            return ConfigError(f"{said}; is TRACEHOUND_SPLUNK_HEC_TOKEN the token of this collector?")
        if reply.status == 404 or 300 <= reply.status < 400:
            return ConfigError(
                f"{said}; is this the address of the HTTP Event Collector (port 8088), and is it on?"
            )
        return TargetError(said)

    def _reply(self, answer: Any) -> Reply:
        data = answer.data
        try:
            found = orjson.loads(data)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            text = data[:SHOWN].decode("utf-8", "replace").strip() or str(answer.reason or "")
            return Reply(answer.status, -1, text, {}, _after(answer.headers))
        code = found.get("code")
        text = str(found.get("text", ""))[:SHOWN]
        return Reply(answer.status, code if type(code) is int else -1, text, found, _after(answer.headers))

    def _broken(self, error: Exception) -> TransportError:
        """No answer: later again, unless the certificate is wrong."""
        said = self.settings.hide(str(error.args[-1] if error.args else error))[:SHOWN]
        if isinstance(error, urllib3.exceptions.SSLError) and not _cut_off(said):
            problem = ConfigError(
                f"{self.url}: TLS: {said}; name the CA of the server's certificate (--ca-certs)"
                if "CERTIFICATE" in said.upper()
                else f"{self.url}: TLS: {said}; is it an https address?"
            )
            return TransportError(str(problem), retry=False, error=problem)
        if isinstance(error, urllib3.exceptions.ReadTimeoutError):
            return UncertainError(f"{self.url}: no answer within {self.settings.timeout:g} s")
        if isinstance(error, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
            return UnreachableError(f"{self.url}: cannot be reached: {said}")
        return UncertainError(f"{self.url}: the connection broke: {said}")


class UncertainError(TransportError):
    """The request may have arrived: what is sent again may then be there twice."""


class UnreachableError(TransportError):
    """Nothing listens there: a server that was there is down, or starts anew."""


def _pool(settings: SplunkSettings) -> urllib3.HTTPConnectionPool:
    """Connections for as many requests as may be on their way, and one for acknowledgements."""
    options: dict[str, Any] = {}
    if str(settings.hec_url).startswith("https:"):
        options["ssl_context"] = _tls(settings)
    timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, settings.timeout), read=settings.timeout)
    return urllib3.connection_from_url(
        str(settings.hec_url), maxsize=settings.in_flight + 1, block=True, timeout=timeout, **options
    )


def _tls(settings: SplunkSettings) -> ssl.SSLContext:
    for name in ("ca_certs", "client_cert", "client_key"):
        path = getattr(settings, name)
        if path is not None and not path.is_file():
            raise ConfigError(f"splunk: {name} {path}: no such file")
    try:
        context = ssl.create_default_context(cafile=settings.ca_certs)
        if settings.client_cert:
            context.load_cert_chain(settings.client_cert, settings.client_key)
    except (ssl.SSLError, OSError) as error:
        raise ConfigError(f"splunk: ca_certs or client_cert: {error}") from None
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # said once, by us
    return context


def _after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds: a number, or a date."""
    said = headers.get("retry-after", "")
    if not said:
        return None
    if said.isdecimal():
        return float(said)
    try:
        return max(email.utils.parsedate_to_datetime(said).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError):
        return None


def _cut_off(said: str) -> bool:
    """A connection that ended inside TLS: no word on the certificate."""
    return any(word in said.lower() for word in ("eof", "reset", "timed out"))
