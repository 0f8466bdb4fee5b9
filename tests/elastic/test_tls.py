"""TLS with certificates of a CA of the tests, secrets from a keyring, and what a cloud id names."""

from __future__ import annotations

import base64
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from certificates import Authority
from elastic_push import clean, day, part
from engines import Server
from fault_proxy import FaultProxy, Say
from kibana_stub import KibanaStub

from tracehound.config import Settings
from tracehound.delivery import Delivery, TransportError
from tracehound.delivery.model import Limits
from tracehound.errors import ConfigError, TargetError
from tracehound.targets import target, target_settings

client, push, kibana = part("client"), part("push"), part("kibana")
ElasticSettings = part("settings").ElasticSettings
ANSWER = Say(200, {"version": {"number": "9.5.3"}, "errors": False, "items": [{"create": {"status": 201}}]})
DOCUMENT = push.Document("1", "r", b"{}")


class Place:
    """Certificates, and the flags that name them."""

    def __init__(self, folder: Path) -> None:
        ours, stranger = Authority.new(folder), Authority.new(folder, "stranger")
        self.ca, self.other_ca = ours.ca, stranger.ca
        self.server, self.elsewhere = ours.made("server"), ours.made("elsewhere", "DNS:elsewhere.example")
        self.ended = ours.made("ended", days=0)
        ours.made("client")
        stranger.made("nobody")
        self.folder = folder
        time.sleep(1.1)  # until what ends at once has ended

    def login(self, name: str) -> dict[str, Path]:
        return {"client_cert": self.folder / f"{name}.crt", "client_key": self.folder / f"{name}.key"}


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("tls"))


