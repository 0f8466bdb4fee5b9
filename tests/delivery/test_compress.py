from __future__ import annotations

import gzip
import os
import sys

import pytest

from tracehound.delivery import compress


def test_compression_without_the_fast_library(monkeypatch: pytest.MonkeyPatch) -> None:
    body = os.urandom(100) + b"x" * 10_000
    assert gzip.decompress(compress.gzipped(body)) == body
    monkeypatch.setitem(sys.modules, "isal.igzip", None)
    slow = compress._compressor()
    assert slow is compress._zlib
    assert gzip.decompress(slow(body)) == body
