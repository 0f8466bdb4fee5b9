"""What a correlation means, written down as plainly as possible: slow, pure, and apart from the engine.

Shapes: an event is ``{"uid", "time" (ms), "st", "who", "n", "tool"}``; a correlation is
``{"kind", "op", "count", "span" (ms), "by" (fields), "base" (states, or correlations), "field", "fields",
"percentile", "expression"}``. ``hits`` takes events in the order of time and gives
``(time, group, measure, uids)`` of each hit; ``findings`` folds hits into raised findings and final counts.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise, product
from typing import Any

Event = dict[str, Any]
Spec = dict[str, Any]
Hit = dict[str, Any]

COMPARE = {
    "gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b,
    "lte": lambda a, b: a <= b, "eq": lambda a, b: a == b, "neq": lambda a, b: a != b,
}  # fmt: skip


def values(event: Event, name: str) -> list[Any]:
    """A field's values: an array's items, nothing for null."""
    value = event.get(name)
    found = value if isinstance(value, list) else [value]
    return [v for v in found if v is not None]


def texts(event: Event, name: str) -> list[str]:
    return list(dict.fromkeys(str(v).lower() for v in values(event, name)))


def number(value: Any) -> Fraction | None:
    if isinstance(value, str):
        try:
            return Fraction(float(value)) if "." in value else Fraction(int(value))
        except ValueError:
            return None
    return None if isinstance(value, bool) else Fraction(value)


def items_of(spec: Spec, events: list[Event]) -> list[dict[str, Any]]:
    """What goes into a correlation, in order: events that meet a base rule, hits of correlations below."""
    items: dict[Any, dict[str, Any]] = {}
    for place, event in enumerate(events):
        bases = [
            n for n, base in enumerate(spec["base"]) if isinstance(base, str) and base in texts(event, "st")
        ]
        if bases:
            order = (event["time"], 1, place)
            for base in bases:
                item = {"order": order, "time": event["time"], "event": event, "parts": []}
                items.setdefault(order, item)["parts"].append((base, {}, [event["uid"]]))
    for number_, base in enumerate(spec["base"]):
        if isinstance(base, dict):
            for hit in hits(base, events):
                item = {"order": hit["order"], "time": hit["time"], "event": hit["event"], "parts": []}
                others = [uid for uid in reversed(hit["last"]) if uid != hit["event"]["uid"]]
                part = (number_, hit["entity"], [hit["event"]["uid"], *others[:19]])
                items.setdefault(hit["order"], item)["parts"].append(part)
    for item in items.values():
        item["parts"].sort(key=lambda part: isinstance(spec["base"][part[0]], dict))
    return [items[order] for order in sorted(items)]


def groups_of(spec: Spec, item: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The groups an item is in: by group the base rules and uids that it brings."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for base, entity, uids in item["parts"]:
        options = [[entity[name]] if name in entity else texts(item["event"], name) for name in spec["by"]]
        for group in product(*options):
            whole = found.setdefault(group, {"bases": [], "uids": []})
            whole["bases"].append(base)
            whole["uids"] += [uid for uid in uids if uid not in whole["uids"]]
    return found


def label(spec: Spec, event: Event, bases: list[int]) -> list[Any]:
    """What an item brings to the measure."""
    if spec["kind"] == "value_count":
        return [tuple(c) for c in product(*(texts(event, name) for name in spec["fields"]))]
    if spec["kind"].startswith("value_"):
        return [n for v in values(event, spec["field"]) if (n := number(v)) is not None]
    return bases


def measure(spec: Spec, window: list[dict[str, Any]]) -> Any:
    """The number that is compared."""
    kind = spec["kind"]
    labels = [value for entry in window for value in entry["label"]]
    if spec.get("expression") is not None:
        return int(true(spec["expression"], set(labels)))
    if kind == "event_count":
        return len(window)
    if kind in ("value_count", "temporal"):
        return len(set(labels))
    if kind == "temporal_ordered":
        return longest(len(spec["base"]), window)
    if kind == "value_sum":
        return sum(labels)
    if kind == "value_avg":
        return Fraction(sum(labels)) / len(labels)
    ordered = sorted(labels)
    place = Fraction(spec.get("percentile", 50)) / 100 * (len(ordered) - 1)
    low = ordered[int(place)]
    high = ordered[min(int(place) + 1, len(ordered) - 1)]
    return low + (high - low) * (place - int(place))


def true(expression: Any, present: set[int]) -> bool:
    if isinstance(expression, int):
        return expression in present
    word, *parts = expression
    said = [true(part, present) for part in parts]
    return not said[0] if word == "not" else all(said) if word == "and" else any(said)


def longest(rules: int, window: list[dict[str, Any]]) -> int:
    """The most rules that different events meet in the order of the list: by trying every choice of rules."""
    for size in range(rules, 0, -1):
        for chosen in combinations(range(rules), size):
            at = 0
            for entry in window:
                if at < size and chosen[at] in entry["label"]:
                    at += 1
            if at == size:
                return size
    return 0


def hits(spec: Spec, events: list[Event]) -> list[Hit]:
    """All hits, in the order in which they are known."""
    by_group: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for item in items_of(spec, events):
        for group, brought in groups_of(spec, item).items():
            found = label(spec, item["event"], brought["bases"])
            if found:
                entry = {**item, "label": found, "uids": brought["uids"]}
                by_group.setdefault(group, []).append(entry)
    judged = closed if at_close(spec) else slid
    return sorted(
        (hit for group, entries in by_group.items() for hit in judged(spec, group, entries)),
        key=lambda hit: hit["order"],
    )


def at_close(spec: Spec) -> bool:
    return spec["op"] not in ("gt", "gte") or "not" in str(spec.get("expression"))


def slid(spec: Spec, group: tuple[str, ...], entries: list[dict[str, Any]]) -> list[Hit]:
    """Judged at each event, on what came in less than the span up to it; an id counts once."""
    taken: list[dict[str, Any]] = []
    found = []
    for entry in entries:
        window = [e for e in taken if e["time"] > entry["time"] - spec["span"]]
        if entry["event"]["uid"] in [e["event"]["uid"] for e in window]:
            continue
        taken.append(entry)
        window.append(entry)
        found += made(spec, group, window, entry["time"], entry["order"])
    return found


def closed(spec: Spec, group: tuple[str, ...], entries: list[dict[str, Any]]) -> list[Hit]:
    """Judged when the span has passed since the first event of the window."""
    found: list[Hit] = []
    while entries:
        end = entries[0]["time"] + spec["span"]
        window: list[dict[str, Any]] = []
        for entry in entries:
            if entry["time"] < end and entry["event"]["uid"] not in [e["event"]["uid"] for e in window]:
                window.append(entry)
        found += made(spec, group, window, end, (end, 0, window[0]["order"]))
        entries = [entry for entry in entries if entry["time"] >= end]
    return found


def made(
    spec: Spec, group: tuple[str, ...], window: list[dict[str, Any]], time: int, order: Any
) -> list[Hit]:
    measured = measure(spec, window)
    if not COMPARE[spec["op"]](measured, spec["count"]):
        return []
    uids = [uid for entry in window for uid in entry["uids"]]
    last = [uid for entry in (window if at_close(spec) else window[-20:]) for uid in entry["uids"]]
    entity = dict(zip(spec["by"], group, strict=True))
    return [
        {"time": time, "group": group, "entity": entity, "measure": measured, "uids": set(uids),
         "last": list(dict.fromkeys(last)), "event": window[-1]["event"], "order": order}
    ]  # fmt: skip


def findings(spec: Spec, events: list[Event]) -> list[tuple[Any, ...]]:
    """(time, group, events when raised, events when closed) of each finding; repeats run for ``quiet`` ms."""
    quiet = spec.get("quiet", spec["span"])
    open_: dict[tuple[str, ...], dict[str, Any]] = {}
    raised = []
    for hit in hits(spec, events):
        window = open_.get(hit["group"])
        if window is None or hit["time"] >= window["time"] + quiet:
            window = {"time": hit["time"], "group": hit["group"], "first": len(hit["uids"]), "uids": set()}
            open_[hit["group"]] = window
            raised.append(window)
        window["uids"] |= hit["uids"]
    return sorted((w["time"], w["group"], w["first"], len(w["uids"])) for w in raised)


def new_values(
    events: list[Event], of: str, by: str, span: int, learn: int
) -> list[tuple[int, str, list[str]]]:
    """``first_seen`` over events in order: (time, entity, new values), all of memory kept."""
    found = []
    for place, event in enumerate(events):
        if not texts(event, of) or not texts(event, by):
            continue
        who = sorted(texts(event, by))
        own = [e for e in events[:place] if sorted(texts(e, by)) == who and texts(e, of)]
        active = [e["time"] for e in own]
        since = known_since([*active, event["time"]], span)
        recent = {v for e in own if event["time"] - e["time"] < span for v in texts(e, of)}
        new = [v for v in texts(event, of) if v not in recent]
        if new and event["time"] - since >= learn:
            found.append((event["time"], ", ".join(who), new))
    return found


def known_since(times: list[int], span: int) -> int:
    """When an entity was first seen since it last was away for the span."""
    since = times[0]
    for before, after in pairwise(times):
        if after - before >= span:
            since = after
    return since
