"""A Splunk of its own for tests: HTTP Event Collector, management port, searches by our SPL evaluator.

**It was written from Splunk's documentation; it is not Splunk**, and was never compared with one. Each module
says which pages it follows, and where it follows what people measured because the pages are silent.

    with SplunkStub() as splunk:
        splunk.hec_url, splunk.hec_token, splunk.url, splunk.token
        splunk.settings(in_flight=2)                 # SplunkSettings with the secrets
        splunk.events("tracehound")                  # what was indexed, oldest arrival first; duplicates stay
        splunk.faults.busy(3, retry_after=1)         # what goes wrong next at the collector (HecFaults)
        splunk.hec.requests                          # the collector's log
        splunk.disable_token(); splunk.enable_token()
        splunk.rest_faults.add(Say(503, {}), times=2) # the same at the management port (Faults)
        splunk.people.add("ann", "user", token="t")  # another user; splunk.people.roles["user"].capabilities
        splunk.install(Path("dist/tracehound"))      # an app's folder or package, as shipped content
        splunk.saved_search("Tracehound - x")        # its settings as stored, by their names in the file
        splunk.edit("savedsearches", name, search="...")  # an analyst's edit
        splunk.run_saved_search(name, now)           # as the scheduler would: rows, and alerts after throttling
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from splunk_alerts import Alerts, Outcome
from splunk_hec import Hec, HecFaults
from splunk_hec_events import Token
from splunk_http import Faults, Listener, Request
from splunk_index import Indexed, Indexes
from splunk_install import install
from splunk_jobs import Jobs
from splunk_kvstore import KvStore
from splunk_objects import App, Objects, Stored
from splunk_people import People
from splunk_rest import Rest
from splunk_run import Runner
from splunk_system import System

from tracehound.secrets import Secret
from tracehound.targets import model_of, target

HEC_TOKEN = "0c0ffee0-1111-4222-8333-444455556666"
ACK_TOKEN = "0acc0acc-1111-4222-8333-444455556666"
REST_TOKEN = "stand-in.rest-token.of-admin"
INDEXES = ("main", "tracehound", "tracehound_verify")


class SplunkStub:
    """See the module. ``acks``: ``hec_token`` is one with useACK. ``cloud``: as Splunk Cloud where that differs."""

    def __init__(
        self,
        *,
        indexes: Iterable[str] = INDEXES,
        acks: bool = False,
        cloud: bool = False,
        certificate: Path | None = None,
        client_ca: Path | None = None,
    ) -> None:
        self.indexes = Indexes(tuple(indexes))
        allowed = tuple(self.indexes.names)
        tokens = (Token(HEC_TOKEN, indexes=allowed), Token(ACK_TOKEN, ack=True, indexes=allowed))
        self.hec = Hec(self.indexes, tokens, cloud)
        self.hec_token = ACK_TOKEN if acks else HEC_TOKEN
        self.people, self.kv, self.token = People(), KvStore(), REST_TOKEN
        self.people.tokens[REST_TOKEN] = "admin"
        self.objects = Objects(self.people)
        runner = Runner(self.objects, self.indexes, self.kv)
        self.jobs, self.alerts = Jobs(runner), Alerts(self.objects, runner)
        self.system = System(self.people, self.objects, self.indexes, runner, cloud)
        self.rest = Rest(self.people, self.objects, self.kv, self.jobs, self.system)
        self._listeners = tuple(Listener(one, certificate, client_ca) for one in (self.hec, self.rest))
        self.hec_url, self.url = (one.url for one in self._listeners)

    def __enter__(self) -> SplunkStub:
        for one in self._listeners:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._listeners:
            one.stop()

    @property
    def faults(self) -> HecFaults:
        """What goes wrong at the collector."""
        return self.hec.faults

    @property
    def rest_faults(self) -> Faults:
        """What goes wrong at the management port."""
        return self.rest.faults

    @property
    def rest_requests(self) -> list[Request]:
        """The management port's requests."""
        return self.rest.requests

    @property
    def requests(self) -> list[Request]:
        """The collector's requests."""
        return self.hec.requests

    def settings(self, **more: Any) -> Any:
        """SplunkSettings that reach this server, with its secrets."""
        model = model_of(target("splunk"))
        made = model(**{"hec_url": self.hec_url, "url": self.url, **more})
        return made.with_secrets(hec_token=Secret(self.hec_token), token=Secret(self.token))

    def events(self, index: str | None = None) -> list[dict[str, Any]]:
        """What is indexed, oldest arrival first: _time, index, sourcetype, source, host, _raw, fields."""
        return [event.told() for event in self.indexes.events(index)]

    def put(self, events: Iterable[Indexed]) -> None:
        """Index events past the collector."""
        self.indexes.add(list(events))

    def disable_token(self, value: str | None = None) -> None:
        """An administrator disables a token."""
        self.set_token(value, enabled=False)

    def enable_token(self, value: str | None = None) -> None:
        """And enables it again."""
        self.set_token(value, enabled=True)

    def set_token(self, value: str | None = None, **changes: Any) -> None:
        """Other settings of a token: ``ack``, ``indexes``, ``index``, ``sourcetype``, ``source``, ``host``."""
        name = value or self.hec_token
        self.hec.tokens[name] = replace(self.hec.tokens[name], **changes)

    # What people do in Splunk

    def install(self, path: Path) -> App:
        """Install an app's folder or package."""
        return install(self.objects, path)

    def stored(self, conf: str, name: str, app: str = "tracehound") -> Stored:
        """A stanza of an app; ``KeyError`` where it is not there."""
        for one in self.objects.of(conf):
            if one.name == name and one.app == app:
                return one
        raise KeyError(f"{conf}/{name} in {app}")

    def saved_search(self, name: str, app: str = "tracehound") -> dict[str, str]:
        """The settings of a saved search as they are stored."""
        return self.stored("savedsearches", name, app).content

    def edit(self, conf: str, name: str, app: str = "tracehound", **values: str) -> None:
        """Somebody changes a stanza; what its app ships stays under it."""
        one = self.stored(conf, name, app)
        one.local = {**(one.local or {}), **values}

    def run_saved_search(self, name: str, now: float, app: str = "tracehound") -> Outcome:
        """A scheduled run at a time, enabled or not."""
        return self.alerts.run(self.stored("savedsearches", name, app), now)
