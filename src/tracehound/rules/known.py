"""The fields that rules may name: the schema's, and which of them something fills."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from tracehound.schema import constants

LONG_TEXTS = frozenset(constants.LONG_TEXTS)
"""Fields that targets need not store or cut short: tests on them run embedded only."""

FILLED = Path(__file__).parent / "data" / "filled_fields.txt"


class FieldInfo(Protocol):
    """What the schema says about a field (``tracehound.schema.FieldInfo``)."""

    @property
    def type(self) -> str:
        """One of keyword, text, ip, long, double, boolean, date, json."""
        ...


Fields = Mapping[str, FieldInfo]


def known_fields() -> Fields:
    """The fields of the schema by dotted path."""
    schema = importlib.import_module("tracehound.schema")
    return cast(Fields, schema.fields())


@cache
def filled_fields() -> frozenset[str]:
    """The fields that our normalizers and enrichers fill, one a line in ``FILLED``; a test keeps it true."""
    return frozenset(FILLED.read_text("utf-8").split())
