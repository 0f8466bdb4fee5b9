"""What the tests of pushing share: events, a clean server, senders, and counts from the server itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from engines import Server

from tracehound.config import Settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.demo.run import logs
from tracehound.pipeline import Pipeline

NAME = "tracehound.connectors.elastic"


def part(name: str) -> Any:
    """A module of the connector."""
    return importlib.import_module(f"{NAME}.{name}")


@cache
def day(count: int = 600) -> tuple[dict[str, Any], ...]:
    """Events of the sample day, of every source."""
    pipeline = Pipeline(Settings(), DeadLetters(None))
    files = input_connector("file")
    found: list[dict[str, Any]] = []
    for batch in pipeline.run_by_time([files.streams([log]) for log in logs()]):
        found += batch
    return tuple(found[:: max(1, len(found) // count)][:count])


def lines(count: int = 600) -> bytes:
    """The same as OCSF lines, one a line."""
    return b"".join(orjson.dumps(event) + b"\n" for event in day(count))


@dataclass
class Cluster:
    """A server without our objects, and how it is reached."""

    client: Any
    settings: Any
    server: Any

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return part("client").request(self.client, self.settings, method, path, body, missing_ok=True)

    def install(self) -> list[str]:
        said: list[str] = part("rollout").install(self.client, self.settings, self.server)
        return said

    def ids(self) -> list[str]:
        """The ids that all backing indices hold, sorted; an id in two of them is there twice."""
        self.ask("POST", "/logs-tracehound.*/_refresh")
        body = {"size": 10_000, "_source": False, "query": {"match_all": {}}}
        found = self.ask("POST", "/logs-tracehound.*/_search", body)
        return sorted(hit["_id"] for hit in found["hits"]["hits"]) if found else []


@contextmanager
def clean(server: Server, **options: Any) -> Iterator[Cluster]:
    """A cluster without Tracehound's objects, before and after."""
    settings = part("settings").ElasticSettings(url=server.url, replicas=0, **options)
    client = part("client").elastic(settings)
    cluster = Cluster(client, settings, part("client").server_of(client, settings))
    part("rollout").uninstall(client, settings, cluster.server, data=True)
    try:
        yield cluster
    finally:
        part("rollout").uninstall(client, settings, cluster.server, data=True)
        client.close()


def config_for(folder: Path, url: str, **options: Any) -> Path:
    """A tracehound.yml whose target is at ``url``."""
    path = folder / "tracehound.yml"
    values = {"url": url, "replicas": 0, **options}
    path.write_bytes(orjson.dumps({"targets": {"elastic": values}}))
    return path
