"""Answers of the HTTP Event Collector, by code: which event is a dead letter, which error ends the run, and how."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from elastic_push import day
from splunk_http import Say
from splunk_push import LIMITS, Run, indexed, part, uids
from splunk_stub import SplunkStub

from tracehound.delivery import Answer, Document, TransportError
from tracehound.errors import ConfigError, TargetError, TracehoundError
from tracehound.targets import target

Make = Callable[..., SplunkStub]


def opened(splunk: SplunkStub, **settings: Any) -> Any:
    """A sender, and nothing said."""
    return part("push").open_sender(splunk.settings(**settings), False, lambda _line: None)


def documents(count: int, bad: tuple[int, ...] = ()) -> list[Document]:
    """Events of which some say ``refuse me``."""
    made = [
        {
            "metadata": {"uid": f"u-{n}"},
            "class_uid": 6003,
            "time": 1_700_000_000_000 + n,
            "x": "refuse me" if n in bad else "",
        }
        for n in range(count)
    ]
    encoder = part("events").Encoder(part("settings").SplunkSettings())
    return list(encoder.documents(made))


REFUSED: dict[str, tuple[int, tuple[int, ...]]] = {
    "the first": (10, (0,)),
    "the last": (10, (9,)),
    "one in the middle": (10, (5,)),
    "two": (10, (2, 7)),
    "neighbours": (10, (4, 5, 6)),
    "all": (7, tuple(range(7))),
    "the only one": (1, (0,)),
    "every second of many": (60, tuple(range(0, 60, 2))),
}


@pytest.mark.parametrize("acks", [False, True], ids=["without acks", "with acks"])
@pytest.mark.parametrize("name", REFUSED)
def test_refused_events_are_isolated(name: str, acks: bool, splunk_with: Make) -> None:
    """Exactly these are rejected, with Splunk's words; the rest is there, once with acks, at most twice without."""
    count, bad = REFUSED[name]
    splunk = splunk_with(acks=acks)
    splunk.faults.reject = ("refuse me",)
    sender = opened(splunk)
    answer: Answer = sender.transport.send(documents(count, bad))
    sender.close()
    assert sorted(one.place for one in answer.rejected) == list(bad)
    assert {(one.reason, one.message) for one in answer.rejected} == {
        ("format", "400 Invalid data format, code 6")
    }
    assert list(answer.retry) == []
    found = indexed(splunk)
    assert set(found) == {f"u-{n}" for n in range(count) if n not in bad}
    assert max(found.values(), default=1) <= (1 if acks else 2)


def test_a_number_that_counts_from_one(splunk: SplunkStub) -> None:
    """A suspect that is taken alone is no dead letter."""
    splunk.faults.reject = ("refuse me",)
    real = splunk.hec.answer

    def off_by_one(request: Any) -> Any:
        answer = real(request)
        if isinstance(answer.body, dict) and "invalid-event-number" in answer.body:
            answer.body["invalid-event-number"] += 1
        return answer

    splunk.hec.answer = off_by_one  # type: ignore[method-assign]
    answer = opened(splunk).transport.send(documents(20, (3, 19)))
    assert sorted(one.place for one in answer.rejected) == [3, 19]
    assert set(indexed(splunk)) == {f"u-{n}" for n in range(20) if n not in (3, 19)}


def test_a_refusal_without_a_number(splunk: SplunkStub) -> None:
    splunk.faults.reject = ("refuse me",)
    real = splunk.hec.answer

    def silent(request: Any) -> Any:
        answer = real(request)
        if isinstance(answer.body, dict):
            answer.body.pop("invalid-event-number", None)
        return answer

    splunk.hec.answer = silent  # type: ignore[method-assign]
    answer = opened(splunk).transport.send(documents(20, (3, 19)))
    assert sorted(one.place for one in answer.rejected) == [3, 19]
    assert set(indexed(splunk)) == {f"u-{n}" for n in range(20) if n not in (3, 19)}


def test_busy_while_isolating(splunk: SplunkStub) -> None:
    """What was not delivered yet is to be sent again, and nothing else."""
    splunk.faults.reject = ("refuse me",)
    sender = opened(splunk)
    splunk.faults.plan = lambda r: Say(503, {"text": "Server is busy", "code": 9}) if r.number == 5 else None
    answer = sender.transport.send(documents(20, (3, 12)))
    assert [one.place for one in answer.rejected] == [3]
    assert list(answer.retry) == list(range(4, 20))
    assert "busy" in answer.why


