"""A board as its file says it: panels, each a filter, a measure and a picture.

The JSON Schema made from these models is published as ``board.schema.json`` (``schema()``).
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

COLUMNS = 12
"""A board is so many columns wide."""
Kind = Literal["metric", "line", "area", "bar", "table", "pie"]
Numeric = Literal["sum", "avg", "p50", "p90", "p95", "p99"]
NUMERIC: tuple[Numeric, ...] = ("sum", "avg", "p50", "p90", "p95", "p99")
_UNITS = {"m": 60, "h": 3600, "d": 86_400}
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Words = Annotated[str, Field(min_length=1, max_length=400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Measure(_Strict):
    """What is counted. ``count`` alone: events, each once, however often it is stored."""

    distinct: str | None = Field(None, description="So many different values has this field.")
    sum: str | None = Field(None, description="The sum of this field.")
    avg: str | None = Field(None, description="The mean of this field.")
    p50: str | None = Field(None, description="The median of this field.")
    p90: str | None = Field(None, description="Nine of ten values of this field are not above.")
    p95: str | None = Field(None, description="95 of 100 values of this field are not above.")
    p99: str | None = Field(None, description="99 of 100 values of this field are not above.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if value == "count":
            return {}
        if isinstance(value, str):
            raise ValueError(
                f"{value[:40]!r} is no measure; write count, or a mapping such as distinct: FIELD"
            )
        return value

    @model_validator(mode="after")
    def _one(self) -> Measure:
        if len(self.model_fields_set) > 1:
            raise ValueError("one measure a panel; put the other one into a panel of its own")
        if self.model_fields_set and not self.field:
            raise ValueError(f"{self.how} wants a field")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"const": "count"}, handler(core)]}

    @property
    def how(self) -> str:
        """``count``, ``distinct``, or one of ``NUMERIC``."""
        return next(iter(self.model_fields_set), "count")

    @property
    def field(self) -> str:
        """The field that is measured; empty for ``count``."""
        value = getattr(self, self.how) if self.model_fields_set else ""
        return str(value or "")

    @property
    def adds_up(self) -> bool:
        """Whether series are ranked by the sum of their points, not by the highest."""
        return self.how in ("count", "distinct", "sum")

    @property
    def percentile(self) -> int | None:
        """95 for ``p95``."""
        return int(self.how[1:]) if re.fullmatch(r"p\d+", self.how) else None


class By(_Strict):
    """One group for each value of a field."""

    field: str = Field(description="The field; an event with several values is in several groups.")
    part: int | None = Field(
        None, ge=1, le=9,
        description="Only this part of the value, between dots: 2 is the family of a signal.",
    )  # fmt: skip
    label: Words | None = Field(None, description="What people read; by default the field's name.")

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(core)]}

    @property
    def title(self) -> str:
        """What people read."""
        return self.label or self.field


class Drilldown(_Strict):
    """Where a click leads: ``discover`` (the events behind it), another board, or another panel of this one."""

    board: Name | None = Field(None, description="The file name of another board, without .yml.")
    panel: Name | None = Field(
        None, description="The panel to look at; the click filters the whole board by the value."
    )

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        if value == "discover":
            return {}
        if isinstance(value, str):
            raise ValueError(f"{value[:40]!r} leads nowhere; write discover, board: NAME or panel: ID")
        return value

    @model_validator(mode="after")
    def _one(self) -> Drilldown:
        if self.board and self.panel:
            raise ValueError("leads to a board or to a panel, not to both")
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"const": "discover"}, handler(core)]}


class PanelSpec(_Strict):
    """One panel. Copy one, change its id, title, filter and measure: that is a new panel."""

    id: Name = Field(description="Its name in the board; never changed, since links rest on it.")
    title: Words
    description: Words | None = Field(None, description="What one sees, and what it is good for.")
    of: Literal["events", "findings"] = Field(
        "events", description="findings: what rules raised, each once; events: everything else."
    )
    filter: dict[str, Any] | list[Any] | None = Field(
        None,
        description="As in a Sigma rule: field|modifier: value. A list: any of several. "
        "With `condition`: named selections and how they go together.",
    )
    measure: Measure = Field(
        Measure(), description="count, or distinct, sum, avg, p50, p90, p95, p99: FIELD."
    )
    by: list[By] = Field(default_factory=list, max_length=3, description="Groups: fields, or mappings.")
    interval: str | None = Field(
        None, pattern=r"^(auto|[1-9][0-9]{0,2}[mhd])$",
        description="Over time, in steps: auto (at most 75 of them), 15m, 1h, 1d.",
    )  # fmt: skip
    top: int = Field(10, ge=1, le=1000, description="So many groups or series, the largest first.")
    kind: Kind = Field(description="The picture.")
    unit: Annotated[str, Field(max_length=12)] | None = Field(None, description="tokens, USD, ms.")
    drilldown: Drilldown | None = Field(None, description="discover, or board: NAME, or panel: ID.")
    empty: Words = Field(description="What it means when there is nothing to see.")
    width: int = Field(6, ge=2, le=COLUMNS, description="In twelfths of the board.")
    height: int = Field(12, ge=3, le=40, description="In rows; 12 is an ordinary chart.")

    @field_validator("by", mode="before")
    @classmethod
    def _one_by(cls, value: Any) -> Any:
        return [value] if isinstance(value, str | dict) else value

    @model_validator(mode="after")
    def _fits(self) -> PanelSpec:
        groups, timed = len(self.by), self.interval is not None
        wrong = {
            "metric": (groups or timed) and "is one number: without by and interval",
            "line": (not timed or groups > 1) and "wants an interval (auto), and at most one field in by",
            "area": (not timed or groups > 1) and "wants an interval (auto), and at most one field in by",
            "bar": (not 1 <= groups + timed <= 2) and "wants an interval or a field in by, or two of them",
            "pie": (groups != 1 or timed) and "wants one field in by, and no interval",
            "table": (not groups or timed) and "wants by, and no interval",
        }[self.kind]
        if wrong:
            raise ValueError(f"a {self.kind} {wrong}")
        named = [by.field for by in self.by]
        if self.measure.how == "distinct":
            named.append(self.measure.field)
        twice = next((name for name in named if named.count(name) > 1), None)
        if twice:
            raise ValueError(f"{twice} is named twice, in by or as what is measured")
        return self

    @property
    def seconds(self) -> int | None:
        """The interval in seconds; None: ``auto``, or none at all."""
        if self.interval in (None, "auto"):
            return None
        text = str(self.interval)
        return int(text[:-1]) * _UNITS[text[-1]]


class BoardSpec(_Strict):
    """One board; its name is that of its file."""

    title: Words
    description: Words
    range: str = Field("24h", pattern=r"^[1-9][0-9]{0,2}[mhd]$", description="The time first shown: 24h, 7d.")
    controls: list[str] = Field(
        default_factory=list, max_length=8, description="Fields that whoever looks may filter by."
    )
    panels: list[PanelSpec] = Field(min_length=1, max_length=100)

    @model_validator(mode="after")
    def _named(self) -> BoardSpec:
        names = [panel.id for panel in self.panels]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"two panels have the id {twice!r}")
        return self


def schema() -> dict[str, Any]:
    """The JSON Schema of a board's file."""
    made = BoardSpec.model_json_schema()
    by = made["$defs"]["PanelSpec"]["properties"]["by"]
    one = by["items"]
    many = {key: by.pop(key) for key in ("items", "maxItems", "type")}
    by["anyOf"] = [one, many]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
