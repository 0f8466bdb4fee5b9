"""One figure of a run, with the bound or peer of the same run beside it and the limit that it is held to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """``value`` in ``unit``; ``limit`` is the most it may be (the least, where ``at_least``), None for no limit."""

    section: str
    name: str
    value: float | None
    unit: str
    beside: str = ""
    limit: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """``met``, ``missed``, ``not run``; empty where there is no limit."""
        if self.value is None:
            return "not run"
        if self.limit is None:
            return ""
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        return "met" if met else "missed"

    @property
    def shown(self) -> str:
        if self.value is None:
            return "-"
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:,.{digits}f} {self.unit}".strip()

    @property
    def shown_limit(self) -> str:
        if self.limit is None:
            return ""
        return f"{'at least' if self.at_least else 'at most'} {self.limit:,g}"

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"verdict": self.verdict}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Figure:
        return cls(**{key: value for key, value in data.items() if key != "verdict"})
