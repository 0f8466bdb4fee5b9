"""Sending events: bulk requests, and what each answer means for delivery.

    201                     delivered
    409                     was there already: delivered
    429, 5xx, blocked index sent again later
    closed, no shards left  the same
    400 and others          dead letter, with the server's reason
    401, 403                the run ends: nothing will be taken
    413                     sent in halves

https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import elastic_transport
import orjson
from elastic_transport import ConnectionTimeout, TlsError
from elasticsearch import Elasticsearch

from tracehound.delivery import Answer, Document, Rejection, TransportError
from tracehound.delivery.model import Limits
from tracehound.errors import ConfigError

from .client import Server, cut_off, elastic, reason_of, refused, server_of, unreachable
from .events import Encoder, original
from .settings import ElasticSettings
from .shadow import shadowing
from .templates import mapping, mapping_in_use

HEADERS = {"accept": "application/json", "content-type": "application/x-ndjson"}
WANTED = "errors,items.*.status,items.*.error,items.*.failure_store"
TRY_AGAIN = frozenset((429, 500, 502, 503, 504))
OVERHEAD = 110
"""Bytes of an action line, about."""
SHOWN = 400
BLOCKED = "cluster_block_exception"
PASSING = frozenset((BLOCKED, "index_closed_exception", "unavailable_shards_exception"))
"""Errors of 400 and above that say nothing of the document: the index will take it when somebody has mended it."""
NO_ROOM = "shards open"
"""What a validation error says when the cluster takes no more shards, and so no new backing index."""
NO_STREAM = "index_not_found_exception"
NOT_A_STREAM = "resource_not_found_exception"
FORBIDDEN = "security_exception"


class BulkTransport:
    """``Transport`` of delivery: one bulk request a batch, over the client's connections."""

    def __init__(
        self, client: Elasticsearch, settings: ElasticSettings, server: Server | None = None
    ) -> None:
        self._transport, self._settings = client.transport, settings
        # Without a template for it, a new name would become a plain index.
        strict = "" if server is None or server.opensearch else "&require_data_stream=true"
        self._path = f"/_bulk?filter_path={WANTED}{strict}"
        self._headers = {**HEADERS, **_authorization(client)}

    def send(self, documents: Sequence[Document]) -> Answer:
        """One request. Raises ``TransportError``."""
        try:
            answer = self._transport.perform_request(
                "POST", self._path, body=body_of(documents), headers=self._headers, max_retries=0
            )
        except elastic_transport.TransportError as error:
            raise self._broken(error) from None
        status = answer.meta.status
        if status != 200:
            raise self._refused(status, answer)
        found = answer.body
        if type(found) is not dict or "errors" not in found:
            raise TransportError("the answer to a bulk request was cut off, or is none")
        return self._sorted(found, documents)

    def _sorted(self, found: dict[str, Any], documents: Sequence[Document]) -> Answer:
        """The items of an answer by what is to be done."""
        items = found.get("items") or ()
        if len(items) != len(documents):
            raise TransportError(f"the answer has {len(items)} items for {len(documents)} events")
        answer, rejected, again = Answer(), [], []
        for place, item in enumerate(items):
            done = item["create"]
            status = done["status"]
            if status == 201 and len(done) == 1:
                continue
            if status == 409:
                answer.duplicates += 1
            elif status in TRY_AGAIN or (status >= 400 and _passes(done)):
                again.append(place)
                answer.why = self._said(status, done)
            elif status >= 400:
                rejected.append(self._rejection(place, status, done))
            elif done.get("failure_store") in ("used", "failed"):
                rejected.append(Rejection(place, "failure_store", "the server put it into its failure store"))
        answer.rejected, answer.retry = rejected, again
        return answer

    def _rejection(self, place: int, status: int, done: dict[str, Any]) -> Rejection:
        kind, said = _kind(done), self._said(status, done)
        if kind == FORBIDDEN:
            raise TransportError(said, retry=False, error=refused(self._settings, "bulk", 403, done))
        if status == 404 and kind == NOT_A_STREAM:
            error = ConfigError(f"elastic: {said}; reindex it elsewhere, or remove it")
            raise TransportError(said, retry=False, error=error)
        if kind == NO_STREAM:
            error = ConfigError(
                f"elastic: {said}; run `tracehound apply elastic` first (or push with --setup)"
            )
            raise TransportError(said, retry=False, error=error)
        return Rejection(place, "mapping" if status == 400 else "refused", said)

    def _said(self, status: int, done: dict[str, Any]) -> str:
        return self._settings.hide(f"{status} {reason_of(done)}")[:SHOWN]

    def _broken(self, error: elastic_transport.TransportError) -> TransportError:
        """No answer: later again, unless the certificate is wrong."""
        problem = unreachable(self._settings, error)
        final = isinstance(error, TlsError) and not cut_off(error)
        slow = isinstance(error, ConnectionTimeout)
        return TransportError("no answer in time" if slow else str(problem), retry=not final, error=problem)

    def _refused(self, status: int, answer: Any) -> TransportError:
        """The whole request was refused."""
        problem = refused(self._settings, "bulk", status, answer.body)
        if status == 413:
            return TransportError(str(problem), too_large=True)
        again = status in TRY_AGAIN or BLOCKED in str(answer.body)[:2000]
        return TransportError(str(problem), retry=again, after=_after(answer.meta.headers), error=problem)


