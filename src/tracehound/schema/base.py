"""What every model of the schema is made of: strict base class, field helpers, leaf types.

A field is ``name: Type = attr("what it is")``. The default of an optional field is None and is not validated,
so an absent attribute passes and an explicit null is refused, as OCSF wants it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from tracehound.schema.constants import STATUS


class Model(BaseModel):
    """Base of all objects: no unknown attributes, no conversion of types, no nulls."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    # The OCSF object or class that a model is a subset of; empty for our own.
    ocsf: ClassVar[str] = ""
    at_least_one: ClassVar[tuple[str, ...]] = ()
    just_one: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="after")
    def _present(self) -> Model:
        if self.at_least_one and not self.model_fields_set.intersection(self.at_least_one):
            raise PydanticCustomError("at_least_one", "needs at least one of " + ", ".join(self.at_least_one))
        if self.just_one and len(self.model_fields_set.intersection(self.just_one)) != 1:
            raise PydanticCustomError("just_one", "needs exactly one of " + ", ".join(self.just_one))
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        made = handler.resolve_ref_schema(handler(schema))
        if cls.at_least_one:
            made["anyOf"] = [{"required": [name]} for name in cls.at_least_one]
        if cls.just_one:
            made["oneOf"] = [{"required": [name]} for name in cls.just_one]
        return made


def attr(
    doc: str,
    *,
    example: Any = None,
    unit: str = "",
    profile: str = "",
    alias: str | None = None,
    listed: bool | tuple[str, ...] = True,
) -> Any:
    """An optional attribute: one line of what it is, its unit, and the OCSF profile it comes with.

    One that is not ``listed`` may be there and is checked, but is no field for rules and gets no column; of
    an object, ``listed`` may name the attributes that are.
    """
    notes = _notes(example, unit, profile)
    if listed is not True:
        notes["json_schema_extra"] = {**(notes["json_schema_extra"] or {}), "x-listed": list(listed or ())}
    return Field(default=None, description=doc, alias=alias, **notes)


def must(doc: str, *, example: Any = None, unit: str = "") -> Any:
    """A required attribute."""
    return Field(description=doc, **_notes(example, unit, ""))


def _notes(example: Any, unit: str, profile: str) -> dict[str, Any]:
    extra = {key: value for key, value in (("unit", unit), ("profile", profile)) if value}
    return {
        "examples": None if example is None else [example],
        "json_schema_extra": {f"x-{key}": value for key, value in extra.items()} or None,
    }


@dataclass(frozen=True)
class Kind:
    """How a leaf is stored and compared, where its Python type does not say it."""

    name: Literal["text", "ip", "date", "json"]


class OneOf:
    """A closed set of numbers or words, with their captions."""

    def __init__(self, table: Mapping[Any, str]) -> None:
        self.table = table

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        words = core_schema.literal_schema(list(self.table))
        if all(isinstance(value, int) for value in self.table):
            # To Python True is 1 and 1.0 is 1; to a log they are not.
            return core_schema.chain_schema([core_schema.int_schema(strict=True), words])
        return words

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "integer" if 0 in self.table else "string", "enum": list(self.table)}


def _int64(value: int) -> int:
    if not -(2**63) <= value < 2**63:
        raise PydanticCustomError("int64", "does not fit into 64 bits")
    return value


def _millis(value: int) -> int:
    # 10**11 ms is March 1973: seconds fall below it, micro- and nanoseconds above the upper bound.
    if not 10**11 <= value < 10**14:
        raise PydanticCustomError("millis", "is no time in epoch milliseconds")
    return value


def _address(value: str) -> str:
    try:
        ipaddress.ip_address(value)
    except ValueError as error:
        raise PydanticCustomError("ip", "is no IPv4 or IPv6 address") from error
    if "%" in value:
        raise PydanticCustomError("ip", "carries a zone, which no index takes")
    return value


Int = Annotated[int, AfterValidator(_int64)]
Time = Annotated[int, AfterValidator(_millis), Kind("date")]
Port = Annotated[int, Field(ge=0, le=65535)]
Ip = Annotated[str, AfterValidator(_address), Kind("ip")]
Email = Annotated[str, StringConstraints(pattern=r"^[\w!#-'*-/=?^`{-~-]+@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+$")]
Uuid = Annotated[str, StringConstraints(pattern=r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")]
Mac = Annotated[str, StringConstraints(pattern=r"^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$")]
Text = Annotated[str, Kind("text")]
Json = Annotated[Any, Kind("json")]
JsonObject = Annotated[dict[str, Any], Kind("json")]
Percent = Annotated[int, Field(ge=0, le=100)]
Status = Annotated[int, OneOf(STATUS)]
