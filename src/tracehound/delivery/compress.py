"""Gzip for requests, by the fastest library there is."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable

LEVEL = 1
SMALLEST = 1024
"""Bytes below which compressing costs more than it spares."""


def _compressor() -> Callable[[bytes], bytes]:
    try:
        compress: Callable[..., bytes] = importlib.import_module("isal.igzip").compress
    except ImportError:  # no wheel for this platform
        return _zlib
    return lambda body: compress(body, LEVEL)


def _zlib(body: bytes) -> bytes:
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, 31)  # 31: with gzip's header
    return packer.compress(body) + packer.flush()


gzipped = _compressor()
"""Bytes -> the same, gzipped at the level that costs least."""
