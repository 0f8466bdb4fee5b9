"""One index on a real server, with our mapping, asked for the ids of what matches.

    with Index.create(server) as index:
        index.load(events)                      # _id is metadata.uid
        index.lucene('ai.service:"gateway"')    # frozenset of ids, or QueryError
        index.kql_many([...])                   # in one round trip each 250

Query texts are sent as they are. A query that the server refuses is an answer, a QueryError with the server's
reason; a server that does not answer, or a document that it does not take, is an EngineError.
"""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
import urllib3
from engines import Server
from engines_build import EngineError

from tracehound.schema import elasticsearch_mapping

Event = dict[str, Any]

# What Kibana sends for a Lucene query, for searches and for rules: query_string with analyze_wildcard, everything
# else as the server has it (default_operator OR, allow_leading_wildcard, not lenient: a number compared with a word
# is an error, not a miss). A compiled query must not lean on the operator between terms: run it with "AND" too.
LUCENE = {"analyze_wildcard": True, "allow_leading_wildcard": True, "lenient": False}
MOST_IDS = 100_000
# The id again, in columns: reading ``_id`` of every hit takes ten times as long as the search.
ID_FIELD = "test_document_id"
MOST_ROWS = 10_000  # what the server allows at most
BULK_BYTES = 4_000_000
SEARCHES = 250
THREADS = 4
TIMEOUT = urllib3.Timeout(connect=5, read=60)


@dataclass(frozen=True)
class QueryError:
    """The server refused the query: its reason and HTTP status."""

    reason: str
    status: int


@dataclass(frozen=True)
class Table:
    """What an ES|QL query returned."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


Answer = frozenset[str] | QueryError


class Http:
    """JSON over HTTP to one server; threads may share it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.pool = urllib3.PoolManager(maxsize=THREADS, timeout=TIMEOUT, retries=False)

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        kind = "application/x-ndjson" if path.partition("?")[0].endswith(("_bulk", "_msearch")) else None
        headers = {"content-type": kind or "application/json"} if body is not None else {}
        try:
            answer = self.pool.request(method, self.url + path, body=body, headers=headers)
        except urllib3.exceptions.HTTPError as error:
            raise EngineError(f"{method} {self.url}{path.partition('?')[0]}: {error}") from error
        return answer.status, orjson.loads(answer.data) if answer.data else None

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """JSON of an answer that is not an error."""
        sent = orjson.dumps(body) if body is not None else None
        status, found = self.send(method, path, sent)
        if status >= 400:
            raise EngineError(f"{method} {path.partition('?')[0]}: {status} {reason(found)}")
        return found


def mappings(engine: str = "elasticsearch8") -> dict[str, Any]:
    """The generated mapping with ``@timestamp``, as this engine says it."""
    return copy.deepcopy(_template(engine)["mappings"])


@cache
def _template(engine: str) -> dict[str, Any]:
    template: dict[str, Any] = elasticsearch_mapping()["template"]
    properties = template["mappings"]["properties"]
    properties["@timestamp"] = {"type": "date", "format": "epoch_millis||strict_date_optional_time"}
    properties[ID_FIELD] = {"type": "keyword", "index": False}
    if engine == "opensearch":
        for name, field in properties.items():
            if field.get("type") == "flattened":
                # Its flat_object refuses an event with a text above 32,766 bytes and has no ignore_above.
                properties[name] = {"type": "object", "enabled": False}
    return template


