"""``tracehound test``: a rule on its own events, and why it says what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import INJECTION, UNKNOWN, Run


def events(pack: Path) -> Path:
    return pack / "detections" / "applications" / "attempt" / "events"


def test_agreeing_tests_say_nothing_but_their_number(tracehound: Run, pack: Path) -> None:
    ran = tracehound("test", "attempt", "--pack", pack)
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.endswith("1 rules, 2 test files, 0 disagree\n")


def test_by_id_title_and_folder(tracehound: Run, pack: Path) -> None:
    text = (events(pack).parent / "attempt.yml").read_text()
    uid = text.partition("id: ")[2].split()[0]
    for name in (uid, "Attempt", "attempt"):
        assert "1 rules, 2 test files" in tracehound("test", name, "--pack", pack).err


def test_disagreement_is_shown(tracehound: Run, pack: Path) -> None:
    match = events(pack) / "match_example.json"
    match.write_text(match.read_text().replace(INJECTION, "Good morning."))
    ran = tracehound("test", "attempt", "--pack", pack)
    assert ran.code == 1
    assert ran.out == "FAIL attempt/match_example.json: should raise it, did not\n"
    (events(pack) / "pass_again.json").write_text(match.read_text().replace("Good morning.", INJECTION))
    ran = tracehound("test", "attempt", "--pack", pack)
    assert "FAIL attempt/pass_again.json: should not raise it, did\n" in ran.out


def test_explain_says_which_test_failed_on_which_value(tracehound: Run, pack: Path) -> None:
    ran = tracehound("test", "attempt", "--explain", "--pack", pack)
    assert ran.code == 0
    good, _, bad = ran.out.partition("ok   attempt/pass_example.json")
    assert "ok   attempt/match_example.json" in good
    assert "+ ai.signals is like 'prompt.injection.*'  [prompt.injection.instruction_override" in good
    assert "- ai.signals is like 'prompt.injection.*'  [no value]" in bad
    assert "+ ai.model.name = 'gpt-4o'  [gpt-4o]" in bad


@pytest.mark.parametrize("form", ["json", "ndjson"])
def test_formats(form: str, tracehound: Run, pack: Path) -> None:
    ran = tracehound("test", "attempt", "--pack", pack, "--format", form, "--explain")
    assert ran.code == 0
    items = json.loads(ran.out) if form == "json" else ran.lines
    assert [(item["expected"], item["raised"], item["passed"]) for item in items] == [
        ("match", True, True),
        ("pass", False, True),
    ]
    assert all(item["explain"] for item in items)


def test_events_that_say_nothing_fail(tracehound: Run, pack: Path) -> None:
    (events(pack) / "pass_unknown.json").write_text(json.dumps(UNKNOWN))
    (events(pack) / "pass_empty.json").write_text("")
    ran = tracehound("test", "attempt", "--pack", pack)
    assert ran.code == 1
    assert "FAIL attempt/pass_empty.json: should not raise it, gave no event" in ran.out
    assert "FAIL attempt/pass_unknown.json: should not raise it, unknown_source" in ran.out


def test_rule_without_events_fails(tracehound: Run, pack: Path) -> None:
    for path in events(pack).iterdir():
        path.unlink()
    ran = tracehound("test", "attempt", "--pack", pack)
    assert ran.code == 1
    assert "no test events" in ran.err


def test_unknown_rule_is_wrong_use(tracehound: Run, pack: Path) -> None:
    ran = tracehound("test", "atempt", "--pack", pack)
    assert ran.code == 2
    assert "did you mean 'attempt'?" in ran.err


def test_refused_rule_is_said_and_the_others_are_tested(tracehound: Run, pack: Path) -> None:
    path = pack / "detections" / "applications" / "attempt" / "attempt.yml"
    tracehound("new", "rule", "second", "--pack", pack)
    path.write_text(path.read_text().replace("condition: selection", "condition: selecton"))
    ran = tracehound("test", "second", "--pack", pack)
    assert ran.code == 1
    assert f"refused: {path}:" in ran.err
    assert "1 rules, 2 test files, 0 disagree" in ran.err
