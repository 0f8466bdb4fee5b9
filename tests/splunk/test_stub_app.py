"""Our built apps on the stand-in: what Splunk would say of them, and alerts of events that come late and twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from splunk_alerts import due
from splunk_apps import apps, write
from splunk_ask import OWN, Ask
from splunk_index import Indexed
from splunk_stub import SplunkStub
from tracehound.connectors.splunk.events import Encoder

from tracehound.config import Settings
from tracehound.rules import RuleSet, filled_fields, load_rules
from tracehound.ruletest import RuleTester, files_of

START = 1_772_323_200
HOUR = 3600
AGAIN = 420
"""Seconds after which everything is sent a second time."""
SEARCHES = f"{OWN}/saved/searches"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of the apps."""
    return write(apps(), tmp_path_factory.mktemp("built"))


@pytest.fixture(scope="module")
def ours() -> RuleSet:
    """Our rules."""
    return load_rules(filled=filled_fields())


def installed(stub: SplunkStub, built: Path) -> SplunkStub:
    for name in ("TA-tracehound", "tracehound"):
        stub.install(built / name)
    return stub


def test_no_key_is_strange_and_every_search_can_be_parsed(splunk: SplunkStub, built: Path) -> None:
    installed(splunk, built)
    assert splunk.objects.complaints == []
    ask = Ask(splunk)
    _, body = ask.get(SEARCHES, count=0)
    assert len(body["entry"]) > 50
    for entry in body["entry"]:
        assert entry["content"]["disabled"] is True, "nothing runs before somebody says so"
        assert ask.get(f"{OWN}/search/v2/parser", q=entry["content"]["search"])[0] == 200, entry["name"]


def test_a_site_changes_a_macro_and_takes_it_back(splunk: SplunkStub, built: Path) -> None:
    installed(splunk, built)
    ask, path = Ask(splunk), f"{OWN}/configs/conf-macros/tracehound_index"
    shipped = ask.content(path)["definition"]
    assert ask.post(path, definition="index=elsewhere")[0] == 200
    installed(splunk, built)
    assert ask.content(path)["definition"] == "index=elsewhere", "a new version of the app leaves it alone"
    assert ask.delete(path)[0] == 200
    assert ask.content(path)["definition"] == shipped
    assert ask.delete(path)[0] == 400


SCHEDULES = {
    "every 15 minutes": ("3,18,33,48 * * * *", [3, 18, 33, 48]),
    "steps": ("*/20 * * * *", [0, 20, 40]),
    "steps from a minute": ("7-59/15 * * * *", [7, 22, 37, 52]),
    "another hour": ("0 5 * * *", []),
    "another day of the week": ("0 0 * * 1", []),
    "a day of the month or of the week": ("0 0 2 * 0", [0]),
}


@pytest.mark.parametrize(("cron", "minutes"), SCHEDULES.values(), ids=SCHEDULES)
def test_schedules(cron: str, minutes: list[int]) -> None:
    """The hour begins at midnight of Sunday, the first of March."""
    assert [minute for minute in range(60) if due(cron, START + 60 * minute)] == minutes


def arriving(ours: RuleSet, encoder: Encoder, twice: bool) -> list[tuple[int, Any]]:
    """Events of some rules over an hour with the time at which each arrives: late, and once more."""
    chance, tester, made = random.Random(7), RuleTester(Settings()), []
    for rule in [one for one in ours if one.correlation is None and one.baseline is None][:12]:
        for path in (path for path in files_of(rule) if path.name.startswith("match_")):
            for event in tester.events_of(path)[0]:
                time = START + chance.randrange(HOUR)
                event = {**event, "time": time * 1000}
                one = orjson.loads(encoder.document(event).body)
                names = ("index", "sourcetype", "source", "host")
                stored = [
                    Indexed(orjson.dumps(one["event"]).decode(), time, **{name: one[name] for name in names})
                    for _ in range(1 + twice)
                ]
                arrives = time + chance.randrange(200)
                made += [(arrives + AGAIN * number, event) for number, event in enumerate(stored)]
    return made


def alerts_of_an_hour(stub: SplunkStub, events: list[tuple[int, Any]]) -> Counter[str]:
    """Each search at its own times, with what had arrived by then."""
    found: Counter[str] = Counter()
    names = [one.name for one in stub.objects.of("savedsearches") if one.app == "tracehound"]
    for moment in range(START, START + 2 * HOUR, 60):
        stub.put(event for arrives, event in events if moment - 60 <= arrives < moment)
        for name in names:
            if due(stub.saved_search(name)["cron_schedule"], moment):
                found[name] += len(stub.run_saved_search(name, moment).alerts)
    return +found


def test_what_comes_late_and_twice_is_raised_once(ours: RuleSet, built: Path) -> None:
    """Sent twice, every event raises what it raises when sent once."""
    found = []
    for again in (False, True):
        with SplunkStub() as stub:
            events = arriving(ours, Encoder(stub.settings()), twice=again)
            found.append(alerts_of_an_hour(installed(stub, built), events))
    once, twice = found
    assert once == twice
    assert len(once) >= 12
