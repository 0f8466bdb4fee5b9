"""Puts the day together: first the ordinary work, then the stories."""

from pathlib import Path

from tracehound.demo.generate.benign import (
    agents,
    cloud,
    connections,
    developers,
    gateway,
    organisation,
    traffic,
)
from tracehound.demo.generate.day import Day
from tracehound.demo.generate.settings import settings
from tracehound.demo.generate.stories import (
    controls_disabled,
    direct_injection,
    indirect_injection,
    llm_jacking,
    secret_in_prompt,
    shadow_ai,
)

ORDINARY = (gateway, cloud, agents, developers, connections, traffic, organisation)
STORIES = (
    direct_injection,
    indirect_injection,
    llm_jacking,
    secret_in_prompt,
    shadow_ai,
    controls_disabled,
)


def build_day() -> Day:
    """Build the whole day in memory (about twenty megabytes of records)."""
    day = Day()
    for part in (*ORDINARY, *STORIES):
        part.build(day)
    return day


def write_day(out: Path) -> Day:
    """Build the day and write its files, the stories' index and the company's settings into ``out``."""
    day = build_day()
    day.write(out)
    (out / "approved.yml").write_text(settings(), encoding="utf-8", newline="\n")
    return day
