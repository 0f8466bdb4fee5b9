"""What people read on a board beside its numbers, in every target."""

from __future__ import annotations

from tracehound.boards.model import COLUMNS, BoardSpec, PanelSpec


def measure_label(spec: PanelSpec) -> str:
    """The name of the number: ``Events``, ``Sum of ai.cost_usd (USD)``."""
    measure = spec.measure
    unit = f" ({spec.unit})" if spec.unit else ""
    if measure.how == "count":
        return ("Findings" if spec.of == "findings" else "Events") + unit
    if measure.percentile:
        return f"{measure.percentile}th percentile of {measure.field}{unit}"
    word = {"distinct": "Different values of", "sum": "Sum of", "avg": "Mean of"}[measure.how]
    return f"{word} {measure.field}{unit}"


def about(spec: PanelSpec) -> str:
    """The panel's description, with what it means when nothing is shown."""
    return " ".join(filter(None, [spec.description, f"When empty: {spec.empty}"]))


def whole(spec: PanelSpec) -> bool:
    """Whether the numbers are whole by their nature."""
    from tracehound.compiler.leaves import type_of

    measure = spec.measure
    return measure.how in ("count", "distinct") or (measure.how == "sum" and type_of(measure.field) == "long")


def places(spec: BoardSpec) -> list[tuple[int, int, int, int]]:
    """Where each panel stands: column (of twelve), row, width, height. In the file's order, from left to right;
    what no longer fits begins a new line below the highest panel of the line before."""
    found = []
    column = row = below = 0
    for panel in spec.panels:
        if column + panel.width > COLUMNS:
            column, row = 0, below
        found.append((column, row, panel.width, panel.height))
        below = max(below, row + panel.height)
        column += panel.width
    return found