class Index:
    """An index or data stream that goes with the ``with`` block."""

    def __init__(self, server: Server, name: str, *, data_stream: bool = False, own: bool = False) -> None:
        """Asks what is there already; ``create`` makes one."""
        self.server, self.name, self.data_stream, self.own = server, name, data_stream, own
        self.http = Http(server.url)

    @classmethod
    def create(
        cls,
        server: Server,
        name: str | None = None,
        *,
        data_stream: bool = False,
        extra_properties: dict[str, Any] | None = None,
    ) -> Index:
        """Makes it with the mapping of the schema; the default name is one that ``logs-tracehound.*-*`` finds."""
        name = name or f"logs-tracehound.test-{secrets.token_hex(4)}"
        index = cls(server, name, data_stream=data_stream, own=True)
        template = copy.deepcopy(_template(server.engine))
        template["mappings"]["properties"] |= extra_properties or {}
        settings = template["settings"]["index"]
        settings |= {"number_of_shards": 1, "number_of_replicas": 0, "max_result_window": MOST_IDS}
        if data_stream:
            whole = {"index_patterns": [index.name], "data_stream": {}, "priority": 900, "template": template}
            index.http.must("PUT", f"/_index_template/{index.name}", whole)
            index.http.must("PUT", f"/_data_stream/{index.name}")
        else:
            index.http.must("PUT", f"/{index.name}", template)
        if server.engine == "elasticsearch8":
            _lift_limits(index.http)
        return index

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    def delete(self) -> None:
        """Removes it with its documents, when it was made here."""
        if not self.own:
            return
        if self.data_stream:
            self.http.must("DELETE", f"/_data_stream/{self.name}")
            self.http.must("DELETE", f"/_index_template/{self.name}")
        else:
            self.http.must("DELETE", f"/{self.name}")

    def load(self, events: Iterable[Event], ids: Iterable[str] | None = None) -> None:
        """Stores events under ``ids`` or their ``metadata.uid``, with ``@timestamp``, for searches to see."""
        events = list(events)
        names = list(ids) if ids is not None else [event["metadata"]["uid"] for event in events]
        if len(names) != len(events) or len(set(names)) != len(names):
            raise EngineError(f"{len(events)} events, {len(names)} ids, {len(set(names))} different ones")
        for body in _bulk_bodies(events, names):
            status, found = self.http.send("POST", f"/{self.name}/_bulk", body)
            if status >= 400:
                raise EngineError(f"bulk: {status} {reason(found)}")
            for item in found["items"] if found["errors"] else ():
                (done,) = item.values()
                if "error" in done:
                    raise EngineError(f"document {done['_id']}: {reason(done)}")
        self.http.must("POST", f"/{self.name}/_refresh")

    def lucene(self, query: str, *, operator: str = "OR") -> Answer:
        """Ids of what a Lucene query finds."""
        return self.lucene_many([query], operator=operator)[0]

    def lucene_many(self, queries: Sequence[str], *, operator: str = "OR") -> list[Answer]:
        """As ``lucene``, for many."""
        settings = LUCENE | {"default_operator": operator}
        return self.dsl_many([{"query_string": {"query": query, **settings}} for query in queries])

    def kql(self, query: str) -> Answer:
        """Ids of what a KQL query finds; Elasticsearch only."""
        return self.kql_many([query])[0]

    def kql_many(self, queries: Sequence[str]) -> list[Answer]:
        """As ``kql``, for many."""
        return self.dsl_many([{"kql": {"query": query}} for query in queries])

    def dsl(self, query: dict[str, Any]) -> Answer:
        """Ids of what a clause of the query DSL finds."""
        return self.dsl_many([query])[0]

    def dsl_many(self, queries: Sequence[dict[str, Any]]) -> list[Answer]:
        """As ``dsl``, for many: one request for each 250."""
        answers: list[Answer] = []
        wanted = (
            "responses.status,responses.error,responses.hits.hits._id,responses.hits.hits.fields,"
            "responses.hits.total.value,responses.timed_out,responses._shards.failed"
        )
        for start in range(0, len(queries), SEARCHES):
            part = queries[start : start + SEARCHES]
            lines = [b"{}\n" + orjson.dumps(self._search(query)) + b"\n" for query in part]
            status, found = self.http.send(
                "POST", f"/{self.name}/_msearch?filter_path={wanted}", b"".join(lines)
            )
            if status >= 400:
                raise EngineError(f"msearch: {status} {reason(found)}")
            answers += [_ids(one) for one in found["responses"]]
        return answers

    def esql(self, query: str) -> Answer:
        """Ids of what an ES|QL query finds: its column ``_id`` (METADATA _id), else ``metadata.uid``."""
        return _identified(self.esql_table(query))

    def esql_many(self, queries: Sequence[str]) -> list[Answer]:
        """As ``esql``, for many, a few at a time."""
        return [_identified(table) for table in self.esql_tables(queries)]

    def esql_table(self, query: str) -> Table | QueryError:
        """Columns and rows of an ES|QL query, whatever index its FROM names seen through this one."""
        # CHANGE_POINT and CATEGORIZE hang on this server.
        if any(f" {word}" in query.upper() for word in ("CHANGE_POINT", "CATEGORIZE")):
            return QueryError("CHANGE_POINT and CATEGORIZE cannot be run here", 0)
        own = [{"term": {"_index": self.name}}, {"wildcard": {"_index": f".ds-{self.name}-*"}}]
        body = {"query": query, "filter": {"bool": {"should": own, "minimum_should_match": 1}}}
        status, found = self.http.send("POST", "/_query", orjson.dumps(body))
        if status >= 400:
            return QueryError(reason(found), status)
        rows = tuple(tuple(row) for row in found["values"])
        if len(rows) >= MOST_ROWS:
            raise EngineError(f"{len(rows)} rows: some may be missing")
        return Table(tuple(column["name"] for column in found["columns"]), rows)

    def esql_tables(self, queries: Sequence[str]) -> list[Table | QueryError]:
        """As ``esql_table``, for many."""
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(self.esql_table, queries))

    def _search(self, query: dict[str, Any]) -> dict[str, Any]:
        body = {"query": query, "size": MOST_IDS, "track_total_hits": True}
        if self.own:
            return body | {"stored_fields": "_none_", "docvalue_fields": [ID_FIELD]}
        return body | {"_source": False}


