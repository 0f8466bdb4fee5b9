"""The engine as the settings want it."""

from __future__ import annotations

from collections.abc import Iterable

from tracehound.config import Settings
from tracehound.matcher.engine import Engine
from tracehound.rules.model import Rule
from tracehound.scan import scanner_for


def engine_for(rules: Iterable[Rule], settings: Settings) -> Engine:
    """An engine with the settings' lateness; secrets and personal data in matched values are masked."""
    mask = scanner_for(settings.packs).redact if settings.privacy.redact else str
    return Engine(rules, lateness=settings.lateness, mask=mask)