Case = tuple[Callable[[Place], Path], bool, Callable[[Place], dict[str, Any]], str]
CASES: dict[str, Case] = {
    "its CA is named": (lambda p: p.server, False, lambda p: {"ca_certs": p.ca}, ""),
    "both show a certificate": (lambda p: p.server, True, lambda p: {"ca_certs": p.ca, **p.login("client")}, ""),
    "nothing is verified": (lambda p: p.elsewhere, False, lambda p: {"verify_tls": False}, ""),
    "no CA is named": (lambda p: p.server, False, lambda p: {}, "name the CA"),
    "another CA is named": (lambda p: p.server, False, lambda p: {"ca_certs": p.other_ca}, "name the CA"),
    "the certificate of another name": (
        lambda p: p.elsewhere, False, lambda p: {"ca_certs": p.ca}, "is for another name",
    ),
    "a certificate that has ended": (lambda p: p.ended, False, lambda p: {"ca_certs": p.ca}, "a new certificate"),
    "we show none": (lambda p: p.server, True, lambda p: {"ca_certs": p.ca}, "client-cert"),
    "we show one of a stranger": (
        lambda p: p.server, True, lambda p: {"ca_certs": p.ca, **p.login("nobody")}, "client-cert",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_elasticsearch(name: str, place: Place) -> None:
    certificate, mutual, flags, wrong = CASES[name]
    with FaultProxy("http://127.0.0.1:9", certificate(place), place.ca if mutual else None) as proxy:
        proxy.plan = lambda _request: ANSWER
        settings = ElasticSettings(url=proxy.url, timeout=10, **flags(place))
        opened = client.elastic(settings)
        transport = push.BulkTransport(opened, settings)
        if not wrong:
            assert client.server_of(opened, settings).version == (9, 5, 3)
            assert list(transport.send([DOCUMENT]).rejected) == []
        else:
            with pytest.raises((ConfigError, TargetError), match=wrong):
                client.server_of(opened, settings)
            with pytest.raises(TransportError, match=wrong):
                transport.send([DOCUMENT])
            assert proxy.requests == []
        opened.close()


@pytest.mark.parametrize("name", CASES)
def test_kibana(name: str, place: Place) -> None:
    certificate, mutual, flags, wrong = CASES[name]
    with (
        KibanaStub() as behind,
        FaultProxy(behind.url, certificate(place), place.ca if mutual else None) as proxy,
    ):
        settings = ElasticSettings(url="http://h", kibana_url=proxy.url, timeout=10, **flags(place))
        there = kibana.Kibana(settings, first_wait=0.001)
        if not wrong:
            assert there.version == (8, 19, 5)
        else:
            with pytest.raises((ConfigError, TargetError), match=r"TLS|EOF|no answer"):
                assert there.version


def test_a_server_behind_tls_that_goes_away_is_waited_for(place: Place, elasticsearch9: Server) -> None:
    """Its connections end in the middle of TLS, which says nothing of its certificate."""
    events = day(40)
    with clean(elasticsearch9) as cluster, FaultProxy(cluster.settings.url[0], place.server) as proxy:
        cluster.install()
        settings = cluster.settings.model_copy(update={"url": [proxy.url], "ca_certs": place.ca})
        opened = client.elastic(settings)
        sender = push.ElasticSender(opened, settings, cluster.server)
        waits: list[float] = []

        def wait(seconds: float) -> None:
            waits.append(seconds)
            proxy.down = len(waits) < 8

        proxy.down = True
        with Delivery(sender.transport, _never, Limits(documents=10, in_flight=1), wait=wait) as delivery:
            delivery.put(sender.documents(events))
        assert len(waits) >= 8
        assert delivery.totals.delivered == len(events)
        assert cluster.ids() == sorted(event["metadata"]["uid"] for event in events)
        opened.close()


def _never(*_: object) -> None:
    raise AssertionError("nothing is refused here")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"ca_certs .*no such file"):
        client.elastic(ElasticSettings(url="https://h", ca_certs=tmp_path / "none.pem"))


class Keyring(ModuleType):
    """The package's face, with one entry."""

    def get_password(self, service: str, user: str) -> str | None:
        if service == "closed":
            raise LookupError("locked")
        return "from-the-keyring" if (service, user) == ("tracehound", "elastic") else None


@pytest.mark.parametrize(
    ("entry", "wrong"),
    [
        ("tracehound/elastic", ""),
        ("tracehound/nobody", "no such entry"),
        ("closed/x", "is the keyring open"),
        ("x", "SERVICE/USER"),
    ],
)
def test_a_key_from_the_keyring(entry: str, wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", Keyring("keyring"))
    monkeypatch.setitem(sys.modules, "keyring.errors", SimpleNamespace(KeyringError=LookupError))  # type: ignore[arg-type]
    flags = {"url": ("http://h",), "api_key_keyring": entry}
    if wrong:
        with pytest.raises(ConfigError, match=wrong):
            target_settings(target("elastic"), Settings(), flags, {})
        return
    found = target_settings(target("elastic"), Settings(), flags, {})
    opened = client.elastic(found)
    assert opened._headers["authorization"] == "ApiKey from-the-keyring"
    opened.close()


def _cloud(text: str) -> str:
    return "name:" + base64.b64encode(text.encode()).decode()


CLOUD: dict[str, tuple[str, str | None, str | None]] = {
    "usual": ("eu.example$abc$def", "https://abc.eu.example:443", "https://def.eu.example"),
    "a port": ("eu.example:9243$abc$def", "https://abc.eu.example:9243", "https://def.eu.example:9243"),
    "no Kibana": ("eu.example$abc", "https://abc.eu.example:443", None),
    "more parts": ("eu.example$abc$def$apm", "https://abc.eu.example:443", "https://def.eu.example"),
    "no cluster": ("eu.example", None, None),
}


@pytest.mark.parametrize("name", CLOUD)
def test_what_a_cloud_id_names(name: str) -> None:
    text, cluster, board = CLOUD[name]
    assert kibana.kibana_of(_cloud(text)) == board
    settings = ElasticSettings(cloud_id=_cloud(text))
    if cluster is None:
        with pytest.raises(ConfigError, match="elastic: "):
            client.elastic(settings)
        return
    opened = client.elastic(settings)
    (node,) = opened.transport.node_pool.all()
    assert node.base_url == cluster
    opened.close()


def test_a_cloud_id_that_is_none() -> None:
    assert kibana.kibana_of("name:%%%") is None
    with pytest.raises(ConfigError, match="elastic: "):
        client.elastic(ElasticSettings(cloud_id="name:%%%"))
