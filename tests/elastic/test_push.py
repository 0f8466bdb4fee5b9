"""``tracehound push elastic``: goes on where it was, dead letters to push again, secrets that stay secret."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from elastic_push import Cluster, clean, config_for, day, lines, part
from engines import Server
from fault_proxy import FaultProxy, Reject, Say

from tracehound import pipeline
from tracehound.cli import main
from tracehound.config import load_settings
from tracehound.errors import ConfigError
from tracehound.secrets import Secret, hide
from tracehound.targets import target, target_settings

KEY = "s3cr3t-k3y-of-the-cluster"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def cluster(elasticsearch9: Server) -> Iterator[Cluster]:
    with clean(elasticsearch9) as found:
        found.install()
        yield found


@pytest.fixture
def push(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> Run:
    """Runs the command; gives its exit code and what it said."""
    monkeypatch.setenv("TRACEHOUND_ELASTIC_API_KEY", KEY)
    config = config_for(tmp_path, cluster.settings.url[0])

    def run(*arguments: object) -> tuple[int, str]:
        words = ["tracehound", "push", "elastic", "--config", str(config), *map(str, arguments)]
        monkeypatch.setattr("sys.argv", words)
        with pytest.raises(SystemExit) as done:
            main()
        said = capfd.readouterr()
        assert said.out == ""
        assert KEY not in said.err
        return int(str(done.value.code)), said.err

    return run


def expected(count: int) -> list[str]:
    return sorted(event["metadata"]["uid"] for event in day(count))


def test_events_arrive_and_a_second_push_adds_nothing(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(100))
    assert push(log)[0] == 0
    assert cluster.ids() == expected(100)
    code, said = push(log)
    assert (code, "100 of them were there already" in said) == (0, True)
    assert cluster.ids() == expected(100)


def test_two_workers_send_the_same(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(100))
    assert push(log, "--workers", 2)[0] == 0
    assert cluster.ids() == expected(100)
    code, said = push(log, "--workers", 2, "--state", tmp_path / "state")
    assert code == 2
    assert "--workers" in said


def test_with_state_only_what_is_new_is_sent(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    whole = lines(100)
    cut = whole.index(b"\n", len(whole) // 2) + 1
    log.write_bytes(whole[:cut])
    sent = whole[:cut].count(b"\n")
    assert f"tracehound: {sent} event(s)" in push(log, "--state", state)[1]
    assert "tracehound: 0 event(s)" in push(log, "--state", state)[1]
    log.write_bytes(whole)
    assert f"tracehound: {100 - sent} event(s) delivered;" in push(log, "--state", state)[1]
    assert cluster.ids() == expected(100)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_that_is_another_one_is_read_whole(
    compressed: bool, push: Run, cluster: Cluster, tmp_path: Path
) -> None:
    """The same path, the same first record, another content: nothing of it is skipped."""
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    pack: Callable[[bytes], bytes] = gzip.compress if compressed else bytes
    records = lines(60).splitlines(keepends=True)
    log.write_bytes(pack(b"".join(records[:40])))
    push(log, "--state", state)
    log.write_bytes(pack(b"".join([records[0], *records[40:]])))
    push(log, "--state", state)
    assert cluster.ids() == expected(60)


def test_a_line_that_is_still_being_written(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    records = lines(20).splitlines(keepends=True)
    log.write_bytes(b"".join(records[:10]) + records[10][:50])
    assert push(log, "--state", state)[0] == 1
    log.write_bytes(b"".join(records))
    assert push(log, "--state", state)[0] == 0
    assert cluster.ids() == expected(20)


def test_it_goes_on_after_an_error(
    push: Run, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, state = tmp_path / "events.ndjson", tmp_path / "state"
    log.write_bytes(lines(100))
    monkeypatch.setattr(pipeline, "BATCH_RECORDS", 10)
    small = ("--state", state, "--checkpoint-every", 0)
    with FaultProxy(cluster.settings.url[0]) as proxy:
        config = config_for(tmp_path, proxy.url, batch_documents=10, in_flight=1)
        proxy.plan = lambda r: (
            Say(401, {"error": {"type": "security_exception", "reason": KEY}}) if r.bulk > 4 else None
        )
        code, said = push(log, *small, "--config", config)
        assert (code, "401" in said) == (2, True)
        done = len(cluster.ids())
        assert done == 50
        proxy.plan = lambda _request: None
        before = len(proxy.bulks)
        assert push(log, *small, "--config", config)[0] == 0
        again = sum(request.body.count(b"\n") // 2 for request in proxy.bulks[before:])
    assert again <= 100 - done + 20
    assert cluster.ids() == expected(100)
    assert KEY.encode() not in (state / "state.json.zst").read_bytes()


def test_what_the_server_refuses_can_be_pushed_again(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    log, dead, again = tmp_path / "events.ndjson", tmp_path / "dead.ndjson", tmp_path / "again.ndjson"
    log.write_bytes(lines(40))
    with FaultProxy(cluster.settings.url[0]) as proxy:
        config = config_for(tmp_path, proxy.url)
        proxy.plan = lambda r: (
            Reject(400, "document_parsing_exception", "object mapping for [actor]")
            if "_bulk" in r.path
            else None
        )
        code, said = push(log, "--dead-letter", dead, "--config", config)
    assert (code, "rejected_mapping" in said) == (1, True)
    letters = [json.loads(line) for line in dead.read_text().splitlines()]
    assert len(letters) == 20
    assert {letter["reason"] for letter in letters} == {"rejected_mapping"}
    assert "object mapping for [actor]" in letters[0]["message"]
    by_uid = {event["metadata"]["uid"]: event for event in day(40)}
    for letter in letters:
        event = orjson.loads(letter["raw"])
        assert event == orjson.loads(orjson.dumps(by_uid[event["metadata"]["uid"]]))
    assert (
        push(dead, "--dead-letter", again, "--config", config_for(tmp_path, cluster.settings.url[0]))[0] == 0
    )
    assert cluster.ids() == expected(40)


def test_without_templates_it_says_what_to_do(push: Run, cluster: Cluster, tmp_path: Path) -> None:
    part("rollout").uninstall(cluster.client, cluster.settings, cluster.server, data=True)
    log = tmp_path / "events.ndjson"
    log.write_bytes(lines(10))
    code, said = push(log)
    assert (code, "apply elastic" in said) == (2, True)
    assert push(log, "--setup")[0] == 0
    assert cluster.ids() == expected(10)


WRONG = {
    "an unknown target": (["nosuch"], "there are: elastic"),
    "no address": (["elastic"], "TRACEHOUND_ELASTIC_URL"),
    "a password in the address": (
        ["elastic", "--url", f"https://user:{KEY}@h:9200"],
        "user name or password",
    ),
    "no URL": (["elastic", "--url", "h"], "https://host:9200"),
    "a namespace with a hyphen": (["elastic", "--url", "http://h", "--namespace", "a-b"], "no hyphen"),
    "a certificate without its key": (["elastic", "--url", "https://h", "--client-cert", "x"], "client_key"),
    "a CA that is not there": (["elastic", "--url", "https://h", "--ca-certs", "nosuch.pem"], "no such file"),
    "nobody there": (["elastic", "--url", "http://127.0.0.1:9"], "cannot be reached"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_use(name: str, monkeypatch: pytest.MonkeyPatch, capfd: Any, tmp_path: Path) -> None:
    words, wanted = WRONG[name]
    log = tmp_path / "x.ndjson"
    log.write_bytes(b"")
    monkeypatch.delenv("TRACEHOUND_ELASTIC_URL", raising=False)
    monkeypatch.setattr("sys.argv", ["tracehound", "push", *words, str(log)])
    with pytest.raises(SystemExit) as done:
        main()
    said = capfd.readouterr().err
    assert done.value.code in (1, 2)
    assert wanted in said
    assert KEY not in said
    assert "Traceback" not in said


def test_flag_then_environment_then_file(tmp_path: Path) -> None:
    config = tmp_path / "tracehound.yml"
    config.write_text(
        "targets: {elastic: {url: 'http://file', namespace: file, username: file, in_flight: 7}}"
    )
    environ = {"TRACEHOUND_ELASTIC_URL": "http://a,http://b", "TRACEHOUND_ELASTIC_NAMESPACE": "environment"}
    found = target_settings(
        target("elastic"), load_settings(config), {"namespace": "flag", "url": ()}, environ
    )
    assert found.url == ["http://a", "http://b"]
    assert (found.namespace, found.username, found.in_flight) == ("flag", "file", 7)


def test_secrets_come_from_three_places_and_are_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    settings = load_settings()
    flags = {"url": ("https://h",), "api_key_file": str(file)}
    found = target_settings(target("elastic"), settings, flags, {})
    assert found.secret("api_key").reveal() == KEY
    first = target_settings(
        target("elastic"), settings, flags, {"TRACEHOUND_ELASTIC_API_KEY": "from-environment"}
    )
    assert first.secret("api_key").reveal() == "from-environment"
    shown = [
        repr(found),
        str(found),
        found.model_dump_json(),
        f"{found.secret('api_key')}",
        repr(found.__dict__),
    ]
    shown.append(repr(part("client").elastic(found)))
    assert not any(KEY in text for text in shown)
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(found.secret("api_key"))
    assert KEY not in found.hide(f"Authorization: ApiKey {KEY}")
    assert hide("abc", [Secret("abc")]) == "abc", "a short one would blot out words"
    for content, wanted in (("", "is empty"), ("two\nlines", "more than one line")):
        file.write_text(content)
        with pytest.raises(ConfigError, match=wanted):
            target_settings(target("elastic"), settings, flags, {})


def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path) -> None:
    config = tmp_path / "tracehound.yml"
    config.write_text(f"targets:\n  elastic:\n    url: http://h\n    api_key: {KEY}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(config)
    assert "tracehound.yml:4: targets.elastic.api_key: secrets are not written here" in str(caught.value)
    assert KEY not in str(caught.value)
