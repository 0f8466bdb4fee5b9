"""The stand-in's HTTP Event Collector against what is documented and was measured; codes and statuses by name."""

from __future__ import annotations

import gzip
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from certificates import Authority
from splunk_hec import CODES
from splunk_stub import ACK_TOKEN, HEC_TOKEN, SplunkStub

EVENT = "/services/collector/event"
ACK = "/services/collector/ack"
CHANNEL = "11111111-2222-4333-8444-555555555555"
UNTRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
OTHER = "99999999-2222-4333-8444-555555555555"


class Client:
    """Posts to a stub."""

    def __init__(self, stub: SplunkStub, token: str | None = None, **more: Any) -> None:
        self.url, self.token = stub.hec_url, token or stub.hec_token
        self.more = {"verify": UNTRUSTING, **more}

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, self.url + path, timeout=30, **self.more, **more)

    def post(self, body: Any, path: str = EVENT, channel: str = "", **headers: str) -> httpx.Response:
        sent = {"authorization": f"Splunk {self.token}", **headers}
        sent |= {"x-splunk-request-channel": channel} if channel else {}
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.call("POST", path, content=content, headers=sent)

    def said(self, body: Any, path: str = EVENT, channel: str = "", **headers: str) -> dict[str, Any]:
        return dict(self.post(body, path, channel, **headers).json())

    def acks(self, *ids: int, channel: str = CHANNEL) -> list[bool]:
        told = self.said({"acks": ids}, ACK, channel)["acks"]
        return [told[str(one)] for one in ids]


@pytest.fixture
def client(splunk: SplunkStub) -> Client:
    return Client(splunk)


@pytest.fixture
def acked(splunk_acks: SplunkStub) -> Client:
    return Client(splunk_acks)


def envelope(text: str, **more: Any) -> str:
    return json.dumps({"event": {"text": text}, "time": 1700000000.125, **more})


def test_an_event_is_held_as_it_was_sent(splunk: SplunkStub, client: Client) -> None:
    body = '{"time":1700000000.125,"host":"h","source":"s","sourcetype":"st","index":"tracehound",'
    body += '"event":{"n":1.50,"text":"é"},"fields":{"mark":"a","many":["b","c"],"size":3}}'
    answer = client.post(body)
    assert (answer.status_code, answer.json()) == (200, {"text": "Success", "code": 0})
    assert splunk.events() == [
        {
            "_time": 1700000000.125, "index": "tracehound", "sourcetype": "st", "source": "s", "host": "h",
            "_raw": '{"n":1.50,"text":"é"}', "fields": {"mark": ["a"], "many": ["b", "c"], "size": ["3"]},
        }
    ]  # fmt: skip