def test_an_index_that_does_not_exist_ends_the_run(splunk: SplunkStub) -> None:
    """It concerns all events of a class: no dead letters, but words."""
    sender = opened(splunk, indexes={"api_activity": "no_such"})
    with pytest.raises(TransportError) as caught:
        sender.transport.send(list(sender.documents(day(600)[:20])))
    assert not caught.value.retry
    assert isinstance(caught.value.error, ConfigError)
    assert "no_such" in str(caught.value.error)
    assert "Incorrect index" in str(caught.value.error)


def test_too_large_events(splunk: SplunkStub) -> None:
    """Above max_event_bytes it is not sent at all."""
    events = [{**event} for event in day(600)[:10]]
    events[4]["message"] = "m" * 60_000
    events[4]["metadata"] = {**events[4]["metadata"], "uid": "large"}
    run = Run(splunk, max_event_bytes=50_000, batch_bytes=20_000)
    run.limits = run.sender.limits
    run.all(events)
    assert [(uid, reason) for uid, reason, _ in run.letters] == [("large", "too_large")]
    assert "max_event_bytes" in run.letters[0][2]
    assert set(indexed(splunk)) == uids(events) - {"large"}


def test_413_is_sent_in_halves(splunk: SplunkStub) -> None:
    events = day(240)
    splunk.hec.max_content_length = 20_000
    run = Run(splunk, compress=False).all(events)
    small = {event["metadata"]["uid"] for event in events if len(orjson.dumps(event)) < 19_000}
    assert set(indexed(splunk)) == small
    assert {reason for _, reason, _ in run.letters} <= {"too_large"}
    assert len(run.letters) == len(events) - len(small)


TOKENS = {
    "disabled": (lambda s: s.disable_token(), {}, "enable the token"),
    "unknown": (lambda s: s.hec.tokens.clear(), {}, "TRACEHOUND_SPLUNK_HEC_TOKEN"),
    "no acks where they must be": (lambda s: None, {"acks": "always"}, "useACK"),
}


@pytest.mark.parametrize("name", TOKENS)
def test_a_token_that_is_not_taken_is_said_before_anything_is_sent(name: str, splunk: SplunkStub) -> None:
    spoil, settings, wanted = TOKENS[name]
    spoil(splunk)
    with pytest.raises(ConfigError, match=wanted) as caught:
        opened(splunk, **settings)
    assert splunk.hec_token not in str(caught.value)
    assert not [request for request in splunk.requests if "/event" in request.path]


def test_no_token_and_no_address() -> None:
    model = part("settings").SplunkSettings
    with pytest.raises(ConfigError, match="--hec-url"):
        part("push").open_sender(model(), False, print)
    with pytest.raises(ConfigError, match="TRACEHOUND_SPLUNK_HEC_TOKEN"):
        part("push").open_sender(model(hec_url="https://splunk:8088"), False, print)


def test_nothing_listens() -> None:
    from tracehound.secrets import Secret

    settings = (
        part("settings").SplunkSettings(hec_url="http://127.0.0.1:9").with_secrets(hec_token=Secret("abcdef"))
    )
    with pytest.raises(TargetError, match="cannot be reached"):
        part("push").open_sender(settings, False, print)


def test_an_address_of_something_else(splunk: SplunkStub) -> None:
    splunk.faults.plan = lambda _r: Say(
        404, {"text": "The requested URL was not found on this server.", "code": 404}
    )
    with pytest.raises(TracehoundError, match="port 8088"):
        opened(splunk)
    splunk.faults.plan = lambda _r: Say(302, {}, {"Location": "https://elsewhere/"})
    with pytest.raises(TracehoundError, match="port 8088"):
        opened(splunk)
    assert len(splunk.requests) == 2, "no redirect is followed with the token"


def test_setup_is_refused_with_what_to_do(splunk: SplunkStub) -> None:
    with pytest.raises(ConfigError, match="TA-tracehound"):
        part("push").open_sender(splunk.settings(), True, print)


def test_unhealthy_is_said_and_waited_for(splunk: SplunkStub) -> None:
    splunk.faults.queue_full = True
    said: list[str] = []
    sender = part("push").open_sender(splunk.settings(), False, said.append)
    assert "queues are full" in said[0]
    with pytest.raises(TransportError, match="busy"):
        sender.transport.send(documents(3))


def test_filling_queues_are_a_yes(splunk: SplunkStub) -> None:
    sender = opened(splunk)
    real = splunk.hec.answer

    def filling(request: Any) -> Any:
        answer = real(request)
        answer.body.update(text="HEC queue is approaching its capacity limit", code=24)
        return answer

    splunk.hec.answer = filling  # type: ignore[method-assign]
    sender.transport.send(documents(3))
    assert len(indexed(splunk)) == 3


