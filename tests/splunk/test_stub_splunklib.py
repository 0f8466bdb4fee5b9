"""Splunk's own client against the stand-in: what it reads and writes as it does with Splunk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from splunk_index import Indexed
from splunk_stub import SplunkStub
from splunklib import binding, client, results

NOW = 1_700_000_000.0


def connected(splunk: SplunkStub, **more: Any) -> Any:
    place = urlsplit(splunk.url)
    login = {"username": "admin", "password": "changeme-admin"}
    return client.connect(scheme=place.scheme, host=place.hostname, port=place.port, **{**login, **more})


@pytest.fixture
def service(splunk: SplunkStub) -> Iterator[Any]:
    connected(splunk, app="search", owner="nobody").apps.create("tracehound")
    return connected(splunk, app="tracehound", owner="nobody")


def test_who_and_what(splunk: SplunkStub, service: Any) -> None:
    assert service.splunk_version == (10, 0, 1)
    assert "schedule_search" in service.capabilities
    assert [app.name for app in service.apps] == ["launcher", "search", "tracehound"]
    assert "tracehound" in [index.name for index in service.indexes]
    assert service.roles["user"]["srchIndexesDefault"] == ["main"]
    with pytest.raises(binding.AuthenticationError):
        connected(splunk, password="wrong")
    by_token = connected(splunk, splunkToken=splunk.token, autologin=False)
    assert by_token.info["version"] == "10.0.1"


def test_saved_searches(service: Any) -> None:
    named = {"is_scheduled": "1", "cron_schedule": "*/5 * * * *"}
    made = service.saved_searches.create("A name/with a slash", "index=tracehound", **named)
    assert (made.name, made["is_scheduled"], made.access.sharing) == ("A name/with a slash", "1", "app")
    made.update(search="index=main", description="x")
    assert made.refresh()["search"] == "index=main"
    made.acl_update(sharing="global", owner="nobody", **{"perms.read": "*", "perms.write": "admin"})
    assert made.access.perms.write == ["admin"]
    made.disable()
    assert made.refresh()["disabled"] == "1"
    assert "A name/with a slash" in service.saved_searches
    with pytest.raises(binding.HTTPError, match="409"):
        service.saved_searches.create("A name/with a slash", "index=tracehound")
    made.delete()
    assert len(service.saved_searches) == 0
    with pytest.raises(KeyError):
        service.saved_searches.delete("gone")
    assert service.saved_searches.itemmeta()["fields"]["required"] == ["name", "search"]


def test_lists_longer_than_a_page(service: Any) -> None:
    for number in range(40):
        service.saved_searches.create(f"s{number}", "index=tracehound")
    assert len(service.saved_searches.list()) == 40
    assert len(list(service.saved_searches.iter(pagesize=15))) == 40


def test_files(service: Any) -> None:
    made = service.confs["macros"].create("tracehound_index", definition="index=tracehound")
    assert made["definition"] == "index=tracehound"
    service.confs["macros"]["tracehound_index"].update(definition="index=main")
    assert service.confs["macros"]["tracehound_index"].content["definition"] == "index=main"
    assert "savedsearches" in service.confs
    assert "nothing" not in service.confs
    service.confs["macros"].delete("tracehound_index")
    assert "tracehound_index" not in service.confs["macros"]


def test_jobs(splunk: SplunkStub, service: Any) -> None:
    splunk.put(Indexed(json.dumps({"n": n, "t": ["x", "y"]}), NOW - n, "tracehound") for n in range(5))
    splunk.jobs.polls = 1
    job = service.jobs.create("search index=tracehound n>1 | stats count BY n")
    assert [job.is_done(), job.is_done()] == [False, True]
    assert job["resultCount"] == "3"
    found = list(results.JSONResultsReader(job.results(output_mode="json", count=0)))
    assert found == [{"n": str(n), "count": "1"} for n in (2, 3, 4)]
    assert [one.sid for one in service.jobs.list()] == [job.sid]
    job.cancel()
    assert service.jobs.list() == []
    search = "search index=tracehound | head 1 | table n t{}"
    once = results.JSONResultsReader(service.jobs.oneshot(search, output_mode="json"))
    assert list(once) == [{"n": "0", "t{}": ["x", "y"]}]
    streamed = results.JSONResultsReader(service.jobs.export(search, output_mode="json"))
    assert [one for one in streamed if isinstance(one, dict)] == [{"n": "0", "t{}": ["x", "y"]}]
    with pytest.raises(binding.HTTPError, match="Unknown search command 'index'"):
        service.jobs.create("index=tracehound")


def test_kv_store(service: Any) -> None:
    service.kvstore.create("seen", fields={"n": "number"}, accelerated_fields={"by_n": {"n": 1}})
    assert service.kvstore["seen"].content["field.n"] == "number"
    data = service.kvstore["seen"].data
    assert data.insert({"_key": "1", "n": 1}) == {"_key": "1"}
    assert data.batch_save({"_key": "2", "n": 2}, {"_key": "3", "n": 3}) == ["2", "3"]
    assert [one["_key"] for one in data.query(query={"n": {"$gte": 2}})] == ["2", "3"]
    assert data.batch_find({"query": {"n": 1}})[0][0]["_key"] == "1"
    data.update("1", {"n": 7})
    assert data.query_by_id("1")["n"] == 7
    data.delete_by_id("1")
    data.delete(json.dumps({"n": 2}))
    assert [one["_key"] for one in data.query()] == ["3"]