BODIES = {
    "one behind the other": envelope("a") + envelope("b"),
    "a line each": envelope("a") + "\n" + envelope("b") + "\n",
    "an array": f"[{envelope('a')},{envelope('b')}]",
    "gzip": gzip.compress((envelope("a") + envelope("b")).encode()),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_bodies_of_several_events(splunk: SplunkStub, client: Client, body: str | bytes) -> None:
    headers = {"content-encoding": "gzip"} if isinstance(body, bytes) else {}
    assert client.said(body, **headers)["code"] == 0
    assert [json.loads(e["_raw"])["text"] for e in splunk.events("main")] == ["a", "b"]


def test_without_metadata_the_token_says_it_and_the_time_is_now(splunk: SplunkStub, client: Client) -> None:
    splunk.set_token(index="tracehound", sourcetype="given")
    before = time.time()
    client.said('{"event":"text"}')
    (event,) = splunk.events()
    assert (event["index"], event["sourcetype"], event["_raw"]) == ("tracehound", "given", "text")
    assert before - 0.01 < event["_time"] < time.time() + 0.01


def test_duplicates_stay(splunk: SplunkStub, client: Client) -> None:
    for _ in range(2):
        client.said(envelope("a"))
    assert len(splunk.events()) == 2


AUTHORIZATIONS = {
    "none": ({"authorization": ""}, 2),
    "no token": ({"authorization": "Splunk"}, 2),
    "another scheme": ({"authorization": f"Bearer {HEC_TOKEN}"}, 3),
    "unknown": ({"authorization": "Splunk 0"}, 4),
    "right": ({"authorization": f"Splunk {HEC_TOKEN}"}, 0),
    "as a password": ({"authorization": "Basic eDowYzBmZmVlMC0xMTExLTQyMjItODMzMy00NDQ0NTU1NTY2NjY="}, 0),
}


@pytest.mark.parametrize(("headers", "code"), AUTHORIZATIONS.values(), ids=AUTHORIZATIONS)
def test_authorization(client: Client, headers: dict[str, str], code: int) -> None:
    answer = client.post(envelope("a"), **headers)
    status, text = CODES[code]
    assert (answer.status_code, answer.json()) == (status, {"text": text, "code": code})


def test_a_token_in_the_query_and_a_disabled_one(splunk: SplunkStub, client: Client) -> None:
    assert client.said(envelope("a"), f"{EVENT}?token={HEC_TOKEN}")["code"] == 16
    splunk.disable_token()
    answer = client.post(envelope("a"))
    assert (answer.status_code, answer.json()["code"]) == (403, 1)
    splunk.enable_token()
    assert client.said(envelope("a"))["code"] == 0
    assert len(splunk.events()) == 1


REFUSED = {
    "nothing": ("", 5, None, 0),
    "no JSON": ("text", 6, 0, 0),
    "cut off": (envelope("a") + envelope("b")[:-3], 6, 1, 1),
    "something behind": (envelope("a") + "x" + envelope("b"), 6, 1, 1),
    "index not allowed": (envelope("a") + envelope("b", index="elsewhere") + envelope("c"), 7, 2, 1),
    "no event": (envelope("a") + '{"time":1}' + envelope("c"), 12, 1, 1),
    "blank event": (envelope("a") + '{"event":""}', 13, 1, 1),
    "nested fields": (envelope("a") + envelope("b", fields={"x": {"y": 1}}), 15, 1, 1),
    "scientific time": (envelope("a") + '{"event":"b","time":1.7E9}', 15, 1, 1),
    "fields alone": (envelope("a") + '{"fields":{"x":"y"}}' + envelope("c"), 0, None, 2),
    "unknown key": (envelope("a") + envelope("b", colour="red") + envelope("c"), 0, None, 1),
    "unknown key alone": (envelope("b", colour="red"), 5, None, 0),
}


@pytest.mark.parametrize(("body", "code", "number", "indexed"), REFUSED.values(), ids=REFUSED)
def test_a_refused_event_ends_the_body_and_those_before_it_stay(
    splunk: SplunkStub, client: Client, body: str, code: int, number: int | None, indexed: int
) -> None:
    answer = client.post(body)
    more = {} if number is None else {"invalid-event-number": number}
    assert (answer.status_code, answer.json()) == (
        CODES[code][0],
        {"text": CODES[code][1], "code": code, **more},
    )
    assert len(splunk.events()) == indexed


def test_acknowledgements(splunk_acks: SplunkStub, acked: Client) -> None:
    assert acked.said(envelope("a"))["code"] == 10
    assert acked.said(envelope("a"), channel="no-guid")["code"] == 11
    assert acked.said({"acks": [0]}, ACK)["code"] == 10
    ids = [acked.said(envelope("a"), channel=CHANNEL)["ackId"] for _ in range(3)]
    assert ids == [0, 1, 2]
    assert acked.said(envelope("a"), f"{EVENT}?channel={OTHER}")["ackId"] == 0
    assert acked.acks(0, 1, 7) == [True, True, False]
    assert acked.acks(0, 2) == [False, True], "an id that was told true is forgotten"
    assert acked.acks(2, channel=OTHER) == [False]
    assert len(splunk_acks.events()) == 4
    assert acked.said("{}", ACK, CHANNEL)["code"] == 6


def test_an_error_behind_indexed_events_has_an_ack_id(acked: Client) -> None:
    refused = {"text": "Invalid data format", "code": 6, "invalid-event-number": 1, "ackId": 0}
    assert acked.said(envelope("a") + "x", channel=CHANNEL) == refused
    assert "ackId" not in acked.said("x", channel=CHANNEL)
    assert acked.acks(0) == [True]


def test_a_token_without_acknowledgement_says_so(client: Client) -> None:
    assert client.said({"acks": [0]}, ACK, CHANNEL)["code"] == 14
    assert client.said(envelope("a"), channel=CHANNEL) == {"text": "Success", "code": 0}


def test_faults_of_acknowledgements(splunk_acks: SplunkStub, acked: Client) -> None:
    faults = splunk_acks.faults
    faults.ack_polls = 2
    acked.said(envelope("a"), channel=CHANNEL)
    assert [acked.acks(0)[0] for _ in range(3)] == [False, False, True]
    faults.ack_polls, faults.ack_never = 0, True
    acked.said(envelope("b"), channel=CHANNEL)
    assert acked.acks(1) == [False]
    faults.ack_never = False
    faults.ack_lost()
    with pytest.raises(httpx.TransportError):
        acked.acks(1)
    assert acked.acks(1) == [False], "the answer was lost, the id is forgotten"
    faults.lose = 1
    assert acked.said(envelope("lost"), channel=CHANNEL)["ackId"] == 2
    assert acked.acks(2) == [False]
    assert len(splunk_acks.events()) == 2
    splunk_acks.hec.max_pending = 1
    assert acked.said(envelope("c"), channel=CHANNEL)["code"] == 27


def test_health(splunk: SplunkStub, client: Client) -> None:
    def health(path: str = "/services/collector/health", **headers: str) -> tuple[int, int]:
        answer = client.call("GET", path, headers=headers)
        return answer.status_code, answer.json()["code"]

    assert health() == health("/services/collector/health/1.0") == (200, 17)
    assert health(authorization="Splunk 0") == (400, 21)
    splunk.disable_token()
    assert health(authorization=f"Splunk {HEC_TOKEN}") == (400, 22)
    splunk.faults.queue_full = True
    assert health() == (503, 18)
    splunk.faults.ack_down = True
    assert health() == (503, 20)
    splunk.faults.stopping = True
    assert health() == (503, 23)


SAYINGS: dict[str, tuple[Callable[[SplunkStub], object], int, int]] = {
    "busy": (lambda s: s.faults.busy(), 503, 9),
    "capacity": (lambda s: s.faults.busy(code=26), 429, 26),
    "queue full": (lambda s: setattr(s.faults, "queue_full", True), 503, 9),
    "stopping": (lambda s: setattr(s.faults, "stopping", True), 503, 23),
    "a text that is refused": (lambda s: setattr(s.faults, "reject", ("poison",)), 400, 6),
    "an index taken away": (lambda s: s.faults.no_index.add("main"), 400, 7),
}


@pytest.mark.parametrize(("set_up", "status", "code"), SAYINGS.values(), ids=SAYINGS)
def test_what_it_can_be_made_to_say(
    splunk: SplunkStub, client: Client, set_up: Callable[[SplunkStub], object], status: int, code: int
) -> None:
    set_up(splunk)
    answer = client.post(envelope("poison"))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert splunk.events() == []


def test_busy_for_some_requests_with_retry_after(splunk: SplunkStub, client: Client) -> None:
    splunk.faults.busy(2, retry_after=7)
    answers = [client.post(envelope("a")) for _ in range(3)]
    assert [a.status_code for a in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "7"
    splunk.faults.busy(seconds=0.1)
    assert client.post(envelope("a")).status_code == 503
    time.sleep(0.15)
    assert client.post(envelope("a")).status_code == 200


CUTS: dict[str, tuple[Callable[[SplunkStub], object], int]] = {
    "reset before": (lambda s: s.faults.reset(), 0),
    "reset after": (lambda s: s.faults.reset(after=True), 1),
    "half an answer": (lambda s: s.faults.half(), 1),
    "down": (lambda s: setattr(s.faults, "down", True), 0),
}


@pytest.mark.parametrize(("cut", "indexed"), CUTS.values(), ids=CUTS)
def test_connections_that_break(
    splunk: SplunkStub, client: Client, cut: Callable[[SplunkStub], object], indexed: int
) -> None:
    cut(splunk)
    with pytest.raises(httpx.TransportError):
        client.said(envelope("a"))
    assert len(splunk.events()) == indexed
    splunk.faults.clear()
    assert client.said(envelope("a"))["code"] == 0


def test_slow(splunk: SplunkStub, client: Client) -> None:
    splunk.faults.slow(0.2)
    began = time.monotonic()
    assert client.said(envelope("a"))["code"] == 0
    assert time.monotonic() - began >= 0.2


def test_sizes(splunk_with: Callable[..., SplunkStub]) -> None:
    enterprise, cloud = splunk_with(), splunk_with(cloud=True, acks=True)
    enterprise.hec.max_content_length = 1000
    assert Client(enterprise).post(envelope("x" * 1000)).status_code == 413
    large = Client(cloud).said(envelope("x" * 5_300_000), channel=CHANNEL)
    assert (large["code"], large["invalid-event-number"]) == (6, 0)
    assert Client(cloud).said(envelope("x"))["code"] == 28
    assert Client(cloud, HEC_TOKEN).post(envelope("x"), **{"content-encoding": "deflate"}).status_code == 415


def test_raw_lines_and_addresses(splunk: SplunkStub, client: Client) -> None:
    path = "/services/collector/raw?sourcetype=lines&index=tracehound&time=1700000000"
    assert client.said("a\n\nb\n", path)["code"] == 0
    assert [(e["_raw"], e["_time"]) for e in splunk.events("tracehound")] == [("a", 1.7e9), ("b", 1.7e9)]
    assert client.post("a", "/services/elsewhere").status_code == 404
    assert client.call("GET", EVENT).status_code == 405
    assert client.call("OPTIONS", EVENT).headers["allow"] == "POST,OPTIONS"


def test_an_index_that_is_not_there_swallows_events(splunk: SplunkStub, client: Client) -> None:
    """A token that may write everywhere: success is told, the event is gone."""
    splunk.set_token(indexes=None)
    assert client.said(envelope("a", index="nowhere"))["code"] == 0
    assert (splunk.events(), len(splunk.indexes.lost)) == ([], 1)


def test_tls(splunk_tls: SplunkStub, certificate: Path) -> None:
    with pytest.raises(httpx.ConnectError):
        Client(splunk_tls).said(envelope("a"))
    trusted = ssl.create_default_context(cafile=certificate.with_name("ca.pem"))
    assert Client(splunk_tls, verify=trusted).said(envelope("a"))["code"] == 0


def test_tls_of_both_sides(splunk_with: Callable[..., SplunkStub], tmp_path: Path) -> None:
    authority = Authority.new(tmp_path)
    stub = splunk_with(certificate=authority.made("server"), client_ca=authority.ca)
    trusted = ssl.create_default_context(cafile=authority.ca)
    with pytest.raises(httpx.TransportError):
        Client(stub, verify=trusted).said(envelope("a"))
    trusted.load_cert_chain(authority.made("client"))
    assert Client(stub, verify=trusted).said(envelope("a"))["code"] == 0


def test_settings_carry_the_addresses_and_the_secrets(splunk_acks: SplunkStub) -> None:
    settings = splunk_acks.settings(index="main")
    assert (settings.hec_url, settings.index) == (splunk_acks.hec_url, "main")
    assert settings.secret("hec_token").reveal() == ACK_TOKEN
