"""Rule sets that were loaded before, kept on disk: checking thousands of rules takes seconds, reading them not.

A kept rule set belongs to the bytes of every file that it was made of, the lists, the settings, and the code that
made it; when any of these changes it is made anew. It is JSON (no code is read from it), in a folder of the
user's own; what is spoilt, or could have been written by others, is made anew silently.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from tracehound import __version__
from tracehound.content import content_root
from tracehound.rules import stored
from tracehound.rules.known import Fields
from tracehound.rules.model import RuleSet
from tracehound.rules.thresholds import FILE as THRESHOLDS
from tracehound.scan import database_cache

FOLDERS = ("detections", "filters", "lists")
SUFFIXES = (".yml", ".yaml", ".txt")
SUFFIX = ".rules"
KEPT = 8
"""So many rule sets are kept; the ones that were written first go first."""
CODE = ("rules", "matcher", "schema", "errors.py", "content.py")


def load_rules(
    packs: Sequence[Path] = (),
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
    fields: Fields | None = None,
    filled: Collection[str] | None = None,
    own: Path | None = None,
) -> RuleSet:
    """``tracehound.rules.loader.load_rules``, from the cache where nothing has changed.

    Rules from the cache have no ``sigma``. With ``fields`` of one's own nothing is kept.
    """
    if fields is not None:
        return _load(packs, lists, fields, filled, own)
    name = key([own or content_root(), *packs], lists, filled)
    folder = database_cache.default_folder("rules")
    raw = database_cache.read(name, folder, SUFFIX)
    if raw is not None:
        with contextlib.suppress(*stored.WRONG):
            return stored.load(raw)
    rules = _load(packs, lists, fields, filled, own)
    with contextlib.suppress(stored.UnstorableError, TypeError):
        if database_cache.write(name, stored.dump(rules), folder, SUFFIX):
            database_cache.forget(folder, SUFFIX, KEPT)
    return rules


def _load(
    packs: Sequence[Path],
    lists: Mapping[str, Sequence[str]] | None,
    fields: Fields | None,
    filled: Collection[str] | None,
    own: Path | None,
) -> RuleSet:
    from tracehound.rules import loader  # with pySigma, which takes a while to import

    return loader.load_rules(packs, lists=lists, fields=fields, filled=filled, own=own)


def key(
    roots: Sequence[Path], lists: Mapping[str, Sequence[str]] | None, filled: Collection[str] | None
) -> str:
    """The name of the rule set that these folders and settings give."""
    digest = sha256()

    def add(*parts: object) -> None:
        for part in parts:
            raw = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
            digest.update(b"%d:" % len(raw) + raw)

    add("1", __version__, sys.version, *_code())
    add("filled", *("-" if filled is None else sorted(filled)))
    for name, values in sorted((lists or {}).items()):
        add("list", name, *values)
    for root in roots:
        add("root", root.absolute())
        for path in _files(root):
            add(path.relative_to(root), _bytes(path))
    return digest.hexdigest()


def _files(root: Path) -> Iterator[Path]:
    """Every file that could be a rule, a filter or a list, and the thresholds."""
    if (root / THRESHOLDS).is_file():
        yield root / THRESHOLDS
    for folder in FOLDERS:
        for place, folders, names in os.walk(root / folder, followlinks=True):
            folders.sort()
            for name in sorted(names):
                if name.endswith(SUFFIXES):
                    yield Path(place, name)


def _bytes(path: Path) -> bytes:
    try:
        return b"+" + path.read_bytes()
    except OSError as error:
        return f"-{error.errno}".encode()


def _code() -> Iterator[str]:
    """The state of the code that makes rule sets: ours and pySigma's."""
    base = Path(__file__).parent.parent
    for name in CODE:
        place = base / name
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.suffix in (".py", ".json", ".txt"):
                found = path.stat()
                yield f"{path.relative_to(base)} {found.st_size} {found.st_mtime_ns}"
    spec = find_spec("sigma.rule")
    if spec is not None and spec.origin is not None:
        yield f"{spec.origin} {Path(spec.origin).stat().st_mtime_ns}"
