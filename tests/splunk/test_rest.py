"""The client of the management port: logins, certificates, errors, pages, waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from splunk_http import Reset, Say
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import rest as splunk_rest
from tracehound.connectors.splunk.rest import Rest, reason_of
from tracehound.connectors.splunk.settings import SplunkSettings

from tracehound.deploy import TakenError
from tracehound.errors import ConfigError, TargetError
from tracehound.secrets import Secret

PASSWORD = "changeme-admin"


def reach(splunk: SplunkStub, **more: Any) -> Rest:
    return Rest(splunk.settings(**more), first_wait=0.001)


def by_password(splunk: SplunkStub, password: str = PASSWORD, **more: Any) -> Rest:
    settings = SplunkSettings(url=splunk.url, username="admin", **more)
    return Rest(settings.with_secrets(password=Secret(password)), first_wait=0.001)


# Logins


def test_by_token(splunk: SplunkStub) -> None:
    there = reach(splunk)
    assert there.info.version[:2] == (10, 0)
    assert str(there.info).startswith("Splunk Enterprise 10.0")
    assert "schedule_search" in there.capabilities
    sent = splunk.rest_requests[-1].headers["authorization"]
    assert sent == f"Bearer {splunk.token}"


def test_by_user_name_and_password_once(splunk: SplunkStub) -> None:
    there = by_password(splunk)
    for _ in range(3):
        assert there.entry(there.path("authentication", "current-context", app="")) is not None
    logins = [r for r in splunk.rest_requests if r.path.endswith("/auth/login")]
    assert len(logins) == 1


def test_a_session_that_ends_is_made_anew(splunk: SplunkStub) -> None:
    there = by_password(splunk)
    assert there.info.version
    splunk.people.sessions.clear()
    assert there.capabilities
    assert len([r for r in splunk.rest_requests if r.path.endswith("/auth/login")]) == 2


def test_a_wrong_password_is_not_shown(splunk: SplunkStub) -> None:
    with pytest.raises(ConfigError, match="is the token or password right") as error:
        assert by_password(splunk, "not-the-password").capabilities
    assert "not-the-password" not in str(error.value)


def test_a_wrong_token_is_not_shown(splunk: SplunkStub) -> None:
    settings = splunk.settings().with_secrets(token=Secret("another-token"))
    with pytest.raises(ConfigError, match="401") as error:
        list(Rest(settings).entries("/services/saved/searches"))
    assert "another-token" not in str(error.value)


def test_a_secret_in_an_answer_is_hidden(splunk: SplunkStub) -> None:
    said = {"messages": [{"type": "ERROR", "text": f"who sends {splunk.token}?"}]}
    splunk.rest_faults.add(Say(400, said))
    with pytest.raises(TargetError) as error:
        reach(splunk).request("GET", "/services/apps/local")
    assert splunk.token not in str(error.value)
    assert "who sends ***?" in str(error.value)


MISSING = [
    ("address", SplunkSettings(), "TRACEHOUND_SPLUNK_URL"),
    ("login", SplunkSettings(url="https://127.0.0.1:1"), "TRACEHOUND_SPLUNK_TOKEN"),
    (
        "user name",
        SplunkSettings(url="https://127.0.0.1:1").with_secrets(password=Secret("password")),
        "username and",
    ),
]


@pytest.mark.parametrize(("settings", "why"), [row[1:] for row in MISSING], ids=[row[0] for row in MISSING])
def test_what_must_be_set(settings: SplunkSettings, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        Rest(settings)


# TLS


def test_a_certificate_of_a_known_ca(splunk_tls: SplunkStub, certificate: Path) -> None:
    there = reach(splunk_tls, ca_certs=certificate.with_name("ca.pem"))
    assert there.info.version


def test_a_certificate_of_nobody(splunk_tls: SplunkStub) -> None:
    with pytest.raises(ConfigError, match=r"TLS: .*--ca-certs"):
        assert reach(splunk_tls).info


def test_any_certificate_when_asked_for(splunk_tls: SplunkStub) -> None:
    assert reach(splunk_tls, verify_tls=False).info.version


def test_a_ca_file_that_is_not_there(splunk_tls: SplunkStub, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ca_certs .*no such file"):
        assert reach(splunk_tls, ca_certs=tmp_path / "none.pem").info


def test_a_certificate_of_ours(certificate: Path, splunk_with: Callable[..., SplunkStub]) -> None:
    ca = certificate.with_name("ca.pem")
    there = splunk_with(certificate=certificate, client_ca=ca)
    mine = {"client_cert": certificate, "client_key": certificate}
    assert reach(there, ca_certs=ca, **mine).info.version
    with pytest.raises((ConfigError, TargetError)):
        assert reach(there, ca_certs=ca).info


# Answers


def test_missing_and_taken(splunk: SplunkStub) -> None:
    there = reach(splunk)
    path = there.path("saved/searches", app="search")
    assert there.request("GET", f"{path}/nothing", missing_ok=True) is None
    with pytest.raises(TargetError, match="404"):
        there.request("GET", f"{path}/nothing")
    there.request("POST", path, {"name": "a", "search": "index=a"})
    with pytest.raises(TakenError, match="already exists"):
        there.request("POST", path, {"name": "a", "search": "index=a"})


NAMES = ["plain", "with blanks", "a/b", "100 % of it", "Ümlaut – dash", "a+b&c=d?e#f", 'it\'s "quoted"']


@pytest.mark.parametrize("name", NAMES)
def test_any_name(name: str, splunk: SplunkStub) -> None:
    there = reach(splunk)
    there.request("POST", there.path("saved/searches", app="search"), {"name": name, "search": "index=ä"})
    entry = there.entry(there.path("saved/searches", name, app="search"))
    assert entry is not None
    assert (entry["name"], entry["content"]["search"]) == (name, "index=ä")


def test_owner_and_sharing_of_an_acl_are_sent(splunk: SplunkStub) -> None:
    """The SDK keeps arguments of these names to itself in post()."""
    there = reach(splunk)
    there.request("POST", there.path("saved/searches", app="search"), {"name": "a", "search": "index=a"})
    path = there.path("saved/searches", "a", "acl", app="search")
    there.request("POST", path, {"owner": "admin", "sharing": "global", "perms.read": "*"})
    stored = splunk.stored("savedsearches", "a", "search")
    assert (stored.owner, stored.sharing, stored.read) == ("admin", "global", ("*",))


def test_page_by_page(splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    there = reach(splunk)
    path = there.path("saved/searches", app="search")
    for number in range(7):
        there.request("POST", path, {"name": f"n{number}", "search": "index=a"})
    monkeypatch.setattr(splunk_rest, "PAGE", 3)
    assert [entry["name"] for entry in there.entries(path)] == [f"n{number}" for number in range(7)]


def test_documents_of_the_kv_store(splunk: SplunkStub) -> None:
    there = reach(splunk)
    there.request("POST", there.path("storage/collections/config", app="search"), {"name": "kept"})
    path = there.path("storage/collections/data", "kept", "batch_save", app="search")
    there.request("POST", path, json=[{"_key": "ä", "value": "ü"}])
    assert splunk.kv.documents(("search", "nobody", "kept"))["ä"]["value"] == "ü"


# What goes wrong on the way


def test_busy_and_broken_connections_are_tried_again(splunk: SplunkStub) -> None:
    splunk.rest_faults.add(Say(503, {}), times=2)
    splunk.rest_faults.add(Say(429, {}), times=1)
    splunk.rest_faults.add(Reset(False), times=1)
    splunk.rest_faults.half()
    assert reach(splunk).info.version
    assert len(splunk.rest_faults.applied) == 5


def test_retry_after_is_obeyed(splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(splunk_rest.time, "sleep", waits.append)
    splunk.rest_faults.add(Say(503, {}, {"retry-after": "7"}))
    assert reach(splunk).info.version
    assert waits == [7.0]


def test_no_answer_in_time(splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splunk_rest, "TRIES", 2)
    splunk.rest_faults.slow(60, times=2)
    started = time.monotonic()
    with pytest.raises(TargetError, match=r"no answer: .*timed out"):
        assert reach(splunk, timeout=0.2).info
    assert time.monotonic() - started < 50


OTHERS: list[tuple[str, Any]] = [
    ("a page", b"<html>hello</html>"),
    ("another API", {"version": 1}),
    ("a list", [1]),
    ("nothing", b""),
]


@pytest.mark.parametrize("body", [row[1] for row in OTHERS], ids=[row[0] for row in OTHERS])
def test_what_is_no_splunk(body: Any, splunk: SplunkStub) -> None:
    splunk.rest_faults.add(Say(200, body), times=9)
    with pytest.raises((ConfigError, TargetError), match=r"not as Splunk|no JSON"):
        assert reach(splunk).info


# What it says of itself


def test_cloud(splunk_with: Callable[..., SplunkStub]) -> None:
    there = reach(splunk_with(cloud=True))
    assert there.info.cloud
    assert str(there.info).startswith("Splunk Cloud")


def test_cloud_that_keeps_its_system_to_itself(splunk: SplunkStub) -> None:
    splunk.rest_faults.add(Say(404, {}), path="/server/info")
    there = reach(splunk)
    assert there.info.cloud
    assert str(there.info) == "Splunk Cloud of unknown version"


REASONS = [
    ("json", b'{"messages":[{"type":"ERROR","text":"a"},{"type":"WARN","text":"b"}]}', "a; b"),
    ("xml", b'<response><messages><msg type="ERROR">a</msg></messages></response>', "a"),
    ("words", b"Bad Gateway", "Bad Gateway"),
    ("other json", b'{"error": 1}', "{'error': 1}"),
]


@pytest.mark.parametrize(("raw", "said"), [row[1:] for row in REASONS], ids=[row[0] for row in REASONS])
def test_reasons(raw: bytes, said: str) -> None:
    assert reason_of(raw) == said
