"""Compiled databases on disk: private, checked, rebuilt when spoilt."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from tracehound.errors import ConfigError
from tracehound.scan import database_cache
from tracehound.scan.matching import Expression, Re2Matcher, build_matcher, choose_engine

EXPRESSIONS = [Expression(b"abc", cased=False), Expression(b"DEF", cased=True)]


def matches(folder: Path) -> list[int]:
    return build_matcher(EXPRESSIONS, "hyperscan", folder).match(b"ABC DEF")


def only(folder: Path) -> Path:
    (file,) = folder.glob("*.hsdb")
    return file


def test_written_once_and_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    assert matches(folder) == [0, 1]
    before = only(folder).stat().st_mtime_ns
    assert matches(folder) == [0, 1]
    assert only(folder).stat().st_mtime_ns == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(only(folder).stat().st_mode) == 0o600


@pytest.mark.parametrize("spoilt", [b"", b"x" * 10, b"x" * 5000], ids=["empty", "short", "other"])
def test_spoilt_cache_is_rebuilt(tmp_path: Path, spoilt: bytes) -> None:
    matches(tmp_path)
    only(tmp_path).write_bytes(spoilt)
    assert matches(tmp_path) == [0, 1]
    assert len(only(tmp_path).read_bytes()) > 5000 or spoilt != only(tmp_path).read_bytes()


def test_database_of_another_version_is_rebuilt(tmp_path: Path) -> None:
    matches(tmp_path)
    name = only(tmp_path).stem
    database_cache.write(name, b"no database at all", tmp_path)
    assert matches(tmp_path) == [0, 1]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="POSIX permissions")
def test_what_others_may_write_is_not_trusted(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    matches(folder)
    name = only(folder).stem
    folder.chmod(0o777)
    assert database_cache.read(name, folder) is None
    assert not database_cache.write(name, b"x", folder)
    folder.chmod(0o700)
    only(folder).chmod(0o666)
    assert database_cache.read(name, folder) is None
    assert matches(folder) == [0, 1]


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert matches(tmp_path / "file" / "below") == [0, 1]


def test_default_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert database_cache.default_folder() == tmp_path / "tracehound" / "patterns"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert database_cache.default_folder() == Path.home() / ".cache" / "tracehound" / "patterns"


def test_key_depends_on_expressions_case_and_version() -> None:
    keys = {
        database_cache.key(EXPRESSIONS, "1"),
        database_cache.key(EXPRESSIONS, "2"),
        database_cache.key(EXPRESSIONS[:1], "1"),
        database_cache.key([Expression(b"abc", cased=True), EXPRESSIONS[1]], "1"),
    }
    assert len(keys) == 4


def test_engine_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACEHOUND_SCAN_ENGINE", "re2")
    assert isinstance(build_matcher(EXPRESSIONS), Re2Matcher)
    monkeypatch.setenv("TRACEHOUND_SCAN_ENGINE", "hyperscam")
    with pytest.raises(ConfigError, match="did you mean 'hyperscan'"):
        choose_engine()


def test_engine_without_hyperscan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACEHOUND_SCAN_ENGINE", raising=False)
    monkeypatch.setattr("tracehound.scan.matching.find_spec", lambda name: None)
    assert choose_engine() == "re2"
    with pytest.raises(ConfigError, match="not installed"):
        choose_engine("hyperscan")
