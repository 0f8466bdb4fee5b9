"""The data of KV store collections in the Splunk stand-in.

Pages: REST API Reference, "KV store endpoint descriptions" (storage/collections/data: query, fields, sort,
skip, limit, batch_save, batch_find); limits.conf [kvstore].
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from splunk_errors import RefusedError
from splunk_http import Answer, Request

Document = dict[str, Any]
Place = tuple[str, str, str]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "$gt": lambda value, bound: value > bound,
    "$gte": lambda value, bound: value >= bound,
    "$lt": lambda value, bound: value < bound,
    "$lte": lambda value, bound: value <= bound,
    "$ne": lambda value, bound: bool(value != bound),
}


class KvStore:
    """Documents by app, owner and collection."""

    def __init__(self) -> None:
        self.max_batch = 1000
        """max_documents_per_batch_save, as it was before it was raised."""
        self.max_rows = 50_000
        self._kept: dict[Place, dict[str, Document]] = {}

    def documents(self, place: Place) -> dict[str, Document]:
        """By their ``_key``."""
        return self._kept.setdefault(place, {})

    def drop(self, place: Place) -> None:
        """A collection that is gone."""
        self._kept.pop(place, None)

    def answer(self, request: Request, place: Place, rest: tuple[str, ...]) -> Answer:
        """A request to a collection that is there; ``rest`` is what follows its name."""
        documents = self.documents(place)
        if not rest:
            if request.method == "GET":
                return Answer(200, self._found(documents, _only(request.query)))
            if request.method == "DELETE":
                query = _json(_only(request.query).get("query", "{}"))
                for document in self._matching(documents, query):
                    del documents[document["_key"]]
                return Answer(200, {})
            return self._insert(documents, _body(request), place[1])
        if request.method == "POST" and rest == ("batch_save",):
            return self._save(documents, _body(request), place[1])
        if request.method == "POST" and rest == ("batch_find",):
            said = [
                {k: str(v) if k != "query" else json.dumps(v) for k, v in one.items()}
                for one in _body(request)
            ]
            return Answer(200, [self._found(documents, one) for one in said])
        (key,) = rest
        if key not in documents:
            raise RefusedError(404, "Could not find object.")
        if request.method == "GET":
            return Answer(200, documents[key])
        if request.method == "DELETE":
            del documents[key]
            return Answer(200, {})
        documents[key] = {**_document(_body(request)), "_key": key, "_user": place[1]}
        return Answer(200, {"_key": key})

    def _insert(self, documents: dict[str, Document], body: Any, owner: str) -> Answer:
        document = _document(body)
        key = str(document.get("_key") or secrets.token_hex(12))
        if key in documents:
            raise RefusedError(409, "A document with the same key and user already exists.")
        documents[key] = {**document, "_key": key, "_user": owner}
        return Answer(201, {"_key": key})

    def _save(self, documents: dict[str, Document], body: Any, owner: str) -> Answer:
        if not isinstance(body, list):
            raise RefusedError(400, "JSON in the request is invalid: an array of documents is wanted")
        if len(body) > self.max_batch:
            said = f"Too many documents for a single batch save, max batch size={self.max_batch}"
            raise RefusedError(400, f"Request exceeds API limits - see limits.conf for details. ({said})")
        keys = []
        for document in map(_document, body):
            key = str(document.get("_key") or secrets.token_hex(12))
            documents[key] = {**document, "_key": key, "_user": owner}
            keys.append(key)
        return Answer(200, keys)

    def _found(self, documents: Mapping[str, Document], said: Mapping[str, str]) -> list[Document]:
        found = self._matching(documents, _json(said.get("query", "{}")))
        for name, _, down in reversed([one.strip().partition(":") for one in _listed(said.get("sort", ""))]):
            found.sort(key=lambda d, n=name: (n in d, str(type(d.get(n))), d.get(n)), reverse=down == "-1")  # type: ignore[misc]
        skip, limit = int(said.get("skip", 0)), int(said.get("limit", 0))
        found = found[skip : skip + (min(limit, self.max_rows) if limit else self.max_rows)]
        wanted = [one.strip().partition(":") for one in _listed(said.get("fields", ""))]
        kept = {name for name, _, yes in wanted if yes != "0"}
        dropped = {name for name, _, yes in wanted if yes == "0"}
        if kept:
            return [{k: v for k, v in one.items() if k in kept or k == "_key"} for one in found]
        return [{k: v for k, v in one.items() if k not in dropped} for one in found]

    @staticmethod
    def _matching(documents: Mapping[str, Document], query: Any) -> list[Document]:
        return [document for document in documents.values() if matches(document, query)]


def matches(document: Document, query: Any) -> bool:
    """Whether a document fits a query: equality, $gt $gte $lt $lte $ne, $and $or $not."""
    if not isinstance(query, dict):
        raise RefusedError(400, "JSON in the request is invalid: a query is an object")
    return all(_fits(document, name, wanted) for name, wanted in query.items())


def _fits(document: Document, name: str, wanted: Any) -> bool:
    if name == "$and":
        return all(matches(document, one) for one in wanted)
    if name == "$or":
        return any(matches(document, one) for one in wanted)
    if name == "$not":
        return not matches(document, wanted)
    value: Any = document
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
        return all(_compared(value, op, bound) for op, bound in wanted.items())
    return bool(value == wanted)


def _compared(value: Any, op: str, bound: Any) -> bool:
    compare = COMPARE.get(op)
    if compare is None:
        raise RefusedError(400, f"Invalid query operator: {op}")
    if op == "$ne":
        return compare(value, bound)
    numbers = isinstance(value, int | float) and isinstance(bound, int | float)
    texts = isinstance(value, str) and isinstance(bound, str)
    return (numbers or texts) and compare(value, bound)


def _only(query: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in query.items()}


def _listed(text: str) -> list[str]:
    return [one for one in text.split(",") if one.strip()]


def _json(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError as problem:
        raise RefusedError(400, f"JSON in the request is invalid: {problem}") from None


def _body(request: Request) -> Any:
    if "json" not in request.headers.get("content-type", ""):
        raise RefusedError(415, "Content-Type must be application/json")
    return _json(request.body.decode("utf-8", "replace") or "null")


def _document(body: Any) -> Document:
    if not isinstance(body, dict):
        raise RefusedError(400, "JSON in the request is invalid: a document is an object")
    return body
