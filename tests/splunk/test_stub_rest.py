"""The stand-in's management port: namespaces, statuses, rights, and what an app's files keep."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from splunk_ask import OWN, UNTRUSTING, Ask, text_of
from splunk_http import Say
from splunk_stub import SplunkStub

SEARCHES = f"{OWN}/saved/searches"
ALERT = {
    "name": "Alert", "search": "index=tracehound", "is_scheduled": "1", "cron_schedule": "3,18,33,48 * * * *",
    "alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "0",
    "alert.digest_mode": "0", "alert.suppress": "1", "alert.suppress.fields": "a", "alert.suppress.period": "300s",
    "dispatch.earliest_time": "-20m", "dispatch.latest_time": "now", "action.tracehound.mark": "x",
}  # fmt: skip


@pytest.fixture
def ask(splunk: SplunkStub) -> Ask:
    asking = Ask(splunk)
    asking.post("/services/apps/local", name="tracehound", label="Tracehound")
    return asking


def test_login_and_tokens(splunk: SplunkStub) -> None:
    def login(password: str) -> httpx.Response:
        data = {"username": "admin", "password": password}
        return httpx.post(f"{splunk.url}/services/auth/login?output_mode=json", data=data, verify=UNTRUSTING)

    assert (login("wrong").status_code, text_of(login("wrong").json())) == (401, "Login failed")
    key = login("changeme-admin").json()["sessionKey"]
    for scheme in (f"Splunk {key}", f"Bearer {splunk.token}"):
        headers = {"authorization": scheme}
        answer = httpx.get(
            f"{splunk.url}/services/server/info?output_mode=json", headers=headers, verify=UNTRUSTING
        )
        assert answer.json()["entry"][0]["content"]["version"] == "10.0.1"
    status, body = Ask(splunk, "expired").get("/services/server/info")
    assert (status, text_of(body)) == (401, "call not properly authenticated")


def test_a_saved_search_from_its_creation_to_its_end(splunk: SplunkStub, ask: Ask) -> None:
    status, body = ask.post(SEARCHES, **ALERT)
    (entry,) = body["entry"]
    assert (status, entry["name"]) == (201, "Alert")
    acl = entry["acl"]
    assert (acl["app"], acl["owner"], acl["sharing"], acl["removable"]) == (
        "tracehound",
        "nobody",
        "app",
        True,
    )
    content = entry["content"]
    assert (content["is_scheduled"], content["alert.severity"], content["disabled"]) == (True, 3, False)
    assert splunk.saved_search("Alert")["enableSched"] == "1", "files have another name for it"
    assert ask.post(f"{SEARCHES}/Alert", description="new")[0] == 200
    assert ask.content(f"{SEARCHES}/Alert")["alert.suppress.period"] == "300s", "the others stay"
    assert ask.post(SEARCHES, **ALERT)[0] == 409
    assert ask.delete(f"{SEARCHES}/Alert")[0] == 200
    assert ask.get(f"{SEARCHES}/Alert")[0] == 404
    assert ask.delete(f"{SEARCHES}/Alert")[0] == 404


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "a key that no file knows": ({"colour": "red"}, "colour"),
    "a key of files": ({"enableSched": "1"}, "enableSched"),
    "no search": ({"search": ""}, "search"),
    "names of days": ({"cron_schedule": "0 0 * * MON"}, "cron_schedule"),
    "minute 60": ({"cron_schedule": "60 * * * *"}, "cron_schedule"),
    "scheduled without when": ({"cron_schedule": ""}, "cron_schedule"),
    "a comparison that is none": ({"alert_comparator": "more than"}, "alert_comparator"),
    "throttled without a field": ({"alert.suppress.fields": ""}, "alert.suppress.fields"),
    "throttled for no time": ({"alert.suppress.period": "soon"}, "alert.suppress.period"),
    "severity 7": ({"alert.severity": "7"}, "alert.severity"),
}


@pytest.mark.parametrize(("change", "named"), REFUSED.values(), ids=REFUSED)
def test_saved_searches_that_are_refused(ask: Ask, change: dict[str, str], named: str) -> None:
    status, body = ask.post(SEARCHES, **{**ALERT, **change})
    assert (status, named in text_of(body)) == (400, True), body


def test_namespaces(splunk: SplunkStub, ask: Ask) -> None:
    splunk.people.add("ann", "power", token="of-ann")
    ann = Ask(splunk, "of-ann")
    ask.post(SEARCHES, name="shared", search="index=a")
    assert ann.post("/servicesNS/ann/tracehound/saved/searches", name="own", search="index=a")[0] == 201

    def names(asking: Ask, path: str) -> list[str]:
        return [entry["name"] for entry in asking.get(f"{path}/saved/searches")[1]["entry"]]

    assert names(ann, "/servicesNS/ann/tracehound") == ["own", "shared"]
    assert names(ask, "/servicesNS/nobody/tracehound") == ["shared"]
    assert names(ask, "/servicesNS/-/-") == ["own", "shared"]
    assert names(ask, "/servicesNS/nobody/search") == []
    assert ask.post("/servicesNS/nobody/nowhere/saved/searches", name="x", search="y")[0] == 404
    rights = {"owner": "nobody", "sharing": "global", "perms.read": "*", "perms.write": "admin"}
    assert ask.post(f"{SEARCHES}/shared/acl", **rights)[0] == 200
    assert names(ask, "/servicesNS/nobody/search") == ["shared"]


def test_rights(splunk: SplunkStub, ask: Ask) -> None:
    splunk.people.add("bob", "user", token="of-bob")
    bob = Ask(splunk, "of-bob")
    ask.post(SEARCHES, name="shared", search="index=a")
    status, body = bob.post(f"{SEARCHES}/shared", description="mine")
    assert (status, "cannot write" in text_of(body)) == (403, True)
    assert bob.post(SEARCHES, name="more", search="x")[0] == 403
    assert bob.delete(f"{SEARCHES}/shared")[0] == 403
    assert bob.post("/services/data/indexes", name="more")[0] == 403
    assert bob.get(f"{SEARCHES}/shared")[1]["entry"][0]["acl"]["can_write"] is False
    open_to_users = {"owner": "nobody", "sharing": "app", "perms.read": "*", "perms.write": "user"}
    ask.post(f"{SEARCHES}/shared/acl", **open_to_users)
    assert bob.post(f"{SEARCHES}/shared", description="mine")[0] == 200
    assert ask.post(f"{SEARCHES}/shared/acl", sharing="app")[0] == 400, "owner is missing"
    assert (
        ask.post(f"{SEARCHES}/shared/acl", owner="nobody", sharing="app", **{"perms.read": "nurses"})[0]
        == 400
    )
    context = bob.content("/services/authentication/current-context")
    assert ("search" in context["capabilities"], "schedule_search" in context["capabilities"]) == (
        True,
        False,
    )
    assert "delete_by_keyword" not in ask.content("/services/authorization/roles/admin")["capabilities"]


def test_pages_and_filters_of_lists(ask: Ask) -> None:
    for number in range(35):
        ask.post(SEARCHES, name=f"s{number:02}", search="index=a", disabled=str(number % 2))
    _, first = ask.get(SEARCHES)
    assert (len(first["entry"]), first["paging"]["total"]) == (30, 35), "30 unless said"
    assert [e["name"] for e in ask.get(SEARCHES, offset=33)[1]["entry"]] == ["s33", "s34"]
    assert len(ask.get(SEARCHES, count=0)[1]["entry"]) == 35
    assert len(ask.get(SEARCHES, count=0, search="disabled=1")[1]["entry"]) == 17
    assert len(ask.get(SEARCHES, count=0, search="eai:acl.app=search")[1]["entry"]) == 0
    assert [e["name"] for e in ask.get(SEARCHES, search="s07")[1]["entry"]] == ["s07"]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """An app as a folder."""
    app = tmp_path / "tracehound"
    files = {
        "default/app.conf": "[launcher]\nversion = 1.2.3\n[ui]\nlabel = Tracehound\n",
        "default/macros.conf": "[tracehound_index]\ndefinition = index=tracehound\n",
        "default/savedsearches.conf": "[Rule]\nsearch = `tracehound_index` \\\n| stats count\ndisabled = 1\n",
        "default/data/ui/views/overview.xml": '<dashboard version="2"><label>Over</label></dashboard>',
        "lookups/tools.csv": "tool,ok\nbash,no\n",
        "metadata/default.meta": "[]\naccess = read : [ * ], write : [ admin ]\n[macros]\nexport = system\n",
    }
    for name, text in files.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)
    return app


def test_edits_of_what_an_app_ships_can_be_taken_back_and_the_rest_cannot_be_deleted(
    splunk: SplunkStub, shipped: Path
) -> None:
    app, ask = splunk.install(shipped), Ask(splunk)
    assert (app.version, app.label) == ("1.2.3", "Tracehound")
    path = f"{SEARCHES}/Rule"
    assert ask.content(path)["search"] == "`tracehound_index` \n| stats count"
    assert ask.get(path)[1]["entry"][0]["acl"]["removable"] is False
    status, body = ask.delete(path)
    assert (status, text_of(body)) == (400, "Object id=Rule cannot be deleted in config=savedsearches.")
    ask.post(path, search="index=other")
    splunk.install(shipped)
    assert ask.content(path)["search"] == "index=other", "an update of the app leaves edits alone"
    assert ask.delete(path)[0] == 200
    assert ask.content(path)["search"].startswith("`tracehound_index`")
    view = ask.content(f"{OWN}/data/ui/views/overview")
    assert (view["label"], view["isDashboard"], view["version"]) == ("Over", True, "2")
    elsewhere = "/servicesNS/nobody/search/configs/conf-macros/tracehound_index"
    assert ask.content(elsewhere)["definition"] == "index=tracehound", "macros are shared with all apps"
    assert ask.get("/servicesNS/nobody/search/saved/searches/Rule")[0] == 404


def test_an_app_as_a_package(splunk: SplunkStub, shipped: Path, tmp_path: Path) -> None:
    package = tmp_path / "tracehound-1.2.3.tgz"
    with tarfile.open(package, "w:gz") as archive:
        archive.add(shipped, "tracehound")
    splunk.install(package)
    names = [e["name"] for e in Ask(splunk).get("/services/apps/local")[1]["entry"]]
    assert names == ["launcher", "search", "tracehound"]


def test_keys_that_no_specification_has(splunk: SplunkStub, shipped: Path) -> None:
    conf = shipped / "default" / "savedsearches.conf"
    conf.write_text(f"{conf.read_text()}action.x.y = 1\nalert.supress = 1\nown.key = 1\n")
    splunk.install(shipped)
    keys = [said.rpartition(" ")[2] for said in splunk.objects.complaints]
    assert keys == ["alert.supress", "own.key"]
    (shipped / "README").mkdir()
    (shipped / "README" / "savedsearches.conf.spec").write_text("[<name>]\nown.key = <string>\n* Ours.\n")
    splunk.objects.complaints.clear()
    splunk.install(shipped)
    assert len(splunk.objects.complaints) == 1


MADE: dict[str, tuple[str, dict[str, str], int, str]] = {
    "a macro": ("configs/conf-macros", {"name": "m(1)", "definition": "a=$x$", "args": "x"}, 201, ""),
    "a macro by its own handler": ("admin/macros", {"name": "m", "definition": "a=b"}, 201, ""),
    "a macro with too few arguments": (
        "admin/macros", {"name": "m(2)", "definition": "a", "args": "x"}, 400, "argum",
    ),
    "a collection": ("storage/collections/config", {"name": "c", "field.n": "number"}, 201, ""),
    "a field of a type that is none": ("storage/collections/config", {"name": "c", "field.n": "int"}, 400, "type"),
    "a lookup": (
        "data/transforms/lookups",
        {"name": "l", "external_type": "kvstore", "collection": "c", "fields_list": "_key, n"}, 201, "",
    ),
    "a lookup without its fields": (
        "data/transforms/lookups", {"name": "l", "external_type": "kvstore", "collection": "c"}, 400, "fields_list",
    ),
    "a view": ("data/ui/views", {"name": "v", "eai:data": "<dashboard/>"}, 201, ""),
    "a view that is no XML": ("data/ui/views", {"name": "v", "eai:data": "<dashboard>"}, 400, "XML"),
    "any key of any file": ("configs/conf-props", {"name": "st", "TRUNCATE": "0"}, 201, ""),
    "an event type": ("saved/eventtypes", {"name": "e", "search": "a=b"}, 201, ""),
    "a lookup file from nowhere": (
        "data/lookup-table-files", {"name": "f.csv", "eai:data": "/tmp/f"}, 400, "staging",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("path", "said", "status", "named"), MADE.values(), ids=MADE)
def test_objects_of_other_kinds(ask: Ask, path: str, said: dict[str, str], status: int, named: str) -> None:
    found, body = ask.post(f"{OWN}/{path}", **said)
    assert found == status, body
    if status == 400:
        assert named in text_of(body)
        return
    assert ask.post(f"{OWN}/{path}", **said)[0] == 409
    assert ask.get(f"{OWN}/{path}/{said['name']}")[0] == 200
    assert ask.delete(f"{OWN}/{path}/{said['name']}")[0] == 200
    assert ask.get(f"{OWN}/{path}/{said['name']}")[0] == 404


def test_lookup_files_come_from_the_staging_folder(splunk: SplunkStub, ask: Ask) -> None:
    splunk.system.staged["t.csv"] = "tool\nbash\n"
    data = {"name": "tools.csv", "eai:data": "/opt/splunk/var/run/splunk/lookup_tmp/t.csv"}
    assert ask.post(f"{OWN}/data/lookup-table-files", **data)[0] == 200
    assert splunk.stored("lookups", "tools.csv").content["rows"] == "tool\nbash\n"


def test_apps_and_indexes(ask: Ask, splunk_with: Any) -> None:
    assert ask.post("/services/apps/local", name="tracehound")[0] == 409
    assert ask.post("/services/apps/local", name="x", colour="red")[0] == 400
    assert ask.content("/services/data/indexes/tracehound")["totalEventCount"] == 0
    assert ask.get("/services/data/indexes/nowhere")[0] == 404
    ask.post(SEARCHES, name="s", search="x")
    assert ask.delete("/services/apps/local/tracehound")[0] == 200
    assert ask.get(f"{SEARCHES}/s")[0] == 404
    cloud = Ask(splunk_with(cloud=True))
    assert cloud.content("/services/server/info")["instance_type"] == "cloud"
    assert cloud.post("/services/apps/local", name="tracehound")[0] == 403


def test_faults(splunk: SplunkStub, ask: Ask) -> None:
    busy = {"messages": [{"type": "ERROR", "text": "busy"}]}
    splunk.rest_faults.add(Say(503, busy, {"Retry-After": "1"}), times=1, path="saved")
    assert ask.get(SEARCHES)[0] == 503
    assert ask.get(SEARCHES)[0] == 200
    splunk.rest_faults.reset(after=True, path="saved")
    with pytest.raises(httpx.TransportError):
        ask.post(SEARCHES, name="s", search="x")
    assert ask.get(f"{SEARCHES}/s")[0] == 200, "it was made, only the answer was lost"


def test_errors_in_xml(splunk: SplunkStub, ask: Ask) -> None:
    answer = ask.raw("GET", f"{SEARCHES}/none", output_mode="xml")
    assert answer.headers["content-type"].startswith("text/xml")
    assert '<msg type="ERROR">Could not find object id=none</msg>' in answer.text
    assert ask.get("/services/nowhere")[0] == 404
    assert ask.raw("GET", "/elsewhere").status_code == 404