def _lift_limits(http: Http) -> None:
    # A query without LIMIT stops at 1,000 rows without a word.
    limits = {
        "esql.query.result_truncation_max_size": MOST_ROWS,
        "esql.query.result_truncation_default_size": MOST_ROWS,
    }
    http.must("PUT", "/_cluster/settings", {"persistent": limits})


def _bulk_bodies(events: Sequence[Event], names: Sequence[str]) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for event, name in zip(events, names, strict=True):
        document = {"@timestamp": event["time"], **event, ID_FIELD: name}
        line = orjson.dumps({"create": {"_id": name}}) + b"\n" + orjson.dumps(document) + b"\n"
        if lines and size + len(line) > BULK_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"".join(lines)


def _ids(answer: dict[str, Any]) -> Answer:
    if "error" in answer:
        return QueryError(reason(answer), answer["status"])
    if answer.get("timed_out") or answer.get("_shards", {}).get("failed"):
        raise EngineError("a search was answered in part only")
    hits = answer["hits"]
    ids = frozenset(
        hit["_id"] if "_id" in hit else hit["fields"][ID_FIELD][0] for hit in hits.get("hits", ())
    )
    if len(ids) != hits["total"]["value"]:
        raise EngineError(f"{hits['total']['value']} documents match, {len(ids)} ids were returned")
    return ids


def _identified(table: Table | QueryError) -> Answer:
    if isinstance(table, QueryError):
        return table
    for name in ("_id", "metadata.uid"):
        if name in table.columns:
            at = table.columns.index(name)
            return frozenset(row[at] for row in table.rows)
    return QueryError(f"no column _id or metadata.uid among {', '.join(table.columns[:20])}", 0)


def reason(answer: Any) -> str:
    """What the server says is wrong, the innermost cause."""
    error = answer.get("error", answer) if isinstance(answer, dict) else answer
    if not isinstance(error, dict):
        return str(error)
    error = (error.get("root_cause") or [error])[0] if not error.get("caused_by") else error
    while isinstance(error.get("caused_by"), dict):
        error = error["caused_by"]
    return f"{error.get('type')}: {error.get('reason')}"
