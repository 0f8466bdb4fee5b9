"""Matching alone: ``python -m benchmarks.matching [--json FILE] [--quick] [--rsigma FILE]``.

Microseconds of CPU time an event for 120, 1,000 and 3,000 rules, on events that were not seen before (the caches
are filled on others), beside ``orjson.loads`` of the same events: the time of decoding and matching less the time
of decoding, in slices, of which the median counts. rsigma (Rust) is run on the same rules and events where its
binary is on the path, and both are compared from bytes to verdicts; beside that stands what the rules alone take
(of rsigma: what it needs beyond one rule that never holds). A sample of the verdicts is compared with the plain
meaning of the conditions, so that nothing is faster for doing less.
"""

from __future__ import annotations

import argparse
import gc
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import yaml
from benchmarks import corpus_rules
from benchmarks.figures import Figure
from sigma.rule import SigmaRule

from tracehound.matcher.compile import compile_tree
from tracehound.matcher.condition import Leaf, Node, conjunction, disjunction, holds
from tracehound.matcher.core import Matcher
from tracehound.matcher.leaves import Exists
from tracehound.rules import filled_fields, load_rules, mend

SECTION = "matching"
SIZES = (120, 1000, 3000)
AI_LIMITS = {120: 1.5, 1000: 1.9, 3000: 3.5}
SLICE = 250
TYPES = {"src_endpoint.ip": "ip"}
NEVER = {
    "title": "Never", "id": "6f1f3c0e-90a7-4a73-8a0e-000000000001", "level": "low", "logsource": {"product": "x"},
    "detection": {"sel": {"no.such.field": "never"}, "condition": "sel"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """Rules and events of one kind."""

    name: str
    documents: list[dict[str, Any]]
    conditions: list[Node]
    warm: list[bytes]
    unseen: list[bytes]


def loads(*, quick: bool) -> Iterator[Load]:
    """AI events, then endpoint events."""
    count = SLICE * (8 if quick else 20)
    demo = corpus_rules.demo_events()
    ai = corpus_rules.ai_rules(SIZES[-1])
    # warm and unseen come from different seeds: no event, text or id of one is in the other
    yield Load(
        "AI",
        ai,
        [conjunction([Leaf("ai.service", Exists()), _condition(rule)]) for rule in ai],
        _encoded(corpus_rules.ai_events(demo, 1), count),
        _encoded(corpus_rules.ai_events(demo, 2), count),
    )
    endpoint = corpus_rules.endpoint_rules(SIZES[-1])
    yield Load(
        "endpoint",
        endpoint,
        [_condition(rule) for rule in endpoint],
        _encoded(corpus_rules.endpoint_events(1), count),
        _encoded(corpus_rules.endpoint_events(2), count),
    )


def figures(*, quick: bool = False, rsigma: str | None = None) -> Iterator[Figure]:
    """All figures, for ``benchmarks.run``."""
    binary = rsigma or shutil.which("rsigma")
    gc.collect()
    gc.freeze()
    before = gc.get_threshold()
    gc.set_threshold(50_000, 50, 50)
    try:
        for load in loads(quick=quick):
            for size in SIZES:
                yield from _matched(load, size, binary)
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
    if not quick:
        yield from _loading()


def _matched(load: Load, size: int, binary: str | None) -> Iterator[Figure]:
    """The figures of one kind of events and one number of rules."""
    matcher = Matcher(enumerate(load.conditions[:size]))
    for raw in load.warm:
        matcher.match(orjson.loads(raw))
    slices = [load.unseen[at : at + SLICE] for at in range(0, len(load.unseen), SLICE)]
    times = [_slice(matcher, part) for part in slices]
    decode, match = median(t[0] for t in times), median(t[1] for t in times)
    plain = _plain(load, size, matcher)
    size_of = sum(map(len, load.unseen)) / len(load.unseen)
    name = f"{load.name} events of {size_of:,.0f} bytes, {size:,} rules"
    beside = f"{match:.1f} µs; orjson.loads {decode:.1f}; each condition by itself {plain:,.0f}"
    ratio = median(found / parsed for parsed, found in times)
    limit = AI_LIMITS[size] if load.name == "AI" else None
    yield Figure(SECTION, name, ratio, "x orjson.loads", beside, limit)
    if binary is None:
        yield Figure(SECTION, f"{name}: rsigma", None, "x", "not run: no rsigma on the path")
        return
    peer, whole = _rsigma(binary, load, size)
    ours = decode + match
    note = (
        f"decoded and matched: {ours:.1f} µs, rsigma {whole:.1f}; rules alone: {match:.1f}, rsigma {peer:.1f}"
    )
    if load.name == "AI":
        yield Figure(SECTION, f"{name}: faster than rsigma", whole / ours, "x", note, 3.0, at_least=True)
    else:
        limit = 1.3 if size == 1000 else None
        yield Figure(SECTION, f"{name}: time of rsigma's", ours / whole, "x", note, limit)


def _slice(matcher: Matcher[int], raws: Sequence[bytes]) -> tuple[float, float]:
    """Microseconds of decoding and of matching an event."""
    decode, match = orjson.loads, matcher.match
    start = time.process_time()
    for raw in raws:
        decode(raw)
    middle = time.process_time()
    for raw in raws:
        match(decode(raw))
    end = time.process_time()
    each = 1e6 / len(raws)
    return (middle - start) * each, (end - 2 * middle + start) * each


def _plain(load: Load, size: int, matcher: Matcher[int]) -> float:
    """Microseconds of evaluating each condition by itself, and whether that says the same."""
    conditions = load.conditions[:size]
    events = [orjson.loads(raw) for raw in load.unseen[: 20_000 // size]]
    start = time.process_time()
    said = [[n for n, node in enumerate(conditions) if holds(node, event)] for event in events]
    spent = time.process_time() - start
    if said != [matcher.match(event) for event in events]:
        raise AssertionError(f"{load.name}, {size} rules: the matcher and the plain meaning disagree")
    return spent / len(events) * 1e6


def _rsigma(binary: str, load: Load, size: int) -> tuple[float, float]:
    """Microseconds an event that rsigma needs beyond those for one rule that never holds, and altogether."""
    with tempfile.TemporaryDirectory() as name:
        few, many = Path(name, "few.ndjson"), Path(name, "many.ndjson")
        few.write_bytes(load.unseen[0] + b"\n")
        many.write_bytes(b"\n".join(load.unseen) + b"\n")
        spent = []
        for documents in (load.documents[:size], [NEVER]):
            rules = Path(name, "rules.yml")
            rules.write_text(yaml.safe_dump_all(documents, allow_unicode=True), "utf-8")
            spent.append(_cpu(binary, rules, many) - _cpu(binary, rules, few))
        each = 1e6 / (len(load.unseen) - 1)
        return (spent[0] - spent[1]) * each, spent[0] * each


def _cpu(binary: str, rules: Path, events: Path) -> float:
    """CPU seconds of a run, the least of three."""
    command = [
        binary,
        "engine",
        "eval",
        "-q",
        "-r",
        str(rules),
        "-e",
        f"@{events}",
        "--output-format",
        "ndjson",
    ]
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)


def _loading() -> Iterator[Figure]:
    """Seconds of loading the largest set of rules from a pack: checked by pySigma, and from the cache."""
    home = os.environ.get("XDG_CACHE_HOME")
    with tempfile.TemporaryDirectory() as name:
        os.environ["XDG_CACHE_HOME"] = name
        pack = Path(name, "pack")
        for number, document in enumerate(corpus_rules.ai_rules(SIZES[-1])):
            place = pack / "detections" / "generated" / f"generated_rule_{number:04}"
            place.mkdir(parents=True)
            (place / f"{place.name}.yml").write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
        spent = []
        for _ in range(3):
            start = time.process_time()
            rules = load_rules([pack], filled=filled_fields())
            spent.append(time.process_time() - start)
    if home is None:
        del os.environ["XDG_CACHE_HOME"]
    else:
        os.environ["XDG_CACHE_HOME"] = home
    beside = f"{spent[0]:.1f} s where they are checked anew; {len(rules):,} rules"
    yield Figure(SECTION, f"loading {SIZES[-1]:,} rules from the cache", min(spent[1:]), "s", beside)


def _condition(document: dict[str, Any]) -> Node:
    rule = SigmaRule.from_dict(document)
    mend.mend_encodings(rule)
    mend.mend_case(rule)
    return disjunction([compile_tree(c.parsed, TYPES) for c in rule.detection.parsed_condition])


def _encoded(events: Iterator[dict[str, Any]], count: int) -> list[bytes]:
    return [orjson.dumps(event) for event in islice(events, count)]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--quick", action="store_true", help="fewer events, no loading")
    parser.add_argument("--rsigma", metavar="FILE", help="the rsigma binary  [default: from the path]")
    given = parser.parse_args(arguments)
    found = []
    for one in figures(quick=given.quick, rsigma=given.rsigma):
        found.append(one)
        limit = f"{one.shown_limit}, {one.verdict}" if one.limit is not None else one.verdict
        print(f"{one.name:<62} {one.shown:>20}  {limit:<22} {one.beside}", flush=True)
    if given.json:
        given.json.write_bytes(orjson.dumps([one.as_json() for one in found], option=orjson.OPT_INDENT_2))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
