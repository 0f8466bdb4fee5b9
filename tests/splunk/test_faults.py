"""Faults between us and Splunk: nothing is lost, what is there twice is counted, and no run hangs.

Waiting for a next try is injected, so that a server that is away for minutes costs no minutes. Splunk keeps what it
is sent twice: each test says how much that may be.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from elastic_push import day, lines
from pushes import Pushes
from splunk_http import Half, Reset, Say
from splunk_push import LIMITS, Run, indexed, part, uids
from splunk_stub import SplunkStub

from tracehound.delivery import TransportError
from tracehound.errors import ConfigError, TargetError

COUNT = 240
BATCH = LIMITS.documents
SEED = 20261124
BUSY = Say(503, {"text": "Server is busy", "code": 9})


def every(step: int, fault: Any, path: str = "/event") -> Callable[[Any], Any]:
    """The fault for every so many requests of a kind, first the second one."""
    met = [0]

    def plan(request: Any) -> Any:
        if path not in request.path:
            return None
        met[0] += 1
        return fault if met[0] % step == 2 % step else None

    return plan


FAULTS: dict[str, tuple[Callable[[], Callable[[Any], Any]], bool]] = {
    "reset before the server has it": (lambda: every(3, Reset()), False),
    "reset after the server has it": (lambda: every(3, Reset(after=True)), True),
    "half of the answer": (lambda: every(3, Half()), True),
    "busy": (lambda: every(2, BUSY), False),
    "queue full, 429": (lambda: every(2, Say(429, {"text": "HEC queue is at capacity", "code": 26})), False),
    "internal error": (lambda: every(3, Say(500, {"text": "Internal server error", "code": 8})), False),
    "a proxy with no server": (lambda: every(2, Say(502, {"error": "bad gateway"})), False),
    "an answer that is no HEC's": (lambda: every(3, Say(200, {"hello": "portal"})), False),
    "shutting down": (lambda: every(3, Say(503, {"text": "Server is shutting down", "code": 23})), False),
}
"""Each with whether it leaves events there twice."""


@pytest.mark.parametrize("acks", [False, True], ids=["without acks", "with acks"])
@pytest.mark.parametrize("name", FAULTS)
def test_nothing_is_lost(name: str, acks: bool, splunk_with: Callable[..., SplunkStub]) -> None:
    made, twice = FAULTS[name]
    events = day(COUNT)
    splunk = splunk_with(acks=acks)
    run = Run(splunk)
    splunk.faults.plan = made()
    run.all(events)
    found = indexed(splunk)
    assert set(found) == uids(events)
    assert run.letters == []
    assert run.totals.delivered == len(events)
    met = len(splunk.faults.applied)
    assert met >= 3, "the fault was hardly met"
    extra = found.total() - len(events)
    assert (extra > 0) is twice
    assert extra <= met * BATCH
    assert extra <= run.sender.transport.uncertain, "what may be there twice is said"


def test_a_mixture_of_faults(splunk_acks: SplunkStub) -> None:
    events = day(COUNT)
    chance = random.Random(SEED)
    kinds = [Reset(), Reset(after=True), Half(), BUSY, None, None, None]
    run = Run(splunk_acks, ack_timeout=1)
    splunk_acks.faults.plan = lambda _request: chance.choice(kinds)
    run.all(events)
    found = indexed(splunk_acks)
    assert set(found) == uids(events)
    assert max(found.values()) <= len(splunk_acks.faults.applied)


def test_an_acknowledgement_that_never_comes(splunk_acks: SplunkStub) -> None:
    """Sent again, and said, as long as it does not come; then all is well."""
    events = day(60)
    splunk_acks.faults.ack_never = True
    run = Run(splunk_acks, ack_timeout=1.5)
    batches = len(events) // BATCH
    waited: list[float] = []

    def wait() -> None:
        waited.append(1)
        if len(waited) == 2 * batches:
            splunk_acks.faults.ack_never = False

    run.all(events, wait)
    found = indexed(splunk_acks)
    assert set(found) == uids(events)
    assert max(found.values()) <= 4
    assert run.sender.transport.uncertain == 2 * len(events)
    assert f"{2 * len(events):,} event(s) were sent again" in run.said[-1]


def test_it_gives_up_when_acknowledgements_never_come(splunk_acks: SplunkStub) -> None:
    splunk_acks.faults.ack_never = True
    run = Run(splunk_acks, replace(LIMITS, patience=0.5), ack_timeout=0.2, pause=0.1)
    with pytest.raises(TargetError, match=r"no acknowledgement within 0\.2 s.*run it again"):
        run.all(day(60))


def test_the_answer_about_acknowledgements_is_lost(splunk_acks: SplunkStub) -> None:
    """Splunk tells once that a request is indexed; it is then sent again, once."""
    events = day(COUNT)
    run = Run(splunk_acks, ack_timeout=3)
    splunk_acks.faults.ack_lost(2)
    run.all(events)
    found = indexed(splunk_acks)
    assert set(found) == uids(events)
    assert max(found.values()) <= 2
    assert found.total() - len(events) <= 2 * BATCH * LIMITS.in_flight


def test_an_indexer_that_loses_what_it_took(splunk_acks: SplunkStub) -> None:
    """Only acknowledgement shows it: HEC had said yes."""
    events = day(COUNT)
    run = Run(splunk_acks, ack_timeout=3)
    splunk_acks.faults.lose = 3
    run.all(events)
    assert indexed(splunk_acks) == dict.fromkeys(uids(events), 1)
    assert len(run.waits) == 3


def test_a_restart_forgets_acknowledgements(splunk_acks: SplunkStub) -> None:
    """The numbers begin anew: they are not taken for those of requests that were lost."""
    events = day(COUNT)
    run = Run(splunk_acks, replace(LIMITS, in_flight=8), ack_timeout=600)
    splunk_acks.faults.ack_polls = 2
    posted = [0]

    def plan(request: Any) -> Any:
        if "/event" in request.path:
            posted[0] += 1
            splunk_acks.faults.lose = 1 if posted[0] in (4, 5, 6) else 0
            if posted[0] == 7:
                splunk_acks.hec._channels.clear()
        return None

    splunk_acks.faults.plan = plan
    started = time.monotonic()
    run.all(events)
    assert set(indexed(splunk_acks)) == uids(events)
    assert time.monotonic() - started < 300, "it did not wait for the time to run out"


def test_a_server_that_is_down_is_not_waited_for(splunk_acks: SplunkStub) -> None:
    """Nothing listens: what it had not acknowledged is sent again, when it is back, without waiting any longer."""
    events = day(60)
    run = Run(splunk_acks, ack_timeout=600)
    hec = run.sender.transport.hec
    asked, post = hec.acknowledged, [0]

    def acknowledged(numbers: list[int], channel: str) -> Any:
        post[0] += 1
        if post[0] == 1:
            splunk_acks.hec._channels.clear()
            raise part("hec").UnreachableError("refused")
        return asked(numbers, channel)

    hec.acknowledged = acknowledged
    started = time.monotonic()
    run.all(events)
    found = indexed(splunk_acks)
    assert set(found) == uids(events)
    assert max(found.values()) <= 2
    assert time.monotonic() - started < 300


def test_several_servers_behind_one_address_are_said(splunk_acks: SplunkStub) -> None:
    """Each numbers from 0: without sticky sessions acknowledgement means nothing."""
    run = Run(splunk_acks)
    splunk_acks.faults.ack_polls = 1000
    splunk_acks.faults.plan = lambda r: splunk_acks.hec._channels.clear() if "/event" in r.path else None
    with pytest.raises(ConfigError, match="sticky sessions"):
        run.all(day(COUNT))


def test_one_question_for_all_that_wait(splunk_acks: SplunkStub) -> None:
    events = day(COUNT)
    splunk_acks.faults.ack_polls = 3
    run = Run(splunk_acks, replace(LIMITS, documents=5, in_flight=16), in_flight=4).all(events)
    asked = [request for request in splunk_acks.requests if "/ack" in request.path][1:]
    most = max(len(orjson.loads(request.body)["acks"]) for request in asked)
    assert most > 8
    assert len(asked) < len(events) / 5, "fewer questions than batches"
    assert indexed(splunk_acks) == dict.fromkeys(uids(events), 1)
    assert run.sender.transport.uncertain == 0


def test_retry_after_is_obeyed(splunk: SplunkStub) -> None:
    run = Run(splunk)
    splunk.faults.busy(12, retry_after=7, path="/event")
    run.all(day(COUNT))
    assert len(run.waits) == 12
    assert min(run.waits) >= 7


def test_retry_after_may_be_a_date(splunk: SplunkStub) -> None:
    run = Run(splunk)
    later = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 600))
    splunk.faults.add(Say(503, {"text": "Server is busy", "code": 9}, {"Retry-After": later}), path="/event")
    run.all(day(40))
    assert 300 < run.waits[0] < 700


def test_a_server_that_is_busy_for_minutes(splunk: SplunkStub) -> None:
    events = day(COUNT)
    run = Run(splunk)
    splunk.faults.queue_full = True

    def wait() -> None:
        if len(run.waits) > 40:
            splunk.faults.queue_full = False

    run.all(events, wait)
    assert sum(run.waits) > 120, "by the waits, it was busy for minutes"
    assert indexed(splunk) == dict.fromkeys(uids(events), 1)


def test_a_server_that_is_gone_for_minutes(splunk: SplunkStub) -> None:
    events = day(COUNT)
    run = Run(splunk)
    splunk.faults.plan = lambda r: _go_down(splunk) if r.number == 5 else None

    def wait() -> None:
        if len(run.waits) > 40:
            splunk.faults.down = False

    run.all(events, wait)
    assert sum(run.waits) > 120
    assert set(indexed(splunk)) == uids(events)


def _go_down(splunk: SplunkStub) -> Reset:
    splunk.faults.down = True
    return Reset()


@pytest.mark.parametrize("acks", [False, True], ids=["without acks", "with acks"])
def test_a_token_that_is_disabled_mid_run(
    acks: bool, splunk_with: Callable[..., SplunkStub], caplog: pytest.LogCaptureFixture
) -> None:
    """The run ends with what is to be done and without the token; what came before is there."""
    caplog.set_level("DEBUG")
    events = day(COUNT)
    splunk = splunk_with(acks=acks)
    run = Run(splunk)
    posted = [0]

    def plan(request: Any) -> None:
        posted[0] += "/event" in request.path
        if posted[0] == 4:
            splunk.disable_token()

    splunk.faults.plan = plan
    with pytest.raises(ConfigError, match=r"Token disabled.*enable the token") as caught:
        run.all(events)
    shown = f"{caught.value} {caught.value!r} {run.said} {run.settings!r} {caplog.text}"
    assert splunk.hec_token not in shown
    assert 0 < len(indexed(splunk)) < COUNT
    splunk.faults.plan = lambda _request: None
    splunk.enable_token()
    Run(splunk).all(events)
    found = indexed(splunk)
    assert set(found) == uids(events)
    assert max(found.values()) <= 2


def test_certificates(splunk_tls: SplunkStub, certificate: Path) -> None:
    """Verified by default: an unknown one ends the run before the token is sent; a CA that is named is taken."""
    events = day(40)
    with pytest.raises(ConfigError, match=r"TLS.*ca-certs"):
        Run(splunk_tls)
    assert splunk_tls.requests == []
    Run(splunk_tls, ca_certs=certificate.with_name("ca.pem")).all(events[:20])
    run = Run(splunk_tls, verify_tls=False).all(events[20:])
    assert "any certificate is taken" in run.said[0]
    assert indexed(splunk_tls) == dict.fromkeys(uids(events), 1)
    with pytest.raises(ConfigError, match="no such file"):
        Run(splunk_tls, ca_certs="/nowhere/ca.pem")
    with pytest.raises((ConfigError, TargetError, TransportError)):
        Run(splunk_tls, hec_url=splunk_tls.hec_url.replace("https", "http"))


KILLS, MANY = 50, 900


@pytest.mark.parametrize("acks", [False, True], ids=["without acks", "with acks"])
def test_killed_at_50_random_moments(
    acks: bool, splunk_with: Callable[..., SplunkStub], tmp_path: Path
) -> None:
    """Between any send and its checkpoint: in the end every event is there, at most the batches in flight twice."""
    chance = random.Random(SEED)
    splunk = splunk_with(acks=acks)
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(MANY))
    in_flight = 2
    values = {"hec_url": splunk.hec_url, "batch_documents": 4, "in_flight": in_flight}
    config = tmp_path / "tracehound.yml"
    config.write_bytes(orjson.dumps({"targets": {"splunk": values}}))
    command = ["--config", str(config), "--state", str(tmp_path / "state"), str(log)]
    killed = 0
    with Pushes("splunk", TRACEHOUND_SPLUNK_HEC_TOKEN=splunk.hec_token) as pushes:
        while killed < KILLS:
            # Each run begins with two questions; then it sends, and with acknowledgement it asks.
            seen, stop = len(splunk.requests), chance.randint(3, 24 if acks else 4)
            pid = pushes.start(command)
            while len(splunk.requests) < seen + stop and not pushes.ended():
                time.sleep(0.001)
            time.sleep(chance.random() * 0.02)
            if pushes.ended():
                pushes.wait()
                break
            os.kill(pid, signal.SIGKILL)
            killed += 1
            pushes.wait()
        assert pushes.run(command) == 0
        before = indexed(splunk)
        assert pushes.run(command) == 0
    found = indexed(splunk)
    assert found == before, "a run after the last has nothing to send"
    assert set(found) == uids(day(MANY))
    assert killed >= KILLS // 2, "it was done before it was killed"
    waiting = in_flight * (part("push").ACKED if acks else 1)
    extra = found.total() - MANY
    assert extra <= killed * 4 * (2 * waiting + 1), "at most the batches that were held, a kill"
    assert extra < MANY * killed / 4, "each run began anew"
