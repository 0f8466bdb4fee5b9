"""verify on the stand-in for Splunk: events by HEC, searches of the deployed text, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import EXE, Run
from splunk_deploy import deploy
from splunk_http import Reset, Say
from splunk_pack import closing_pack
from splunk_stub import SplunkStub
from tracehound.connectors.splunk import verify as splunk_verify
from tracehound.connectors.splunk import verify_events as splunk_verify_events
from tracehound.connectors.splunk.queries import expanded, names_macro, seconds_ago
from tracehound.connectors.splunk.verify_lookups import PREFIX

from tracehound.compiler.conf import stanza_name
from tracehound.config import Settings
from tracehound.deploy.verify import Verdict, verify
from tracehound.errors import TargetError
from tracehound.rules import Rule, RuleSet, filled_fields, load_rules

INDEX = "tracehound_verify"
SINGLE = "bedrock_guardrail_deleted"


def named(rules: RuleSet, *names: str) -> list[Rule]:
    return [rule for rule in rules if rule.folder.name in names]


def run(
    splunk: SplunkStub, rules: Sequence[Rule], site: Settings | None = None, **more: Any
) -> tuple[dict[str, Verdict], list[str]]:
    """The verdicts by folder, and the notes."""
    app = site or Settings()
    verifier = splunk_verify.verifier(splunk.settings(**more), app, rules)
    found = verify(verifier, rules, app, int(time.time() * 1000))
    return {one.rule.folder.name: one for one in found}, verifier.notes


def left(splunk: SplunkStub) -> list[str]:
    """What a run must take away again: jobs, lookups and collections of its own."""
    names = [one.name for conf in ("transforms", "collections") for one in splunk.objects.of(conf)]
    return [*splunk.jobs.kept, *(name for name in names if name.startswith(PREFIX))]


def may_delete(splunk: SplunkStub) -> None:
    splunk.people.users["admin"].roles.append("can_delete")


# All rules


@pytest.mark.parametrize("deployed", [True, False], ids=["deployed", "compiled"])
def test_every_rule_fires_on_its_own_events(deployed: bool, ours: RuleSet, splunk: SplunkStub) -> None:
    may_delete(splunk)
    if deployed:
        deploy(splunk, ours.rules)
    found, notes = run(splunk, ours.rules)
    wrong = {name: one.item() for name, one in found.items() if one.status != "fired"}
    assert wrong == {}
    assert len(found) == len(ours) >= 80
    assert {one.source for one in found.values()} == {"deployed" if deployed else "compiled"}
    assert notes == []
    assert left(splunk) == []
    assert [one for one in splunk.indexes.events(INDEX) if not one.deleted] == []
    assert splunk.events("tracehound") == []
    assert splunk.kv.documents(("tracehound", "nobody", "tracehound_seen_first_seen_tool_for_agent")) == {}


def test_events_that_are_there_twice_change_no_verdict(
    ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEC delivers at least once: here each event twice."""
    taken = splunk.indexes.add

    def twice(events: list[Any]) -> Any:
        return taken([*events, *(type(one)(**_fields(one)) for one in events)])

    monkeypatch.setattr(splunk.indexes, "add", twice)
    found, _ = run(splunk, ours.rules)
    assert Counter(one.status for one in found.values()) == {"fired": len(ours)}
    assert len(splunk.events(INDEX)) >= 2 * 700


def _fields(event: Any) -> dict[str, Any]:
    from dataclasses import fields

    return {one.name: getattr(event, one.name) for one in fields(event) if one.init and one.name[0] != "_"}


def test_a_window_that_is_judged_when_it_closes(splunk: SplunkStub, tmp_path: Path) -> None:
    site = Settings(packs=[closing_pack(tmp_path / "pack")])
    rules = named(load_rules(site.packs, filled=filled_fields()), "few_guardrails_deleted")
    deploy(splunk, rules, complete=False, site=site)
    assert splunk.saved_search(stanza_name(rules[0]))["dispatch.latest_time"] == f"-{site.lateness}s"
    found, _ = run(splunk, rules, site)
    (one,) = found.values()
    assert (one.status, one.source) == ("fired", "deployed")
    assert {name: did for name, _, did in one.files} == {
        "match_alone.json": True,
        "pass_two.json": False,
    }


# What is deployed decides


