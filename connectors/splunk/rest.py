"""Splunk's management port, by splunk-sdk: one client for Enterprise and Cloud, 9 and newer.

Requests go through a pool of connections of our own, since that of the SDK opens one for each and knows no CA file.
A request that finds Splunk busy (429, 502, 503) or no answer is sent again after a while; whoever creates something
sees to a second creation.
"""

from __future__ import annotations

import io
import random
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

import orjson
import urllib3
from splunklib.binding import (  # type: ignore[import-untyped]  # splunk-sdk ships no types
    AuthenticationError,
    Context,
    HTTPError,
    UrlEncoded,
)

from tracehound.deploy import TakenError
from tracehound.errors import ConfigError, TargetError

from .hec import _tls
from .settings import SplunkSettings

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
BUSY = frozenset({429, 502, 503, 504})
CONNECTIONS = 8
PAGE = 200
MOST_PAGES = 500
MOST_BYTES = 200_000_000
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
CLOUD_HOSTS = (".splunkcloud.com", ".cloud.splunk.com", ".splunkcloudgc.com")
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Info:
    """What the server says of itself; ``version`` is empty where it does not say."""

    version: tuple[int, ...]
    cloud: bool

    def __str__(self) -> str:
        number = ".".join(map(str, self.version)) or "of unknown version"
        return f"Splunk {'Cloud' if self.cloud else 'Enterprise'} {number}"


