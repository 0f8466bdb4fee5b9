"""Our rules into a stub of Kibana: what tests of deploying share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kibana_stub import KEY, KibanaStub
from tracehound.connectors.elastic import rules as elastic_rules
from tracehound.connectors.elastic.kibana import Kibana
from tracehound.connectors.elastic.settings import ElasticSettings

from tracehound.config import Settings
from tracehound.deploy import Done, Part, apply, plan
from tracehound.rules import Rule, RuleSet
from tracehound.secrets import Secret


def reach(stub: KibanaStub, space: str = "default", key: str = KEY) -> Kibana:
    """Our side of it; it does not wait long."""
    settings = ElasticSettings(url="http://127.0.0.1:1", kibana_url=stub.url, kibana_space=space)
    return Kibana(settings.with_secrets(api_key=Secret(key)), first_wait=0.005)


def parts_for(
    stub: KibanaStub, rules: Sequence[Rule], settings: Settings | None = None, **more: Any
) -> list[Part]:
    """The rules as they are wanted there."""
    complete = more.pop("complete", True)
    return elastic_rules.parts(reach(stub, **more), RuleSet(tuple(rules)), settings or Settings(), complete)


def deploy(stub: KibanaStub, rules: Sequence[Rule], **more: Any) -> list[Done]:
    """Plan and apply."""
    done, error = apply(plan(parts_for(stub, rules, **more)))
    assert error is None
    return done
