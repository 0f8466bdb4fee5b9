"""The stand-in's searches: jobs, their results, time ranges, indexes, macros, lookups, scheduled runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spl.engine import Options
from splunk_ask import OWN, Ask, text_of
from splunk_index import Indexed
from splunk_partial import MAXCHARS, partial
from splunk_stub import SplunkStub

NOW = 1_700_000_000.0
JOBS = f"{OWN}/search/v2/jobs"
SEARCHES = f"{OWN}/saved/searches"


@pytest.fixture
def ask(splunk: SplunkStub) -> Ask:
    asking = Ask(splunk)
    asking.post("/services/apps/local", name="tracehound")
    return asking


def put(
    splunk: SplunkStub, *events: dict[str, Any], index: str = "tracehound", at: Iterable[float] = ()
) -> None:
    times = [*at] or [NOW - number for number in range(len(events))]
    made = (Indexed(json.dumps(e), t, index) for e, t in zip(events, times, strict=True))
    splunk.put(made)


def rows(ask: Ask, search: str, **more: str) -> list[dict[str, Any]]:
    status, body = ask.post(JOBS, search=search, exec_mode="oneshot", count="0", output_mode="json", **more)
    assert status == 200, body
    found: list[dict[str, Any]] = body["results"]
    return found


def test_a_job_from_its_start_to_its_cancelling(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"a": 1}, {"a": 2}, {"a": 2})
    splunk.jobs.polls = 2
    status, body = ask.post(JOBS, search="search index=tracehound | stats count BY a")
    assert status == 201
    path = f"{JOBS}/{body['sid']}"
    states = []
    for _ in range(3):
        states.append(ask.content(path)["dispatchState"])
        if len(states) == 1:
            assert ask.raw("GET", f"{path}/results").status_code == 204
    assert states == ["RUNNING", "RUNNING", "DONE"]
    content = ask.content(path)
    assert (content["isDone"], content["resultCount"], content["eventCount"]) == (True, 2, 3)
    _, found = ask.get(f"{path}/results", count=1, offset=1)
    assert (found["results"], found["init_offset"], found["preview"]) == (
        [{"a": "2", "count": "2"}],
        1,
        False,
    )
    assert ask.post(f"{path}/results", count="0")[1]["results"][0] == {"a": "1", "count": "1"}
    assert ask.post(f"{path}/control", action="cancel")[0] == 200
    status, body = ask.get(path)
    assert (status, text_of(body), splunk.jobs.kept) == (404, "Unknown sid.", {})


def test_results_have_values_as_splunk_shows_them(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"one": ["x"], "two": ["x", "y"], "n": 1.50, "t": True, "none": None, "o": {}})
    (row,) = rows(ask, "search index=tracehound")
    assert (row["one{}"], row["two{}"], row["n"], row["t"]) == ("x", ["x", "y"], "1.5", "true")
    assert row["_time"] == "2023-11-14T22:13:20.000+00:00"
    assert "o" not in row


FORMS = {
    "json_rows": {"fields": ["a", "count"], "rows": [["1", "1"]]},
    "json_cols": {"fields": ["a", "count"], "columns": [["1"], ["1"]]},
}


@pytest.mark.parametrize("mode", [*FORMS, "csv", "xml"])
def test_forms_of_results(splunk: SplunkStub, ask: Ask, mode: str) -> None:
    put(splunk, {"a": 1})
    data = {
        "search": "search index=tracehound | stats count BY a",
        "exec_mode": "oneshot",
        "output_mode": mode,
    }
    answer = ask.raw("POST", JOBS, data, output_mode=mode)
    if mode in FORMS:
        assert {name: answer.json()[name] for name in FORMS[mode]} == FORMS[mode]
    elif mode == "csv":
        assert answer.text == "a,count\n1,1\n"
    else:
        assert "<field k='a'>" in answer.text or '<field k="a">' in answer.text


def test_export_gives_a_line_for_each_row(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"a": 1}, {"a": 2})
    data = {"search": "search index=tracehound | stats count BY a"}
    lines = ask.raw("POST", f"{JOBS}/export", data).text.splitlines()
    assert [json.loads(line)["result"]["a"] for line in lines] == ["1", "2"]
    assert [json.loads(line).get("lastrow", False) for line in lines] == [False, True]


WRONG = {
    "no command": ("index=tracehound", "Unknown search command 'index'."),
    "an unknown command": ("search index=tracehound | conjure", "conjure"),
    "a macro that is not there": ("search `nothing`", "nothing"),
    "a bracket that stays open": ("search (index=a", "parenthesis"),
    "nothing": ("", "Empty search."),
}


@pytest.mark.parametrize(("search", "said"), WRONG.values(), ids=WRONG)
def test_searches_that_cannot_be_parsed(ask: Ask, search: str, said: str) -> None:
    status, body = ask.post(JOBS, search=search)
    assert (status, said in text_of(body), body["messages"][0]["type"]) == (400, True, "FATAL"), body


def test_a_job_that_fails_says_why(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"a": [1, 2]})
    _, body = ask.post(JOBS, search="search index=tracehound | stats sum(a{}) AS s")
    content = ask.content(f"{JOBS}/{body['sid']}")
    assert (content["dispatchState"], content["isFailed"]) == ("FAILED", True)
    assert content["messages"][0]["type"] == "FATAL"


RANGES = {
    "all time": ({}, [1, 2, 3]),
    "epoch seconds, the end not included": ({"earliest_time": f"{NOW - 100}", "latest_time": f"{NOW}"}, [2]),
    "the beginning included": ({"earliest_time": f"{NOW}"}, [1]),
    "relative": ({"earliest_time": "-150s", "latest_time": "now"}, []),
    "ISO 8601": ({"earliest_time": "2023-11-14T22:13:00.000+00:00"}, [1, 2]),
}


@pytest.mark.parametrize(("times", "wanted"), RANGES.values(), ids=RANGES)
def test_time_ranges(splunk: SplunkStub, ask: Ask, times: dict[str, str], wanted: list[int]) -> None:
    put(splunk, {"n": 1}, {"n": 2}, {"n": 3}, at=[NOW, NOW - 10, NOW - 5000])
    assert [int(row["n"]) for row in rows(ask, "search index=tracehound", **times)] == wanted


def test_times_in_the_search_win_over_those_of_the_job(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"n": 1}, {"n": 2}, at=[NOW, NOW - 5000])
    search = f"search index=tracehound earliest={NOW - 6000} latest={NOW - 10}"
    assert [row["n"] for row in rows(ask, search, earliest_time=f"{NOW - 1}")] == ["2"]


def test_indexes(splunk: SplunkStub, ask: Ask) -> None:
    """Without a word about indexes the role's default ones are searched; never those that the role may not."""
    put(splunk, {"n": 1}, index="main")
    put(splunk, {"n": 2})
    assert [row["n"] for row in rows(ask, "search n=*")] == ["1"]
    assert len(rows(ask, "search index=* n=*")) == 2
    splunk.people.add("bob", "user", token="of-bob")
    splunk.people.roles["user"].searched = ["main"]
    assert [row["index"] for row in rows(Ask(splunk, "of-bob"), "search index=*")] == ["main"]


