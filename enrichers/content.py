"""Content signals: what the texts of an event hold, as labels, a score and host names.

The new part of a conversation gives ``ai.signals``, ``ai.signal_count``, ``ai.risk_score`` and
``ai.destinations``; what came before the last answer gives ``ai.context_signals`` only, so an attack of
the first turn does not alert with every turn after it.

What matched is in ``enrichments``, one entry per pattern and direction: ``name`` is the label, ``value`` a masked
value (secrets, personal data) or a short excerpt, ``data`` the pattern and its confidence. Where the
privacy setting does not store a text, its excerpts are left out as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracehound.config import Settings
from tracehound.enrichers import TEXTS, Enrich, Enricher, Event
from tracehound.scan import Hit, Scanner, risk, scanner_for
from tracehound.scan.model import MASKED_FAMILIES

MAX_SHOWN = 32
MAX_DESTINATIONS = 64
NOT_STORED = "[not stored]"
SETTING_OF_DIRECTION = {"system": "prompt", "prompt": "prompt", "document": "prompt", "response": "response"}


def build(settings: Settings) -> Enrich:
    """Load the patterns of our content and of all packs."""
    keep = settings.privacy.model_dump()
    stored = {d for d in ("prompt", "response", "tool") if keep.get(d) == "store"}
    return enrich_with(scanner_for(settings.packs), stored)


def enrich_with(scanner: Scanner, stored: Iterable[str]) -> Enrich:
    """The enricher over a loaded scanner; ``stored`` names the privacy settings whose texts are kept."""
    kept = frozenset(stored)

    def enrich(events: list[Event]) -> None:
        for event in events:
            # The texts stay where they are: the privacy enricher, the last one, needs and removes them.
            texts = event.get(TEXTS)
            if texts:
                _scan(event, texts, scanner, kept)

    return enrich


def _scan(event: Event, texts: list[tuple[str, str, bool]], scanner: Scanner, kept: frozenset[str]) -> None:
    context: set[str] = set()
    hits: dict[tuple[str, str], Hit] = {}
    hosts: set[str] = set()
    for direction, text, is_context in texts:
        verdict = scanner.scan(text, direction)
        if is_context:
            context.update(verdict.labels)
            continue
        hosts.update(verdict.destinations)
        for hit in verdict.hits:
            hits.setdefault((hit.label, hit.pattern_id), hit)
    ai = event["ai"]
    labels = sorted({hit.label for hit in hits.values()})
    if labels:
        ai["signals"] = labels
        event.setdefault("enrichments", []).extend(_shown(hits.values(), kept))
    if context:
        ai["context_signals"] = sorted(context)
    ai["signal_count"] = len(labels)
    ai["risk_score"] = risk(hits.values())
    if hosts:
        ai["destinations"] = sorted(hosts.union(ai.get("destinations") or ()))[:MAX_DESTINATIONS]


def _shown(hits: Iterable[Hit], kept: frozenset[str]) -> list[dict[str, Any]]:
    """OCSF enrichments, the heaviest hits first."""
    ranked = sorted(hits, key=lambda hit: (-hit.weight, hit.label, hit.pattern_id))
    return [
        {
            "name": hit.label,
            "value": hit.masked if _may_show(hit, kept) else NOT_STORED,
            "data": {"pattern": hit.pattern_id, "confidence": hit.confidence},
            "type": "content_signal",
            "provider": "tracehound",
        }
        for hit in ranked[:MAX_SHOWN]
    ]


def _may_show(hit: Hit, kept: frozenset[str]) -> bool:
    direction, family, _ = hit.label.split(".", 2)
    return family in MASKED_FAMILIES or SETTING_OF_DIRECTION.get(direction, "tool") in kept


ENRICHER = Enricher(
    "content",
    30,
    build,
    ("ai.signals", "ai.context_signals", "ai.signal_count", "ai.risk_score", "ai.destinations"),
)