ACKS = {
    "auto, the token has them": (True, "auto", True), "auto, it has none": (False, "auto", False),
    "always": (True, "always", True), "never, though it has": (True, "never", False),
    "never": (False, "never", False),
}  # fmt: skip


@pytest.mark.parametrize("name", ACKS)
def test_acknowledgement_is_found_out(name: str, splunk_with: Make) -> None:
    has, wanted, used = ACKS[name]
    splunk = splunk_with(acks=has)
    sender = opened(splunk, acks=wanted, in_flight=2)
    assert ("with ack" in sender.place) is used
    assert sender.limits.in_flight == (8 if used else 2)
    asked = len(splunk.requests)
    sender.transport.send(documents(5))
    sender.close()
    assert any("/ack" in request.path for request in splunk.requests[asked:]) is used
    assert len(indexed(splunk)) == 5


def test_a_token_that_loses_acknowledgement_mid_run(splunk_acks: SplunkStub) -> None:
    sender = opened(splunk_acks)
    splunk_acks.set_token(ack=False)
    with pytest.raises(TransportError, match="no indexer acknowledgement any more"):
        sender.transport.send(documents(5))


def test_splunk_cloud(splunk_with: Make) -> None:
    """Without acknowledgement; what Cloud does not take as one body goes in halves or is a dead letter."""
    splunk = splunk_with(cloud=True)
    run = Run(splunk).all(day(240))
    assert "without acknowledgement" in run.sender.place
    assert set(indexed(splunk)) == uids(day(240))


def test_requests(splunk: SplunkStub) -> None:
    """Gzip, the token in a header and nowhere else, one channel, connections that are kept."""
    Run(splunk).all(day(240))
    posts = [request for request in splunk.requests if "/event" in request.path]
    assert {request.headers["content-encoding"] for request in posts} == {"gzip"}
    assert len({request.headers["x-splunk-request-channel"] for request in posts}) == 1
    assert all(request.headers["authorization"] == f"Splunk {splunk.hec_token}" for request in posts)
    assert not any(splunk.hec_token in request.target for request in splunk.requests)
    lines = zlib.decompress(posts[0].body, 31).split(b"\n")
    assert len(lines) == LIMITS.documents
    assert all(
        set(orjson.loads(line)) == {"host", "source", "sourcetype", "index", "time", "event"}
        for line in lines
    )


def test_cookies_of_a_load_balancer_are_kept(splunk: SplunkStub) -> None:
    real = splunk.hec.answer

    def sticky(request: Any) -> Any:
        answer = real(request)
        answer.headers["Set-Cookie"] = "AWSALB=server-2; Path=/; Expires=Wed, 25 Nov 2026 00:00:00 GMT"
        return answer

    splunk.hec.answer = sticky  # type: ignore[method-assign]
    Run(splunk).all(day(60))
    assert {request.headers.get("cookie") for request in splunk.requests[1:]} == {"AWSALB=server-2"}


@pytest.mark.parametrize("status", [400, 403, 503])
def test_a_token_that_an_answer_repeats_is_hidden(status: int, splunk: SplunkStub) -> None:
    """A proxy on the way may show what it was sent."""
    hec = part("hec").Hec(splunk.settings())
    text = f"who sends {splunk.hec_token}?"
    reply = part("hec").Reply(status, 4, text, {"text": text}, None)
    error = hec.problem(reply)
    hec.close()
    for said in (error.reason, str(error.error or "")):
        assert splunk.hec_token not in said
    assert "who sends ***?" in error.reason


def test_doctor_says_what_is_needed_and_whether_it_answers(splunk_acks: SplunkStub) -> None:
    doctor = part("doctor")
    said = doctor.describe(splunk_acks.settings(indexes={"api_activity": "calls"}))
    assert "indexes = tracehound,calls,tracehound_verify" in said
    assert "[role_tracehound_deploy]" in said
    assert splunk_acks.hec_token not in said
    assert [good for _, good, _ in doctor.checks(splunk_acks.settings())] == [True, True]
    splunk_acks.disable_token()
    checks = list(doctor.checks(splunk_acks.settings()))
    assert [good for _, good, _ in checks] == [False, False]
    assert splunk_acks.hec_token not in str(checks)
    assert list(doctor.checks(part("settings").SplunkSettings())) == []


def test_the_target_is_found_by_its_name() -> None:
    assert target("splunk").part("push") is part("push").open_sender
