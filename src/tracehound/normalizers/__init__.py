"""The contract of a normalizer, and the registry that finds normalizers by name.

A normalizer is one module in ``normalizers/`` with a constant ``NORMALIZER``: a pure function from one
record to any number of OCSF events. It takes what it maps out of the record; the engine fills what can be
derived (``tracehound.event.complete``) and keeps the rest as ``unmapped``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tracehound import plugins
from tracehound.content import content_dir
from tracehound.record import Record

__path__ = [str(content_dir("normalizers"))]

Event = dict[str, Any]


def _never_unique(_data: dict[str, Any]) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Normalizer:
    """One kind of log.

    ``matches`` decides from the decoded record alone and must be cheap: key tests, no loops. No two
    normalizers may match one record, except that a ``fallback`` one is asked only when no other matched.
    ``identify`` gives the vendor's id of the record where the vendor documents it to be unique
    (a request id, trace and span id; never a JSON-RPC id); it is read before ``normalize`` runs.
    """

    name: str
    matches: Callable[[dict[str, Any]], bool]
    normalize: Callable[[Record], Iterable[Event]]
    product: str
    vendor: str
    service: str
    """Default of ``ai.service``: gateway, cloud_audit, agent, mcp, endpoint, network, scanner, finding."""
    identify: Callable[[dict[str, Any]], str | None] = _never_unique
    log_provider: str = ""
    """``metadata.log_provider``; the product's name where empty."""
    fallback: bool = False
    passthrough: bool = False
    """Its records are OCSF events already: what they have is kept, and only what they lack is filled."""


class Registry:
    """Normalizers by name, and the search for the one that knows a record."""

    def __init__(self, normalizers: Iterable[Normalizer]) -> None:
        self.by_name = {n.name: n for n in normalizers}
        self._sure = tuple(n for n in self.by_name.values() if not n.fallback)
        self._fallback = tuple(n for n in self.by_name.values() if n.fallback)

    @classmethod
    def load(cls, packs: Sequence[Path] = ()) -> Registry:
        """Ours, then each pack's: a pack's normalizer replaces one of the same name."""
        return cls(plugins.load("normalizers", "NORMALIZER", Normalizer, packs))

    def find(self, data: dict[str, Any], hint: Normalizer | None = None) -> Normalizer | None:
        """The normalizer that knows this record; ``hint`` (the last one found) is asked first."""
        if hint is not None and not hint.fallback and hint.matches(data):
            return hint
        for normalizer in self._sure:
            if normalizer.matches(data):
                return normalizer
        for normalizer in self._fallback:
            if normalizer.matches(data):
                return normalizer
        return None


@cache
def registry() -> Registry:
    """The registry of our own content, loaded once."""
    return Registry.load()
