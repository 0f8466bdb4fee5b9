"""Window streams stored on a real Elasticsearch, and what compiled ES|QL finds in each."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import orjson
from engines import Server
from engines_build import EngineError
from engines_index import THREADS, Index, QueryError, reason
from window_streams import Firing, Stream

from tracehound.compiler import esql_windows
from tracehound.compiler.model import Said
from tracehound.rules import Rule

Row = dict[str, Any]
Answer = list[Row] | QueryError


class Stored:
    """Streams in one index, each to be asked for alone."""

    def __init__(self, server: Server, streams: Sequence[Stream]) -> None:
        self.index = Index.create(server)
        self._numbers = {stream.name: f"stream{number}" for number, stream in enumerate(streams)}
        found = [_tagged(event, self._numbers[s.name]) for s in streams for event in s.events]
        self.index.load(found, ids=[f"document{number}" for number in range(len(found))])

    def ask(self, stream: Stream, query: str) -> Answer:
        """The rows of a query over the events of one stream."""
        mine = [
            {"term": {"_index": self.index.name}},
            {"term": {"metadata.log_name": self._numbers[stream.name]}},
        ]
        body = orjson.dumps({"query": query, "filter": {"bool": {"filter": mine}}})
        status, found = self.index.http.send("POST", "/_query", body)
        if status >= 400:
            return QueryError(reason(found), status)
        names = [column["name"] for column in found["columns"]]
        return [dict(zip(names, row, strict=True)) for row in found["values"]]

    def ask_all(self, asked: Sequence[tuple[Stream, str]]) -> list[Answer]:
        """The same for many, a few at a time."""
        with ThreadPoolExecutor(THREADS) as threads:
            return list(threads.map(lambda pair: self.ask(*pair), asked))


def _tagged(event: Row, name: str) -> Row:
    return event | {"metadata": event["metadata"] | {"log_name": name}}


def said(rule: Rule) -> Said:
    """The rule in ES|QL; a baseline over all that is stored. Raises ``NotInLanguageError``."""
    return esql_windows.correlation(rule) if rule.correlation else esql_windows.baseline(rule, look_back=None)


def fired(rule: Rule, answer: Answer) -> frozenset[Firing]:
    """The groups that fired, and when."""
    if isinstance(answer, QueryError):
        raise EngineError(f"{rule.title}: {answer.reason}")
    baseline = rule.baseline
    names = rule.correlation.group_by if rule.correlation else baseline.by if baseline else ()
    return frozenset(
        (tuple(str(row[name]) for name in names), milliseconds(time))
        for row in answer
        for time in several(row["th_times"])
    )


def several(value: Any) -> list[Any]:
    """A column's values, of which there may be one or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def milliseconds(text: str) -> int:
    """A date as ES|QL writes it."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