def test_fields_of_the_index_and_of_the_event(splunk: SplunkStub, ask: Ask) -> None:
    splunk.put([Indexed('{"n":1}', NOW, "tracehound", "st", "h", "s", fields={"mark": ["m1"]})])
    assert len(rows(ask, "search index=tracehound sourcetype=st source=s host=h mark=m1")) == 1
    assert rows(ask, "search index=tracehound mark=m2") == []


def test_macros_of_the_app_and_edits_of_them(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"n": 1}, {"n": 2})
    ask.post(f"{OWN}/configs/conf-macros", name="where_it_is", definition="index=tracehound")
    ask.post(f"{OWN}/configs/conf-macros", name="above(1)", definition="n>$x$", args="x")
    assert len(rows(ask, "search `where_it_is` `above(1)`")) == 1
    ask.post(f"{OWN}/configs/conf-macros/where_it_is", definition="index=main")
    assert rows(ask, "search `where_it_is`") == []


def test_lookups_of_a_collection_are_read_and_written(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"user": "ann"}, {"user": "bob"})
    ask.post(f"{OWN}/storage/collections/config", name="seen", **{"field.first": "number"})
    kv = {"external_type": "kvstore", "collection": "seen", "fields_list": "_key, user, first"}
    ask.post(f"{OWN}/data/transforms/lookups", name="seen_users", **kv)
    data = f"{OWN}/storage/collections/data/seen"
    ask.json("POST", data, {"_key": "k1", "user": "ann", "first": 5})
    found = rows(ask, "search index=tracehound | lookup seen_users user OUTPUT first | table user first")
    assert found == [{"user": "ann", "first": "5"}, {"user": "bob"}]
    search = "search index=tracehound user=bob | stats min(_time) AS first BY user | eval _key=user"
    rows(ask, f"{search} | outputlookup append=t key_field=_key seen_users")
    _, documents = ask.json("GET", data)
    assert {d["_key"]: d["first"] for d in documents} == {"k1": 5, "bob": NOW - 1}
    assert rows(ask, "| inputlookup seen_users | stats count") == [{"count": "2"}]


def test_lookup_files(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"tool": "bash"})
    splunk.system.staged["t"] = "tool,ok\nbash,no\n"
    staged = {"eai:data": "/opt/splunk/var/run/splunk/lookup_tmp/t"}
    ask.post(f"{OWN}/data/lookup-table-files", name="tools.csv", **staged)
    ask.post(f"{OWN}/data/transforms/lookups", name="tools", filename="tools.csv")
    assert rows(ask, "search index=tracehound | lookup tools tool OUTPUT ok | table ok") == [{"ok": "no"}]


def test_only_who_may_deletes(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"n": 1}, {"n": 2})
    assert ask.post(JOBS, search="search index=tracehound n=1 | delete")[0] == 403
    splunk.people.users["admin"].roles.append("can_delete")
    assert rows(ask, "search index=tracehound n=1 | delete") == [
        {"index": "tracehound", "deleted": "1", "errors": "0"}
    ]
    assert [row["n"] for row in rows(ask, "search index=tracehound")] == ["2"]
    assert len(splunk.events()) == 1


