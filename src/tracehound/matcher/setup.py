"""The engine as the settings want it."""

from __future__ import annotations

from collections.abc import Iterable

from tracehound.config import Settings
from tracehound.matcher.engine import Engine
from tracehound.rules.model import Rule
from tracehound.scan import scanner_for


def engine_for(
    rules: Iterable[Rule], settings: Settings, *, live: bool = False, early: bool | None = None
) -> Engine:
    """An engine for files (read one after another, so none is late), or with the settings' lateness if ``live``.

    ``early``: correlations are raised as soon as they are complete (default: if ``live``), not only when no
    older event can come any more. Secrets and personal data in matched values are masked.
    """
    mask = scanner_for(settings.packs).redact if settings.privacy.redact else str
    return Engine(
        rules,
        lateness=settings.lateness if live else None,
        mask=mask,
        early=live if early is None else early,
    )
