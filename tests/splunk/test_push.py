"""``tracehound push splunk``: the sample day arrives whole, and interrupted it goes on; dead letters come again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from elastic_push import day, lines
from splunk_http import Say
from splunk_push import indexed, uids
from splunk_stub import SplunkStub

from tracehound import pipeline
from tracehound.cli import main
from tracehound.demo.run import logs

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def push(splunk: SplunkStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Run:
    """Runs the command; gives its exit code and what it said."""
    monkeypatch.setenv("TRACEHOUND_SPLUNK_HEC_TOKEN", splunk.hec_token)
    config = tmp_path / "tracehound.yml"
    config.write_bytes(orjson.dumps({"targets": {"splunk": {"hec_url": splunk.hec_url}}}))

    def run(*arguments: object) -> tuple[int, str]:
        words = ["tracehound", "push", "splunk", "--config", str(config), *map(str, arguments)]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as done:
            main()
        said = capfd.readouterr()
        assert said.out == ""
        assert splunk.hec_token not in said.err
        return int(str(done.value.code)), said.err

    return run


def test_the_sample_day(push: Run, splunk: SplunkStub) -> None:
    """Every event, once, in its place; nothing refused."""
    code, said = push(*logs())
    assert code == 0
    assert "4,651 event(s) delivered" in said
    assert "index tracehound, without acknowledgement" in said
    assert indexed(splunk) == dict.fromkeys(uids(day(6000)), 1)
    for stored in splunk.events():
        event = orjson.loads(stored["_raw"])
        assert stored["_time"] == event["time"] / 1000
        assert stored["sourcetype"] == f"tracehound:ocsf:{event['class_name'].lower().replace(' ', '_')}"
        assert stored["source"] == f"tracehound:{event['ai']['source']}"
        assert stored["host"] == event.get("device", {}).get("hostname", "tracehound")


def test_with_acknowledgement_and_indexes_of_their_own(
    push: Run, splunk: SplunkStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    splunk.set_token(ack=True, indexes=None)
    splunk.indexes.names["calls"] = None
    monkeypatch.setenv("TRACEHOUND_SPLUNK_INDEXES", "api_activity=calls")
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(200))
    code, said = push(log, "--index", "main")
    assert code == 0
    assert "index main, calls, with acknowledgement" in said
    calls = {event["metadata"]["uid"] for event in day(200) if event["class_uid"] == 6003}
    assert set(indexed(splunk, "calls")) == calls
    assert set(indexed(splunk, "main")) == uids(day(200)) - calls


def test_with_state_only_what_is_new_is_sent(push: Run, splunk: SplunkStub, tmp_path: Path) -> None:
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    all_of_them = lines(100).splitlines(keepends=True)
    log.write_bytes(b"".join(all_of_them[:60]))
    assert push(log, "--state", state)[0] == 0
    with log.open("ab") as file:
        file.writelines(all_of_them[60:])
    assert push(log, "--state", state)[0] == 0
    assert push(log, "--state", state)[0] == 0
    found = indexed(splunk)
    assert max(found.values()) == 1
    again = push(log)
    assert again[0] == 0
    assert max(indexed(splunk).values()) == 2, "without --state all is sent again"


def test_refused_events_are_dead_letters_that_can_be_pushed_again(
    push: Run, splunk: SplunkStub, tmp_path: Path
) -> None:
    log, dead = tmp_path / "events.ndjson", tmp_path / "dead.ndjson"
    log.write_bytes(lines(100))
    bad = [event["metadata"]["uid"] for event in day(100)][10:90:20]
    splunk.faults.reject = tuple(bad)
    code, said = push(log, "--dead-letter", dead)
    assert code == 1
    assert f"{len(bad)} refused" in said
    letters = [json.loads(line) for line in dead.read_text("utf-8").splitlines()]
    assert {letter["reason"] for letter in letters} == {"rejected_format"}
    assert all("Invalid data format" in str(letter) for letter in letters)
    assert set(indexed(splunk)) == uids(day(100)) - set(bad)
    splunk.faults.reject = ()
    assert push(dead)[0] == 0
    assert set(indexed(splunk)) == uids(day(100))


def test_interrupted_by_a_disabled_token_it_goes_on(
    push: Run, splunk: SplunkStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "BATCH_RECORDS", 8)
    monkeypatch.setenv("TRACEHOUND_SPLUNK_BATCH_DOCUMENTS", "8")
    monkeypatch.setenv("TRACEHOUND_SPLUNK_IN_FLIGHT", "1")
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    log.write_bytes(lines(100))
    posted = [0]

    def plan(request: Any) -> None:
        posted[0] += "/event" in request.path
        if posted[0] == 7:
            splunk.disable_token()

    splunk.faults.plan = plan
    code, said = push(log, "--state", state, "--checkpoint-every", 0)
    assert code == 2
    assert "enable the token" in said
    splunk.faults.plan = lambda _r: None
    splunk.enable_token()
    assert push(log, "--state", state, "--checkpoint-every", 0)[0] == 0
    found = indexed(splunk)
    assert set(found) == uids(day(100))
    assert found.total() - 100 <= 8 * 3


def test_waiting_is_said(push: Run, splunk: SplunkStub, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(20))
    splunk.faults.add(Say(503, {"text": "Server is busy", "code": 9}), path="/event")
    code, said = push(log)
    assert code == 0
    assert "waiting:" in said
    assert "503 Server is busy, code 9" in said


def test_what_may_be_twice_and_what_was_cut_is_said(push: Run, splunk: SplunkStub, tmp_path: Path) -> None:
    event = orjson.loads(orjson.dumps(day(20)[0]))
    event["ai"]["signals"] = [f"prompt.injection.kind_{n}" for n in range(5000)]
    log = tmp_path / "events.ndjson"
    log.write_bytes(orjson.dumps(event) + b"\n")
    splunk.faults.reset(after=True, path="/event")
    code, said = push(log)
    assert code == 0
    assert "1 event(s) were sent again" in said
    assert "tracehound.cut{}" in said
    assert indexed(splunk) == {event["metadata"]["uid"]: 2}


def test_flags_of_another_target_and_setup_are_refused(push: Run, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(1))
    code, said = push(log, "--kibana-url", "https://kibana")
    assert (code, "--kibana-url" in said) == (2, True)
    code, said = push(log, "--setup")
    assert (code, "TA-tracehound" in said) == (2, True)


def test_an_index_that_is_not_there_is_said(
    push: Run, splunk: SplunkStub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token without a list of indexes takes the events, and Splunk drops them."""
    splunk.set_token(indexes=None)
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(20))
    monkeypatch.setenv("TRACEHOUND_SPLUNK_TOKEN", splunk.token)
    code, said = push(log, "--url", splunk.url)
    assert (code, "knows no index" in said) == (0, False)
    code, said = push(log, "--url", splunk.url, "--index", "nowhere")
    assert (code, "knows no index nowhere" in said) == (0, True)
