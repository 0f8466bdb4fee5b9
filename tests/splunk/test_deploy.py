"""Rules, macros, lookups and boards into a Splunk and out of it, and what people make of them there."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest
from commands import Run
from splunk_deploy import (
    KV,
    MODELS,
    SEARCH,
    actions,
    deploy,
    name_of,
    planned,
    rows_of,
    take_out,
    wanted,
    writes,
)
from splunk_http import Request, Say
from splunk_objects import App, Stored
from splunk_people import Role
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import doctor, marks
from tracehound.connectors.splunk.objects_rows import APPLIED

from tracehound.rules import Rule, RuleSet

# Into an empty Splunk


def test_everything_arrives_switched_off_and_only_once(ours: RuleSet, splunk: SplunkStub) -> None:
    done = deploy(splunk, ours.rules)
    assert {one.status for one in done} == {"done"}
    searches = splunk.objects.of("savedsearches")
    assert len(searches) == len(ours) + sum(rule.baseline is not None for rule in ours)
    assert {one.content["disabled"] for one in searches} == {"1"}
    assert {(one.app, one.owner, one.sharing) for one in searches} == {("tracehound", "nobody", "app")}
    assert {"macros", "transforms", "collections", "views"} <= set(splunk.objects.confs())
    count = len(writes(splunk))
    again = planned(splunk, ours.rules)
    assert set(actions(again)) == {"unchanged"}
    deploy(splunk, ours.rules)
    assert len(writes(splunk)) == count, "the second time nothing is written"


def test_the_app_is_made_where_it_is_not(few: list[Rule], splunk: SplunkStub) -> None:
    assert actions(planned(splunk, few), "app") == {"create": 1}
    deploy(splunk, few)
    assert splunk.objects.apps["tracehound"].write == ("admin",)
    assert actions(planned(splunk, few), "app") == {}


def test_a_namespace_without_an_app_is_not_found(few: list[Rule], splunk: SplunkStub) -> None:
    """Splunk answers 404 for all that is asked in an app that is not there."""
    said = {"messages": [{"type": "ERROR", "text": "Application does not exist: tracehound"}]}

    def missing(request: Request) -> Say | None:
        asked = request.path.startswith("/servicesNS/nobody/tracehound/")
        return Say(404, said) if asked and "tracehound" not in splunk.objects.apps else None

    splunk.rest_faults.plan = missing
    assert set(actions(planned(splunk, few))) == {"create"}
    deploy(splunk, few)
    assert set(actions(planned(splunk, few))) == {"unchanged"}


def test_on_cloud_the_app_comes_by_file(few: list[Rule], splunk_with: Callable[..., SplunkStub]) -> None:
    cloud = splunk_with(cloud=True)
    (only,) = planned(cloud, few)
    assert (only.action, only.kind) == ("left out", "app")
    assert "Splunk Cloud takes apps as files" in only.reason
    assert "build splunk" in only.reason
    assert deploy(cloud, few) == []
    assert "tracehound" not in cloud.objects.apps


def test_searches_run_as_they_are_scheduled(few: list[Rule], splunk: SplunkStub) -> None:
    """The stand-in takes each setting that is sent, and shows it as Splunk does."""
    deploy(splunk, few)
    stored = splunk.saved_search(name_of(few[0]))
    assert stored["enableSched"] == "1"
    assert stored["counttype"] == "number of events"
    assert marks.search_mark(stored[marks.MARK]) is not None


def test_enabled_when_asked_for(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few, enabled=True)
    assert {one.content["disabled"] for one in splunk.objects.of("savedsearches")} == {"0"}


def test_chosen_rules_bring_what_they_name(few: list[Rule], ours: RuleSet, splunk: SplunkStub) -> None:
    baseline = few[-1]
    deploy(splunk, [baseline], complete=False)
    assert {one.name for one in splunk.objects.of("savedsearches")} == {
        name_of(baseline), f"{name_of(baseline)} - keep",
    }  # fmt: skip
    assert {one.name for one in splunk.objects.of("macros")} == {"tracehound_index"}
    assert [one.name for one in splunk.objects.of("transforms")] == [
        one.name for one in splunk.objects.of("collections")
    ]
    deploy(splunk, ours.rules)
    done, error = take_out(splunk, [baseline], complete=False)
    assert error is None
    assert {one.change.kind for one in done} == {SEARCH}
    assert len(splunk.objects.of("macros")) > 1, "others need them"


def test_the_least_rights_that_doctor_prints(few: list[Rule], splunk: SplunkStub) -> None:
    splunk.objects.apps["tracehound"] = App("tracehound", write=("admin", "tracehound_deploy"))
    splunk.people.roles["tracehound_deploy"] = Role(set(doctor.CAPABILITIES), ["tracehound"], [])
    splunk.people.add("deployer", "tracehound_deploy", token="token-of-deployer")
    splunk.token = "token-of-deployer"
    assert {one.status for one in deploy(splunk, few)} == {"done"}
    done, error = take_out(splunk, few)
    assert error is None
    assert {one.status for one in done} == {"done"}


def test_another_app_owner_and_sharing(few: list[Rule], splunk: SplunkStub) -> None:
    splunk.people.add("soc", "admin")
    deploy(splunk, few, app="soc_content", sharing="global")
    searches = splunk.objects.of("savedsearches")
    assert {(one.app, one.owner, one.sharing) for one in searches} == {("soc_content", "nobody", "global")}
    assert {one.write for one in searches} == {("admin",)}
    assert set(actions(planned(splunk, few, app="soc_content", sharing="global"))) == {"unchanged"}


SHARED = [("nobody", "app"), ("nobody", "global"), ("soc", "app"), ("soc", "global"), ("soc", "user")]


@pytest.mark.parametrize(("owner", "sharing"), SHARED)
def test_owner_and_sharing(owner: str, sharing: str, few: list[Rule], splunk: SplunkStub) -> None:
    splunk.people.add("soc", "admin", token="token-of-soc")
    splunk.token = "token-of-soc"
    deploy(splunk, few, owner=owner, sharing=sharing)
    for conf in ("savedsearches", "macros", "transforms", "collections", "views"):
        assert {(one.owner, one.sharing) for one in splunk.objects.of(conf)} == {(owner, sharing)}, conf
    assert set(actions(planned(splunk, few, owner=owner, sharing=sharing))) == {"unchanged"}
    reader = owner if sharing == "user" else "nobody"
    assert len(splunk.kv.documents(("tracehound", reader, MODELS))) > 100
    done, error = take_out(splunk, few, owner=owner, sharing=sharing)
    assert error is None
    assert {one.status for one in done} == {"done"}
    assert splunk.objects.of("savedsearches") == []


def test_the_index_of_the_site_is_in_the_macro(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    assert splunk.stored("macros", "tracehound_index").content["definition"] == "index=tracehound"
    deploy(splunk, few, index="ai", indexes={"api_activity": "web"})
    assert splunk.stored("macros", "tracehound_index").content["definition"] == "(index=ai OR index=web)"


def test_what_is_said_of_the_splunk(few: list[Rule], splunk: SplunkStub) -> None:
    first, second = wanted(splunk, few).notes
    assert first.startswith("Splunk Enterprise 10.")
    assert second.startswith("the app TA-tracehound is not on this search head")
    stanza = {"KV_MODE": "json"}
    splunk.objects.put(
        Stored("props", "tracehound:ocsf:api_activity", "TA-tracehound", "nobody", "global", default=stanza)
    )
    assert len(wanted(splunk, few).notes) == 1
    found = wanted(splunk, few, index="nowhere").notes
    assert "there is no index nowhere" in found[-1]
    splunk.people.roles["admin"].capabilities -= {"schedule_search"}
    assert any("our user lacks schedule_search" in note for note in wanted(splunk, few).notes)


# What people did there


def test_edits_survive_an_update(few: list[Rule], splunk: SplunkStub, newer: Callable[..., None]) -> None:
    deploy(splunk, few)
    name = name_of(few[0])
    splunk.edit(
        "savedsearches", name, search="index=mine", cron_schedule="7 * * * *", disabled="0",
        **{"action.email": "1", "action.email.to": "soc@example.com", "alert.severity": "5"},
    )  # fmt: skip
    newer(description="new", cron_schedule="1 1 * * *")
    change = next(one for one in planned(splunk, few) if one.key == name)
    assert (change.action, set(change.fields)) == ("update", {"description"})
    assert set(change.kept) == {"search", "alert.severity"}
    assert change.conflicts == ("cron_schedule",)
    deploy(splunk, few)
    after = splunk.saved_search(name)
    assert (after["description"], after["search"], after["cron_schedule"]) == (
        "new",
        "index=mine",
        "7 * * * *",
    )
    assert (after["disabled"], after["action.email.to"]) == ("0", "soc@example.com")
    assert splunk.saved_search(name_of(few[1]))["cron_schedule"] == "1 1 * * *"
    assert actions(planned(splunk, few), SEARCH) == {"conflict": 1, "unchanged": len(few)}
    deploy(splunk, few, overwrite=True)
    after = splunk.saved_search(name)
    assert (after["cron_schedule"], after["disabled"], after["action.email"]) == ("1 1 * * *", "0", "1")
    assert after["search"] != "index=mine"


def test_a_site_s_macro_stays(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    splunk.edit("macros", "tracehound_index", definition="index=ai_*")
    change = next(one for one in planned(splunk, few) if one.key == "tracehound_index")
    assert (change.action, change.kept) == ("unchanged", ("definition",))
    deploy(splunk, few, index="another")
    assert splunk.stored("macros", "tracehound_index").content["definition"] == "index=ai_*"


def test_a_setting_that_goes_becomes_empty(
    few: list[Rule], splunk: SplunkStub, newer: Callable[..., None]
) -> None:
    newer(request__ui_dispatch_view="search")
    deploy(splunk, few)
    newer(request__ui_dispatch_view=None)
    deploy(splunk, few)
    assert splunk.saved_search(name_of(few[0]))["request.ui_dispatch_view"] == ""
    assert actions(planned(splunk, few), SEARCH) == {"unchanged": len(few) + 1}


def test_what_is_not_ours_stays_also_with_our_name(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few[2:])
    entry = splunk.stored("savedsearches", name_of(few[2]))
    for name in (name_of(few[0]), "Another"):
        made = {"search": "index=mine", "disabled": "0"}
        splunk.objects.put(type(entry)("savedsearches", name, "tracehound", "nobody", "app", local=made))
    assert actions(planned(splunk, few), SEARCH) == {"foreign": 1, "create": 1, "unchanged": 3}
    deploy(splunk, few)
    take_out(splunk, few)
    left = {one.name: one.content["search"] for one in splunk.objects.of("savedsearches")}
    assert left == {name_of(few[0]): "index=mine", "Another": "index=mine"}


def test_objects_of_other_apps_are_not_seen(few: list[Rule], splunk: SplunkStub) -> None:
    """An app that shares a search of our name, with our mark, with all: it is still not ours to write."""
    deploy(splunk, few, app="elsewhere", sharing="global")
    found = planned(splunk, few)
    assert actions(found, SEARCH) == {"create": len(few) + 1}
    deploy(splunk, few)
    apps = Counter(one.app for one in splunk.objects.of("savedsearches"))
    assert apps == {"elsewhere": len(few) + 1, "tracehound": len(few) + 1}
    take_out(splunk, few)
    assert {one.app for one in splunk.objects.of("savedsearches")} == {"elsewhere"}


def test_searches_that_left_the_pack_go_but_not_edited_ones(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    splunk.edit("savedsearches", name_of(few[1]), search="index=mine")
    found = planned(splunk, few[2:])
    assert actions(found, SEARCH) == {"unchanged": 3, "orphaned": 1, "conflict": 1}
    deploy(splunk, few[2:])
    left = {one.name for one in splunk.objects.of("savedsearches")}
    assert name_of(few[0]) not in left
    assert name_of(few[1]) in left


def test_the_lookup_of_a_baseline_goes_with_it(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    (seen,) = [one.name for one in splunk.objects.of("transforms") if one.name.startswith(marks.OWN)]
    splunk.kv.documents((*KV, seen))["x"] = {"_key": "x", "value": "learned"}
    deploy(splunk, few[:-1])
    assert seen not in {one.name for conf in ("transforms", "collections") for one in splunk.objects.of(conf)}


def test_deleted_by_hand_is_created_again(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    stored = splunk.stored("savedsearches", name_of(few[0]))
    splunk.objects.delete(stored, splunk.people.users["admin"])
    assert actions(planned(splunk, few), SEARCH) == {"create": 1, "unchanged": len(few)}


# Rows of catalogues


def test_rows_are_merged_one_by_one(few: list[Rule], splunk: SplunkStub) -> None:
    deploy(splunk, few)
    rows = rows_of(splunk, MODELS)
    assert len(rows) > 100
    first, second, *_ = sorted(rows)
    assert len(rows[first]["model"]) >= len(rows[second]["model"]), "what fits closest comes first"
    rows[first]["provider"] = "mine"
    del rows[second]
    rows["own"] = {"_key": "own", "model": "house-model*", "provider": "us"}
    (found,) = [one for one in planned(splunk, few) if (one.kind, one.key) == ("lookup rows", MODELS)]
    assert (found.action, set(found.kept)) == ("unchanged", {first, second})
    deploy(splunk, few)
    assert rows[first]["provider"] == "mine"
    assert second not in rows
    assert rows["own"]["provider"] == "us"
    done, error = take_out(splunk, few)
    assert error is None
    assert set(rows_of(splunk, MODELS)) == {"own"}
    kept = {one.change.key: one.reason for one in done if one.status == "kept"}
    assert kept == {MODELS: "it holds rows that are not ours, and stays with them"}


def test_rows_without_marks_are_taken_up(few: list[Rule], splunk: SplunkStub) -> None:
    """An earlier run was killed behind the first rows."""
    deploy(splunk, few)
    rows = rows_of(splunk, "tracehound_services")
    whole = json.dumps(rows, sort_keys=True)
    rows_of(splunk, APPLIED).clear()
    for key in sorted(rows)[10:]:
        del rows[key]
    assert actions(planned(splunk, few), "lookup rows") == {"update": 3}
    deploy(splunk, few)
    assert json.dumps(rows_of(splunk, "tracehound_services"), sort_keys=True) == whole


# The command line


@pytest.fixture
def place(splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> SplunkStub:
    """The Splunk that the environment names."""
    monkeypatch.setenv("TRACEHOUND_SPLUNK_URL", splunk.url)
    monkeypatch.setenv("TRACEHOUND_SPLUNK_TOKEN", splunk.token)
    monkeypatch.setenv("TRACEHOUND_SPLUNK_HEC_URL", splunk.hec_url)
    monkeypatch.setenv("TRACEHOUND_SPLUNK_HEC_TOKEN", splunk.hec_token)
    return splunk


def test_the_commands(tracehound: Run, place: SplunkStub, ours: RuleSet) -> None:
    found = tracehound("plan", "splunk", "--format", "ndjson")
    assert found.code == 0
    assert {line["action"] for line in found.lines} == {"create"}
    assert not writes(place)
    done = tracehound("apply", "splunk", "--yes")
    assert done.code == 0, done.err
    assert "saved search" in done.out
    again = tracehound("plan", "splunk")
    assert again.code == 0
    assert "unchanged" in again.err
    assert "create" not in again.err
    rule = next(rule for rule in ours if rule.correlation is None and rule.baseline is None)
    gone = tracehound("remove", "splunk", "--rule", rule.folder.name, "--yes")
    assert gone.code == 0, gone.err
    assert name_of(rule) not in {one.name for one in place.objects.of("savedsearches")}
    assert tracehound("remove", "splunk", "--yes").code == 0
    assert place.objects.of("savedsearches") == []


def test_without_an_address(tracehound: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEHOUND_SPLUNK_URL", raising=False)
    found = tracehound("plan", "splunk")
    assert found.code == 2 or found.code == 1
    assert "TRACEHOUND_SPLUNK_URL" in found.err
