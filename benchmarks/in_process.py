"""What is measured in this process: the whole path, its stages, sources, chats, texts."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from random import Random

from benchmarks import corpus
from benchmarks.figures import Figure
from benchmarks.path import WholePath, WithoutMemo, parse_seconds, stages, timed
from benchmarks.prose import Prose

from tracehound.scan import scanner_for

MEGA = 1e6
MAPPED = ("decode", "normalize", "encode")


def whole_path(path: WholePath, made: corpus.Corpus, runs: int) -> Iterator[Figure]:
    """The whole path with the memo off and on, beside ``orjson.loads`` of the same bytes."""
    lines = made.mixed()
    events = path.run(lines)
    parse = parse_seconds(lines, runs)
    with WithoutMemo():
        off = path.seconds(lines, runs)
        shares = stages(path, lines)
    on = path.seconds(lines, runs)
    what = "whole path"
    told = (
        f"{made.size / made.count:,.0f} bytes each, {corpus.text_share(lines):.0%} text, {events:,} events, "
        f"{len(path.rules)} rules, {scanner_for(()).pattern_count} patterns"
    )
    yield Figure(what, "records", made.count, "", told)
    yield Figure(what, "orjson.loads alone", parse / made.count * MEGA, "µs a record", "the bound")
    yield Figure(what, "memo off", off / parse, "× orjson.loads", _speed(off, made, events), 9)
    yield Figure(what, "memo on", on / parse, "× orjson.loads", _speed(on, made, events))
    mapped = sum(shares[name] for name in MAPPED) / parse
    yield Figure(what, "decode, map and encode", mapped, "× orjson.loads", "of the stages below")
    yield Figure(what, "map and encode", mapped - shares["decode"] / parse, "× orjson.loads", "", 3)
    total = sum(shares.values())
    for name, spent in shares.items():
        yield Figure(
            "stages, memo off", name, spent / made.count * MEGA, "µs a record", f"{spent / total:.0%}"
        )


def _speed(seconds: float, made: corpus.Corpus, events: int) -> str:
    return (
        f"{seconds / made.count * MEGA:,.0f} µs a record, {events / seconds:,.0f} events/s, "
        f"{made.size / seconds / MEGA:,.0f} MB/s"
    )


def sources(path: WholePath, made: corpus.Corpus, runs: int) -> Iterator[Figure]:
    """Each source on its own."""
    for source, lines in made.lines.items():
        count = made.records[source]
        parse = parse_seconds(lines, runs)
        with WithoutMemo():
            path.run(lines)
            found = sorted((stages(path, lines) for _ in range(runs)), key=lambda one: sum(one.values()))
        middle = found[len(found) // 2]
        told = ", ".join(
            f"{name} {spent / count * MEGA:.0f}"
            for name, spent in middle.items()
            if spent / count * MEGA >= 0.5
        )
        total = sum(middle.values())
        beside = f"{total / parse:.0f} × orjson.loads; {told}"
        yield Figure("sources, memo off", source, total / count * MEGA, "µs a record", beside)


def chats(path: WholePath, count: int, runs: int) -> Iterator[Figure]:
    """Chats of ten turns, memo on: each run begins with an empty memo."""
    lines = corpus.ten_turn_chats(count)
    events = path.run(lines)
    parse = parse_seconds(lines, runs)
    on = path.seconds(lines, runs)
    shares = stages(path, lines)
    with WithoutMemo():
        off = path.seconds(lines, runs)
    size = sum(map(len, lines)) / len(lines)
    bound = f"{size:,.0f} bytes each; orjson.loads {parse / len(lines) * MEGA:.1f} µs"
    yield Figure("chats of ten turns", "memo on", on / events * MEGA, "µs an event", bound, 40)
    told = ", ".join(f"{n} {s / events * MEGA:.0f}" for n, s in shares.items() if s / events * MEGA >= 0.5)
    yield Figure(
        "chats of ten turns", "stages, memo on", sum(shares.values()) / events * MEGA, "µs an event", told
    )
    yield Figure("chats of ten turns", "memo off", off / events * MEGA, "µs an event")


def texts(path: WholePath, made: corpus.Corpus, runs: int) -> Iterator[Figure]:
    """The content scan alone: 4 KB of text beside the parsing of a record, and 16 KB that were made to be slow."""
    prose = Prose(Random(corpus.SEED))
    plain = [(prose.text(6200) + " " * 10)[:4096] for _ in range(150)]
    scanner = scanner_for(())
    bound = parse_seconds(made.mixed(), runs) / made.count * MEGA
    text = timed(lambda: [scanner._verdict(text, "prompt") for text in plain], runs) / len(plain) * MEGA
    record = f"a record of {made.size / made.count:,.0f} bytes"
    each = f"{text:.0f} µs a text of 4 KB; orjson.loads of {record} {bound:.1f} µs"
    yield Figure(
        "content scan", f"{scanner.pattern_count} patterns", text / bound, "× orjson.loads", each, 3.5
    )
    slow = []
    for kind, bad in ADVERSARIAL.items():
        scanner._verdict(bad, "prompt")
        slow.append((timed(partial(scanner._verdict, bad, "prompt"), runs), kind))
    worst, name = max(slow)
    yield Figure("content scan", "worst of the 16 KB texts", worst * 1e3, "ms", name, 1)


ADVERSARIAL = {
    "a's": "a" * 16_384,
    "digits": "1234567890 " * 1489,
    "addresses that never end": "a.b-c_d@" * 2048,
    "base64": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo" * 468,
    "percent signs": "%41%42" * 2730,
    "brackets": "[{(<" * 4096,
    "ignore all": "ignore all previous " * 819,
    "look-alikes": "іgnоrе аll " * 1489,
    "zero width": "a\u200bb\u200c" * 4096,
    "key prefixes": "ghp_ sk-ant- AKIA xoxb- " * 682,
    "cards": "4539 1488 0343 6467 " * 819,
}
"""16 KB each, of what looks most like something to be found."""