def test_fields_behind_10240_characters_are_not_found(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"early": "x", "list": ["a", "b"], "long": 'y, "z": ' * MAXCHARS, "late": "z"})
    assert rows(ask, "search index=tracehound late=z") == []
    (row,) = rows(ask, "search index=tracehound early=x")
    assert (row["list{}"], "long" in row) == (["a", "b"], False)
    assert len(row["_raw"]) > MAXCHARS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('a":,{}[] \\', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('ab{}."\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=4), st.integers(0, 200))
def test_a_cut_text_gives_a_beginning_of_what_the_whole_gives(value: dict[str, Any], at: int) -> None:
    text = json.dumps(value)
    whole = Indexed(text, NOW).row(Options())
    for name, texts in partial(text[:at]).items():
        if name in ("_time", "_raw", "index", "sourcetype", "host", "source"):
            continue
        assert whole.get(name, [])[: len(texts)] == texts


def test_scheduled_runs_raise_once_while_throttled(splunk: SplunkStub, ask: Ask) -> None:
    """The second event of the same thing, a duplicate too, is seen by the next run and raises nothing."""
    alert = {
        "name": "Alert", "search": "index=tracehound | stats count BY uid", "is_scheduled": "1",
        "cron_schedule": "*/5 * * * *", "dispatch.earliest_time": "-600s", "dispatch.latest_time": "now",
        "alert_type": "number of events", "alert_comparator": "greater than", "alert_threshold": "0",
        "alert.digest_mode": "0", "alert.suppress": "1", "alert.suppress.fields": "uid",
        "alert.suppress.period": "600s",
    }  # fmt: skip
    assert ask.post(SEARCHES, **alert)[0] == 201
    assert splunk.run_saved_search("Alert", NOW).alerts == []
    put(splunk, {"uid": "a"}, {"uid": "a"}, {"uid": "b"})
    first = splunk.run_saved_search("Alert", NOW + 10)
    assert [group[0]["uid"] for group in first.alerts] == [["a"], ["b"]]
    again = splunk.run_saved_search("Alert", NOW + 310)
    assert (len(again.rows), again.alerts, again.suppressed) == (2, [], 2)
    assert splunk.run_saved_search("Alert", NOW + 900).rows == []


def test_dispatch_of_a_saved_search(splunk: SplunkStub, ask: Ask) -> None:
    put(splunk, {"n": 1})
    ask.post(SEARCHES, name="s", search="index=tracehound | stats count", **{"dispatch.earliest_time": "-1h"})
    _, body = ask.post(f"{SEARCHES}/s/dispatch", **{"dispatch.now": str(NOW + 60)})
    assert ask.get(f"{JOBS}/{body['sid']}/results")[1]["results"] == [{"count": "1"}]
    ask.post(f"{SEARCHES}/s/disable")
    assert ask.post(f"{SEARCHES}/s/dispatch")[0] == 400


def test_kv_store(splunk: SplunkStub, ask: Ask) -> None:
    ask.post(f"{OWN}/storage/collections/config", name="c")
    data = f"{OWN}/storage/collections/data/c"
    assert ask.json("POST", data, {"_key": "1", "n": 1, "a": {"b": "x"}}) == (201, {"_key": "1"})
    assert ask.json("POST", data, {"_key": "1"})[0] == 409
    assert ask.json("POST", f"{data}/batch_save", [{"_key": "2", "n": 2}, {"_key": "3", "n": 3}]) == (
        200,
        ["2", "3"],
    )

    def keys(**query: Any) -> list[str]:
        return [one["_key"] for one in ask.json("GET", data, **query)[1]]

    assert keys(query='{"n":{"$gt":1}}') == ["2", "3"]
    assert keys(query='{"$or":[{"n":1},{"n":3}]}', sort="n:-1") == ["3", "1"]
    assert keys(query='{"a.b":"x"}') == ["1"]
    assert keys(sort="n", skip=1, limit=1) == ["2"]
    assert ask.json("GET", data, fields="n", limit=1)[1] == [{"n": 1, "_key": "1"}]
    assert ask.json("POST", f"{data}/1", {"n": 9}) == (200, {"_key": "1"})
    assert ask.json("GET", f"{data}/1")[1] == {"n": 9, "_key": "1", "_user": "nobody"}
    assert ask.json("GET", f"{data}/none")[0] == 404
    assert ask.json("POST", f"{data}/batch_save", [{}] * 1001)[0] == 400
    assert ask.json("DELETE", data, query='{"n":3}')[0] == 200
    assert ask.json("DELETE", f"{data}/2")[0] == 200
    assert keys() == ["1"]
    assert ask.get(f"{OWN}/storage/collections/data/none")[0] == 404
    ask.delete(f"{OWN}/storage/collections/config/c")
    ask.post(f"{OWN}/storage/collections/config", name="c")
    assert keys() == []
