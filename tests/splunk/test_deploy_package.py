"""The package that `build splunk` writes, and what REST makes of it; Splunk Cloud."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from splunk_deploy import (
    MACRO,
    MODELS,
    SEARCH,
    actions,
    deploy,
    name_of,
    planned,
    take_out,
    wanted,
)
from splunk_http import Request, Say
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import marks

from tracehound.config import Settings
from tracehound.rules import Rule, RuleSet
from tracehound.targets import target


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, ours: RuleSet) -> Path:
    """The app as `build splunk` writes it."""
    folder = tmp_path_factory.mktemp("built")
    for name, content in target("splunk").part("build")(Settings(), lambda _why: None):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "tracehound"


def test_over_an_installed_package_nothing_changes(package: Path, ours: RuleSet, splunk: SplunkStub) -> None:
    splunk.install(package)
    found = planned(splunk, ours.rules)
    assert set(actions(found)) == {"unchanged"}
    deploy(splunk, ours.rules)
    assert [one.name for one in splunk.objects.of("savedsearches") if one.local] == []
    assert len(splunk.objects.of("savedsearches")) == len(ours) + 2, "no search is there twice"


def test_a_package_is_updated_and_its_edits_stay(
    package: Path, ours: RuleSet, splunk: SplunkStub, newer: Callable[..., None]
) -> None:
    splunk.install(package)
    rules = [rule for rule in ours if rule.correlation is None and rule.baseline is None][:2]
    splunk.edit("savedsearches", name_of(rules[0]), cron_schedule="7 * * * *")
    newer(description="new")
    deploy(splunk, rules, complete=False)
    stored = splunk.stored("savedsearches", name_of(rules[0]))
    assert (stored.content["description"], stored.content["cron_schedule"]) == ("new", "7 * * * *")
    assert stored.local is not None
    assert set(stored.local) == {"description", "cron_schedule", marks.MARK}
    assert stored.default["description"] != "new", "the app's own file stays"
    splunk.install(package)  # an upgrade by file, to what it was
    change = next(one for one in planned(splunk, rules, complete=False) if one.key == name_of(rules[0]))
    assert (change.action, change.kept) == ("unchanged", ("cron_schedule",))


def test_what_came_by_file_goes_by_file(package: Path, ours: RuleSet, splunk: SplunkStub) -> None:
    splunk.install(package)
    name = name_of(ours.rules[0])
    splunk.edit("savedsearches", name, cron_schedule="7 * * * *")
    done, error = take_out(splunk, ours.rules)
    assert error is None
    assert {one.status for one in done} == {"kept"}
    assert all("take the app tracehound away" in one.reason for one in done)
    stored = splunk.stored("savedsearches", name)
    assert stored.local is None, "its edits are undone"
    splunk.objects.drop_app("tracehound")
    assert actions(planned(splunk, ours.rules), SEARCH) == {"create": len(ours) + 2}


def test_catalogues_that_came_as_files_stay_files(package: Path, few: list[Rule], splunk: SplunkStub) -> None:
    splunk.install(package)
    found = planned(splunk, few)
    assert actions(found, "lookup rows") == {}
    assert MODELS not in {one.key for one in found}
    assert splunk.stored("transforms", MODELS).content["filename"] == f"{MODELS}.csv"


def test_what_cloud_keeps_to_itself_is_left_out(
    package: Path, ours: RuleSet, splunk_with: Callable[..., SplunkStub]
) -> None:
    cloud = splunk_with(cloud=True)
    cloud.install(package)

    def closed(request: Request) -> Say | None:
        places = ("/apps/local", "/configs/conf-", "/storage/collections/config", "/data/transforms")
        return Say(404, {}) if any(place in request.path for place in places) else None

    cloud.rest_faults.plan = closed
    found = planned(cloud, ours.rules)
    assert {one.kind: one.action for one in found} == {
        MACRO: "left out", "collection": "left out", "lookup": "left out", "lookup rows": "create",
        SEARCH: "unchanged", "board": "unchanged",
    }  # fmt: skip
    assert "they come with the app's package" in next(one.reason for one in found if one.kind == MACRO)


def test_on_cloud_with_the_app(
    package: Path, ours: RuleSet, splunk_with: Callable[..., SplunkStub], newer: Callable[..., None]
) -> None:
    cloud = splunk_with(cloud=True)
    cloud.install(package)
    newer(description="new")
    deploy(cloud, ours.rules)
    assert {one.content["description"] for one in cloud.objects.of("savedsearches")} == {"new"}
    assert "Splunk Cloud" in wanted(cloud, ours.rules).notes[0]
