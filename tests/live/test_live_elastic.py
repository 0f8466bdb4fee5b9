"""All verbs against a live Elasticsearch and Kibana."""

from __future__ import annotations

import importlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from commands import Run

from tracehound.config import Settings
from tracehound.demo.run import logs
from tracehound.targets import target, target_settings

PART = "tracehound.connectors.elastic"
NAMESPACE = "livetest"
STREAMS = f"logs-tracehound.*-{NAMESPACE}"


class Live:
    """The cluster, asked directly."""

    def __init__(self) -> None:
        client = importlib.import_module(f"{PART}.client")
        self.settings = target_settings(target("elastic"), Settings(), {"namespace": NAMESPACE})
        self.client = client.elastic(self.settings)
        self.server = client.server_of(self.client, self.settings)
        self._request = client.request

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return self._request(self.client, self.settings, method, path, body, missing_ok=True)

    def uids(self) -> int:
        """How many distinct events are stored."""
        self.ask("POST", f"/{STREAMS}/_refresh")
        body = {
            "size": 0,
            "aggs": {"n": {"cardinality": {"field": "metadata.uid", "precision_threshold": 40_000}}},
        }
        found = self.ask("POST", f"/{STREAMS}/_search", body)
        return int(found["aggregations"]["n"]["value"])


@pytest.fixture
def stack(live: Callable[[str], None], tracehound: Run) -> Iterator[Live]:
    live("elastic")
    there = Live()
    held = (there.ask("GET", "/_data_stream/logs-tracehound.*") or {}).get("data_streams", ())
    assert not held, "this cluster has events of Tracehound: use one of its own"
    try:
        yield there
    finally:
        there.ask("DELETE", f"/_data_stream/{STREAMS}")
        tracehound("remove", "elastic", "--yes")
        there.client.close()


def test_from_an_empty_cluster_to_alerts_and_back(stack: Live, tracehound: Run) -> None:
    applied = tracehound("apply", "elastic", "--yes")
    assert applied.code == 0, applied.err
    planned = tracehound("plan", "elastic", "--format", "ndjson")
    assert set(Counter(one["action"] for one in planned.lines)) <= {"unchanged", "left out"}, planned.out
    pushed = tracehound("push", "elastic", "--namespace", NAMESPACE, *logs())
    assert pushed.code == 0, pushed.err
    count = stack.uids()
    assert count > 1000
    again = tracehound("push", "elastic", "--namespace", NAMESPACE, *logs())
    assert again.code == 0, again.err
    assert stack.uids() == count
    verified = tracehound("verify", "elastic", "--format", "ndjson")
    assert verified.code == 0, verified.err
    verdicts = Counter(one["status"] for one in verified.lines)
    assert set(verdicts) <= {"fired", "could not be checked"}, verdicts
    assert verdicts["fired"] > 50, verdicts
    assert not (stack.ask("GET", "/_data_stream/tracehound.verify-*") or {}).get("data_streams")
    tested = tracehound(
        "backtest", "elastic", "--from", "2026-11-01", "--to", "2026-12-01", "--format", "ndjson"
    )
    assert tested.code == 0, tested.err
    assert any(one["alerts"] for one in tested.lines)
    once_more = tracehound("plan", "elastic", "--format", "ndjson")
    assert set(Counter(one["action"] for one in once_more.lines)) <= {"unchanged", "left out"}, once_more.out
    stack.ask("DELETE", f"/_data_stream/{STREAMS}")
    removed = tracehound("remove", "elastic", "--yes")
    assert removed.code == 0, removed.err
    assert stack.ask("GET", "/_index_template/logs-tracehound") is None
    if os.environ.get("TRACEHOUND_ELASTIC_KIBANA_URL"):
        left = tracehound("plan", "elastic", "--format", "ndjson")
        assert not [one for one in left.lines if one["action"] == "unchanged"]


def test_lifecycle_is_attached(stack: Live, tracehound: Run) -> None:
    rollout = importlib.import_module(f"{PART}.rollout")
    if not rollout.has_lifecycle(stack.client, stack.settings, stack.server) or stack.server.opensearch:
        pytest.skip("this server has no ILM")
    pushed = tracehound("push", "elastic", "--setup", "--namespace", NAMESPACE, logs()[0])
    assert pushed.code == 0, pushed.err
    for _ in range(20):
        found = stack.ask("GET", f"/{STREAMS}/_ilm/explain")["indices"]
        if found and all(one.get("phase") == "hot" for one in found.values()):
            break
        time.sleep(1)
    assert {one["policy"] for one in found.values()} == {"tracehound"}


def test_a_wrong_key_ends_the_run(stack: Live, tracehound: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.environ.get("TRACEHOUND_ELASTIC_API_KEY"):
        pytest.skip("this stack has no security")
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", "d3Jvbmc6d3Jvbmc=")
    pushed = tracehound("push", "elastic", logs()[0])
    assert pushed.code == 2
    assert "401" in pushed.err
