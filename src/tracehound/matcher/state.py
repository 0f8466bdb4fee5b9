"""``--state DIR``: what one run remembers for the next, in a file of its own.

    DIR/state.json.zst   {"tracehound_state": 1, "saved": epoch ms, "parts": {"engine": ..., "join": ...}}

JSON, so that a foreign file can be wrong but not run anything; compressed with zstd, whose checksum finds
damage. It is written beside the old one and then takes its name: a run that is killed leaves the old state.
Folder and file are readable by their owner only.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import zstandard

from tracehound.errors import StateError
from tracehound.plain import pack, unpack

VERSION = 2
KEY = "tracehound_state"
NAME = "state.json.zst"
MAX_BYTES = 2 * 1024**3
"""So much is unpacked of a file; a state is a small part of it."""
ANEW = "move it away to start anew (what was learned is then lost)"


class StateDir:
    """The folder of a run's state; as a context manager it is locked against a second run."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._folder = folder
        self._lock: int | None = None

    def __enter__(self) -> StateDir:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self._folder / "lock", os.O_WRONLY | os.O_CREAT, 0o600)
        except OSError as error:
            raise StateError(f"--state {self._folder}: cannot be used: {error.strerror}") from error
        if not _locked(self._lock):
            os.close(self._lock)
            raise StateError(f"--state {self._folder}: another run uses it; give each its own folder")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self) -> dict[str, Any]:
        """The parts that the last run saved; none when there was no run. Raises ``StateError``."""
        try:
            packed = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise StateError(f"{self.path}: cannot be read: {error.strerror}") from error
        state = self._unpacked(packed)
        if state.get(KEY) != VERSION:
            raise StateError(
                f"{self.path}: is of another version of Tracehound ({str(state.get(KEY))[:20]}, this one writes "
                f"{VERSION}); {ANEW}"
            )
        parts = state.get("parts")
        if not isinstance(parts, dict):
            raise StateError(f"{self.path}: is damaged; {ANEW}")
        return parts

    def _unpacked(self, packed: bytes) -> dict[str, Any]:
        try:
            reader = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
            raw = reader.decompress(packed)
            complete = reader.eof and not reader.unused_data and len(raw) <= MAX_BYTES
            state = unpack(raw) if complete else None
        except (zstandard.ZstdError, ValueError, RecursionError, MemoryError) as error:
            raise StateError(f"{self.path}: is damaged or no state of Tracehound; {ANEW}") from error
        if not isinstance(state, dict) or KEY not in state:
            raise StateError(f"{self.path}: is damaged or no state of Tracehound; {ANEW}")
        return state

    def save(self, parts: dict[str, Any]) -> None:
        """Write the parts so that either they or the old ones are there. Raises ``StateError``."""
        state = {KEY: VERSION, "saved": time.time_ns() // 1_000_000, "parts": parts}
        packed = zstandard.ZstdCompressor(level=3, write_checksum=True).compress(pack(state))
        unfinished = self.path.with_suffix(".tmp")
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(packed)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self.path)
        except OSError as error:
            raise StateError(f"{self.path}: cannot be written: {error.strerror}") from error

    def part_of(self, error: StateError) -> StateError:
        """An error about a part of the state, with the file and what to do."""
        return StateError(f"{self.path}: {error}; {ANEW}")


def _locked(descriptor: int) -> bool:
    """Lock a file for this process, where the system can."""
    try:
        import fcntl
    except ImportError:  # Windows: two runs at once are not kept apart
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
