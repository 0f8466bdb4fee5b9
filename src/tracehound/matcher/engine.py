"""Rules on a stream of events: single events, correlations, baselines, suppression; findings come out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tracehound.errors import RuleError
from tracehound.findings import Findings
from tracehound.matcher import memory
from tracehound.matcher.baseline import FirstSeen
from tracehound.matcher.clock import EventClock
from tracehound.matcher.condition import Node
from tracehound.matcher.core import Matcher
from tracehound.matcher.counts import EngineCounts
from tracehound.matcher.groups import Shared
from tracehound.matcher.hits import Event, EventRef, Hit, event_time, reference
from tracehound.matcher.order import Order
from tracehound.matcher.slim import Slimmer, fields_read
from tracehound.matcher.suppress import Suppressor, entity_of, window_seconds
from tracehound.matcher.tree import Tree
from tracehound.rules.model import Rule

MAX_KEYS = 100_000
MAX_TOLD = 100_000
MAX_SLIMMERS = 2000


@dataclass(frozen=True, slots=True)
class _Single:
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Part:
    """A base rule's place in a correlation, or the rule of a baseline."""

    number: int
    leaf: int


@dataclass(slots=True)
class _Remembering:
    """A rule with a memory: what it makes of the events in order, and of those that come in order at once."""

    rule: Rule
    settled: Tree | FirstSeen
    early: Tree | FirstSeen | None


