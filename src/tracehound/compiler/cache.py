"""Queries that were compiled before, kept on disk beside the rules that they came from.

What is kept belongs to every file of the rules, the lists, the settings and the code that compiles; when any of
these changes all is compiled anew. It is JSON, in the user's own folder, with a checksum.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from tracehound.compiler.model import LANGUAGES, Companion, Compilation, Gap, Query
from tracehound.content import content_root
from tracehound.errors import RuleError
from tracehound.rules import Rule, filled_fields
from tracehound.rules import cache as rule_cache
from tracehound.scan import database_cache

SUFFIX = ".queries"
FOLDER = "queries"
KEPT = 40
"""So many files are kept; the ones that were written first go first."""
WRONG = (KeyError, IndexError, TypeError, ValueError, AttributeError)
DISTRIBUTIONS = ("pysigma", "pysigma-backend-splunk", "pysigma-backend-elasticsearch")


def compiled(
    rules: Sequence[Rule],
    language: str,
    packs: Sequence[Path] = (),
    lists: Mapping[str, Sequence[str]] | None = None,
) -> Compilation:
    """``rules`` (of the same packs and lists) in one language, from the cache where nothing changed."""
    base, folder = _key(packs, lists), database_cache.default_folder(FOLDER)
    raw = database_cache.read(f"{base}-{language}", folder, SUFFIX)
    if raw is not None:
        with contextlib.suppress(*WRONG):
            return _read(orjson.loads(raw), rules, language)
    made = _compile(packs, lists)
    for name, payload in made.items():
        database_cache.write(f"{base}-{name}", payload, folder, SUFFIX)
    database_cache.forget(folder, SUFFIX, KEPT)
    return _read(orjson.loads(made[language]), rules, language)


def _compile(packs: Sequence[Path], lists: Mapping[str, Sequence[str]] | None) -> dict[str, bytes]:
    """Every language at once: reading the rules takes longest by far."""
    from tracehound.compiler.front import compile_rules  # with pySigma, which takes a while to import
    from tracehound.rules.loader import load_rules

    rules = load_rules(packs, lists=lists, filled=filled_fields())
    return {language: orjson.dumps(_dump(compile_rules(rules, language))) for language in LANGUAGES}


def _key(packs: Sequence[Path], lists: Mapping[str, Sequence[str]] | None) -> str:
    digest = sha256(rule_cache.key([content_root(), *packs], lists, filled_fields()).encode())
    for part in (*_code(), *(f"{name} {version(name)}" for name in DISTRIBUTIONS)):
        digest.update(f"{len(part)}:{part}".encode())
    return digest.hexdigest()


def _code() -> Iterator[str]:
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        found = path.stat()
        yield f"{path.name} {found.st_size} {found.st_mtime_ns}"


def _dump(whole: Compilation) -> dict[str, Any]:
    return {
        "queries": {
            query.rule.id: {
                "query": query.query,
                "needs": query.needs,
                "approximate": query.approximate,
                "cost": query.cost,
                "companions": [asdict(companion) for companion in query.companions],
                "lookups": query.lookups,
            }
            for query in whole.queries
        },
        "gaps": {gap.rule.id: gap.reason for gap in whole.gaps},
        "errors": {rule.id: [e.message, e.file, e.line] for rule, e in whole.errors},
    }


def _read(kept: dict[str, Any], rules: Sequence[Rule], language: str) -> Compilation:
    """What is kept of these rules."""
    queries, gaps, errors = [], [], []
    for rule in rules:
        if rule.id in kept["queries"]:
            one = kept["queries"][rule.id]
            queries.append(
                Query(
                    rule,
                    language,
                    str(one["query"]),
                    tuple(one["needs"]),
                    tuple(one["approximate"]),
                    one["cost"],
                    tuple(Companion(**companion) for companion in one["companions"]),
                    tuple(one["lookups"]),
                )
            )
        elif rule.id in kept["gaps"]:
            gaps.append(Gap(rule, language, str(kept["gaps"][rule.id])))
        else:
            message, file, line = kept["errors"][rule.id]
            errors.append((rule, RuleError(message, file=file, line=line)))
    return Compilation(tuple(queries), tuple(gaps), tuple(errors))
