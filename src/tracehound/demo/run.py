"""The demo: the sample day through the whole engine, into a store and a report."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tracehound import report, store
from tracehound.config import load_settings
from tracehound.connectors import input_connector
from tracehound.deadletter import DeadLetters
from tracehound.matcher.setup import engine_for
from tracehound.pipeline import Pipeline
from tracehound.rules import load_rules

DAY = Path(__file__).parent / "day"
MARK = ".tracehound-demo"


@dataclass(slots=True)
class Outcome:
    """What the demo made."""

    findings: list[dict[str, Any]]
    counts: dict[str, Any]
    report: Path
    store: Path
    dead: DeadLetters


def logs() -> list[str]:
    """The sample day's log files."""
    return sorted(str(path) for path in (DAY / "logs").rglob("*.gz"))


def run(out: Path, advance: Callable[[int], None] = lambda _size: None) -> Outcome:
    """Run the day into ``out``: ``store/``, ``findings.ndjson`` and ``report.html``, made anew each time."""
    started = time.monotonic()
    settings = load_settings(DAY / "approved.yml")
    ruleset = load_rules(lists=settings.lists)
    if ruleset.errors:
        raise ruleset.errors[0]
    _clear(out)
    dead = DeadLetters(out / "dead-letter.ndjson")
    pipeline = Pipeline(settings, dead)
    engine = engine_for(ruleset, settings)
    findings: list[dict[str, Any]] = []
    with store.Writer(out / "store") as writer:
        inputs = input_connector("file")
        for batch in pipeline.run_by_time([inputs.streams([log], advance) for log in logs()]):
            writer.add(batch)
            findings += engine.process(batch)
        findings += engine.flush()
        writer.add(findings)
    dead.close()
    (out / "findings.ndjson").write_bytes(
        b"".join(orjson.dumps(f, option=orjson.OPT_APPEND_NEWLINE) for f in findings)
    )
    counts = {
        "records": pipeline.counts.records, "events": pipeline.counts.events, "bytes": pipeline.counts.bytes,
        "dead": len(dead), "rules": len(ruleset), "seconds": round(time.monotonic() - started, 2),
    }  # fmt: skip
    stories = orjson.loads((DAY / "stories.json").read_bytes())
    title = f"{stories['company']}: AI activity on {stories['date']}"
    page = report.build(out / "store", title=title, stories=stories["stories"], counts=counts)
    (out / "report.html").write_text(page, "utf-8")
    return Outcome(findings, counts, out / "report.html", out / "store", dead)


def _clear(out: Path) -> None:
    """An empty output folder; one that the demo did not make is not emptied."""
    from tracehound.errors import ConfigError

    if out.exists() and any(out.iterdir()) and not (out / MARK).is_file():
        raise ConfigError(f"{out} is not empty and was not made by the demo; choose another folder with -o")
    for name in ("store", "findings.ndjson", "report.html", "dead-letter.ndjson"):
        target = out / name
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink(missing_ok=True)
    out.mkdir(parents=True, exist_ok=True)
    (out / MARK).write_text("made by `tracehound demo`\n")
