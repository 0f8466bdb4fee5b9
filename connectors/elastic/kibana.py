"""Kibana's HTTP API, as far as rules and boards need it.

It is reached with the login and the TLS settings of Elasticsearch. A request that Kibana is too busy for (429, 502,
503) or that finds no answer is sent again after a while; whoever creates something sees to a second creation.
"""

from __future__ import annotations

import base64
import random
import time
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import urllib3

from tracehound.deploy import TakenError
from tracehound.errors import ConfigError, TargetError

from .client import advice
from .settings import ElasticSettings

OLDEST = (8, 19)
API_VERSION = "2023-10-31"
TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
BUSY = frozenset({429, 502, 503, 504})
WITH_SUPPRESSION = frozenset({"platinum", "enterprise", "trial"})
CONNECTIONS = 4


class Kibana:
    """One space of one Kibana; threads may share it."""

    def __init__(self, settings: ElasticSettings, *, first_wait: float = FIRST_WAIT) -> None:
        if not settings.kibana_url:
            raise ConfigError(
                "elastic: no Kibana address; set TRACEHOUND_ELASTIC_KIBANA_URL or targets.elastic.kibana_url"
            )
        self.settings, self.space = settings, settings.kibana_space
        self._url = settings.kibana_url.rstrip("/")
        self._first_wait = first_wait
        self._pool = urllib3.PoolManager(
            maxsize=CONNECTIONS, block=True, retries=False, timeout=settings.timeout, **_tls(settings)
        )
        self._headers = {
            "kbn-xsrf": "tracehound",
            "accept": "application/json",
            "elastic-api-version": API_VERSION,
            **_login(settings),
        }

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        *,
        missing_ok: bool = False,
        anywhere: bool = False,
    ) -> Any:
        """The JSON of an answer; None for a 404 with ``missing_ok``. ``anywhere``: not in our space.

        Raises ``ConfigError`` (login, right, certificate, no such space), ``TakenError`` (409), ``TargetError``.
        """
        place = path if anywhere or self.space == "default" else f"/s/{quote(self.space)}{path}"
        url = self._url + place + (f"?{urlencode(query)}" if query else "")
        answer = self._patiently(method, url, orjson.dumps(body) if body is not None else None)
        found = _json(answer.data)
        if answer.status < 400:
            return found
        if answer.status == 404 and missing_ok:
            return None
        raise self._refused(f"{method} {place}", answer.status, found)

    def _patiently(self, method: str, url: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        headers = self._headers | ({"content-type": "application/json"} if body is not None else {})
        said = ""
        for attempt in range(TRIES):
            after = None
            try:
                answer = self._pool.request(method, url, body=body, headers=headers)
            except urllib3.exceptions.SSLError as error:
                said = self.settings.hide(str(error))
                if "EOF" not in said:
                    raise ConfigError(f"{self._url}: TLS: {said}; {advice(said, by_mark=False)}") from None
            except urllib3.exceptions.HTTPError as error:
                said = f"no answer: {self.settings.hide(str(error))}"
            else:
                if answer.status not in BUSY:
                    return answer
                said, after = f"{answer.status}", answer.headers.get("retry-after")
            if attempt < TRIES - 1:
                time.sleep(self._wait(attempt, after))
        raise TargetError(f"{self._url}: {said}, {TRIES} times; try again later")

    def _wait(self, attempt: int, after: str | None) -> float:
        if after is not None and after.isdigit():
            return min(float(after), LONGEST_WAIT)
        longest: float = min(self._first_wait * 2**attempt, LONGEST_WAIT)
        return longest * random.uniform(0.5, 1.0)

    def _refused(self, what: str, status: int, found: Any) -> ConfigError | TargetError:
        said = self.settings.hide(f"{self._url}: {what}: {status} {_reason(found)}")
        if status == 401:
            return ConfigError(f"{said}; is the API key right, and not expired?")
        if status == 403:
            return ConfigError(f"{said}; `tracehound doctor elastic` prints the role that is needed")
        return TakenError(said) if status == 409 else TargetError(said)

    @cached_property
    def version(self) -> tuple[int, ...]:
        """Kibana's own, from ``/api/status``."""
        found = self.request("GET", "/api/status", anywhere=True)
        number = str(_at(found, "version", "number") or "")
        parts = tuple(int(part) for part in number.partition("-")[0].split(".") if part.isdigit())
        if not parts:
            raise ConfigError(f"{self._url}: answers, but is no Kibana")
        return parts

    @cached_property
    def license(self) -> str:
        """``basic``, ``platinum``...; empty where Kibana does not say or it is not active."""
        found = self.request("GET", "/api/licensing/info", missing_ok=True, anywhere=True)
        if _at(found, "license", "status") not in ("active", None):
            return ""
        return str(_at(found, "license", "type") or "")

    @property
    def suppresses(self) -> bool:
        """Whether the licence has alert suppression."""
        return self.license in WITH_SUPPRESSION

    def check_space(self) -> None:
        """Raises ``ConfigError`` where the space is not there."""
        place = f"/api/spaces/space/{quote(self.space)}"
        if self.space != "default" and self.request("GET", place, missing_ok=True, anywhere=True) is None:
            raise ConfigError(f"{self._url}: there is no space {self.space!r}; make it in Kibana first")


def kibana_of(cloud_id: str) -> str | None:
    """The address of the Kibana that an Elastic Cloud id names; None where it names none."""
    try:
        host, _, rest = base64.b64decode(cloud_id.rpartition(":")[2]).decode().partition("$")
    except ValueError:
        return None
    name = rest.partition("$")[2].partition("$")[0]
    return f"https://{name}.{host}" if name and host else None


def _login(settings: ElasticSettings) -> dict[str, str]:
    key, password = settings.secret("api_key"), settings.secret("password")
    if key is not None:
        return {"authorization": f"ApiKey {key.reveal()}"}
    if password is not None:
        both = f"{settings.username or ''}:{password.reveal()}".encode()
        return {"authorization": f"Basic {base64.b64encode(both).decode()}"}
    return {}


def _tls(settings: ElasticSettings) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if settings.ca_certs:
        made["ca_certs"] = str(settings.ca_certs)
    if settings.client_cert:
        made |= {"cert_file": str(settings.client_cert), "key_file": str(settings.client_key)}
    if not settings.verify_tls:
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        made |= {"cert_reqs": "CERT_NONE", "assert_hostname": False}
    return made


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        return raw[:300].decode("utf-8", "replace")


def _at(found: Any, *names: str) -> Any:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _reason(found: Any) -> str:
    said = found.get("message", found) if isinstance(found, dict) else found
    return str(said)[:500]
