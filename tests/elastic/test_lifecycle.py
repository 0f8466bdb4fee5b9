"""ILM and ISM, which the test servers lack: a stand-in before them checks the policies by their documentation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from elastic_push import Cluster, clean, part
from fault_proxy import FaultProxy
from lifecycle import LIFECYCLE, Lifecycle

from tracehound.errors import ConfigError

rollout, templates = part("rollout"), part("templates")
POLICY = {"elasticsearch": "/_ilm/policy/tracehound", "opensearch": "/_plugins/_ism/policies/tracehound"}
ENGINES = {"elasticsearch9": "elasticsearch", "opensearch": "opensearch"}


@pytest.fixture(params=ENGINES)
def managed(request: pytest.FixtureRequest) -> Iterator[tuple[Cluster, Lifecycle]]:
    """A cluster with lifecycle management."""
    life = Lifecycle(ENGINES[request.param])
    with clean(request.getfixturevalue(request.param)) as behind, FaultProxy(behind.settings.url[0]) as proxy:
        proxy.plan = life
        settings = behind.settings.model_copy(update={"url": [proxy.url]})
        client = part("client").elastic(settings)
        yield Cluster(client, settings, behind.server), life
        client.close()
    assert life.problems == []


def longer(cluster: Cluster, **changes: Any) -> Cluster:
    """The same, with other wishes for the lifecycle."""
    life = cluster.settings.lifecycle.model_copy(update=changes)
    return Cluster(cluster.client, cluster.settings.model_copy(update={"lifecycle": life}), cluster.server)


def test_a_policy_is_put_first_changed_and_taken_out(managed: tuple[Cluster, Lifecycle]) -> None:
    cluster, life = managed
    said = cluster.install()
    assert "policy tracehound: written" in said
    assert rollout.NO_LIFECYCLE not in said
    assert life.order[0] == POLICY[life.flavour], "an index that is made meanwhile has a policy to find"
    assert cluster.install() == []
    if life.flavour == "elasticsearch":
        held = cluster.ask("GET", LIFECYCLE)["component_templates"][0]["component_template"]["template"]
        assert held == {"settings": {"index": {"lifecycle": {"name": "tracehound"}}}}
    assert "30d" in str(life.policies)
    assert longer(cluster, delete_after="365d").install() == ["policy tracehound: written"]
    assert "365d" in str(life.policies)
    assert longer(cluster, delete_after=None).install() == ["policy tracehound: written"]
    assert "'delete'" not in str(life.policies)
    assert "policy tracehound: removed" in rollout.uninstall(cluster.client, cluster.settings, cluster.server)
    assert life.policies == {}


def test_an_edited_policy_stays(managed: tuple[Cluster, Lifecycle]) -> None:
    cluster, life = managed
    cluster.install()
    held = life.policies["tracehound"]["policy"]
    if life.flavour == "elasticsearch":
        held["phases"]["delete"]["min_age"] = "7d"
    else:
        held["states"][0]["transitions"][0]["conditions"]["min_rollover_age"] = "7d"
    wanted = templates.objects(cluster.settings, cluster.server)[0]
    assert rollout.state_of(cluster.client, cluster.settings, wanted).edited
    assert cluster.install() == []
    assert "7d" in str(life.policies)
    rollout.install(cluster.client, cluster.settings, cluster.server, only={"policy"})
    assert "'7d'" not in str(life.policies)


def test_somebody_elses_policy_is_not_touched(managed: tuple[Cluster, Lifecycle]) -> None:
    cluster, life = managed
    shown = {"policy": {"phases": {}, "states": [], "description": "ours for years"}}
    life.policies["tracehound"] = shown | {"_seq_no": 1, "_primary_term": 1}
    with pytest.raises(ConfigError, match="not Tracehound's"):
        cluster.install()
    rollout.uninstall(cluster.client, cluster.settings, cluster.server, data=True)
    assert life.policies["tracehound"]["policy"] == shown["policy"]
