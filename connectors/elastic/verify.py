"""``verify`` on Elastic and OpenSearch: test events in a data stream of their own, asked with the deployed query.

The stream is ``tracehound.verify-<time>-<random>``: neither ``logs-tracehound.*``, which our rules and boards read,
nor ``logs-*``, which the rules of others read, finds it, so that no alert comes of it. Streams of runs that were
killed are removed by the next run, once they are an hour old.
"""

from __future__ import annotations

import copy
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from tracehound.config import Settings
from tracehound.delivery import Document, TransportError
from tracehound.deploy.verify import Sample
from tracehound.errors import TargetError
from tracehound.rules import Rule
from tracehound.schema.constants import CLASSES

from .client import request
from .deploy import Elastic, connect
from .events import Encoder, stream_name
from .push import BulkTransport
from .queries import Asked, query_of
from .rules import LANGUAGES, DetectionRules, best_queries
from .settings import ElasticSettings
from .templates import OWNER, objects

TEMPLATE = "tracehound.verify"
PATTERN = f"{TEMPLATE}-*"
MARK = "tracehound_verify"
"""The field that says which file an event is of."""
NO_LEARNING = "Kibana's new_terms knows no learning time"
STALE = timedelta(hours=1)
STAMP = "%Y%m%dt%H%M%S"
BATCH = 500
_NAME = re.compile(rf"{re.escape(TEMPLATE)}-(\d{{8}}t\d{{6}})-[0-9a-f]+")


def verifier(settings: ElasticSettings, app: Settings, rules: Sequence[Rule]) -> ElasticVerifier:
    """Connects. Raises ``ConfigError`` and ``TargetError``."""
    return ElasticVerifier(connect(settings, app), rules)


class ElasticVerifier:
    """One run."""

    def __init__(self, there: Elastic, rules: Sequence[Rule]) -> None:
        self._there = there
        stamp = datetime.now(UTC).strftime(STAMP)
        self.stream = f"{TEMPLATE}-{stamp}-{secrets.token_hex(4)}"
        self.notes: list[str] = []
        deployed = {}
        if there.kibana is not None:
            objects_ = DetectionRules(there.kibana).find([])
            deployed = {one.key: one.raw for one in objects_ if one.mark is not None}
        languages = ("lucene",) if there.server.opensearch else LANGUAGES
        compiled = best_queries(rules, there.app, languages)
        self._reasons = {one.key: one.reason for one in compiled.left_out}
        self._asked: dict[str, tuple[str, Asked]] = {}
        for rule in rules:
            if rule.id in deployed:
                self._asked[rule.id] = ("deployed", Asked.deployed(deployed[rule.id]))
            elif rule.id in compiled.queries:
                asked = Asked.compiled(compiled.queries[rule.id], there.app.lateness)
                self._asked[rule.id] = ("compiled", asked)

    def __enter__(self) -> ElasticVerifier:
        self._remove_stale()
        try:
            self._request("PUT", f"/_index_template/{TEMPLATE}", self._template())
            self._request("PUT", f"/_data_stream/{self.stream}")
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._clean()

    def _request(self, method: str, path: str, body: Any = None, *, missing_ok: bool = False) -> Any:
        there = self._there
        return request(there.client, there.settings, method, path, body, missing_ok=missing_ok)

    def _template(self) -> dict[str, Any]:
        server = self._there.server
        made = objects(self._there.settings, server, lifecycle=False)
        held = next(one for one in made if "mappings" in one.body.get("template", {}))
        template = copy.deepcopy(held.body["template"])
        template["mappings"]["properties"][MARK] = {"type": "keyword"}
        if server.flavour != "serverless":
            index = template.setdefault("settings", {}).setdefault("index", {})
            index |= {"number_of_shards": 1, "number_of_replicas": 0}
        return {
            "index_patterns": [PATTERN],
            "data_stream": {},
            "priority": 900,
            "template": template,
            "_meta": {"managed_by": OWNER},
        }

    def _streams(self) -> list[str]:
        found = self._request("GET", f"/_data_stream/{PATTERN}", missing_ok=True) or {}
        return [one["name"] for one in found.get("data_streams", ())]

    def _remove_stale(self) -> None:
        """What a run left that was killed."""
        for name in self._streams():
            known = _NAME.fullmatch(name)
            if known is None:
                continue
            made = datetime.strptime(known[1], STAMP).replace(tzinfo=UTC)
            if datetime.now(UTC) - made > STALE:
                self._request("DELETE", f"/_data_stream/{name}", missing_ok=True)
                self.notes.append(f"{name}: left by a run that did not end, removed")

    def _clean(self) -> None:
        """The stream, and the template when no other run needs it."""
        self._request("DELETE", f"/_data_stream/{self.stream}", missing_ok=True)
        if not self._streams():
            self._request("DELETE", f"/_index_template/{TEMPLATE}", missing_ok=True)

    def send(self, samples: Sequence[Sample]) -> None:
        """Through the real encoder and bulk requests; the same event may be in several samples."""
        encoder = Encoder("verify")
        documents = []
        for place, sample in enumerate(samples):
            for event in sample.events:
                made = encoder.document(event)
                body = orjson.dumps({**orjson.loads(made.body), MARK: sample.mark})
                documents.append(Document(f"{place}-{made.uid}"[:512], self.stream, body))
        transport = BulkTransport(self._there.client, self._there.settings, self._there.server)
        for start in range(0, len(documents), BATCH):
            self._store(transport, documents[start : start + BATCH])
        self._request("POST", f"/{self.stream}/_refresh")

    def _store(self, transport: BulkTransport, documents: list[Document]) -> None:
        try:
            answer = transport.send(documents)
        except TransportError as error:
            raise TargetError(f"test events are not taken: {error}") from error
        if answer.rejected or answer.retry:
            why = next((one.message for one in answer.rejected), answer.why)
            raise TargetError(f"test events are not taken: {why}")

    def fired(self, rule: Rule, samples: Sequence[Sample]) -> tuple[str, set[str], str]:
        """Ask the rule's own query for each sample alone."""
        if rule.id not in self._asked:
            raise TargetError(self._reasons.get(rule.id, "no query"))
        source, asked = self._asked[rule.id]
        streams = [stream_name(uid, self._there.settings.namespace) for uid in CLASSES]
        if not any(asked.sees(stream) for stream in streams):
            return (
                source,
                set(),
                f"it looks at {', '.join(asked.looks_at()) or 'nothing'}, not at our events",
            )
        run = query_of(asked, self._there.server)
        marks = run(self._request, self.stream, MARK, [one.mark for one in samples])
        learns = asked.kind == "new_terms" and rule.baseline is not None and rule.baseline.learn
        return source, marks, NO_LEARNING if learns and marks else ""
