"""One self-contained HTML report of a store: no network, no script; every value of a log is text.

``build`` reads the store's views only, so that what it shows is what ``hunt`` finds. Its policy header forbids
scripts and requests, the template escapes all values, and characters that reorder or hide text are shown.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tracehound import __version__
from tracehound.report import charts, read
from tracehound.report.stories import tell
from tracehound.report.visible import visible

HERE = Path(__file__).parent
LEVELS = ("critical", "high", "medium", "low", "informational")


def build(
    store: Path, *, title: str, stories: list[dict[str, Any]] | None = None, counts: dict[str, Any]
) -> str:
    """The report as HTML.

    ``stories`` are told with their steps where given (id, title, summary, steps with the vendor's ids of their
    records); ``counts`` are the run's: records, bytes, dead, seconds.
    """
    data = read.load(store)
    findings = data.findings
    told = tell(stories or [], data)
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "clock": _clock, "number": _number, "bytes": _bytes}
    in_stories = {finding.uid for story in told for finding in story.findings}
    return environment.get_template("report.html.j2").render(
        title=title,
        version=__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        css=(HERE / "report.css").read_text("utf-8"),
        counts=counts,
        data=data,
        stories=told,
        findings=findings,
        outside=[f for f in findings if f.uid not in in_stories],
        levels=[(level, sum(f.level == level for f in findings)) for level in LEVELS],
        hours=charts.hours(data.hours, findings),
        areas=charts.areas(findings),
    )


def _clock(ms: int | None, form: str = "%H:%M:%S") -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime(form) if ms else ""


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.2f}" if isinstance(value, float) and value != int(value) else f"{int(value):,}"


def _bytes(value: int) -> str:
    return f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.0f} kB"
