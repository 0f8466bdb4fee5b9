"""The benchmark: ``python -m benchmarks.run [--json FILE] [--quick] [--peers]``.

Everything is CPU time, the median of several runs, and stands beside its bound or peer of the same run, so that the
figures can be compared although machines differ and neighbours disturb. Limits are shown, not enforced.
``python -m benchmarks.document FILE`` writes docs/performance.md from the JSON.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from benchmarks import compiling, corpus, delivery, hunting, in_process, peers, processes
from benchmarks.figures import Figure
from benchmarks.path import WholePath
from rich.console import Console
from rich.table import Table

SECTIONS = (
    "whole",
    "sources",
    "chats",
    "texts",
    "matching",
    "start",
    "compile",
    "workers",
    "memory",
    "hunt",
    "delivery",
    "peers",
)
COLOURS = {"met": "green", "missed": "red", "not run": "yellow"}


def figures(sections: set[str], *, quick: bool, install: bool) -> Iterator[Figure]:
    """All figures of the asked sections, one after the other."""
    runs, records = (3, 600) if quick else (5, 2000)
    path = WholePath() if sections & {"whole", "sources", "chats", "texts"} else None
    made = corpus.build(records)
    if path is not None:
        parts: dict[str, Callable[[], Iterator[Figure]]] = {
            "whole": lambda: in_process.whole_path(path, made, runs),
            "sources": lambda: in_process.sources(path, made, 3),
            "chats": lambda: in_process.chats(path, records // 2, runs),
            "texts": lambda: in_process.texts(path, made, runs),
        }
        for name, part in parts.items():
            if name in sections:
                yield from part()
    if "matching" in sections:
        yield from matching(quick=quick)
    if "start" in sections:
        yield from processes.start_up(5)
    if "compile" in sections:
        yield from compiling.compiling(3)
    if "workers" in sections:
        yield from processes.workers(1500 if quick else 6000)
    if "memory" in sections:
        yield from processes.memory(4000 if quick else 220_000)
    if "hunt" in sections:
        yield from hunting.hunt(100_000 if quick else 1_000_000, 3)
    if "delivery" in sections:
        yield from delivery.delivery(records, runs)
    if "peers" in sections:
        yield from peers.peers(300, install=install)


def matching(*, quick: bool) -> Iterator[Figure]:
    """The matcher's own benchmark, where it offers its figures: ``benchmarks.matching.figures(quick=...)``."""
    try:
        module = importlib.import_module("benchmarks.matching")
        give = module.figures
    except (ImportError, AttributeError):
        yield Figure("matching", "benchmarks/matching.py", None, "", "not run: it gives no figures")
        return
    yield from give(quick=quick)


def show(found: list[Figure], console: Console) -> None:
    """The table."""
    table = Table(box=None, pad_edge=False)
    for title in ("", "figure", "value", "limit", "", "beside"):
        table.add_column(title, justify="right" if title in ("value", "limit") else "left")
    section = ""
    for one in found:
        head, section = ("" if one.section == section else one.section), one.section
        verdict = one.verdict
        styled = f"[{COLOURS[verdict]}]{verdict}[/]" if verdict else ""
        table.add_row(head, one.name, one.shown, one.shown_limit, styled, one.beside)
    console.print(table)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="fewer records and runs: about a minute")
    parser.add_argument("--peers", action="store_true", help="install other programs and measure them too")
    parser.add_argument(
        "--only", action="append", choices=SECTIONS, help="only this section; may be repeated"
    )
    given = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 200)
    found = []
    for one in figures(set(given.only or SECTIONS), quick=given.quick, install=given.peers):
        found.append(one)
        Console(stderr=True).print(f"{one.section}: {one.name}: {one.shown} {one.verdict}", highlight=False)
    show(found, console)
    if given.json:
        machine = f"{platform.machine()}, {_cores()} cores, CPython {platform.python_version()}"
        document = {"machine": machine, "quick": given.quick, "figures": [one.as_json() for one in found]}
        given.json.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    return 0


def _cores() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