def test_an_edited_search_is_what_is_asked(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = named(ours, SINGLE)
    deploy(splunk, rules)
    name = stanza_name(rules[0])
    search = splunk.saved_search(name)["search"]
    splunk.edit("savedsearches", name, search=f'{search} | search api.operation="Nothing"')
    found, _ = run(splunk, rules)
    assert (found[SINGLE].status, found[SINGLE].source) == ("did not fire", "deployed")
    splunk.edit("savedsearches", name, search=f"{search} | table _time, ai.principal")
    found, _ = run(splunk, rules)
    assert found[SINGLE].status == "fired", "also where the text drops the host"
    splunk.edit("savedsearches", name, search=search, quantity="500")
    found, _ = run(splunk, rules)
    assert found[SINGLE].status == "did not fire", "so many events are never there"


def test_a_search_without_the_macro_cannot_be_moved(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = named(ours, SINGLE)
    deploy(splunk, rules)
    splunk.edit("savedsearches", stanza_name(rules[0]), search="index=ai api.operation=DeleteGuardrail")
    found, _ = run(splunk, rules)
    assert found[SINGLE].status == "could not be checked"
    assert "does not name the macro tracehound_index" in found[SINGLE].reason


def test_a_site_s_list_is_asked_as_it_is(ours: RuleSet, splunk: SplunkStub) -> None:
    """An analyst put the principal of the test events on the list of pipelines."""
    rules = named(ours, SINGLE)
    deploy(splunk, rules)
    macro = next(one for one in splunk.objects.of("macros") if "ml_pipeline" in one.name)
    splunk.edit("macros", macro.name, definition='"*"')
    found, _ = run(splunk, rules)
    assert found[SINGLE].status == "did not fire"


def test_a_job_that_fails_is_said_of_its_rule(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = named(ours, SINGLE, "bedrock_invocations_refused")
    deploy(splunk, rules)
    splunk.edit("savedsearches", stanza_name(rules[0]), search="`tracehound_index` | nonsense")
    found, _ = run(splunk, rules)
    states = {name: one.status for name, one in found.items()}
    assert states[rules[0].folder.name] == "could not be checked"
    assert states[rules[1].folder.name] == "fired"
    assert left(splunk) == []


# What stays, and what does not


def test_without_the_right_to_delete_it_says_when_they_go(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = named(ours, SINGLE)
    _, (note,) = run(splunk, rules)
    assert "until it forgets them after" in note
    assert "delete_by_keyword" in note
    assert len(splunk.events(INDEX)) > 0


def test_all_is_taken_away_when_it_is_interrupted(
    ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_delete(splunk)
    rules = [rule for rule in ours if rule.baseline][:1]
    deploy(splunk, rules)

    monkeypatch.setattr(splunk_verify.SplunkVerifier, "_alone", lambda *_a, **_k: stop_now())
    with pytest.raises(KeyboardInterrupt):
        run(splunk, rules)
    assert left(splunk) == []
    assert [one for one in splunk.indexes.events(INDEX) if not one.deleted] == []


def stop_now() -> bool:
    raise KeyboardInterrupt


def test_a_fault_while_cleaning_is_said_and_hides_nothing(ours: RuleSet, splunk: SplunkStub) -> None:
    rules = [rule for rule in ours if rule.baseline][:1]
    deploy(splunk, rules)
    refuse = Say(403, {"messages": [{"type": "ERROR", "text": "no"}]})
    splunk.rest_faults.add(
        refuse, times=9, fits=lambda r: r.method == "DELETE" and PREFIX in r.path and "/data/" not in r.path
    )
    found, notes = run(splunk, rules)
    assert [one.status for one in found.values()] == ["fired"]
    assert notes[0].startswith("not taken away: ")
    assert left(splunk)
    splunk.rest_faults.clear()


def test_what_a_killed_run_left_goes_with_the_next(
    ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = named(ours, SINGLE)
    baseline = [rule for rule in ours if rule.baseline][:1]
    deploy(splunk, [*rules, *baseline])
    with monkeypatch.context() as patch:
        patch.setattr(splunk_verify.SplunkVerifier, "__exit__", lambda *_: None)
        run(splunk, baseline)
    assert left(splunk)
    run(splunk, rules)
    assert left(splunk), "another run may be under way"
    may_delete(splunk)
    monkeypatch.setattr(splunk_verify, "STALE", timedelta(0))
    time.sleep(1.1)
    _, notes = run(splunk, rules)
    assert left(splunk) == []
    assert {note.partition(":")[0].rpartition("_")[0][: len(PREFIX)] for note in notes if PREFIX in note} == {
        PREFIX
    }
    assert [one for one in splunk.indexes.events(INDEX) if not one.deleted] == []


@pytest.mark.parametrize("signal", [15, 1], ids=["TERM", "HUP"])
def test_ended_by_a_signal(signal: int, splunk: SplunkStub, tmp_path: Path) -> None:
    """The process that runs verify is asked to end while it works."""
    may_delete(splunk)
    splunk.jobs.polls = 3
    process = subprocess.Popen(
        [str(EXE), "verify", "splunk", "--format", "ndjson"],
        cwd=tmp_path,
        env={**os.environ, **environment(splunk)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not splunk.events(INDEX) or not splunk.jobs.kept:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal)
    assert process.wait(120) == 128 + signal
    assert left(splunk) == []
    assert [one for one in splunk.indexes.events(INDEX) if not one.deleted] == []


# Sending and waiting


def test_events_that_never_can_be_found(
    ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HEC says yes and the event is lost."""
    monkeypatch.setattr(splunk_verify_events, "SEARCHABLE", 0.3)
    splunk.faults.lose = 10**6
    with pytest.raises(
        TargetError, match=r"0 of .* test events can be found in the index tracehound_verify after"
    ):
        run(splunk, named(ours, SINGLE))


def test_events_without_fields_blame_no_rule(
    ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The add-on is not there, so that Splunk does not read them as JSON."""
    monkeypatch.setattr(splunk_verify_events, "FIELD", "no_such_field")
    with pytest.raises(TargetError, match="is the app TA-tracehound on this search head"):
        run(splunk, named(ours, SINGLE))
    assert left(splunk) == []


def test_events_that_are_refused(ours: RuleSet, splunk: SplunkStub) -> None:
    splunk.faults.no_index = {INDEX}
    with pytest.raises(TargetError, match="test events are not taken"):
        run(splunk, named(ours, SINGLE))


def test_jobs_take_their_time_and_splunk_is_busy(ours: RuleSet, splunk: SplunkStub) -> None:
    splunk.jobs.polls = 2
    splunk.rest_faults.add(Say(503, {}, {"retry-after": "0"}), times=3, path="/search/v2/jobs")
    splunk.faults.busy(2, retry_after=0)
    found, _ = run(splunk, named(ours, SINGLE))
    assert found[SINGLE].status == "fired"


def test_a_lost_answer_leaves_no_job(ours: RuleSet, splunk: SplunkStub) -> None:
    jobs = lambda request: request.method == "POST" and request.path.endswith("/jobs")  # noqa: E731
    splunk.rest_faults.add(Reset(True), times=2, fits=jobs)
    found, _ = run(splunk, named(ours, SINGLE))
    assert found[SINGLE].status == "fired"
    assert left(splunk) == []


def test_acknowledged_events(ours: RuleSet, splunk_acks: SplunkStub) -> None:
    found, _ = run(splunk_acks, named(ours, SINGLE))
    assert found[SINGLE].status == "fired"


def test_a_job_without_progress(ours: RuleSet, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = named(ours, SINGLE)
    verifier = splunk_verify.verifier(splunk.settings(patience=0.2), Settings(), rules)
    monkeypatch.setattr(verifier._events, "_see_fields", lambda: setattr(splunk.jobs, "polls", 99))
    (one,) = verify(verifier, rules, Settings(), int(time.time() * 1000))
    assert one.status == "could not be checked"
    assert "no progress for 0 s" in one.reason
    assert left(splunk) == []


# Texts


MACROS = {"tracehound_index": "index=a", "outer": "x IN (`inner`)", "inner": '"1", "2"'}
TEXTS: list[tuple[str, str, str]] = [
    ("one", "`tracehound_index` a=b", "index=a a=b"),
    ("in one another", "`outer`", 'x IN ("1", "2")'),
    ("unknown stays", "`others` `tracehound_index`", "`others` index=a"),
    ("arguments stay", "`others(1)`", "`others(1)`"),
]


@pytest.mark.parametrize(("search", "made"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_macros_are_put_in(search: str, made: str) -> None:
    assert expanded(search, MACROS.get) == made


def test_a_macro_of_itself_ends() -> None:
    assert expanded("`a`", {"a": "`a`"}.get) == "`a`"


def test_named_macros() -> None:
    assert names_macro("`tracehound_index` x")
    assert not names_macro("tracehound_index `other`")


TIMES = [
    ("-600s", 600),
    ("-10m", 600),
    ("-1d", 86_400),
    ("now", 0),
    ("", 0),
    ("-5", 5),
    ("-1d@d", None),
    ("0", None),
]


@pytest.mark.parametrize(("text", "seconds"), TIMES)
def test_times(text: str, seconds: int | None) -> None:
    assert seconds_ago(text) == seconds


def environment(splunk: SplunkStub) -> dict[str, str]:
    """Where the command line finds this Splunk."""
    return {
        "TRACEHOUND_SPLUNK_URL": splunk.url,
        "TRACEHOUND_SPLUNK_TOKEN": splunk.token,
        "TRACEHOUND_SPLUNK_HEC_URL": splunk.hec_url,
        "TRACEHOUND_SPLUNK_HEC_TOKEN": splunk.hec_token,
    }


def test_the_command(tracehound: Run, splunk: SplunkStub, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(splunk).items():
        monkeypatch.setenv(name, value)
    found = tracehound("verify", "splunk", "--rule", SINGLE, "--format", "ndjson")
    assert found.code == 0, found.err
    (one,) = found.lines
    assert (one["status"], one["name"]) == ("fired", SINGLE)
    assert {file["expected"] for file in one["files"]} == {True, False}
    table = tracehound("verify", "splunk", "--rule", SINGLE)
    assert "fired" in table.out
    assert table.err.strip().endswith("1 fired")