class Rest:
    """One Splunk; threads may share it."""

    def __init__(self, settings: SplunkSettings, *, first_wait: float = FIRST_WAIT) -> None:
        if not settings.url:
            raise ConfigError(
                "splunk: no address of the management port; set TRACEHOUND_SPLUNK_URL or targets.splunk.url"
            )
        self.settings, self._first_wait = settings, first_wait
        self._place = urlsplit(settings.url)
        pool = urllib3.PoolManager(
            maxsize=CONNECTIONS,
            block=True,
            retries=False,
            timeout=settings.timeout,
            ssl_context=_tls(settings) if self._place.scheme == "https" else None,
        )
        self._context = Context(
            handler=_handler(pool),
            scheme=self._place.scheme,
            host=self._place.hostname,
            port=self._place.port or 8089,
            **self._login(),
        )

    def _login(self) -> dict[str, Any]:
        token, password = self.settings.secret("token"), self.settings.secret("password")
        if token is not None:
            return {"splunkToken": token.reveal(), "autologin": False}
        if password is not None and self.settings.username:
            return {"username": self.settings.username, "password": password.reveal(), "autologin": True}
        raise ConfigError(
            "splunk: no login; set TRACEHOUND_SPLUNK_TOKEN, or username and TRACEHOUND_SPLUNK_PASSWORD"
        )

    def path(self, *parts: str, app: str | None = None, owner: str | None = None) -> str:
        """``/servicesNS/OWNER/APP/a/b``, each part escaped; ``app=""``: ``/services/a/b``."""
        rest = "/".join(quote(part, safe="/" if place == 0 else "") for place, part in enumerate(parts))
        if app == "":
            return f"/services/{rest}"
        owner, app = owner or self.settings.owner, app or self.settings.app
        return f"/servicesNS/{quote(owner, safe='')}/{quote(app, safe='')}/{rest}"

    def rows(self, collection: str, *more: str) -> str:
        """The path of a collection's rows: ``nobody``'s are those that searches read, but of a private one."""
        owner = self.settings.owner if self.settings.sharing == "user" else "nobody"
        return self.path("storage/collections/data", collection, *more, owner=owner)

    def request(
        self,
        method: str,
        path: str,
        values: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        missing_ok: bool = False,
    ) -> Any:
        """The JSON of an answer; None for a 404 with ``missing_ok``. ``values``: of the query, or of the form.

        Raises ``ConfigError`` (login, right, certificate), ``TakenError`` (409), ``TargetError``.
        """
        status, raw = self._patiently(method, path, dict(values or {}), json)
        if status < 400:
            return _json(raw)
        if status == 404 and missing_ok:
            return None
        raise self._refused(f"{method} {path}", status, reason_of(raw))

    def _patiently(self, method: str, path: str, values: dict[str, Any], json: Any) -> tuple[int, bytes]:
        said = ""
        for attempt in range(TRIES):
            after = None
            try:
                status, raw, after = self._once(method, path, values, json)
            except urllib3.exceptions.SSLError as error:
                raise ConfigError(
                    f"{self.settings.url}: TLS: {self._hidden(str(error))}; "
                    "name the CA of Splunk's certificate (--ca-certs)"
                ) from None
            except urllib3.exceptions.HTTPError as error:
                said = f"no answer: {self._hidden(str(error))}"
            else:
                if status not in BUSY:
                    return status, raw
                said = f"{status} {self._hidden(reason_of(raw))}"
            if attempt < TRIES - 1:
                time.sleep(self._wait(attempt, after))
        raise TargetError(f"{self.settings.url}: {said}, {TRIES} times; try again later")

    def _once(
        self, method: str, path: str, values: dict[str, Any], json: Any
    ) -> tuple[int, bytes, str | None]:
        """One request: status, body, Retry-After."""
        place = UrlEncoded(path, skip_encode=True)
        values = {"output_mode": "json", **{k: v for k, v in values.items() if v is not None}}
        try:
            if json is not None:
                headers = [("Content-Type", "application/json")]
                answer = self._context.post(
                    place, headers=headers, body=orjson.dumps(json).decode(), **values
                )
            elif method == "POST":  # not post(), which keeps owner and sharing of an ACL to itself
                answer = self._context.request(place, method="POST", headers=list(FORM), body=values)
            elif method == "DELETE":
                answer = self._context.delete(place, **values)
            else:
                answer = self._context.get(place, **values)
        except AuthenticationError as error:
            return 401, error.body or b"", None
        except HTTPError as error:
            after = next((v for k, v in error.headers if k.lower() == "retry-after"), None)
            return error.status, error.body or b"", after
        return answer.status, answer.body.read(), None

    def _wait(self, attempt: int, after: str | None) -> float:
        if after is not None and after.isdigit():
            return min(float(after), LONGEST_WAIT)
        longest: float = min(self._first_wait * 2**attempt, LONGEST_WAIT)
        return longest * random.uniform(0.5, 1.0)

    def _hidden(self, text: str) -> str:
        return self.settings.hide(text)

    def _refused(self, what: str, status: int, reason: str) -> ConfigError | TargetError:
        said = self._hidden(f"{self.settings.url}: {what}: {status} {reason}")
        if status == 401:
            return ConfigError(f"{said}; is the token or password right, and not expired?")
        if status == 403:
            return ConfigError(f"{said}; `tracehound doctor splunk` prints the rights that are needed")
        taken = status == 409 or (status == 400 and "already exists" in reason)
        return TakenError(said) if taken else TargetError(said)

    # What is there

    def entries(self, path: str, values: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every entry of a collection, page by page; of an app that is not there (404) none."""
        offset = 0
        for _ in range(MOST_PAGES):
            asked = {**(values or {}), "count": PAGE, "offset": offset}
            found = self.request("GET", path, asked, missing_ok=True)
            page = found.get("entry", ()) if isinstance(found, dict) else ()
            yield from page
            offset += len(page)
            total = (found.get("paging") or {}).get("total") if isinstance(found, dict) else None
            if not page or len(page) < PAGE or (total is not None and offset >= int(total)):
                return

    def entry(self, path: str, values: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """One entry; None where it is not there."""
        found = self.request("GET", path, values, missing_ok=True)
        first = (found or {}).get("entry") or ()
        return first[0] if first else None

    def is_open(self, path: str) -> bool:
        """Whether we may look at a collection: Splunk Cloud keeps some to itself (403, 404)."""
        status, raw = self._patiently("GET", path, {"count": 1}, None)
        if status >= 400 and status not in (403, 404):
            raise self._refused(f"GET {path}", status, reason_of(raw))
        return status < 400

    @cached_property
    def info(self) -> Info:
        """Version and kind. Splunk Cloud may keep the system's endpoints to itself."""
        cloud = (self._place.hostname or "").endswith(CLOUD_HOSTS)
        path = self.path("server", "info", app="")
        status, raw = self._patiently("GET", path, {}, None)
        if status in (403, 404):
            return Info((), True)
        if status >= 400:
            raise self._refused(f"GET {path}", status, reason_of(raw))
        found = _json(raw)
        entry = (found.get("entry") or [None])[0] if isinstance(found, dict) else None
        content = entry.get("content") if isinstance(entry, dict) else None
        if not isinstance(content, dict):
            raise ConfigError(f"{self.settings.url}: answers, but not as Splunk's management port does")
        version = tuple(int(one) for one in _NUMBER.findall(str(content.get("version", "")))[:4])
        return Info(version, cloud or content.get("instance_type") == "cloud")

    @cached_property
    def capabilities(self) -> frozenset[str]:
        """What our user may do; empty where Splunk does not tell."""
        try:
            found = self.entry(self.path("authentication", "current-context", app=""))
        except TargetError:
            return frozenset()
        content = (found or {}).get("content") or {}
        return frozenset(str(one) for one in content.get("capabilities") or ())


def _handler(pool: urllib3.PoolManager) -> Any:
    """How the SDK sends a request, over connections that are kept."""

    def send(url: str, message: Mapping[str, Any], **_more: Any) -> dict[str, Any]:
        headers = dict(message.get("headers", ()))
        answer = pool.request(
            message.get("method", "GET"),
            url,
            body=message.get("body") or None,
            headers=headers,
            redirect=False,
            preload_content=False,
        )
        try:
            raw = answer.read(MOST_BYTES + 1)
            if len(raw) > MOST_BYTES:
                raise TargetError(f"Splunk's answer is larger than {MOST_BYTES:,} bytes")
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return {
            "status": answer.status,
            "reason": answer.reason or "",
            "headers": list(answer.headers.items()),
            "body": io.BytesIO(raw),
        }

    return send


def _json(raw: bytes) -> Any:
    try:
        return orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        raise TargetError(f"Splunk answers with what is no JSON: {raw[:200]!r}") from None


def reason_of(raw: bytes) -> str:
    """The messages of an answer, which is JSON or XML."""
    try:
        found = orjson.loads(raw) if raw else None
    except orjson.JSONDecodeError:
        texts = re.findall(r"<msg[^>]*>([^<]*)</msg>", raw[:5000].decode("utf-8", "replace"))
        return "; ".join(texts) or raw[:300].decode("utf-8", "replace")
    messages = found.get("messages") if isinstance(found, dict) else None
    if isinstance(messages, list):
        return "; ".join(str(one.get("text", one)) if isinstance(one, dict) else str(one) for one in messages)
    return str(found)[:500]
