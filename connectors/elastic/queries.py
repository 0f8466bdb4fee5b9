"""The query of a detection rule, run by hand over one data stream, as Kibana would run it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from tracehound.compiler import kibana
from tracehound.compiler.model import Query
from tracehound.errors import TargetError

from .client import Server

Ask = Callable[..., Any]
"""``ask(method, path, body)`` -> JSON."""
Run = Callable[[Ask, str, str, Sequence[str]], set[str]]
_FROM = re.compile(
    r"\A\s*FROM\s+(?P<index>[^|]*?)(?P<metadata>\s+METADATA\s+[^|]*?)?\s*(?=\||\Z)", re.IGNORECASE
)
MOST_TERMS = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a detection rule decides whether it fires."""

    kind: str
    language: str
    query: str
    since: str = ""
    """How far back it looks, in the words of Elasticsearch (``now-900s``)."""
    terms: tuple[str, ...] = ()
    history: str = ""
    filters: tuple[Mapping[str, Any], ...] = field(default=())
    index: tuple[str, ...] = ()
    """The index patterns that it looks at (of a data view: everything); empty: those of its FROM."""

    def looks_at(self) -> list[str]:
        """The patterns, those of an ES|QL query too."""
        found = _FROM.match(self.query) if self.kind == "esql" else None
        return [one.strip(' "') for one in found["index"].split(",")] if found else list(self.index)

    def sees(self, stream: str) -> bool:
        """Whether a data stream is among what it looks at."""
        patterns = self.looks_at()
        hidden = any(fnmatchcase(stream, one[1:]) for one in patterns if one.startswith("-"))
        return not hidden and any(fnmatchcase(stream, one) for one in patterns)

    @classmethod
    def deployed(cls, raw: Mapping[str, Any]) -> Asked:
        """Of a rule as Kibana shows it."""
        return cls(
            str(raw.get("type", "")),
            str(raw.get("language") or ("esql" if raw.get("type") == "esql" else "kuery")),
            str(raw.get("query") or ""),
            str(raw.get("from") or ""),
            tuple(raw.get("new_terms_fields") or ()),
            str(raw.get("history_window_start") or ""),
            tuple(raw.get("filters") or ()),
            ("*",) if raw.get("data_view_id") else tuple(raw.get("index") or ()),
        )

    @classmethod
    def compiled(cls, query: Query, lateness: int) -> Asked:
        """Of a rule that is not deployed, as it would be."""
        return cls.deployed(kibana.rule_object(query, lateness))


def query_of(asked: Asked, server: Server) -> Run:
    """How to run it: gives the marks of what it finds. Raises ``TargetError`` where this server cannot."""
    if asked.kind == "esql":
        if server.opensearch:
            raise TargetError("OpenSearch has no ES|QL")
        return lambda ask, place, name, marks: _esql(asked, ask, place, name, marks)
    if asked.kind == "eql":
        return lambda ask, place, name, marks: _eql(asked, ask, place, name, marks)
    if asked.kind == "new_terms":
        return lambda ask, place, name, marks: _new_terms(asked, ask, place, name, marks)
    if asked.kind == "query":
        return lambda ask, place, name, marks: _single(asked, ask, place, name, marks)
    raise TargetError(f"rules of type {asked.kind} cannot be run by hand")


def clause(asked: Asked) -> dict[str, Any]:
    """The query text as a clause, with the filters that an analyst put beside it."""
    if asked.language == "kuery":
        said: dict[str, Any] = {"kql": {"query": asked.query}}
    else:
        said = {"query_string": {"query": asked.query, "analyze_wildcard": True}}
    must: list[dict[str, Any]] = [said]
    must_not: list[dict[str, Any]] = []
    for one in asked.filters:
        meta, query = one.get("meta") or {}, one.get("query")
        if not isinstance(query, Mapping):
            raise TargetError("has a filter of a form that cannot be run by hand")
        if not meta.get("disabled"):
            (must_not if meta.get("negate") else must).append(dict(query))
    return {"bool": {"filter": must, "must_not": must_not}}


def _since(asked: Asked) -> list[dict[str, Any]]:
    return [{"range": {"@timestamp": {"gte": asked.since}}}] if asked.since else []


def _single(asked: Asked, ask: Ask, place: str, name: str, marks: Sequence[str]) -> set[str]:
    body = {
        "size": 0,
        "query": {"bool": {"filter": [clause(asked), {"terms": {name: list(marks)}}, *_since(asked)]}},
        "aggs": {"marks": {"terms": {"field": name, "size": MOST_TERMS}}},
    }
    found = ask("POST", f"/{place}/_search", body)
    return {bucket["key"] for bucket in found["aggregations"]["marks"]["buckets"]}


def _esql(asked: Asked, ask: Ask, place: str, name: str, marks: Sequence[str]) -> set[str]:
    """The same text, but for the place that its FROM names."""
    query = at_place(asked.query, place)
    hits = set()
    for mark in marks:
        only = {"bool": {"filter": [{"term": {name: mark}}, *_since(asked)]}}
        if ask("POST", "/_query", {"query": query, "filter": only})["values"]:
            hits.add(mark)
    return hits


def at_place(query: str, place: str) -> str:
    """An ES|QL query with another FROM. Raises ``TargetError`` where it does not begin with one."""
    found = _FROM.match(query)
    if found is None:
        raise TargetError("the query does not begin with FROM: it cannot be run on test events")
    return f"FROM {place}{found['metadata'] or ''}\n{query[found.end() :]}"


def _eql(asked: Asked, ask: Ask, place: str, name: str, marks: Sequence[str]) -> set[str]:
    hits = set()
    for mark in marks:
        only = {"bool": {"filter": [{"term": {name: mark}}, *_since(asked)]}}
        found = ask("POST", f"/{place}/_eql/search", {"query": asked.query, "filter": only, "size": 1})
        if found["hits"].get("events") or found["hits"].get("sequences"):
            hits.add(mark)
    return hits


def _new_terms(asked: Asked, ask: Ask, place: str, name: str, marks: Sequence[str]) -> set[str]:
    """As Kibana documents it: terms of the run's time that the history before it does not have."""
    body = {
        "size": 0,
        "query": {"bool": {"filter": [clause(asked), {"range": {"@timestamp": {"gte": asked.history}}}]}},
        "aggs": {
            "terms": {
                "composite": {
                    "size": MOST_TERMS,
                    "sources": [{str(n): {"terms": {"field": f}}} for n, f in enumerate(asked.terms)],
                },
                "aggs": {
                    "now": {"filter": {"range": {"@timestamp": {"gte": asked.since}}}},
                    "before": {"filter": {"range": {"@timestamp": {"lt": asked.since}}}},
                },
            }
        },
    }
    hits = set()
    for mark in marks:
        only = {"bool": {"filter": [body["query"], {"term": {name: mark}}]}}
        found = ask("POST", f"/{place}/_search", {**body, "query": only})
        buckets = found["aggregations"]["terms"]["buckets"]
        if any(b["now"]["doc_count"] and not b["before"]["doc_count"] for b in buckets):
            hits.add(mark)
    return hits
