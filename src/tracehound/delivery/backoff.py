"""How long to wait before the next try: exponential, with full jitter, never less than the target asks for."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Backoff:
    """``base`` and ``cap`` in seconds; ``chance`` gives numbers in [0, 1)."""

    base: float = 0.5
    cap: float = 30.0
    most_asked: float = 300.0
    """A target that asks for more is asked again after this."""
    chance: Callable[[], float] = field(default=random.random)

    def delay(self, attempt: int, asked: float | None = None) -> float:
        """Seconds before try ``attempt`` + 1 (0: the first failed); ``asked`` is the target's Retry-After.

        Jitter comes on top of what was asked for, else all senders would return in the same moment.
        """
        spread: float = self.chance() * min(self.cap, self.base * 2.0 ** min(attempt, 30))
        return spread + min(max(asked or 0.0, 0.0), self.most_asked)
