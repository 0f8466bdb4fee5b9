"""What goes wrong between plan and apply, and in the middle of it."""

from __future__ import annotations

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import EXE
from splunk_deploy import (
    PATH,
    SEARCH,
    actions,
    deploy,
    name_of,
    planned,
)
from splunk_http import Request, Say
from splunk_stub import SplunkStub

from tracehound.deploy import apply
from tracehound.errors import ConfigError, TargetError
from tracehound.rules import Rule, RuleSet


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
