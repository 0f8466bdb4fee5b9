"""Rules, macros, lookups and boards into a Splunk and out of it, with everything that goes wrong on the way."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from commands import EXE, Run
from splunk_deploy import actions, deploy, planned, take_out, wanted
from splunk_http import Request, Say
from splunk_objects import App
from splunk_people import Role
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import deploy as splunk_deploying
from tracehound.connectors.splunk import doctor, marks
from tracehound.connectors.splunk import searches as made_searches
from tracehound.connectors.splunk.objects_rows import APPLIED

from tracehound.compiler.conf import stanza_name
from tracehound.config import Settings
from tracehound.deploy import Mark, apply
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule, RuleSet, filled_fields, load_rules
from tracehound.targets import target

SEARCH, MACRO = "saved search", "macro"
PATH = "/servicesNS/nobody/tracehound/saved/searches"
KV = ("tracehound", "nobody")
MODELS = "tracehound_models"


@pytest.fixture(scope="session")
def ours() -> RuleSet:
    """Our rules."""
    return load_rules(filled=filled_fields())


@pytest.fixture(autouse=True, scope="module")
def once() -> Iterator[None]:
    """What a site may set is compiled once for all these tests."""
    with pytest.MonkeyPatch.context() as patch:
        made = splunk_deploying.settable
        kept: dict[str, Any] = {}

        def settable(app: Settings) -> Any:
            if repr(app) not in kept:
                kept[repr(app)] = made(app)
            return kept[repr(app)]

        patch.setattr(splunk_deploying, "settable", settable)
        yield


@pytest.fixture
def few(ours: RuleSet) -> list[Rule]:
    """Two of single events, a correlation, a baseline (which has two searches)."""
    single = [rule for rule in ours if rule.correlation is None and rule.baseline is None]
    return [
        *single[:2],
        next(rule for rule in ours if rule.correlation),
        next(rule for rule in ours if rule.baseline),
    ]


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The next version of the pack gives every search these settings; None takes one away."""
    made = made_searches.stanzas

    def change(**changes: Any) -> None:
        def changed(*args: Any, **more: Any) -> list[tuple[str, dict[str, str]]]:
            found = []
            for name, settings in made(*args, **more):
                both = {**settings, **{key.replace("__", "."): value for key, value in changes.items()}}
                found.append((name, {key: value for key, value in both.items() if value is not None}))
            return found

        monkeypatch.setattr(made_searches, "stanzas", changed)

    return change


def writes(splunk: SplunkStub) -> list[Request]:
    return [r for r in splunk.rest_requests if r.method != "GET" and "/search/" not in r.path]


def name_of(rule: Rule) -> str:
    return stanza_name(rule)


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
    (note,) = wanted(splunk, few).notes
    assert note.startswith("Splunk Enterprise 10.")
    found = wanted(splunk, few, index="nowhere").notes
    assert "there is no index nowhere" in found[-1]


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


def rows_of(splunk: SplunkStub, name: str) -> dict[str, dict[str, Any]]:
    return splunk.kv.documents((*KV, name))


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


# What goes wrong


def test_an_edit_between_plan_and_apply_is_noticed(
    few: list[Rule], splunk: SplunkStub, newer: Callable[..., None]
) -> None:
    deploy(splunk, few)
    newer(search="index=ours", description="new")
    changes = planned(splunk, few)
    splunk.edit("savedsearches", name_of(few[0]), search="index=mine")
    done, error = apply(changes)
    assert error is None
    assert Counter(one.reason for one in done) == {"": len(few), "changed since the plan": 1}
    after = splunk.saved_search(name_of(few[0]))
    assert (after["search"], after["description"]) == ("index=mine", "new")


def test_created_by_another_in_the_meantime(few: list[Rule], splunk: SplunkStub) -> None:
    changes = planned(splunk, few)
    deploy(splunk, few)
    done, error = apply(changes)
    assert error is None
    assert {one.status for one in done} == {"done"}


def posts(name: str = "") -> Callable[[Request], bool]:
    return lambda request: (
        request.method == "POST" and request.path == PATH and (not name or request.form["name"] == [name])
    )


def test_an_answer_that_is_lost_makes_nothing_twice(few: list[Rule], splunk: SplunkStub) -> None:
    splunk.rest_faults.reset(after=True, times=2, path=PATH)
    splunk.rest_faults.half(path="/configs/conf-macros")
    done = deploy(splunk, few)
    assert {one.status for one in done} == {"done"}
    assert set(actions(planned(splunk, few))) == {"unchanged"}


def test_a_busy_splunk_is_waited_for(few: list[Rule], splunk: SplunkStub) -> None:
    splunk.rest_faults.add(Say(503, {}, {"retry-after": "0"}), times=3, fits=posts())
    assert {one.status for one in deploy(splunk, few)} == {"done"}
    assert len(splunk.rest_faults.applied) == 3


def test_one_that_is_refused_keeps_no_other(few: list[Rule], splunk: SplunkStub) -> None:
    said = {"messages": [{"type": "ERROR", "text": "no such thing"}]}
    splunk.rest_faults.add(Say(400, said), fits=posts(name_of(few[1])))
    done = deploy(splunk, few)
    failed = [one for one in done if one.status == "failed"]
    assert [one.change.key for one in failed] == [name_of(few[1])]
    assert "400 no such thing" in failed[0].reason
    assert actions(planned(splunk, few)) == {"create": 1, "unchanged": len(done) - 2}


