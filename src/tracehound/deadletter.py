"""The dead-letter file: what could not become events, with its reason, in a form that can be read again.

One JSON object a line: ``time`` (ISO), ``source``, ``stream``, ``offset``, ``index``, ``reason`` (a closed
word), ``message``, and the record as ``raw`` (text) or ``raw_base64`` (bytes that are no UTF-8). A record
above ``MAX_RAW`` is cut, with its ``size``. The file is readable by its owner only: it holds log text.
"""

from __future__ import annotations

import base64
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from tracehound.record import Record

MAX_RAW = 4 * 1024 * 1024
EXCERPT = 64 * 1024
KEY = "tracehound_dead_letter"
VERSION = 1


class DeadLetters:
    """Counts dead letters by reason and adds them to ``path``; the file is made with the first one."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.reasons: Counter[str] = Counter()
        self.last: dict[str, str] = {}
        self._file: Any = None

    def __len__(self) -> int:
        return self.reasons.total()

    def add(self, record: Record, reason: str, message: str, size: int | None = None) -> None:
        """Keep one record; ``size`` is its whole length where ``record.raw`` is an excerpt."""
        self.reasons[reason] += 1
        where = f"{record.source}: byte {record.offset:,}"
        self.last[reason] = f"{where}: {message}"
        if self.path is None:
            return
        if self._file is None:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._file = os.fdopen(descriptor, "wb")
        self._file.write(orjson.dumps(_letter(record, reason, message, size)) + b"\n")

    def flush(self) -> None:
        """Write what is held to the disk: a checkpoint that comes after it must not know more."""
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


def _letter(record: Record, reason: str, message: str, size: int | None) -> dict[str, Any]:
    raw = record.raw if len(record.raw) <= MAX_RAW else record.raw[:EXCERPT]
    letter: dict[str, Any] = {
        KEY: VERSION,
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "source": _text(record.source),
        "stream": record.stream,
        "offset": record.offset,
        "index": record.index,
        "reason": reason,
        "message": _text(message),
        "size": size or len(record.raw),
    }
    try:
        letter["raw"] = raw.decode()
    except UnicodeDecodeError:
        letter["raw_base64"] = base64.b64encode(raw).decode()
    if len(raw) < letter["size"]:
        letter["cut"] = True
    return letter


def _text(value: str) -> str:
    """Text that JSON can hold: file names and messages may carry half surrogates."""
    return value.encode("utf-8", "replace").decode()


def replay(data: Any) -> Record | None:
    """The record inside a dead letter, as it was first met; None for anything that is no whole dead letter."""
    if not (isinstance(data, dict) and data.get(KEY) == VERSION) or data.get("cut"):
        return None
    raw, encoded = data.get("raw"), data.get("raw_base64")
    if isinstance(encoded, str):
        content = base64.b64decode(encoded)
    elif isinstance(raw, str):
        content = raw.encode()
    else:
        return None
    return Record(
        {}, str(data.get("source")), str(data.get("stream")), int(data.get("offset") or 0),
        int(data.get("index") or 0), raw=content,
    )  # fmt: skip
