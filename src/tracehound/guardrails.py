"""Verdicts of guardrails, in our words and in OCSF's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracehound.schema import constants as ocsf

STRICTNESS = ("allowed", "error", "flagged", "modified", "blocked")
"""Our words, least strict first: of several verdicts the last here counts."""
CONTROL = {"allowed": (1, 1), "error": (0, 27), "flagged": (3, 15), "modified": (4, 11), "blocked": (2, 2)}
"""Our word -> OCSF's ``action_id`` and ``disposition_id``; a masked text is Modified and Corrected."""


def strictest(actions: Iterable[str | None]) -> str | None:
    """Of several verdicts the strictest; None where there is none."""
    return max((a for a in actions if a in STRICTNESS), key=STRICTNESS.index, default=None)


def security_control(action: str | None) -> dict[str, Any]:
    """The attributes of OCSF's profile ``security_control`` for a verdict; empty where there is none."""
    if action not in CONTROL:
        return {}
    action_id, disposition_id = CONTROL[action]
    return {"action_id": action_id, "action": ocsf.ACTION[action_id], "disposition_id": disposition_id}


def policy(names: Iterable[str | None], limit: int = 8) -> str | None:
    """Names of the policies that decided, each once, joined."""
    seen = list(dict.fromkeys(name for name in names if name))
    return ", ".join(seen[:limit]) or None
