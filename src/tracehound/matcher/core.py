"""The matcher: events in, the rules that they meet out.

Each rule is reduced to its trigger, the rarest test without which it cannot hold. All triggers on a field are
answered together by an index; only the rules that an event triggers are evaluated. Which test is the rarest is
first estimated and then measured: rules that were evaluated in vain too often get another trigger.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tracehound.matcher.checks import Check, Facts, Paths, compile_check
from tracehound.matcher.condition import Node
from tracehound.matcher.lookup import Lookup
from tracehound.matcher.triggers import Key, Trigger, choose, count_uses, estimate, keys_of, options

Event = dict[str, Any]
R = TypeVar("R")

TUNE_AT = (256, 4096, 65_536)
"""After so many events triggers are chosen again."""
SAMPLE = 128
"""Over so many further events the candidates' rates are measured."""
WASTE = 0.002
"""A rule may be evaluated in vain on this share of the events."""
GUARD_FROM, GUARD_TO, GUARD_TIMES = 0.001, 0.3, 15.0
"""A rule that is triggered on more events than the first share gets a guard: a second test that must hold, if it
holds on less than the second share and is not so many times as frequent. Noting it costs less than evaluating."""
UNKNOWN, TRIGGERED = 2.0, 3.0
"""Where in a conjunction a part is asked that no trigger stands for, and the one that its trigger stands for."""


@dataclass(slots=True)
class _Plan(Generic[R]):
    """One rule: what triggers it (None: every event), what else must hold, and its condition as a function."""

    rule: R
    condition: Node
    trigger: Trigger | None
    guard: Trigger | None
    check: Check


class Matcher(Generic[R]):
    """Matches events against many rules; ``rules`` are pairs of any object and its condition."""

    def __init__(self, rules: Iterable[tuple[R, Node]]) -> None:
        pairs = list(rules)
        uses = count_uses(condition for _, condition in pairs)
        self._estimated = estimate(uses, len(pairs))
        self._measured: dict[Key, float] = {}
        self._plans = [self._plan(rule, condition) for rule, condition in pairs]
        self._wasted = [0] * len(self._plans)
        self._paths = Paths()
        self._seen = 0
        self._measuring: _Measuring | None = None
        self._next = TUNE_AT[0]
        self._build()

    def match(self, event: Event) -> list[R]:
        """The rules that the event meets, in the order in which they were given."""
        self._seen += 1
        if self._seen >= self._next:
            self._tune(event)
        numbers, guards = set(self._always), []
        for triggered, guarded in self._lookup.find(event):
            if triggered:
                numbers.update(triggered)
            if guarded:
                guards.append(guarded)
        return self._evaluate(event, numbers, guards) if numbers else []

    def _evaluate(self, event: Event, numbers: set[int], guards: list[frozenset[int]]) -> list[R]:
        """The rules that hold, of those that were triggered."""
        open_ones = numbers - self._guarded
        for guarded in guards:
            open_ones |= numbers & guarded
        if not open_ones:
            return []
        facts, plans, found = Facts(event, self._paths), self._plans, []
        for number in sorted(open_ones):
            plan = plans[number]
            if plan.check(facts):
                found.append(plan.rule)
            else:
                self._wasted[number] += 1
        return found

    def _rate(self, key: Key) -> float:
        rate = self._measured.get(key)
        return self._estimated(key) if rate is None else rate

    def _plan(self, rule: R, condition: Node) -> _Plan[R]:
        found = options(condition, self._rate)
        trigger = found[0][1] if found else None
        guard = None
        if (
            len(found) > 1
            and found[1][0] < min(GUARD_TO, GUARD_TIMES * found[0][0])
            and found[0][0] > GUARD_FROM
        ):
            guard = found[1][1]

        def cost(node: Node) -> float:
            choice = choose(node, self._rate)
            if choice is None:
                return UNKNOWN
            return TRIGGERED if choice[1] == trigger else choice[0]

        return _Plan(rule, condition, trigger, guard, compile_check(condition, cost))

    def _build(self) -> None:
        self._always = [number for number, plan in enumerate(self._plans) if plan.trigger is None]
        self._guarded = {number for number, plan in enumerate(self._plans) if plan.guard is not None}
        triggered: dict[Key, list[int]] = {}
        guarded: dict[Key, list[int]] = {}
        for number, plan in enumerate(self._plans):
            for key in plan.trigger or ():
                triggered.setdefault(key, []).append(number)
            for key in plan.guard or ():
                guarded.setdefault(key, []).append(number)
        self._lookup = Lookup(
            {
                k: (tuple(triggered.get(k, ())), frozenset(guarded.get(k, ())))
                for k in {**triggered, **guarded}
            }
        )

    def _tune(self, event: Event) -> None:
        """Find the rules that are evaluated in vain, measure what else could trigger them, choose again."""
        if self._measuring is None:
            limit = WASTE * self._seen
            wasteful = [n for n, count in enumerate(self._wasted) if count > limit]
            self._measuring = _Measuring(wasteful, [self._plans[n].condition for n in wasteful])
            self._next = self._seen + 1
        if self._measuring.see(event):
            return
        self._measured |= self._measuring.rates()
        for number in self._measuring.rules:
            plan = self._plans[number]
            self._plans[number] = self._plan(plan.rule, plan.condition)
        if self._measuring.rules:
            self._build()
        self._wasted = [0] * len(self._plans)
        self._measuring = None
        later = [at for at in TUNE_AT if at > self._seen]
        self._next = later[0] if later else 1 << 62


class _Measuring:
    """How often the keys of some rules hold, over a sample of events."""

    __slots__ = ("_counts", "_keys", "_left", "_lookup", "rules")

    def __init__(self, rules: list[int], conditions: Iterable[Node]) -> None:
        self.rules = rules
        self._keys = list(dict.fromkeys(key for condition in conditions for key in keys_of(condition)))
        self._lookup = Lookup({key: ((number,), frozenset()) for number, key in enumerate(self._keys)})
        self._counts: Counter[int] = Counter()
        self._left = SAMPLE if rules else 0

    def see(self, event: Event) -> bool:
        """Count an event's keys; False when the sample is complete."""
        if self._left > 0:
            self._counts.update({n for triggered, _ in self._lookup.find(event) for n in triggered})
        self._left -= 1
        return self._left > 0

    def rates(self) -> dict[Key, float]:
        """The share of events for each key; one that was never seen counts as half an event."""
        return {key: max(self._counts[n], 0.5) / SAMPLE for n, key in enumerate(self._keys)}
