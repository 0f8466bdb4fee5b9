"""Which of many expressions match a text: Hyperscan, or RE2's filter where no Hyperscan wheel exists."""

from __future__ import annotations

import os
import threading
from collections.abc import Container, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import re2

from tracehound.errors import ConfigError, nearest
from tracehound.scan import database_cache

ENGINES = ("hyperscan", "re2")
ENGINE_VARIABLE = "TRACEHOUND_SCAN_ENGINE"


@dataclass(frozen=True, slots=True)
class Expression:
    """A translated expression (see ``expression.py``); ``cased`` ones see the text's own case.

    Expressions of one ``group`` share a database. One pass over many costs less than several over few;
    a change of one expression compiles its group again.
    """

    source: bytes
    cased: bool
    group: str = ""


class Matcher(Protocol):
    """``match`` gives the sorted indices of the expressions that match ``data``.

    ``groups`` names those that are of interest (default: all); an engine may give others as well.
    """

    name: str

    def match(self, data: bytes, groups: Container[str] | None = None) -> list[int]: ...


class ExpressionRefusedError(ValueError):
    """An engine refuses the expression at ``index``."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index = index


def choose_engine(wanted: str | None = None) -> str:
    """The engine asked for by argument or environment, else Hyperscan where it can be imported."""
    wanted = wanted or os.environ.get(ENGINE_VARIABLE) or None
    if wanted is not None and wanted not in ENGINES:
        raise ConfigError(
            f"{ENGINE_VARIABLE}={wanted!r} is no scan engine{nearest(wanted, ENGINES)}; "
            f"valid: {', '.join(ENGINES)}"
        )
    present = find_spec("hyperscan") is not None
    if wanted == "hyperscan" and not present:
        raise ConfigError("the hyperscan package is not installed; install it, or use the engine re2")
    return wanted or ("hyperscan" if present else "re2")


def build_matcher(
    expressions: Sequence[Expression], engine: str | None = None, cache: Path | None = None
) -> Matcher:
    """A matcher over ``expressions``; raises ExpressionRefusedError for one that the engine refuses.

    ``cache`` is the folder of compiled databases (default: the user's cache); only Hyperscan uses it.
    """
    if choose_engine(engine) == "re2":
        return Re2Matcher(expressions)
    return HyperscanMatcher(expressions, cache)


def span_finder(expression: Expression) -> Any:
    """RE2 for one expression, to find where it matched; give it lower-cased bytes unless ``cased``."""
    return re2.compile(b"(?m)" + expression.source, _re2_options())


def _re2_options() -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    options.max_mem = 16 << 20
    return options


def check(expressions: Mapping[int, Expression]) -> None:
    """Refuse what RE2 cannot compile; what compiles there and in Hyperscan means the same in both."""
    for index, expression in expressions.items():
        try:
            span_finder(expression)
        except re2.error as error:
            raise ExpressionRefusedError(index, _reason(error)) from None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


class HyperscanMatcher:
    """One block-mode database per group of expressions; safe to share between threads."""

    name = "hyperscan"

    def __init__(self, expressions: Sequence[Expression], cache: Path | None = None) -> None:
        self._lock = threading.Lock()
        groups: dict[str, dict[int, Expression]] = {}
        for index, expression in enumerate(expressions):
            groups.setdefault(expression.group, {})[index] = expression
        # The largest first: compiling lets go of the interpreter's lock, so groups compile side by side.
        groups = dict(sorted(groups.items(), key=lambda one: -sum(len(e.source) for e in one[1].values())))
        with ThreadPoolExecutor(min(len(groups) or 1, os.cpu_count() or 1)) as pool:
            databases = list(pool.map(lambda group: _database(group, cache), groups.values()))
        self._scans = [
            (name, database.scan, list(group))
            for database, (name, group) in zip(databases, groups.items(), strict=True)
        ]

    def match(self, data: bytes, groups: Container[str] | None = None) -> list[int]:
        if not data:
            return []
        hits: list[int] = []
        with self._lock:  # the scratch space serves one scan at a time
            for name, scan, numbers in self._scans:
                if groups is not None and name not in groups:
                    continue
                found: list[int] = []
                scan(data, match_event_handler=_collect, context=found)
                if found:
                    hits += [numbers[at] for at in found]
        hits.sort()
        return hits


def _database(group: Mapping[int, Expression], cache: Path | None) -> Any:
    """The group's database, from the cache or compiled; its expressions are numbered from 0."""
    import hyperscan

    expressions = list(group.values())
    key = database_cache.key(expressions, version("hyperscan"))
    database = _load(database_cache.read(key, cache))
    if database is None:
        check(group)
        database = _compile(list(group), expressions)
        database_cache.write(key, hyperscan.dumpb(database), cache)
    return database


def _collect(index: int, _start: int, _end: int, _flags: int, hits: Any) -> None:
    hits.append(index)


def _load(blob: bytes | None) -> Any:
    """The database in ``blob``, or None when there is none or it is of another version or machine."""
    import hyperscan

    if blob is None:
        return None
    try:
        database = hyperscan.loadb(blob, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.error:
        return None
    return database


def _compile(numbers: Sequence[int], expressions: Sequence[Expression]) -> Any:
    import hyperscan

    base = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_MULTILINE
    flags = [base if e.cased else base | hyperscan.HS_FLAG_CASELESS for e in expressions]
    sources = [e.source for e in expressions]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    try:
        database.compile(
            expressions=sources, ids=list(range(len(sources))), elements=len(sources), flags=flags
        )
    except hyperscan.error:
        for index, source, flag in zip(numbers, sources, flags, strict=True):
            try:
                hyperscan.Database().compile(expressions=[source], ids=[0], elements=1, flags=[flag])
            except hyperscan.error as error:
                raise ExpressionRefusedError(index, str(error)) from None
        raise
    return database


class Re2Matcher:
    """RE2's prefiltered set: about ten times slower than Hyperscan, and available everywhere."""

    name = "re2"

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._lock = threading.Lock()
        self._sets = []
        options = re2.Options()
        options.log_errors = False
        for cased in (True, False):
            indices = [i for i, e in enumerate(expressions) if e.cased is cased]
            if not indices:
                continue
            found = re2.Filter()
            for index in indices:
                try:
                    number = found.Add("(?m)" + expressions[index].source.decode("ascii"), options)
                except re2.error as error:
                    raise ExpressionRefusedError(index, _reason(error)) from None
                if found.re(number).fullmatch("") is not None:  # as Hyperscan does
                    raise ExpressionRefusedError(index, "matches the empty text")
            found.Compile()
            self._sets.append((cased, indices, found))

    def match(self, data: bytes, groups: Container[str] | None = None) -> list[int]:
        if not data:
            return []
        hits: list[int] = []
        # The set knows UTF-8 only, so each byte becomes the character of its number, as \xHH names it.
        text, lowered = data.decode("latin-1"), data.lower().decode("latin-1")
        with self._lock:
            for cased, indices, found in self._sets:
                hits.extend(indices[i] for i in found.Match(text if cased else lowered) or ())
        return sorted(hits)
