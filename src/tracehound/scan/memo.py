"""Verdicts by the hash of their text: a chat log repeats its conversation with every turn."""

from __future__ import annotations

from tracehound.scan.model import DIRECTIONS, Verdict

DEFAULT_SIZE = 32_768
_CODES = {direction: bytes((number,)) for number, direction in enumerate(DIRECTIONS)}


class Memo:
    """A bounded map that forgets what was not asked for lately; 128-bit hashes, so no text is kept.

    Two generations: what is asked for or new is in the young one, and when that is half of the size, it becomes
    the old one, and the old one goes. So no order is kept, which would cost as much memory as the verdicts, and
    time with each look. Every step is one operation of a dict, so that several threads may use one memo.
    """

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._half = max(1, size // 2)
        self._young: dict[bytes, Verdict] = {}
        self._old: dict[bytes, Verdict] = {}

    def get(self, key: tuple[str, bytes]) -> Verdict | None:
        short = _CODES[key[0]] + key[1]
        verdict = self._young.get(short)
        if verdict is None:
            verdict = self._old.get(short)
            if verdict is not None:
                self._add(short, verdict)
        return verdict

    def put(self, key: tuple[str, bytes], verdict: Verdict) -> None:
        self._add(_CODES[key[0]] + key[1], verdict)

    def clear(self) -> None:
        """Forget everything."""
        self._young, self._old = {}, {}

    def _add(self, short: bytes, verdict: Verdict) -> None:
        young = self._young
        young[short] = verdict
        if len(young) >= self._half:
            self._young, self._old = {}, young

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
