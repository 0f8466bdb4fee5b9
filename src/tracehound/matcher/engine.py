"""Rules on a stream of events: single events, correlations, baselines, suppression; findings come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tracehound.errors import RuleError
from tracehound.findings import Findings
from tracehound.matcher.baseline import FirstSeen
from tracehound.matcher.clock import EventClock
from tracehound.matcher.condition import Node
from tracehound.matcher.core import Matcher
from tracehound.matcher.hits import Event, Hit, event_time, reference
from tracehound.matcher.suppress import Suppressor, entity_of
from tracehound.matcher.windows import Correlator
from tracehound.rules.model import Rule

MAX_KEYS = 100_000


@dataclass(slots=True)
class EngineCounts:
    """What happened, for the summary of a run."""

    events: int = 0
    hits: int = 0
    findings: int = 0
    updates: int = 0
    suppressed: int = 0
    late: int = 0
    """Events later than the allowed lateness: they met single-event rules only."""
    evicted: int = 0
    """Groups and windows that were given up because there were too many."""


@dataclass(frozen=True, slots=True)
class _Single:
    rule: Rule


@dataclass(frozen=True, slots=True)
class _Part:
    """A base rule's place in a correlation."""

    correlator: Correlator
    base: int


_Target = _Single | _Part | FirstSeen


class Engine:
    """Evaluates a rule set; events should come roughly in the order of their times.

    ``lateness`` is in seconds; None is for whole files read one after another, of which none is late to the
    other: windows then stay open (in bounds) until ``flush``. ``mask`` changes texts before they go into a
    finding (secrets); ``now_ms`` is the wall clock in epoch milliseconds, against which times far in the
    future are not believed.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        lateness: int | None = 300,
        mask: Callable[[str], str] = str,
        max_keys: int = MAX_KEYS,
        now_ms: Callable[[], int] | None = None,
    ) -> None:
        self.counts = EngineCounts()
        self._clock = EventClock(lateness, now_ms)
        self._suppressor = Suppressor(max_keys)
        self._findings = Findings(mask)
        self._correlators: list[Correlator] = []
        self._baselines: list[FirstSeen] = []
        self._matcher: Matcher[_Target] = Matcher(
            pair for rule in rules for pair in self._targets(rule, max_keys)
        )

    def _targets(self, rule: Rule, max_keys: int) -> list[tuple[_Target, Node]]:
        if rule.correlation is not None:
            correlator = Correlator(rule, max_keys)
            self._correlators.append(correlator)
            base = enumerate(rule.correlation.base)
            return [(_Part(correlator, i), b.condition) for i, b in base if b.condition is not None]
        if rule.condition is None:
            raise RuleError("has neither condition nor correlation", file=rule.path)
        if rule.baseline is not None:
            baseline = FirstSeen(rule, max_keys)
            self._baselines.append(baseline)
            return [(baseline, rule.condition)]
        return [(_Single(rule), rule.condition)]

    def match(self, event: Event) -> list[Rule]:
        """The rules (and base rules of correlations) that one event meets; no state, no findings."""
        return [t.rule if not isinstance(t, _Part) else _base(t) for t in self._matcher.match(event)]

    def process(self, events: Sequence[Event]) -> list[Event]:
        """Take a batch of enriched events; gives the findings that they raise, and updates that are due."""
        out: list[Event] = []
        for event in events:
            for hit in self._see(event):
                raised, closed = self._suppressor.take(hit)
                out.extend(self._update(c) for c in closed)
                if raised is not None:
                    self.counts.findings += 1
                    out.append(self._findings.create(raised))
        out.extend(self._update(hit) for hit in self._suppressor.passed(self._clock.horizon()))
        self._tally()
        return out

    def flush(self) -> list[Event]:
        """The end of the input: the updates of all windows that are still open."""
        out = [self._update(hit) for hit in self._suppressor.flush()]
        self._tally()
        return out

    def _see(self, event: Event) -> list[Hit]:
        self.counts.events += 1
        late = self._clock.see(_source(event), event_time(event))
        self.counts.late += late
        hits: list[Hit] = []
        for target in self._matcher.match(event):
            if isinstance(target, _Single):
                hits.append(single_hit(target.rule, event))
            elif not late:
                hits += self._remembering(target, event)
        self.counts.hits += len(hits)
        return hits

    def _remembering(self, target: _Part | FirstSeen, event: Event) -> list[Hit]:
        horizon = self._clock.horizon()
        if isinstance(target, _Part):
            return target.correlator.see(event, target.base, horizon)
        return target.see(event)

    def _update(self, hit: Hit) -> Event:
        self.counts.updates += 1
        return self._findings.update(hit)

    def _tally(self) -> None:
        self.counts.suppressed = self._suppressor.suppressed
        evicted = [c.evicted for c in self._correlators] + [b.evicted for b in self._baselines]
        self.counts.evicted = self._suppressor.evicted + sum(evicted)


def single_hit(rule: Rule, event: Event) -> Hit:
    """The hit of a rule about one event."""
    ref = reference(event)
    hit = Hit(rule, event, rule, (), [ref], frozenset({ref.uid}), 1)
    hit.entity = entity_of(hit)
    return hit


def _base(part: _Part) -> Rule:
    link = part.correlator.rule.correlation
    if link is None:
        raise RuleError("is no correlation", file=part.correlator.rule.path)
    return link.base[part.base]


def _source(event: Event) -> str:
    ai = event.get("ai")
    return str(ai.get("source") or "") if isinstance(ai, dict) else ""
