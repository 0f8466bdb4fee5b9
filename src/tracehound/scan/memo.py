"""Verdicts by the hash of their text: a chat log repeats its conversation with every turn."""

from __future__ import annotations

import threading
from collections import OrderedDict

from tracehound.scan.model import Verdict

DEFAULT_SIZE = 32_768


class Memo:
    """A bounded map that forgets the longest unused; 128-bit hashes, so no text is kept."""

    def __init__(self, size: int = DEFAULT_SIZE) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._verdicts: OrderedDict[tuple[str, bytes], Verdict] = OrderedDict()

    def get(self, key: tuple[str, bytes]) -> Verdict | None:
        with self._lock:
            verdict = self._verdicts.get(key)
            if verdict is not None:
                self._verdicts.move_to_end(key)
            return verdict

    def put(self, key: tuple[str, bytes], verdict: Verdict) -> None:
        with self._lock:
            self._verdicts[key] = verdict
            if len(self._verdicts) > self._size:
                self._verdicts.popitem(last=False)

    def __len__(self) -> int:
        return len(self._verdicts)
