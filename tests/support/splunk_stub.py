"""A Splunk of its own for tests: HTTP Event Collector, management port, searches by our SPL evaluator.

**It was written from Splunk's documentation; it is not Splunk**, and was never compared with one. Each module says
which pages it follows, and where it follows what people measured because the pages are silent.

    with SplunkStub() as splunk:
        splunk.hec_url, splunk.hec_token, splunk.url, splunk.token
        splunk.settings(in_flight=2)                 # SplunkSettings with the secrets
        splunk.events("tracehound")                  # what was indexed, oldest arrival first; duplicates stay
        splunk.faults.busy(3, retry_after=1)         # what goes wrong next at the collector (HecFaults)
        splunk.hec.requests                          # the collector's log
        splunk.disable_token(); splunk.enable_token()
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from splunk_hec import Hec, HecFaults
from splunk_hec_events import Token
from splunk_http import Listener, Request
from splunk_index import Indexed, Indexes

from tracehound.secrets import Secret
from tracehound.targets import model_of, target

HEC_TOKEN = "0c0ffee0-1111-4222-8333-444455556666"
ACK_TOKEN = "0acc0acc-1111-4222-8333-444455556666"
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
    ) -> None:
        self.indexes = Indexes(tuple(indexes))
        allowed = tuple(self.indexes.names)
        tokens = (Token(HEC_TOKEN, indexes=allowed), Token(ACK_TOKEN, ack=True, indexes=allowed))
        self.hec = Hec(self.indexes, tokens, cloud)
        self.hec_token = ACK_TOKEN if acks else HEC_TOKEN
        self._hec_listener = Listener(self.hec, certificate)
        self.hec_url = self._hec_listener.url

    def __enter__(self) -> SplunkStub:
        self._hec_listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._hec_listener.stop()

    @property
    def faults(self) -> HecFaults:
        """What goes wrong at the collector."""
        return self.hec.faults

    @property
    def requests(self) -> list[Request]:
        """The collector's requests."""
        return self.hec.requests

    def settings(self, **more: Any) -> Any:
        """SplunkSettings that reach this server, with its secrets."""
        model = model_of(target("splunk"))
        made = model(**{"hec_url": self.hec_url, **more})
        return made.with_secrets(hec_token=Secret(self.hec_token))

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
