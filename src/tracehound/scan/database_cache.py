"""Compiled pattern databases on disk, so that only the first start after a change compiles them.

A database is code-like: the engine trusts its bytes. So the folder is private to the user, anything
that others could have written is left alone, and a checksum finds what a crash has spoilt.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

_DIGEST = 32
SUFFIX = ".hsdb"


class _Source(Protocol):
    @property
    def source(self) -> bytes: ...
    @property
    def cased(self) -> bool: ...


def default_folder(what: str = "patterns") -> Path:
    """``$XDG_CACHE_HOME/tracehound/WHAT``, or below ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME")
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "tracehound" / what


def key(expressions: Iterable[_Source], version: str) -> str:
    """The name of the database of these expressions, this library and this kind of machine."""
    digest = hashlib.sha256(f"1 {version} {platform.system()} {platform.machine()}".encode())
    for expression in expressions:
        digest.update(b"\n%d %d " % (expression.cased, len(expression.source)))
        digest.update(expression.source)
    return digest.hexdigest()


def read(name: str, folder: Path | None = None, suffix: str = SUFFIX) -> bytes | None:
    """The stored database, or None when it is missing, spoilt, or could have been written by others."""
    folder = folder or default_folder()
    path = folder / f"{name}{suffix}"
    try:
        if not (_private(folder) and _private(path)):
            return None
        blob = path.read_bytes()
    except OSError:
        return None
    digest, payload = blob[:_DIGEST], blob[_DIGEST:]
    return payload if payload and hashlib.sha256(payload).digest() == digest else None


def write(name: str, payload: bytes, folder: Path | None = None, suffix: str = SUFFIX) -> bool:
    """Store a database; False when the folder cannot be written (the next start compiles again)."""
    folder = folder or default_folder()
    temporary = None
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not _private(folder):
            return False
        descriptor, temporary = tempfile.mkstemp(dir=folder, suffix=".part")  # mode 0600
        with os.fdopen(descriptor, "wb") as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        Path(temporary).replace(folder / f"{name}{suffix}")
    except OSError:
        if temporary is not None:
            with contextlib.suppress(OSError):
                Path(temporary).unlink(missing_ok=True)
        return False
    return True


def forget(folder: Path, suffix: str, kept: int) -> None:
    """Remove what was written first, beyond ``kept`` files."""
    with contextlib.suppress(OSError):
        found = sorted(folder.glob(f"*{suffix}"), key=lambda path: path.stat().st_mtime_ns)
        for path in found[:-kept]:
            path.unlink(missing_ok=True)


def _private(path: Path) -> bool:
    """Owned by this user and writable by nobody else; true where the system has no such notion."""
    if not hasattr(os, "getuid"):
        return True
    found = path.stat()
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
