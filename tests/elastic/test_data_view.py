"""The data view of our events: what analysts add to it survives."""

from __future__ import annotations

import pytest
from elastic_push import part
from kibana_rules import reach
from kibana_stub import KibanaStub

from tracehound.config import Settings
from tracehound.deploy import apply, plan

deploy = part("boards_deploy")
VIEW = part("boards").VIEW


def test_runtime_fields_and_formats_survive(kibana: KibanaStub, monkeypatch: pytest.MonkeyPatch) -> None:
    there = reach(kibana)
    parts = deploy.parts(there, Settings())[:1]
    apply(plan(parts))
    held = kibana.saved["default"]["index-pattern", VIEW]["attributes"]
    held["runtimeFieldMap"] = {"team": {"type": "keyword"}}
    held["name"] = "Ours"
    (change,) = plan(parts)
    assert (change.action, change.kept) == ("unchanged", ("name",))
    done, _ = apply(plan(parts, overwrite=True), overwrite=True)
    assert [one.status for one in done] == ["done"]
    held = kibana.saved["default"]["index-pattern", VIEW]["attributes"]
    assert held["name"] == part("boards").VIEW_NAME
    assert held["runtimeFieldMap"] == {"team": {"type": "keyword"}}
    assert plan(parts)[0].action == "unchanged"
