"""Tables of records in YAML, with ``<<slots>>`` that are filled when the day is built."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def table(package: str, name: str) -> Any:
    """A YAML file of a package, parsed once."""
    return yaml.safe_load(files(package).joinpath(name).read_text(encoding="utf-8"))


def resolve(value: Any, slots: Mapping[str, str]) -> Any:
    """A copy in which every string has its slots filled."""
    match value:
        case str():
            for slot, given in slots.items():
                value = value.replace(f"<<{slot}>>", given)
            return value
        case list():
            return [resolve(item, slots) for item in value]
        case dict():
            return {key: resolve(item, slots) for key, item in value.items()}
        case _:
            return value
