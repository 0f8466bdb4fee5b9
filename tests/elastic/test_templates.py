"""Templates on real servers: put once, changed by rollover, taken back, and never over somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from elastic_push import Cluster, clean, day, part
from engines import Server
from fault_proxy import FaultProxy, Request, Reset

from tracehound.config import Settings
from tracehound.delivery import TransportError
from tracehound.deploy import Change, apply, plan
from tracehound.errors import ConfigError, TargetError
from tracehound.schema import fields

templates, rollout, push = part("templates"), part("rollout"), part("push")


@pytest.fixture(params=["elasticsearch8", "elasticsearch9", "opensearch"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with clean(request.getfixturevalue(request.param)) as found:
        yield found


def send(cluster: Cluster, events: Any) -> None:
    sender = push.ElasticSender(cluster.client, cluster.settings, cluster.server)
    answer = sender.transport.send(list(sender.documents(events)))
    assert (list(answer.rejected), list(answer.retry)) == ([], [])


def test_put_once_and_taken_out(cluster: Cluster) -> None:
    first = cluster.install()
    assert any("template logs-tracehound: written" in line for line in first)
    assert [line for line in cluster.install() if line != rollout.NO_LIFECYCLE] == []
    send(cluster, day(50))
    assert "hold events" in rollout.uninstall(cluster.client, cluster.settings, cluster.server)[0]
    assert rollout.uninstall(cluster.client, cluster.settings, cluster.server, data=True)
    assert cluster.ids() == []
    assert templates.mapping_in_use(cluster.client, cluster.settings) is None


def test_every_field_is_mapped_and_found(cluster: Cluster) -> None:
    cluster.install()
    send(cluster, day(200))
    streams = rollout.data_streams(cluster.client, cluster.settings)
    assert "logs-tracehound.api_activity-default" in streams
    found = cluster.ask("GET", f"/{streams['logs-tracehound.api_activity-default']}/_mapping")
    (mapping,) = (one["mappings"] for one in found.values())
    for path in (*fields(), *part("ecs").published()):
        node = mapping
        for step in path.split("."):
            node = node["properties"][step]
        assert "type" in node, path
    cluster.ids()
    hits = cluster.ask("POST", "/logs-tracehound.*/_search", {"query": {"exists": {"field": "related.user"}}})
    assert hits["hits"]["hits"]


def test_a_changed_mapping_is_rolled_out_and_taken_back(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.install()
    send(cluster, day(50))
    streams = rollout.data_streams(cluster.client, cluster.settings)
    before = templates.mapping_in_use(cluster.client, cluster.settings)
    own = templates.own_fields()
    monkeypatch.setattr(templates, "own_fields", lambda: {**own, "labels.team": "keyword"})
    said = cluster.install()
    after = templates.mapping_in_use(cluster.client, cluster.settings)
    assert before != after
    assert sum("rolled over" in line for line in said) == len(streams)
    assert [line for line in cluster.install() if line != rollout.NO_LIFECYCLE] == []
    assert _write_mappings(cluster) == {after}
    said = rollout.rollback(cluster.client, cluster.settings)
    assert templates.mapping_in_use(cluster.client, cluster.settings) == before
    assert _write_mappings(cluster) == {before}
    assert [line for line in cluster.install() if line != rollout.NO_LIFECYCLE] == [], "it stays so"
    assert events_change(cluster).conflicts == ("template",)
    done, _ = apply([events_change(cluster, overwrite=True)], overwrite=True)
    assert [one.status for one in done] == ["done"]
    assert _write_mappings(cluster) == {after}
    assert rollout.rollback(cluster.client, cluster.settings)
    assert rollout.rollback(cluster.client, cluster.settings)
    assert templates.mapping_in_use(cluster.client, cluster.settings) == after
    assert set(cluster.ids()) == {event["metadata"]["uid"] for event in day(50)}


def _write_mappings(cluster: Cluster) -> set[str]:
    found = set()
    for index in rollout.data_streams(cluster.client, cluster.settings).values():
        (mapping,) = cluster.ask("GET", f"/{index}/_mapping").values()
        found.add(mapping["mappings"]["_meta"]["hash"])
    return found


def events_change(cluster: Cluster, **more: Any) -> Change:
    """What ``plan`` says of the templates."""
    deploy = part("deploy")
    there = deploy.Elastic(cluster.settings, Settings(), cluster.client, cluster.server, None)
    (change,) = plan([deploy.events_part(there)], **more)
    return change


def longer(component: Any) -> None:
    component["template"]["mappings"]["properties"]["team"] = {"type": "keyword"}


def slower(component: Any) -> None:
    component["template"].setdefault("settings", {}).setdefault("index", {})["refresh_interval"] = "30s"


def other_type(component: Any) -> None:
    component["template"]["mappings"]["properties"]["message"] = {"type": "keyword"}


EDITS: dict[str, tuple[str, Any]] = {
    "a setting more": ("settings", slower),
    "a setting in the empty one": ("lifecycle", slower),
    "a field more": ("mappings", longer),
    "a field of another type": ("mappings", other_type),
    "a priority": ("template", lambda template: template.update(priority=300)),
    "a component more": (
        "template",
        lambda template: template["composed_of"].insert(0, "logs-tracehound@settings"),
    ),
}


def edit(cluster: Cluster, name: str) -> str:
    """Somebody edits an object and leaves its ``_meta``; gives the field's name."""
    field, change = EDITS[name]
    (one,) = [
        one
        for one in templates.objects(cluster.settings, cluster.server, False)
        if rollout.field_of(one) == field
    ]
    found = rollout.state_of(cluster.client, cluster.settings, one).found
    kept = {k: v for k, v in found.items() if not k.startswith(("created_date", "modified_date"))}
    change(kept)
    cluster.ask("PUT", one.path, kept)
    return field


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_by_hand_is_seen_and_stays(
    name: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.install()
    assert (events_change(cluster).action, events_change(cluster).kept) == ("unchanged", ())
    field = edit(cluster, name)
    change = events_change(cluster)
    assert (change.action, change.kept) == ("unchanged", (field,))
    cluster.install()
    assert events_change(cluster).kept == (field,), "push --setup leaves it too"
    if field == "template":
        own = templates.own_fields()
        monkeypatch.setattr(templates, "own_fields", lambda: {**own, "labels.team": "keyword"})
        assert events_change(cluster).conflicts == ("template",), "an older version that was edited is seen"
        apply([events_change(cluster)])
        assert events_change(cluster).conflicts == ("template",)
    done, _ = apply([events_change(cluster, overwrite=True)], overwrite=True)
    assert [one.status for one in done] == ["done"]
    assert (events_change(cluster).action, events_change(cluster).kept) == ("unchanged", ())


@pytest.fixture
def one(elasticsearch9: Server) -> Iterator[Cluster]:
    with clean(elasticsearch9) as found:
        yield found


def test_interrupted_at_any_request_and_repeated(one: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """First put, then an upgrade, each cut off at every request in turn: the next run completes it."""
    client = part("client")
    own = templates.own_fields()
    with FaultProxy(one.settings.url[0]) as proxy:
        settings = one.settings.model_copy(update={"url": [proxy.url]})
        through = Cluster(client.elastic(settings), settings, one.server)

        writes: list[str] = []

        def cut(request: Request) -> Any:
            """One writing request a run gets through; of the next, every second one loses its answer only."""
            if request.method == "GET":
                return None
            writes.append(request.path)
            return Reset(after=len(writes) % 4 == 0) if len(writes) % 2 == 0 else None

        def until_done() -> int:
            for tries in range(40):
                try:
                    through.install()
                except TargetError:
                    writes.extend([""] * (len(writes) % 2))
                else:
                    return tries
            raise AssertionError("it never ends")

        proxy.plan = cut
        assert until_done() >= 2
        assert events_change(one).action == "unchanged"
        send(one, day(40))
        before = templates.mapping_in_use(one.client, one.settings)
        monkeypatch.setattr(templates, "own_fields", lambda: {**own, "labels.team": "keyword"})
        assert until_done() >= 2
        through.client.close()
    assert events_change(one).action == "unchanged"
    assert _write_mappings(one) == {templates.mapping_in_use(one.client, one.settings)} != {before}
    rollout.rollback(one.client, one.settings)
    assert _write_mappings(one) == {before}, "what was before is still known"
    assert set(one.ids()) == {event["metadata"]["uid"] for event in day(40)}


def test_there_is_nothing_before_the_first(cluster: Cluster) -> None:
    cluster.install()
    with pytest.raises(ConfigError, match="no mapping before"):
        rollout.rollback(cluster.client, cluster.settings)


def test_what_is_not_ours_is_not_touched(cluster: Cluster) -> None:
    foreign = {"template": {"settings": {"index": {"number_of_shards": 3}}}}
    path = "/_component_template/logs-tracehound@settings"
    cluster.ask("PUT", path, foreign)
    try:
        with pytest.raises(ConfigError, match="not Tracehound's"):
            cluster.install()
        rollout.uninstall(cluster.client, cluster.settings, cluster.server, data=True)
        assert cluster.ask("GET", path) is not None
    finally:
        cluster.ask("DELETE", path)


def test_it_goes_before_the_built_in_template_of_logs(cluster: Cluster) -> None:
    built_in = {"index_patterns": ["logs-*-*"], "data_stream": {}, "priority": 100}
    cluster.ask("PUT", "/_index_template/stand-in-for-logs", built_in)
    try:
        cluster.install()
        send(cluster, day(20))
        assert _write_mappings(cluster) == {templates.mapping_in_use(cluster.client, cluster.settings)}
    finally:
        rollout.uninstall(cluster.client, cluster.settings, cluster.server, data=True)
        cluster.ask("DELETE", "/_index_template/stand-in-for-logs")


FOREIGN: dict[str, tuple[dict[str, Any], bool]] = {
    "before ours": ({"index_patterns": ["logs-*"], "priority": 500}, True),
    "one class of ours": ({"index_patterns": ["logs-tracehound.api_activity-*"], "priority": 251}, True),
    "behind ours": ({"index_patterns": ["logs-*"], "priority": 200}, False),
    "another place": ({"index_patterns": ["logs-nginx-*"], "priority": 500}, False),
    "another namespace": ({"index_patterns": ["logs-*-staging"], "priority": 500}, False),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_template_that_goes_before_ours_is_said(name: str, cluster: Cluster) -> None:
    template, wrong = FOREIGN[name]
    cluster.install()
    cluster.ask("PUT", "/_index_template/stand-in-for-theirs", {**template, "data_stream": {}})
    said: list[str] = []
    try:
        wanted = events_change(cluster).wanted
        assert wanted is not None
        assert any("stand-in-for-theirs (priority" in note for note in wanted.notes) == wrong
        if wrong:
            with pytest.raises(ConfigError, match=r"stand-in-for-theirs .*lower its priority"):
                push.open_sender(cluster.settings, False, said.append)
        else:
            push.open_sender(cluster.settings, False, said.append).close()
    finally:
        cluster.ask("DELETE", "/_index_template/stand-in-for-theirs")


def test_an_index_in_the_place_of_a_data_stream_is_said(cluster: Cluster) -> None:
    """OpenSearch makes one by itself where somebody sends before there is a template."""
    event = next(one for one in day() if one["class_uid"] == 6003)
    place = "/logs-tracehound.api_activity-default"
    cluster.ask("PUT", place, {})
    try:
        cluster.install()
        wanted = events_change(cluster).wanted
        assert wanted is not None
        assert any("is an index, where a data stream has to be" in note for note in wanted.notes)
        with pytest.raises(ConfigError, match="is an index"):
            push.open_sender(cluster.settings, False, print)
        if not cluster.server.opensearch:
            sender = push.ElasticSender(cluster.client, cluster.settings, cluster.server)
            with pytest.raises(TransportError) as caught:
                sender.transport.send(list(sender.documents([event])))
            assert isinstance(caught.value.error, ConfigError)
            assert not caught.value.retry
    finally:
        cluster.ask("DELETE", place)


def test_a_template_with_our_mapping_in_it_is_welcome(cluster: Cluster) -> None:
    cluster.install()
    parts = templates.template_in_use(cluster.client, cluster.settings)["composed_of"]
    parts = [name for name in parts if name != "logs-tracehound@custom"]
    theirs = {
        "index_patterns": ["logs-tracehound.*"],
        "priority": 500,
        "data_stream": {},
        "composed_of": parts,
    }
    cluster.ask("PUT", "/_index_template/stand-in-for-theirs", theirs)
    try:
        assert part("shadow").shadowing(cluster.client, cluster.settings) == ""
    finally:
        cluster.ask("DELETE", "/_index_template/stand-in-for-theirs")


def test_a_long_value_in_what_is_unmapped(cluster: Cluster) -> None:
    cluster.install()
    event = dict(day(1)[0])
    event["unmapped"] = {"a": {"b": "x" * 40_000, "c.d": [1, "x", {"e": None}]}}
    send(cluster, [event])
    assert cluster.ids() == [event["metadata"]["uid"]]


def server(flavour: str) -> Any:
    return part("client").Server(flavour, (9, 5, 3), "c")


def objects(flavour: str, **settings: Any) -> dict[str, Any]:
    made = part("settings").ElasticSettings(url="http://h", **settings)
    return {one.path: one.body for one in templates.objects(made, server(flavour))}


def test_lifecycle_by_server() -> None:
    life = {"delete_after": "7d", "rollover_age": "1d"}
    found = objects("elasticsearch", lifecycle=life)
    phases = found["/_ilm/policy/tracehound"]["policy"]["phases"]
    assert phases["hot"]["actions"]["rollover"]["max_age"] == "1d"
    assert phases["delete"]["min_age"] == "7d"
    named = found["/_component_template/logs-tracehound@lifecycle"]["template"]
    assert named == {"settings": {"index": {"lifecycle": {"name": "tracehound"}}}}
    found = objects("opensearch", lifecycle=life)
    policy = found["/_plugins/_ism/policies/tracehound"]["policy"]
    assert [state["name"] for state in policy["states"]] == ["hot", "delete"]
    assert policy["ism_template"][0]["index_patterns"] == [templates.PATTERN], (
        "ISM looks by the stream's name"
    )
    found = objects("serverless", lifecycle=life)
    assert not any("_ilm" in path or "_ism" in path for path in found)
    named = found["/_component_template/logs-tracehound@lifecycle"]["template"]
    assert named == {"lifecycle": {"data_retention": "7d"}}
    never = objects("elasticsearch", lifecycle={"delete_after": None})
    assert "delete" not in never["/_ilm/policy/tracehound"]["policy"]["phases"]


def test_events_are_given_back_as_they_were_sent(cluster: Cluster) -> None:
    cluster.install()
    events = day(60)
    send(cluster, events)
    cluster.ids()
    found = cluster.ask("POST", "/logs-tracehound.*/_search", {"size": 100})["hits"]["hits"]
    encoder = part("events").Encoder()
    assert {hit["_id"]: hit["_source"] for hit in found} == {
        event["metadata"]["uid"]: orjson.loads(encoder.document(event).body) for event in events
    }
    if not cluster.server.opensearch:
        held = cluster.ask("GET", "/logs-tracehound.*/_settings/index.mode?flat_settings=true")
        assert {one["settings"].get("index.mode") for one in held.values()} == {"standard"}


def test_unmapped_by_server() -> None:
    assert templates.mapping(server("elasticsearch"))["properties"]["unmapped"]["type"] == "flattened"
    assert templates.mapping(server("opensearch"))["properties"]["unmapped"] == {
        "type": "object",
        "enabled": False,
    }
