"""The sample day's report: each step of each story is shown by events, and findings belong to stories."""

from __future__ import annotations

import json

import pytest

from tracehound import store
from tracehound.demo.run import DAY, Outcome
from tracehound.report import read
from tracehound.report.stories import Story, tell

STORIES = json.loads((DAY / "stories.json").read_text("utf-8"))["stories"]


@pytest.fixture(scope="module")
def told(day: Outcome) -> dict[str, Story]:
    return {story.id: story for story in tell(STORIES, read.load(day.store))}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["id"])
def test_every_step_is_shown_by_events(story: dict[str, object], told: dict[str, Story]) -> None:
    steps = told[str(story["id"])].steps
    assert steps
    assert [step.description for step in steps if not step.events] == []
    for step in steps:
        assert {event["source"] for event in step.events} != set()
        nearest = min(abs(event["time"] - step.time) for event in step.events)
        assert nearest < 60_000, f"{step.description}: its events are {nearest / 1000} s away"


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story["id"])
def test_every_story_is_found(story: dict[str, object], told: dict[str, Story]) -> None:
    assert told[str(story["id"])].findings


def test_no_high_finding_outside_the_stories(day: Outcome, told: dict[str, Story]) -> None:
    inside = {finding.uid for story in told.values() for finding in story.findings}
    outside = [f for f in read.load(day.store).findings if f.uid not in inside]
    assert [f.title for f in outside if f.level in ("high", "critical")] == []


def test_numbers_are_those_of_the_store(day: Outcome) -> None:
    page = day.report.read_text("utf-8")
    assert f"<b>{day.counts['records']:,}</b>records read" in page
    assert f"<b>{day.counts['events']:,}</b>OCSF events" in page
    _, ((events,),) = store.query(
        day.store, "SELECT count(*) FROM events WHERE NOT (class_uid = 2004 AND ai.source = 'tracehound')"
    )
    assert events == day.counts["events"]
    assert day.counts["dead"] == 0
    for story in STORIES:
        assert story["title"] in page.replace("&#39;", "'").replace("&amp;", "&")