class Engine:
    """Evaluates a rule set; events should come roughly in the order of their times.

    Correlations and baselines see an event when no older one can come any more: ``lateness`` seconds after it
    in event time, at the latest with ``flush``. Their findings are those of the stream in the order of its
    times. With ``early`` they are raised at once where the events came in order, as most do; what is found in
    the right order then goes on with a finding that is already out. ``lateness`` None is for whole files read
    one after another, of which none is late to the other: windows then stay open (in bounds) until ``flush``.

    ``mask`` changes texts before they go into a finding or a saved state (secrets); ``now_ms`` is the wall
    clock in epoch milliseconds, against which times far in the future are not believed.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        lateness: int | None = 300,
        mask: Callable[[str], str] = str,
        max_keys: int = MAX_KEYS,
        now_ms: Callable[[], int] | None = None,
        early: bool = True,
    ) -> None:
        self.counts = EngineCounts()
        self.mask = mask
        self.clock = EventClock(lateness, now_ms)
        self.order = Order()
        self.remembering: list[_Remembering] = []
        self.rules: list[Rule] = list(rules)
        self._findings = Findings(mask)
        self.suppressor = Suppressor(max_keys, self._findings.create)
        self.early = Suppressor(max_keys, self._findings.create)
        self.told: OrderedDict[str, None] = OrderedDict()
        """Ids of findings without a window (of baselines) that were raised early."""
        self._early_rules: set[str] = set()
        self._closing: list[Tree] = []
        self._closed: int | None = None
        self._with_early = early
        self._max_keys = max_keys
        self._shared = Shared()
        self._matcher: Matcher[_Single | _Part] = Matcher(
            pair for rule in self.rules for pair in self._targets(rule)
        )
        self._slimmers: dict[tuple[int, ...], Slimmer] = {}
        """By the rules that are to see an event: most events are seen by few."""

    def _targets(self, rule: Rule) -> list[tuple[_Single | _Part, Node]]:
        if rule.correlation is not None:
            tree = Tree(rule, self._max_keys, self._shared)
            early = (
                Tree(rule, self._max_keys, self._shared) if self._with_early and not tree.at_close else None
            )
            if tree.at_close:
                self._closing.append(tree)
            number = self._remember(rule, tree, early)
            leaves = enumerate(tree.leaves)
            return [(_Part(number, i), b.condition) for i, b in leaves if b.condition is not None]
        if rule.condition is None:
            raise RuleError("has neither condition nor correlation", file=rule.path)
        if rule.baseline is not None:
            first, second = (FirstSeen(rule, self._max_keys, self.mask) for _ in range(2))
            number = self._remember(rule, first, second if self._with_early else None)
            return [(_Part(number, 0), rule.condition)]
        return [(_Single(rule), rule.condition)]

    def _remember(self, rule: Rule, settled: Tree | FirstSeen, early: Tree | FirstSeen | None) -> int:
        if early is not None:
            self._early_rules.add(rule.id)
        self.remembering.append(_Remembering(rule, settled, early))
        return len(self.remembering) - 1

    def match(self, event: Event) -> list[Rule]:
        """The rules (and base rules of correlations) that one event meets; no state, no findings."""
        return [t.rule if isinstance(t, _Single) else self._leaf(t) for t in self._matcher.match(event)]

    def _leaf(self, part: _Part) -> Rule:
        settled = self.remembering[part.number].settled
        return settled.leaves[part.leaf] if isinstance(settled, Tree) else settled.rule

    def process(self, events: Sequence[Event]) -> list[Event]:
        """Take a batch of enriched events; gives the findings that they raise, and updates that are due."""
        out: list[Event] = []
        for event in events:
            self._see(event, out)
        self._tally()
        return out

    def settle(self, horizon: int | None = None) -> list[Event]:
        """Judge what waits up to ``horizon`` (None: all) without ending the windows of findings."""
        out: list[Event] = []
        self._release(horizon, out)
        self._tally()
        return out

    def flush(self) -> list[Event]:
        """The end of the input: what waits is judged, all windows close, with updates of what was repeated."""
        out: list[Event] = []
        self._release(None, out)
        for item in self.remembering:
            for hit in item.settled.advance(None):
                self._raise(hit, out)
        self._close(self.suppressor.flush(), out)
        self._tally()
        return out

    def learn(self, events: Iterable[Event]) -> int:
        """Let baselines learn from events of the past, of which nothing is raised; gives how many they took."""
        taken = 0
        for event in events:
            time = event_time(event)
            for target in self._matcher.match(event):
                item = self.remembering[target.number] if isinstance(target, _Part) else None
                if item is not None and isinstance(item.settled, FirstSeen):
                    taken += 1
                    for memory in (item.settled, item.early):
                        if isinstance(memory, FirstSeen):
                            memory.learn(time, event)
        self._tally()
        return taken

    def dump(self) -> dict[str, Any]:
        """Everything that is remembered, as plain values with masked texts (``tracehound.matcher.memory``)."""
        return memory.dump(self)

    def load(self, state: dict[str, Any]) -> list[str]:
        """Go on from what ``dump`` gave; says of which rules the memory was dropped, and why.

        Raises ``StateError`` when it is no such state.
        """
        return memory.load(self, state)

    def _see(self, event: Event, out: list[Event]) -> None:
        self.counts.events += 1
        time = event_time(event)
        late = self.clock.see(_source(event), time)
        parts: dict[int, list[int]] = {}
        ref: EventRef | None = None
        for target in self._matcher.match(event):
            if isinstance(target, _Single):
                ref = ref or reference(event)
                if self.suppressor.repeats(target.rule, event, ref):
                    self.counts.hits += 1
                else:
                    self._raise(single_hit(target.rule, event), out)
            else:
                parts.setdefault(target.number, []).append(target.leaf)
        if parts and not late:
            late = self._await(event, time, parts, out)
        self.counts.late += late
        horizon = self.clock.horizon()
        if horizon != self._closed or self.order.has_ready(horizon):
            self._release(horizon, out)
        self._close(self.suppressor.passed(horizon), out)
        self.early.passed(horizon)

    def _await(self, event: Event, time: int, parts: dict[int, list[int]], out: list[Event]) -> bool:
        """Give an event to the rules with a memory; tells whether it came too late for one."""
        if not self.clock.believes(time):
            self.counts.future += 1
            return False
        self._shared.forget()
        kept: dict[int, list[int]] = {}
        late = False
        for number, leaves in parts.items():
            item = self.remembering[number]
            if time < item.settled.frontier:
                late = True
            elif not (isinstance(item.settled, FirstSeen) and item.settled.absorbs(time, event)):
                kept[number] = leaves
        if kept:
            self.order.add(time, kept, self._slimmer(tuple(kept))(event))
        for number, leaves in parts.items():
            early = self.remembering[number].early
            if early is None or time < early.frontier or (late and number not in kept):
                continue
            for hit in early.see(time, event, leaves):
                self._raise_early(hit, out)
        return late

    def _slimmer(self, numbers: tuple[int, ...]) -> Slimmer:
        """What cuts an event to the fields of these rules."""
        slimmer = self._slimmers.get(numbers)
        if slimmer is None:
            if len(self._slimmers) >= MAX_SLIMMERS:
                self._slimmers.clear()
            slimmer = Slimmer(f for number in numbers for f in fields_read(self.remembering[number].rule))
            self._slimmers[numbers] = slimmer
        return slimmer

    def _release(self, horizon: int | None, out: list[Event]) -> None:
        for waiting in self.order.ready(horizon):
            event = self.order.event(waiting)
            for number, leaves in waiting.parts.items():
                for hit in self.remembering[number].settled.see(waiting.time, event, leaves):
                    self._raise(hit, out)
        if horizon is not None and horizon != self._closed:
            self._closed = horizon
            for tree in self._closing:
                for hit in tree.advance(horizon):
                    self._raise(hit, out)

    def _raise(self, hit: Hit, out: list[Event]) -> None:
        self.counts.hits += 1
        finding, closed = self.suppressor.take(hit, self.early if hit.rule.id in self._early_rules else None)
        self._close(closed, out)
        if finding is not None and not self._is_told(finding):
            self.counts.findings += 1
            out.append(finding)

    def _raise_early(self, hit: Hit, out: list[Event]) -> None:
        finding, _ = self.early.take(hit)
        if finding is None:
            return
        if window_seconds(hit.rule) is None:
            self.told[finding["finding_info"]["uid"]] = None
            if len(self.told) > MAX_TOLD:
                self.told.popitem(last=False)
        self.counts.findings += 1
        out.append(finding)

    def _is_told(self, finding: Event) -> bool:
        uid = finding["finding_info"]["uid"]
        if uid not in self.told:
            return False
        del self.told[uid]
        return True

    def _close(self, updates: list[Event], out: list[Event]) -> None:
        self.counts.updates += len(updates)
        out += updates

    def _tally(self) -> None:
        self.counts.suppressed = self.suppressor.suppressed
        self.counts.evicted = self.suppressor.evicted + sum(r.settled.evicted for r in self.remembering)


def single_hit(rule: Rule, event: Event) -> Hit:
    """The hit of a rule about one event."""
    ref = reference(event)
    hit = Hit(rule, event, rule, (), [ref], frozenset({ref.uid}), 1)
    hit.entity = entity_of(hit)
    return hit


def _source(event: Event) -> str:
    ai = event.get("ai")
    return str(ai.get("source") or "") if isinstance(ai, dict) else ""