def test_a_missing_right_in_the_middle_stops_and_says_so(ours: RuleSet, splunk: SplunkStub) -> None:
    changes = planned(splunk, ours.rules)

    def refuse(request: Request) -> Say | None:
        there = len(splunk.objects.of("savedsearches"))
        said = {"messages": [{"type": "ERROR", "text": "may not write"}]}
        return Say(403, said) if there >= 10 and request.method == "POST" else None

    splunk.rest_faults.plan = refuse
    done, error = apply(changes)
    assert isinstance(error, ConfigError)
    assert "403 may not write" in str(error)
    assert "doctor splunk" in str(error)
    statuses = Counter(one.status for one in done)
    assert statuses["not tried"] > 50
    splunk.rest_faults.plan = lambda _request: None
    deploy(splunk, ours.rules)
    assert set(actions(planned(splunk, ours.rules))) == {"unchanged"}


def test_a_token_that_expires_stops_and_hides_it(few: list[Rule], splunk: SplunkStub) -> None:
    changes = planned(splunk, few)
    token = splunk.token
    splunk.people.tokens.clear()
    done, error = apply(changes)
    assert {one.status for one in done} == {"failed", "not tried"}
    assert "is the token or password right, and not expired?" in str(error)
    assert token not in str(error)


def test_down_for_good(few: list[Rule], splunk: SplunkStub, quick: None) -> None:
    splunk.rest_faults.down = True
    with pytest.raises(TargetError, match=r"no answer: .*6 times; try again later"):
        planned(splunk, few)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between tries."""
    monkeypatch.setattr("tracehound.connectors.splunk.rest.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize("many", [1, 30, 82])
def test_killed_in_the_middle_and_run_again(
    many: int, ours: RuleSet, splunk: SplunkStub, tmp_path: Path
) -> None:
    """Mark and object are one request: what is there is whole, whenever the process ends."""
    killed: list[subprocess.Popen[bytes]] = []

    def kill(request: Request) -> None:
        if killed and len(splunk.objects.of("savedsearches")) >= many:
            killed[0].kill()

    splunk.rest_faults.plan = kill
    call = [str(EXE), "apply", "splunk", "--yes", "--format", "ndjson"]
    environ = {**os.environ, "TRACEHOUND_SPLUNK_URL": splunk.url, "TRACEHOUND_SPLUNK_TOKEN": splunk.token}
    killed.append(subprocess.Popen(call, cwd=tmp_path, env=environ, stdout=subprocess.DEVNULL))
    killed[0].wait(60)
    assert killed[0].returncode == -9
    splunk.rest_faults.plan = lambda _request: None
    time.sleep(0.1)  # what was on its way
    found = planned(splunk, ours.rules)
    assert set(actions(found)) <= {"unchanged", "create", "update"}
    assert actions(found, SEARCH)["unchanged"] >= many
    deploy(splunk, ours.rules)
    assert set(actions(planned(splunk, ours.rules))) == {"unchanged"}


# Marks


def test_marks_go_through_text() -> None:
    mark = marks.new_mark({"search": "a", "alert.suppress.fields": "x", "empty": ""}, 7)
    assert marks.search_mark(marks.search_text(mark)) == mark
    assert set(mark.digests) == {"search", "alert.suppress.fields"}
    mark = marks.new_mark({"definition": "index=a", "description": "What it is."}, 1)
    assert marks.mark_in(marks.signed("What it is.", mark)) == mark
    assert marks.unsigned(marks.signed("What it is.", mark)) == "What it is."


VIEWS = [
    ("a description", "<dashboard><label>A</label><description>B &amp; C</description><row/></dashboard>"),
    ("none", '<dashboard version="2">\n  <label>A</label>\n  <row/>\n</dashboard>'),
    ("an empty one", "<form><label>A</label><description/><row/></form>"),
    ("no label", "<dashboard><row/></dashboard>"),
]


@pytest.mark.parametrize("xml", [row[1] for row in VIEWS], ids=[row[0] for row in VIEWS])
def test_views_are_signed_and_stay_the_same(xml: str) -> None:
    signed = marks.signed_view(xml, 3)
    mark = marks.view_mark(signed)
    assert mark is not None
    assert mark.version == 3
    assert marks.view_body(signed) == marks.view_body(xml)
    assert marks.signed_view(signed, 3) == signed
    assert marks.view_mark(xml) is None


SAME = [
    ("truth", True, "1"),
    ("truth as text", "True", "1"),
    ("a number", 5, "5"),
    ("line ends", "a \r\nb ", "a\nb"),
    ("nothing", None, ""),
]


@pytest.mark.parametrize(("value", "text"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_values_in_one_form(value: object, text: str) -> None:
    assert marks.text_of(value) == text


def test_a_mark_of_others_is_none() -> None:
    assert marks.search_mark("escu") is None
    assert marks.mark_in("by hand (tracehound)") is None
    assert marks.search_mark(Mark(1, {"a": "12345"}).text()) is not None


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


# The package, and what REST makes of it


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
