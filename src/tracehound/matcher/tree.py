"""The correlations of one rule: itself, and below it those whose hits are its events.

Everything happens in the order of time: an event passes first the correlations below, then those over them; a
window that closes does so before the events that come at or after its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tracehound.errors import RuleError
from tracehound.matcher.closing import Closing
from tracehound.matcher.groups import MAX_PASSED, Input, Mask, Reader, Shared
from tracehound.matcher.hits import Event, EventRef, Hit, reference
from tracehound.matcher.windows import Sliding
from tracehound.plain import integer
from tracehound.rules.model import Rule

BEFORE_ALL = -(2**62)


@dataclass(slots=True)
class _Node:
    windows: Sliding | Closing
    over: list[tuple[int, int]] = field(default_factory=list)
    """The correlations that take its hits, and as which of their base rules."""


class Tree:
    """The state of one correlation rule with all that it rests on."""

    def __init__(self, rule: Rule, max_keys: int, shared: Shared | None = None) -> None:
        self.rule = rule
        self.frontier = BEFORE_ALL
        """The time of the newest event: an older one comes too late."""
        self.leaves: list[Rule] = []
        """The base rules that events meet, in the order of their numbers."""
        self._places: list[tuple[int, int]] = []
        self._nodes: list[_Node] = []
        self._max_keys = max_keys
        self._shared = shared or Shared()
        self._numbers: dict[int, int] = {}
        self._build(rule)
        self.at_close = any(isinstance(node.windows, Closing) for node in self._nodes)
        """Whether any of it waits for windows to close."""

    def _build(self, rule: Rule) -> int:
        """The number of a correlation's node; those below it come before it."""
        if id(rule) in self._numbers:
            return self._numbers[id(rule)]
        if rule.correlation is None:
            raise RuleError("is no correlation", file=rule.path)
        below: list[tuple[int, int]] = []
        leaves: list[tuple[int, Rule]] = []
        for number, base in enumerate(rule.correlation.base):
            if base.correlation is not None:
                below.append((self._build(base), number))
            else:
                leaves.append((number, base))
        own = len(self._nodes)
        self._numbers[id(rule)] = own
        for number, base in leaves:
            self._places.append((own, number))
            self.leaves.append(base)
        for child, number in below:
            self._nodes[child].over.append((own, number))
        reader = Reader(rule, self.leaves, self._shared)
        kind = Closing if rule.correlation.at_close else Sliding
        self._nodes.append(_Node(kind(reader, self._max_keys)))
        return own

    @property
    def evicted(self) -> int:
        """Groups, windows and entries that were given up because there were too many."""
        return sum(node.windows.evicted for node in self._nodes)

    def see(self, time: int, event: Event, leaves: Sequence[int]) -> Iterator[Hit]:
        """Take an event that meets these base rules (their numbers); it must not be older than ``frontier``."""
        yield from self.advance(time)
        self.frontier = time
        refs = (self._shared.of(event),)
        inputs: dict[int, list[Input]] = {}
        for leaf in leaves:
            node, base = self._places[leaf]
            inputs.setdefault(node, []).append(Input(base, leaf, refs))
        yield from self._run(time, event, inputs)

    def advance(self, time: int | None) -> Iterator[Hit]:
        """Close the windows that end at or before ``time`` (None: all), in the order of their ends.

        What is older than ``time`` comes too late after that.
        """
        if not self.at_close:
            return
        if time is not None:
            self.frontier = max(self.frontier, time)
        while True:
            due = [
                (end, -number)  # of two that end together the upper one first: a hit at its end is not in it
                for number, node in enumerate(self._nodes)
                if isinstance(node.windows, Closing) and (end := node.windows.next_close()) is not None
            ]
            if not due or (time is not None and min(due)[0] > time):
                return
            end, number = min(due)
            number = -number
            windows = self._nodes[number].windows
            hit = windows.close() if isinstance(windows, Closing) else None
            if hit is not None:
                inputs: dict[int, list[Input]] = {}
                if self._pass_on(number, hit, inputs):
                    yield hit
                yield from self._run(end, hit.event, inputs)

    def _run(self, time: int, event: Event, inputs: dict[int, list[Input]]) -> Iterator[Hit]:
        """Give events and hits to the correlations they belong to, from below to the top."""
        for number, node in enumerate(self._nodes):
            given = inputs.get(number)
            for hit in (node.windows.see(time, event, given) or ()) if given else ():
                if self._pass_on(number, hit, inputs):
                    yield hit

    def _pass_on(self, number: int, hit: Hit, inputs: dict[int, list[Input]]) -> bool:
        """Hand a hit to the correlations over it; True where there are none."""
        over = self._nodes[number].over
        if over:
            matched = next(i for i, leaf in enumerate(self.leaves) if leaf is hit.matched)
            refs = _passed(hit)
            for above, base in over:
                inputs.setdefault(above, []).append(Input(base, matched, refs, hit.entity))
        return not over

    def dump(self, mask: Mask) -> dict[str, Any]:
        """The state as plain values."""
        return {"frontier": self.frontier, "nodes": [node.windows.dump(mask) for node in self._nodes]}

    def load(self, state: dict[str, Any]) -> None:
        """What ``dump`` gave, read back from JSON."""
        self.frontier = integer(state["frontier"])
        for node, windows in zip(self._nodes, state["nodes"], strict=True):
            node.windows.load(windows)


def _passed(hit: Hit) -> tuple[EventRef, ...]:
    """The event that completed a hit, and some of those behind it."""
    first = reference(hit.event)
    events = hit.related if hit.behind is None else hit.behind(False, MAX_PASSED)
    return (first, *islice((ref for ref in reversed(events) if ref.uid != first.uid), MAX_PASSED - 1))
