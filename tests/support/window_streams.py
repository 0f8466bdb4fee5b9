"""Streams of events for correlations and baselines, and what the embedded engine finds in each.

A ``Stream`` is a rule (Sigma documents) and events in the order of their arrival: shuffled, late, doubled, at exact
distances, in several groups. ``firings`` says which groups fire and at which times: ``(group, epoch ms)`` of every
hit, before any suppression, of the events in the order of their times. Every query language is held to that set.

Events of one stream have different times (what came first in the same millisecond no store knows), but for streams
called ``ties``, where that makes no difference. Numbers are multiples of 1/4, so that no sum is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from window_shapes import DAY, HOUR, SHAPES, SPAN, Shape

from tracehound.config import Settings
from tracehound.matcher.baseline import FirstSeen
from tracehound.matcher.core import Matcher
from tracehound.matcher.hits import Hit, event_time
from tracehound.matcher.tree import Tree
from tracehound.matcher.values import fold
from tracehound.rules import Rule
from tracehound.rules.loader import load_rules
from tracehound.ruletest import RuleTester, files_of

Event = dict[str, Any]
Firing = tuple[tuple[str, ...], int]
"""The values of ``group-by`` (in lower case, in their order), and the time of the hit."""

T0 = 1_764_000_000_000
STEPS = (1, 300, 700, 1000, 1000, 1500, 2000, 3000, 4999, 5000, SPAN - 1, SPAN, SPAN + 1, 25_000)
RANDOM_STREAMS = 4


@dataclass(frozen=True, slots=True)
class Stream:
    """A rule and the events it sees; ``cell`` is its place in the matrix, ``type operator``."""

    name: str
    cell: str
    rule: str
    """Sigma documents; the first is the rule itself. Empty for a rule of ours, which lies at ``path``."""
    events: tuple[Event, ...]
    path: Path | None = None

    @property
    def loaded(self) -> Rule:
        """The checked rule."""
        return _own_rules()[self.path] if self.path else rule_of(self.rule)


def streams() -> Iterator[Stream]:
    """All of them: ours with their recorded events, then every shape on made ones."""
    yield from own_streams()
    for shape in SHAPES:
        yield from streams_of(shape)


def streams_of(shape: Shape) -> Iterator[Stream]:
    """A shape on random streams, at exact distances, and with events that are stored twice."""
    made = baseline_events if shape.cell.startswith("first_seen") else random_events
    for number in range(RANDOM_STREAMS):
        random = Random(f"{shape.name} {number}")
        found = made(random)
        if number % 2:
            random.shuffle(found)
        if number == 3:
            found += random.sample(found, len(found) // 2)
        how = ("in order", "shuffled", "in order, other groups", "shuffled and doubled")[number]
        yield Stream(f"{shape.name}: {how}", shape.cell, shape.rule, tuple(found))
    if shape.cell.startswith("first_seen"):
        return
    dense = tuple(random_events(Random(f"{shape.name} dense"), STEPS[:7]))
    yield Stream(f"{shape.name}: close together", shape.cell, shape.rule, dense)
    yield Stream(f"{shape.name}: at exact distances", shape.cell, shape.rule, tuple(exact_events()))
    if shape.ties:
        yield Stream(f"{shape.name}: ties", shape.cell, shape.rule, tuple(tied_events(Random(shape.name))))


# Events


def event(uid: str, time: int, signals: Any, **more: Any) -> Event:
    """An event with what the shapes look at: who, agent, tool, cost, tokens, places."""
    ai: Event = {"service": "agent", "source": "otel_genai", "activity": "tool_call", "signals": signals}
    tool, agent, tokens = more.get("tool"), more.get("agent"), more.get("tokens")
    ai |= {"tool": {"name": tool}} if tool is not None else {}
    ai |= {"agent": {"name": agent}} if agent is not None else {}
    ai |= {"tokens": {"total": tokens}} if tokens is not None else {}
    given = {"principal": more.get("who"), "cost_usd": more.get("cost"), "destinations": more.get("places")}
    ai |= {name: value for name, value in given.items() if value is not None}
    head = {"metadata": {"uid": uid}, "time": time, "class_uid": 6003, "type_uid": 600399}
    return {**head, "ai": ai}


def random_events(random: Random, steps: Sequence[int] = STEPS, size: int = 40) -> list[Event]:
    """Events at distances around the timespan, in a few groups, with values that are absent or differ in case."""
    time, found = T0, []
    for number in range(size):
        time += random.choice(steps)
        found.append(
            event(
                f"u{number:03}",
                time,
                random.choice((["one"], ["one"], ["two"], ["ONE"], ["one", "two"], ["three"], ["other"], [])),
                who=random.choice(("al", "al", "AL", "bo", "bo", "cy", None)),
                agent=random.choice(("al", "Al", "bo", None)),
                tool=random.choice(("a", "A", "b", "c", "b c", None)),
                cost=random.choice((0, 1, 2, 3, -1, 0.25, 0.5, "2", "0.5", "many", None)),
                tokens=random.choice((0, 1, 5, 10, None)),
                places=random.choice(
                    (["x.example"], ["X.example", "y.example"], ["z.example", "y.example"], [])
                ),
            )
        )
    return found


def exact_events() -> list[Event]:
    """Each two (and three, and four) events of a group less than, exactly, and more than the timespan apart."""
    found, time = [], T0
    rounds = ("one two one two", "two one two one", "one one one two", "three one two two", "one one two one")
    costs = ((3, -1, 0, 1), (2, 1, 1, 0), (0, 4, -3, 2), (1, 1, 4, -1), (2, 2, 0, 1))
    gaps = [(gap, gap) for gap in (SPAN - 1, SPAN, SPAN + 1)]
    gaps += [(4000, 6000 + more) for more in (-1, 0, 1)] + [(5000, 5001), (5000, 4999)]
    for round_, words in enumerate(rounds):
        for first, second in gaps:
            user = f"user{round_}-{first}-{second}"
            fourth = SPAN if first + second < SPAN else first + SPAN + (second == SPAN)
            for place, later in enumerate((0, first, first + second, fourth)):
                given = {"who": user, "agent": user, "places": [user], "tool": "abcd"[(place + round_) % 4]}
                given |= {"cost": costs[round_][place], "tokens": place}
                found.append(event(f"e{len(found):03}", time + later, [words.split()[place]], **given))
            time += 6 * SPAN
    return found


def tied_events(random: Random) -> list[Event]:
    """Several events in each of a few milliseconds."""
    times = [T0 + random.choice((0, 1, SPAN - 1, SPAN, 2 * SPAN, 2 * SPAN + 1)) for _ in range(16)]
    return [
        event(f"t{number:03}", time, random.choice((["one"], ["two"])), who=random.choice(("al", "bo")),
              tool=random.choice("abc"), agent="al", cost=1, tokens=1, places=["x"])
        for number, time in enumerate(times)
    ]  # fmt: skip


def baseline_events(random: Random) -> list[Event]:
    """Two months of agents that use tools: some known from the start, some later, some away for long."""
    found, time = [], T0
    places = (["x.example"], ["X.example", "y.example"], ["z.example", "y.example"], ["w.example"], [])
    for number in range(60):
        time += random.choice((HOUR, 5 * HOUR, DAY, DAY, 2 * DAY - 1, 3 * DAY))
        agent = random.choice(("al", "AL", "bo", "cy", None))
        tool = random.choice(("a", "A", "b", "c", "d", "e", None))
        found.append(
            event(
                f"b{number:03}",
                time,
                random.choice((["one"], ["one"], ["two"])),
                agent=agent,
                tool=tool,
                places=random.choice(places),
            )
        )
    return found


# What the embedded engine finds


def firings(rule: Rule, events: Iterable[Event]) -> frozenset[Firing]:
    """Every hit of the embedded engine in events that it gets in the order of their times."""
    return frozenset(_firing(rule, hit) for hit in _hits(rule, events))


def hits(rule: Rule, events: Iterable[Event]) -> Iterator[Hit]:
    """The hits themselves, each with the events behind it."""
    for hit in _hits(rule, events):
        hit.gather()
        yield hit


def _hits(rule: Rule, events: Iterable[Event]) -> Iterator[Hit]:
    ordered = sorted(events, key=event_time)
    if rule.baseline is not None:
        first_seen = FirstSeen(rule, 10_000)
        selects: Matcher[int] = Matcher([(0, rule.condition)] if rule.condition is not None else [])
        for one in ordered:
            if list(selects.match(one)):
                yield from first_seen.see(event_time(one), one)
        return
    tree = Tree(rule, 10_000)
    leaves = [(n, leaf.condition) for n, leaf in enumerate(tree.leaves) if leaf.condition is not None]
    matcher: Matcher[int] = Matcher(leaves)
    for one in ordered:
        met = sorted(matcher.match(one))
        if met:
            yield from tree.see(event_time(one), one, met)
    yield from tree.advance(None)


def _firing(rule: Rule, hit: Hit) -> Firing:
    return tuple(fold(value) for _, value in hit.entity), hit.time


# Rules


@lru_cache(maxsize=512)
def rule_of(text: str) -> Rule:
    """The first of some Sigma documents, checked, with what it rests on."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "detections/x/the_rule_of_x/the_rule_of_x.yml"
        file.parent.mkdir(parents=True)
        file.write_text(text, "utf-8")
        ruleset = load_rules([Path(folder)], own=Path(folder) / "nothing")
    if ruleset.errors:
        raise ValueError("; ".join(map(str, ruleset.errors)))
    return next(rule for rule in ruleset if rule.title == "top")


@cache
def _own_rules() -> dict[Path, Rule]:
    return {rule.path: rule for rule in load_rules() if rule.correlation or rule.baseline}


def own_streams() -> Iterator[Stream]:
    """Our correlations and baselines with the events that their recorded test files give."""
    tester = RuleTester(Settings())
    for path, rule in _own_rules().items():
        cell = f"{rule.correlation.kind} {rule.correlation.op}" if rule.correlation else "first_seen"
        for file in files_of(rule):
            found, problem = tester.events_of(file)
            if problem:
                raise ValueError(f"{file}: {problem}")
            yield Stream(f"{rule.folder.name}: {file.name}", cell, "", tuple(found), path)


def cells(shapes: Sequence[Shape] = SHAPES) -> list[str]:
    """Every ``type operator`` there is, in order."""
    return list(dict.fromkeys(shape.cell for shape in shapes))
