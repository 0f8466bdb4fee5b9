"""SPL syntax by a grammar that is not ours: Teragrep's, run in one JVM for a batch of queries."""

from __future__ import annotations

import os
import subprocess
from functools import cache

from engines_build import SPLCHECK, Built, EngineError, built

TIMEOUT = 120


@cache
def prepare() -> Built:
    """Builds the checker; raises EngineMissing."""
    return built(SPLCHECK)


def splcheck(queries: list[str]) -> list[str | None]:
    """For each query None when the grammar accepts it, else ``line:column what``.

    Line breaks count as spaces, as in Splunk. Known to be refused although Splunk takes it: ``host IN (..)``,
    ``where x IN (..)``, macros in backquotes, most ``tstats``, ``inputlookup .. where f=..``.
    """
    if not queries:
        return []
    checker = prepare()
    part = None if checker.archive.exists() else checker.folder / f"classes.{os.getpid()}.part"
    done = subprocess.run(
        checker.java(archive=part),
        input="".join(f"{query}\0" for query in queries).encode(),
        capture_output=True,
        timeout=TIMEOUT,
        check=False,
    )
    if part and part.exists():
        part.replace(checker.archive)
    answers = done.stdout.decode("utf-8").splitlines()
    if done.returncode or len(answers) != len(queries):
        raise EngineError(f"splcheck: {done.stderr.decode('utf-8', 'replace')[-2000:]}")
    return [None if answer == "OK" else answer.removeprefix("ERROR ") for answer in answers]
