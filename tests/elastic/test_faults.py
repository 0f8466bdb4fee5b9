"""Faults between us and a real server: nothing is lost, nothing is there twice, and no run hangs.

Waiting is injected, so that a server that is away for minutes costs no minutes.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from elastic_push import Cluster, clean, config_for, day, lines, part
from engines import Server
from fault_proxy import FaultProxy, Half, Reject, Request, Reset, Say
from pushes import Pushes

from tracehound.delivery import Delivery
from tracehound.delivery.model import Limits
from tracehound.errors import ConfigError
from tracehound.secrets import Secret

COUNT = 240
LIMITS = Limits(documents=20, in_flight=3, patience=600)
SEED = 20261124


@pytest.fixture(params=["elasticsearch8", "elasticsearch9", "opensearch"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with clean(request.getfixturevalue(request.param)) as found:
        found.install()
        yield found


@pytest.fixture
def one(elasticsearch9: Server) -> Iterator[Cluster]:
    with clean(elasticsearch9) as found:
        found.install()
        yield found


class Run:
    """One delivery of events through a proxy; waits are counted, not slept."""

    def __init__(self, cluster: Cluster, url: str | list[str], **settings: Any) -> None:
        values = {"url": url, "timeout": 20, **settings}
        self.settings = (
            part("settings").ElasticSettings(**values).with_secrets(api_key=Secret("a-key-that-expired"))
        )
        client = part("client").elastic(self.settings)
        self.sender = part("push").ElasticSender(client, self.settings, cluster.server)
        self.letters: list[tuple[str, str, str]] = []
        self.waits: list[float] = []
        self.troubles = ""
        self.totals: Any = None

    def all(self, events: Any, on_wait: Callable[[], None] = lambda: None) -> Run:
        def wait(seconds: float) -> None:
            self.waits.append(seconds)
            self.troubles += self.totals.trouble
            on_wait()

        try:
            with Delivery(self.sender.transport, self._reject, LIMITS, wait=wait) as delivery:
                self.totals = delivery.totals
                for start in range(0, len(events), 20):
                    delivery.put(self.sender.documents(events[start : start + 20]))
        finally:
            self.sender.close()
        return self

    def _reject(self, document: Any, said: Any) -> None:
        self.letters.append((document.uid, said.reason, said.message))


def expected(events: Any) -> list[str]:
    return sorted(event["metadata"]["uid"] for event in events)


def every(step: int, fault: Any) -> Callable[[Request], Any]:
    """The fault for every so many bulk requests, first the second one."""
    return lambda request: fault if "_bulk" in request.path and request.bulk % step == 1 else None


FAULTS: dict[str, Callable[[Request], Any]] = {
    "reset before the server has it": every(3, Reset()),
    "reset after the server has it": every(3, Reset(after=True)),
    "half of the answer": every(3, Half()),
    "half of the items are too many": every(2, Reject(429)),
    "half of the shards are away": every(
        3, Reject(503, "unavailable_shards_exception", "primary is not active")
    ),
    "a storm of 429": lambda r: Say(429, {}, {"retry-after": "7"}) if r.bulk < 12 or r.bulk % 2 else None,
    "a proxy with no server": every(2, Say(502, {"error": "bad gateway"})),
    "a full disk": every(
        2, Reject(429, "cluster_block_exception", "disk usage exceeded flood-stage watermark")
    ),
    "an index that is read-only": every(2, Reject(403, "cluster_block_exception", "index read-only")),
    "a request that is too large": lambda r: Say(413) if len(r.body) > 30_000 else None,
}


@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost_and_nothing_is_twice(name: str, one: Cluster) -> None:
    events = day(COUNT)
    with FaultProxy(one.settings.url[0]) as proxy:
        proxy.plan = FAULTS[name]
        run = Run(one, proxy.url).all(events)
    assert one.ids() == expected(events)
    assert run.letters == []
    assert run.totals.delivered == len(events)
    assert len(proxy.bulks) > len(events) / LIMITS.documents, "the fault was never met"


def _block(cluster: Cluster, on: bool) -> None:
    """What Elasticsearch does to an index when the disk is full."""
    for index in part("rollout").data_streams(cluster.client, cluster.settings).values():
        cluster.ask("PUT", f"/{index}/_settings", {"index.blocks.read_only_allow_delete": on or None})


def _close(cluster: Cluster, on: bool) -> None:
    for index in part("rollout").data_streams(cluster.client, cluster.settings).values():
        cluster.ask("POST", f"/{index}/_{'close' if on else 'open'}")


def _cluster_setting(name: str, value: Any) -> Callable[[Cluster, bool], None]:
    return lambda cluster, on: cluster.ask(
        "PUT", "/_cluster/settings", {"persistent": {name: value if on else None}}
    )


TROUBLES: dict[str, tuple[Callable[[Cluster, bool], None], str]] = {
    "the disk is full": (_block, "flood-stage watermark"),
    "the cluster is read-only": (_cluster_setting("cluster.blocks.read_only", True), "cluster read-only"),
    "no shards are left": (_cluster_setting("cluster.max_shards_per_node", 1), "shards open"),
    "somebody closed the indices": (_close, "index_closed_exception"),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_trouble_of_the_server_itself_is_waited_for(name: str, cluster: Cluster) -> None:
    """The real server says it; a person mends it after a while."""
    if cluster.server.opensearch and name == "somebody closed the indices":
        pytest.skip("OpenSearch does not close a data stream's write index")
    make, said = TROUBLES[name]
    events, first = day(COUNT)[:60], day(COUNT)[60:90]
    if name == "no shards are left":
        first = events[:1]
    Run(cluster, cluster.settings.url[0]).all(first)
    run = Run(cluster, cluster.settings.url[0])

    def mend() -> None:
        if len(run.waits) == 6:
            make(cluster, False)

    make(cluster, True)
    try:
        run.all(events, mend)
    finally:
        make(cluster, False)
    assert run.letters == []
    assert len(run.waits) >= 6
    assert said in run.troubles
    assert cluster.ids() == sorted({*expected(events), *expected(first)})


def test_every_server_under_a_mixture_of_faults(cluster: Cluster) -> None:
    events = day(COUNT)
    chance = random.Random(SEED)
    kinds = [Reset(), Reset(after=True), Half(), Reject(429), Say(503), None, None]
    with FaultProxy(cluster.settings.url[0]) as proxy:
        proxy.plan = lambda r: chance.choice(kinds) if "_bulk" in r.path else None
        run = Run(cluster, proxy.url).all(events)
    assert cluster.ids() == expected(events)
    assert run.letters == []


def test_retry_after_is_obeyed(one: Cluster) -> None:
    with FaultProxy(one.settings.url[0]) as proxy:
        proxy.plan = FAULTS["a storm of 429"]
        run = Run(one, proxy.url).all(day(COUNT))
    assert len(run.waits) >= 12
    assert min(run.waits) >= 7


def test_a_node_that_is_gone_for_minutes(one: Cluster) -> None:
    events = day(COUNT)
    with FaultProxy(one.settings.url[0]) as proxy:
        proxy.plan = lambda r: _go_down(proxy) if r.bulk == 3 else None
        run: Run = Run(one, proxy.url)
        waited: list[float] = []

        def back() -> None:
            waited.append(run.waits[-1])
            if len(waited) > 30:
                proxy.down = False

        run.all(events, back)
    assert sum(waited) > 120, "by the waits, it was away for minutes"
    assert one.ids() == expected(events)


def test_one_node_of_two_is_gone(one: Cluster) -> None:
    """The other one takes all, from the beginning and in the middle of a run."""
    events = day(COUNT)
    with FaultProxy(one.settings.url[0]) as stays, FaultProxy(one.settings.url[0]) as goes:
        goes.down = True
        Run(one, [goes.url, stays.url]).all(events[: COUNT // 2])
        goes.down = False
        goes.plan = lambda r: _go_down(goes) if r.bulk == 1 else None
        run = Run(one, [stays.url, goes.url]).all(events[COUNT // 2 :])
    assert run.totals.delivered == COUNT - COUNT // 2
    assert one.ids() == expected(events)


def _go_down(proxy: FaultProxy) -> Reset:
    proxy.down = True
    return Reset()


@pytest.mark.parametrize("status", [401, 403])
def test_an_expired_key_ends_the_run_and_is_not_shown(
    status: int, one: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    said = {
        "error": {"type": "security_exception", "reason": "unable to authenticate with a-key-that-expired"}
    }
    with FaultProxy(one.settings.url[0]) as proxy:
        proxy.plan = lambda r: Say(status, said) if r.bulk > 2 else None
        run = Run(one, proxy.url)
        with pytest.raises(ConfigError) as caught:
            run.all(day(COUNT))
        assert proxy.requests[0].headers["authorization"] == "ApiKey a-key-that-expired"
    shown = f"{caught.value} {caught.value!r} {run.settings!r} {run.sender.__dict__} {caplog.text}"
    assert "a-key-that-expired" not in shown.replace(str(run.sender.transport.__dict__), "")
    assert str(status) in str(caught.value)
    assert len(one.ids()) < COUNT


def test_a_mapping_conflict_is_a_dead_letter_and_does_not_stop_the_run(cluster: Cluster) -> None:
    events = [dict(event) for event in day(60)]
    spoilt = [f"conflict-{n}" for n in range(3, 60, 10)]
    for n in range(3, 60, 10):
        wrong = {"uid": f"conflict-{n}", "product": "a text where the mapping has an object"}
        events[n]["metadata"] = {**events[n]["metadata"], **wrong}
    run = Run(cluster, cluster.settings.url[0]).all(events)
    refused = sorted(uid for uid, _, _ in run.letters)
    assert refused == sorted(spoilt)
    assert {reason for _, reason, _ in run.letters} == {"mapping"}
    assert all("product" in message for _, _, message in run.letters), run.letters
    assert cluster.ids() == sorted(set(expected(events)) - set(refused))


def test_without_a_template_the_run_ends(elasticsearch9: Server) -> None:
    with clean(elasticsearch9) as bare, pytest.raises(ConfigError, match="apply elastic"):
        Run(bare, bare.settings.url[0]).all(day(20))


def test_a_rollover_between_two_sends(cluster: Cluster) -> None:
    """The new backing index takes the same ids again; what counts distinct uids still counts one."""
    events = day(60)
    Run(cluster, cluster.settings.url[0]).all(events)
    for stream in part("rollout").data_streams(cluster.client, cluster.settings):
        cluster.ask("POST", f"/{stream}/_rollover")
    again = Run(cluster, cluster.settings.url[0]).all(events)
    third = Run(cluster, cluster.settings.url[0]).all(events)
    assert again.totals.sent == len(events)
    assert (third.totals.sent, third.totals.duplicates) == (0, len(events))
    assert cluster.ids() == sorted(expected(events) * 2)
    uids = {"size": 0, "aggs": {"n": {"cardinality": {"field": "metadata.uid"}}}}
    found = cluster.ask("POST", "/logs-tracehound.*/_search", uids)
    assert found["aggregations"]["n"]["value"] == len(events)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not on this machine")
    folder = tmp_path_factory.mktemp("tls")
    key, made, both = folder / "key.pem", folder / "cert.pem", folder / "both.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", str(key)]
    command += ["-out", str(made), "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    both.write_bytes(key.read_bytes() + made.read_bytes())
    return both


def test_certificates(one: Cluster, certificate: Path) -> None:
    """Verified by default: an unknown one ends the run; one that is named, or by its fingerprint, is taken."""
    events = day(40)
    with FaultProxy(one.settings.url[0], certificate) as proxy:
        with pytest.raises(ConfigError, match="certificate"):
            Run(one, proxy.url).all(events)
        assert proxy.bulks == []
        Run(one, proxy.url, ca_certs=certificate.with_name("cert.pem")).all(events[:20])
        pem = certificate.with_name("cert.pem").read_text()
        mark = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
        Run(one, proxy.url, fingerprint=mark).all(events[20:])
        with pytest.raises(ConfigError, match=r"(?i)fingerprint"):
            Run(one, proxy.url, fingerprint="ab" * 32).all(events)
    assert one.ids() == expected(events)


KILLS = 50
MANY = 500


def test_killed_at_50_random_moments(one: Cluster, tmp_path: Path) -> None:
    """Between any send and its checkpoint: in the end every event is there once, and work was not begun anew."""
    chance = random.Random(SEED)
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(MANY))
    with FaultProxy(one.settings.url[0]) as proxy, Pushes("elastic") as pushes:
        config = config_for(tmp_path, proxy.url, batch_documents=4, in_flight=2)
        command = ["--config", str(config), "--state", str(tmp_path / "state"), str(log)]
        killed = 0
        while killed < KILLS:
            seen, stop = len(proxy.bulks), chance.randint(1, 2)
            pid = pushes.start(command)
            while len(proxy.bulks) < seen + stop and not pushes.ended():
                time.sleep(0.001)
            time.sleep(chance.random() * 0.02)
            if pushes.ended():
                pushes.wait()
                break
            os.kill(pid, signal.SIGKILL)
            killed += 1
            pushes.wait()
        sent = sum(request.body.count(b"\n") // 2 for request in proxy.bulks)
        assert pushes.run(command) == 0
        assert pushes.run(command) == 0
    assert killed == KILLS
    assert one.ids() == expected(day(MANY))
    assert sent < MANY * killed / 4, "each run began anew"
