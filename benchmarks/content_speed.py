"""What scanning costs: microseconds for 4 KB, beside orjson.loads of a 5 KB record in the same run.

    python benchmarks/content_speed.py [CORPORA_DIR] [--patterns]

Without a folder of texts it scans made-up prose. ``--patterns`` compiles each expression alone and prints the
dearest (one alone costs about 1 microsecond for the call); above ``LIMIT`` it fails.
"""

from __future__ import annotations

import argparse
import gzip
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import orjson

from tracehound.content import content_dir
from tracehound.scan import Scanner
from tracehound.scan.matching import build_matcher

SIZE, TEXTS, LIMIT = 4096, 120, 12.0
SENTENCES = """
the customer asked whether the invoice of last month could be sent again because the first copy was lost in the mail
and we said that a new one would follow within two days please check the list of open orders 4512 and 4513 first
"""
WORDS = SENTENCES.split()


def prose() -> Iterator[str]:
    for start in range(TEXTS):
        yield " ".join(WORDS[(start * 7 + i * (1 + start % 5)) % len(WORDS)] for i in range(SIZE // 5))[:SIZE]


def from_corpora(folder: Path) -> Iterator[str]:
    """Benign texts, cut into pieces of 4 KB."""
    for path in sorted(folder.glob("*.ndjson.gz")):
        rest, given = "", 0
        with gzip.open(path) as file:
            for line in file:
                row = orjson.loads(line)
                rest += row["text"] + "\n" if row["label"] == "benign" else ""
                while len(rest) >= SIZE and given < 12:
                    yield rest[:SIZE]
                    rest, given = rest[SIZE:], given + 1


def best(work: Callable[[], object], rounds: int = 7) -> float:
    """The fastest of some rounds, in microseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1e6 * min(times)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("corpora", type=Path, nargs="?")
    parser.add_argument("--patterns", action="store_true")
    options = parser.parse_args()
    scanner = Scanner.load([content_dir("enrichers") / "patterns"], memo=False)
    texts = list(from_corpora(options.corpora) if options.corpora else prose())
    call = {
        "role": "user",
        "content": " ".join(WORDS),
        "id": "msg_7",
        "tokens": 48,
        "cost": 0.0012,
        "cached": False,
    }
    record = orjson.dumps({"messages": [call] * 10, "meta": {f"key_{i}": i * 1.5 for i in range(90)}})
    loads = best(lambda: [orjson.loads(record) for _ in range(100)]) / 100
    print(
        f"orjson.loads of {len(record)} bytes: {loads:.1f} us; {scanner.pattern_count} patterns, {scanner.engine}"
    )
    for name, kept in (
        ("ASCII", [t for t in texts if t.isascii()]),
        ("other", [t for t in texts if not t.isascii()]),
    ):
        if kept:
            report(name, scanner, kept, loads)
    if options.patterns:
        sys.exit(each_pattern(scanner, texts))


def report(name: str, scanner: Scanner, texts: list[str], loads: float) -> None:
    raw = [text.encode() for text in texts]
    kilobytes = sum(map(len, raw)) / 1024
    matched = best(lambda: [scanner._index.matcher.match(data) for data in raw]) / len(texts)
    scanned = best(lambda: [scanner.scan(text, "prompt") for text in texts]) / len(texts)
    redacted = best(lambda: [scanner.redact(text) for text in texts]) / len(texts)
    print(
        f"{name:6} {len(texts):4} texts of 4 K characters: match {matched:.0f} us, scan {scanned:.0f} us, "
        f"redact {redacted:.0f} us; {scanned * len(texts) / kilobytes:.0f} us per KB, "
        f"{scanned / loads:.1f} times orjson.loads"
    )


def _over(match: Callable[[bytes], object], raw: list[bytes]) -> None:
    for data in raw:
        match(data)


def each_pattern(scanner: Scanner, texts: list[str]) -> int:
    """The cost of each expression alone; 1 when one is above the limit."""
    raw = [text.encode() for text in texts[:TEXTS]]
    costs = []
    for expression, source in zip(scanner._index._expressions, scanner._index._sources, strict=True):
        match = build_matcher([expression], "hyperscan").match
        costs.append((best(partial(_over, match, raw), 3) / len(raw), source.id))
    costs.sort(reverse=True)
    for cost, name in costs[:25]:
        print(f"{cost:7.2f} us  {name}")
    return int(costs[0][0] > LIMIT)


if __name__ == "__main__":
    main()
