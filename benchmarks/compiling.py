"""How long rules take to compile: many to four targets, cold and from the cache, and one from the shell."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import yaml
from benchmarks.corpus_rules import ai_rules
from benchmarks.figures import Figure

RULES = 200
TARGETS = ("splunk", "esql", "kql", "lucene")
SECTION = "compiling"
WHAT = "tracehound compile, once for each of splunk, esql, kql, lucene; CPU"


def compiling(runs: int) -> Iterator[Figure]:
    """CPU time of the commands as a shell runs them."""
    from tracehound.rules import load_rules

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = RULES - len(load_rules())
        pack = _pack(folder / "pack", count)
        _four(pack, folder / "warm", folder)  # Python's own files are compiled now
        cold = median(_four(pack, folder / f"cold{run}", folder) for run in range(runs))
        warm = median(_four(pack, folder / "warm", folder) for _ in range(runs))
        yield Figure(SECTION, f"{RULES} rules to four targets, cold", cold, "s", WHAT, 10)
        yield Figure(SECTION, f"{RULES} rules to four targets, with its cache", warm, "s", WHAT, 3)
        one = ["compile", "splunk", "bedrock_guardrail_deleted"]
        _cpu(one, folder / "warm", folder)
        single = median(_cpu(one, folder / "warm", folder) for _ in range(runs))
        first = median(_cpu(one, folder / f"first{run}", folder) for run in range(runs))
        yield Figure(SECTION, "one rule from the shell", single, "s", f"CPU; {first:.2f} s the first time", 1)


def _pack(folder: Path, count: int) -> Path:
    """Generated rules on AI events as files of a pack."""
    for number, document in enumerate(ai_rules(count)):
        place = folder / "detections" / "bench" / f"rule{number:03}"
        place.mkdir(parents=True)
        (place / f"rule{number:03}.yml").write_text(yaml.safe_dump(document), "utf-8")
    return folder


def _four(pack: Path, cache: Path, folder: Path) -> float:
    arguments = ["--pack", str(pack), "--format", "json"]
    return sum(_cpu(["compile", target, *arguments], cache, folder) for target in TARGETS)


def _cpu(arguments: list[str], cache: Path, folder: Path) -> float:
    """CPU seconds of ``tracehound ARGUMENTS`` with a cache of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(folder / "pyc"), "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-c", "from tracehound.cli import main; main()", *arguments]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, check=False, env=environment, cwd=folder, capture_output=True)
    if b" compiled, " not in done.stderr:
        raise RuntimeError(f"tracehound {' '.join(arguments)}: {done.stderr.decode()[-500:]}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
