"""Baselines: what was not seen before, for whom.

``first_seen``: a value of one field that the entity did not show within the time before. Nothing is raised
until the baseline has watched for that whole time, since before that everything is new.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

from tracehound.matcher.hits import Event, Hit, reference
from tracehound.matcher.values import fold, text_of, values_at
from tracehound.rules.model import Rule

MAX_VALUES = 1000
Key = tuple[str, ...]


class FirstSeen:
    """The state of one ``first_seen`` rule: for each entity, the values and when each was last seen."""

    def __init__(self, rule: Rule, max_keys: int) -> None:
        if rule.baseline is None:
            raise ValueError(f"rule {rule.id} has no baseline")
        self.rule = replace(rule, level=rule.finding_level)
        self.evicted = 0
        self._baseline = rule.baseline
        self._span = rule.baseline.seconds * 1000
        self._max_keys = max_keys
        self._since: int | None = None
        self._entities: OrderedDict[Key, OrderedDict[str, int]] = OrderedDict()

    def see(self, event: Event) -> list[Hit]:
        """Take an event that the rule selects; gives a hit if it shows something new."""
        ref = reference(event)
        self._since = ref.time if self._since is None else min(self._since, ref.time)
        texts = {fold(t): t for v in values_at(event, self._baseline.of) if (t := text_of(v)) is not None}
        entity = []
        for name in self._baseline.by:
            found = sorted(t for v in values_at(event, name) if (t := text_of(v)) is not None)
            if not found:
                return []
            entity.append((name, ", ".join(found)))
        values = self._values(tuple(fold(text) for _, text in entity))
        new = [text for key, text in texts.items() if self._is_new(values, key, ref.time)]
        learned = ref.time - self._since >= self._span
        if not new or not learned:
            return []
        notes = {"first_seen": new}
        return [Hit(self.rule, event, self.rule, tuple(entity), [ref], frozenset({ref.uid}), 1, notes=notes)]

    def _values(self, key: Key) -> OrderedDict[str, int]:
        values = self._entities.get(key)
        if values is None:
            if len(self._entities) >= self._max_keys:
                self._entities.popitem(last=False)
                self.evicted += 1
            values = self._entities[key] = OrderedDict()
        else:
            self._entities.move_to_end(key)
        return values

    def _is_new(self, values: OrderedDict[str, int], key: str, time: int) -> bool:
        last = values.get(key)
        values[key] = time if last is None else max(last, time)
        values.move_to_end(key)
        if len(values) > MAX_VALUES:
            values.popitem(last=False)
            self.evicted += 1
        return last is None or time - last >= self._span