def body_of(documents: Sequence[Document]) -> bytes:
    """NDJSON of a bulk request."""
    lines: list[bytes] = []
    for uid, route, body in documents:
        name = f'"{uid}"' if uid.isalnum() and uid.isascii() else orjson.dumps(uid).decode()
        lines.append(f'{{"create":{{"_index":"{route}","_id":{name}}}}}'.encode())
        lines.append(body)
    lines.append(b"")
    return b"\n".join(lines)


def _kind(done: dict[str, Any]) -> str:
    error = done.get("error")
    return str(error.get("type")) if type(error) is dict else ""


def _passes(done: dict[str, Any]) -> bool:
    """Whether an error is the index's or the cluster's."""
    kind = _kind(done)
    return kind in PASSING or (kind == "validation_exception" and NO_ROOM in reason_of(done))


def _after(headers: Mapping[str, str]) -> float | None:
    """Retry-After in seconds; a date is not used here."""
    said = headers.get("retry-after", "")
    return float(said) if said.isdecimal() else None


def _authorization(client: Elasticsearch) -> dict[str, str]:
    """The login that the client holds; its raw transport does not add it by itself."""
    headers = client._headers
    return {"authorization": headers["authorization"]} if "authorization" in headers else {}


class ElasticSender:
    """What ``push`` needs of this target."""

    def __init__(self, client: Elasticsearch, settings: ElasticSettings, server: Server) -> None:
        self._client, self.server = client, server
        self.transport = BulkTransport(client, settings, server)
        encoder = Encoder(settings.namespace)
        self._encoder = encoder
        where = ", ".join(settings.url) or "Elastic Cloud"
        self.place = f"{where}, {server}, logs-tracehound.*-{settings.namespace}"
        self.identity = "\n".join(
            ["elastic", *sorted(settings.url), settings.cloud_id or "", settings.namespace]
        )
        self.limits = Limits(
            settings.batch_documents, settings.batch_bytes, settings.in_flight, settings.patience, OVERHEAD
        )

    def documents(self, events: Iterable[Mapping[str, Any]]) -> Iterable[Document]:
        """The events, encoded."""
        return self._encoder.documents(events)

    def original(self, document: Document) -> bytes:
        """The event of a document, for the dead letter."""
        return original(document)

    def close(self) -> None:
        """End the connections."""
        self._client.close()


def open_sender(settings: ElasticSettings, setup: bool, say: Any) -> ElasticSender:
    """Connect, see that the templates are there (``setup``: put them), and give the sender.

    ``say`` takes words for people. Raises ``ConfigError`` and ``TargetError``.
    """
    client = elastic(settings)
    try:
        server = server_of(client, settings)
        if setup:
            from .rollout import install

            for line in install(client, settings, server):
                say(line)
        _check_templates(client, settings, server, say)
    except BaseException:
        client.close()
        raise
    return ElasticSender(client, settings, server)


def _check_templates(client: Elasticsearch, settings: ElasticSettings, server: Server, say: Any) -> None:
    try:
        used = mapping_in_use(client, settings)
    except ConfigError as error:
        if "403" not in str(error):
            raise
        say("the role may not read index templates: not checked")
        return
    if used is None:
        raise ConfigError(
            f"{server}: has no templates of Tracehound; run `tracehound apply elastic` first (or push with --setup)"
        )
    if wrong := shadowing(client, settings):
        raise ConfigError(f"{server}: {wrong}")
    if used != mapping(server)["_meta"]["hash"]:
        say("the cluster has the mapping of another version; `tracehound apply elastic` rolls ours out")
