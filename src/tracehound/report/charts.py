"""The report's charts as numbers for its SVG: where each bar stands and how high it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tracehound.report.read import Finding

HOUR = 3_600_000
LEVELS = ("critical", "high", "medium", "low", "informational")
WIDTH, HEIGHT = 1120, 180
MAX_HOURS = 24 * 14


@dataclass(slots=True)
class Bar:
    """One rectangle; ``kind`` names its colour, ``label`` says what it stands for."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str


@dataclass(slots=True)
class Chart:
    """Bars and tick labels; ``legend`` pairs colour names with words."""

    width: float
    height: float
    bars: list[Bar] = field(default_factory=list)
    ticks: list[tuple[float, str]] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    top: str = ""


def hours(rows: list[dict[str, Any]], findings: list[Finding]) -> Chart:
    """Events per hour, stacked by source, with the findings of each hour in a lane above."""
    chart = Chart(WIDTH, HEIGHT + 60)
    if not rows:
        return chart
    first = min(row["hour"] for row in rows)
    last = max(row["hour"] for row in rows)
    count = min((last - first) // HOUR + 1, MAX_HOURS)
    step = WIDTH / count
    sources = sorted({row["source"] for row in rows})
    chart.legend = [(f"s{i % 8}", source) for i, source in enumerate(sources)]
    kinds = {source: kind for kind, source in chart.legend}
    stacks: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        stacks[(row["hour"] - first) // HOUR].append(row)
    highest = max(sum(row["n"] for row in stack) for stack in stacks.values())
    chart.top = f"{highest:,} events in the busiest hour"
    for slot, stack in stacks.items():
        y = float(HEIGHT + 40)
        for row in sorted(stack, key=lambda r: sources.index(r["source"])):
            height = row["n"] / highest * HEIGHT
            y -= height
            label = f"{_hour(first, slot)}: {row['n']:,} of {row['source']}"
            chart.bars.append(Bar(slot * step + 1, y, step - 2, height, kinds[row["source"]], label))
    _lane(chart, findings, first, step)
    every = max(1, round(count / 12))
    chart.ticks = [(slot * step + step / 2, _hour(first, slot)) for slot in range(0, count, every)]
    return chart


def _lane(chart: Chart, findings: list[Finding], first: int, step: float) -> None:
    """One square an hour for the worst level of its findings, with their number."""
    by_hour: dict[int, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_hour[(finding.time - first) // HOUR].append(finding)
    for slot, found in by_hour.items():
        worst = min(found, key=lambda f: LEVELS.index(f.level)).level
        label = f"{_hour(first, slot)}: {len(found)} finding(s), the worst {worst}"
        chart.bars.append(Bar(slot * step + 1, 8, step - 2, 14, worst, label))


def _hour(first: int, slot: int) -> str:
    return datetime.fromtimestamp((first + slot * HOUR) / 1000, UTC).strftime("%H:%M")


def areas(findings: Iterable[Finding]) -> list[tuple[str, int, list[Bar]]]:
    """Findings by area: name, number, and one row of bars by level (in percent of the largest area)."""
    by_area: dict[str, Counter[str]] = defaultdict(Counter)
    for finding in findings:
        by_area[finding.area][finding.level] += 1
    largest = max((counter.total() for counter in by_area.values()), default=1)
    made = []
    for area, counter in sorted(by_area.items(), key=lambda item: -item[1].total()):
        bars, x = [], 0.0
        for level in LEVELS:
            width = counter[level] / largest * 100
            if width:
                bars.append(Bar(x, 0, width, 1, level, f"{counter[level]} {level}"))
                x += width
        made.append((area, counter.total(), bars))
    return made
