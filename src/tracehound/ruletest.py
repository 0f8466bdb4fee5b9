"""A rule's own test events, run the whole way: raw records -> normalizer -> join -> enrichers -> matcher.

In a rule's folder, ``events/match_*`` must raise the rule and ``events/pass_*`` must not. A file holds raw
vendor records in any form that ``normalize`` reads; a correlation's file holds its whole stream. What a rule
says may hang on the company's settings (which models are approved): ``events/settings.yaml`` beside the records is
then the configuration they are enriched with, whatever the user's own one says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracehound.config import Settings, load_settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.join import Join
from tracehound.matcher import Explanation, explain
from tracehound.matcher.setup import engine_for
from tracehound.pipeline import Pipeline
from tracehound.rules import Rule

Event = dict[str, Any]

SETTINGS = "settings.yaml"  # not .yml, which Sigma's tools would read as a rule
READ_AT = (
    1_767_225_600_000  # 2026-01-01: a record without a time gets it, so that tests give the same each day
)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one test file."""

    rule: Rule
    file: Path
    expected: bool
    raised: bool
    events: tuple[Event, ...]
    problem: str = ""
    """Why the file says nothing: it gave no event, or records went to the dead letters."""

    @property
    def passed(self) -> bool:
        return not self.problem and self.raised == self.expected

    def explanations(self) -> Iterator[Explanation]:
        """The rule's condition on each event of the file."""
        for event in self.events:
            yield explain(self.rule, event)


class RuleTester:
    """Runs test files; building it loads normalizers and enrichers once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pipelines = {Path(): self._build(settings)}

    def _build(self, settings: Settings) -> Pipeline:
        return Pipeline(settings, DeadLetters(None), clock=lambda: READ_AT)

    def _pipeline_of(self, folder: Path) -> Pipeline:
        """The pipeline for the records of a folder: with the folder's own settings, if it has any."""
        path = folder / SETTINGS
        if not path.is_file():
            return self._pipelines[Path()]
        if path not in self._pipelines:
            own = load_settings(path)
            self._pipelines[path] = self._build(own.model_copy(update={"packs": self._settings.packs}))
        return self._pipelines[path]

    def run(self, rule: Rule, files: Iterable[Path] | None = None) -> Iterator[Result]:
        """The results of all test files of one rule, or of some of them."""
        for path in files_of(rule) if files is None else files:
            yield self._run(rule, path, path.name.startswith("match_"))

    def events_of(self, path: Path) -> tuple[tuple[Event, ...], str]:
        """The enriched events of a file, and what went wrong with it."""
        pipeline = self._pipeline_of(path.parent)
        pipeline.join = Join()
        pipeline.dead = dead = DeadLetters(None)
        events = [e for batch in pipeline.run(input_connector("file").streams([str(path)])) for e in batch]
        if len(dead):
            return tuple(events), "; ".join(f"{reason}: {last}" for reason, last in dead.last.items())
        return tuple(events), "" if events else "gave no event"

    def _run(self, rule: Rule, path: Path, expected: bool) -> Result:
        events, problem = self.events_of(path)
        engine = engine_for([rule], self._settings)
        raised = bool(engine.process(list(events)) + engine.flush())
        return Result(rule, path, expected, raised, events, problem)


def files_of(rule: Rule) -> list[Path]:
    """``events/match_*`` and ``events/pass_*`` beside the rule, in name order."""
    folder = rule.folder / "events"
    return sorted(p for kind in ("match_", "pass_") for p in folder.glob(f"{kind}*") if p.is_file())
