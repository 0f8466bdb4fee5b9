"""Inputs and targets: one module or folder each in ``connectors/``, fetched by name.

An input module has ``find(places)``, which gives the names of its streams, and ``streams(places, seen)``,
which opens them one after the other and tells ``seen`` how many bytes it read.

A target is a folder whose ``__init__.py`` defines ``TARGET`` (``tracehound.targets``).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from tracehound.content import content_dir

__path__ = [str(content_dir("connectors"))]


@dataclass(slots=True)
class Stream:
    """One input: its name for people, and ``read(n)``, which raises ``DecodeError`` on spoilt compression."""

    name: str
    read: Callable[[int], bytes]
    close: Callable[[], None]


class InputConnector(Protocol):
    """What an input module offers."""

    def find(self, places: Sequence[str]) -> list[str]: ...

    def streams(self, places: Sequence[str], seen: Callable[[int], object] = ...) -> Iterator[Stream]: ...


def input_connector(name: str) -> InputConnector:
    """The input module with this name."""
    return cast(InputConnector, importlib.import_module(f"{__name__}.{name}"))
