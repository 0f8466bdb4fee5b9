"""What is deployed to Elastic: the templates of the events, the detection rules, the boards."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from tracehound.config import Settings
from tracehound.deploy import Absent, Deployment, Found, LeftOut, Mark, Part, Wanted, digest
from tracehound.rules import RuleSet

from . import rollout, rules, templates
from .client import Server, elastic, server_of
from .kibana import OLDEST, Kibana, kibana_of
from .settings import ElasticSettings
from .shadow import shadowing

KIND = "templates"


@dataclass(frozen=True, slots=True)
class Elastic:
    """A cluster, and the Kibana beside it where one is set."""

    settings: ElasticSettings
    app: Settings
    client: Elasticsearch
    server: Server
    kibana: Kibana | None


def connect(settings: ElasticSettings, app: Settings) -> Elastic:
    """Raises ``ConfigError`` and ``TargetError`` where it cannot be reached."""
    if settings.cloud_id and not settings.kibana_url:
        settings = settings.model_copy(update={"kibana_url": kibana_of(settings.cloud_id)})
    client = elastic(settings)
    try:
        server = server_of(client, settings)
        kibana = Kibana(settings) if settings.kibana_url and not server.opensearch else None
        if kibana is not None and kibana.version >= OLDEST:
            kibana.check_space()
    except BaseException:
        client.close()
        raise
    return Elastic(settings, app, client, server, kibana)


def deployment(
    settings: ElasticSettings, app: Settings, chosen: RuleSet, complete: bool, *, enabled: bool = False
) -> Deployment:
    """All that is wanted. ``complete``: ``chosen`` are all the rules; else nothing but them is deployed."""
    there = connect(settings, app)
    parts = [events_part(there)] if complete else []
    lacking = _lacking(there)
    if there.kibana is None or lacking:
        everything = LeftOut("rule", "*", f"{len(chosen)} rules, and the boards", lacking)
        return Deployment([*parts, Part(Absent("rule"), left_out=[everything])], [str(there.server)])
    parts += rules.parts(there.kibana, chosen, app, complete, enabled)
    if complete and importlib.util.find_spec(f"{__package__}.boards") is not None:
        parts += importlib.import_module(f"{__package__}.boards").parts(there)
    return Deployment(parts, [str(there.server), _words(there.kibana)])


def _lacking(there: Elastic) -> str:
    """Why Kibana's objects cannot be had; empty: they can."""
    if there.server.opensearch:
        return "OpenSearch: events, templates and queries only; its alerting objects and boards come later"
    if there.kibana is None:
        return "no Kibana address: set TRACEHOUND_ELASTIC_KIBANA_URL or targets.elastic.kibana_url"
    if there.kibana.version < OLDEST:
        return f"Kibana {_dotted(there.kibana.version)}: at least {_dotted(OLDEST)} is needed"
    return ""


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def _words(kibana: Kibana) -> str:
    held = kibana.license or "unknown"
    without = "" if kibana.suppresses else "; without alert suppression (Platinum and above)"
    return f"Kibana {_dotted(kibana.version)}, space {kibana.space}, licence {held}{without}"


def events_part(there: Elastic) -> Part:
    """The templates as one object, since a change of one is rolled out with the others."""
    managed = rollout.has_lifecycle(there.client, there.settings, there.server)
    wanted = templates.objects(there.settings, there.server, managed)
    notes = () if managed or there.server.flavour == "serverless" else (rollout.NO_LIFECYCLE,)
    if wrong := shadowing(there.client, there.settings):
        notes = (wrong, *notes)
    body = {rollout.field_of(one): rollout.hash_in(one, one.body) for one in wanted}
    title = f"index template of {templates.PATTERN} with its components"
    one = Wanted(KIND, templates.NAME, title, body, notes=notes)
    return Part(Templates(there, wanted), [one], ordered=True)


class Templates:
    """The templates, as ``rollout`` installs them."""

    kind = KIND

    def __init__(self, there: Elastic, wanted: Sequence[templates.TemplateObject]) -> None:
        self._there, self._wanted = there, wanted

    def find(self, keys: Sequence[str]) -> list[Found]:
        """One, or none where nothing of it is there."""
        found = self.get(templates.NAME)
        return [] if found is None else [found]

    def get(self, key: str) -> Found | None:
        """The hashes that are there, and which were edited; not ours where one of them is somebody else's."""
        hashes: dict[str, str] = {}
        body: dict[str, str] = {}
        foreign = False
        for one in self._wanted:
            state = rollout.state_of(self._there.client, self._there.settings, one)
            foreign = foreign or (state.found is not None and not state.ours)
            if state.hash is not None:
                hashes[name := rollout.field_of(one)] = state.hash
                body[name] = f"edited {state.hash}" if state.edited else state.hash
        if not hashes and not foreign:
            return None
        mark = None if foreign else Mark(1, {name: digest(one) for name, one in hashes.items()})
        return Found(KIND, key, templates.NAME, body, mark)

    def create(self, wanted: Wanted, mark: Mark) -> None:
        """Put them."""
        rollout.install(self._there.client, self._there.settings, self._there.server)

    def update(
        self, wanted: Wanted, found: Found, fields: Mapping[str, Any], dropped: Sequence[str], mark: Mark
    ) -> None:
        """Put what differs, but nothing that was edited; data streams with another mapping are rolled over."""
        rollout.install(self._there.client, self._there.settings, self._there.server, only=set(fields))

    def remove(self, found: Found) -> str:
        """Without the events: while there are any, the templates stay with them."""
        client, settings = self._there.client, self._there.settings
        if streams := rollout.data_streams(client, settings):
            return f"{len(streams)} data stream(s) hold events: the templates stay with them"
        rollout.uninstall(client, settings, self._there.server)
        return ""
