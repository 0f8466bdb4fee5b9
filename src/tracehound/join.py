"""Copying attributes from a request's event to its response's: the one memory before enrichment.

A normalizer marks an event with ``offer(event, key)`` or ``want(event, key)``, or both, in the order in which they
are to be done. The key is what both records hold (session and request id, or the session for what one record says
for all that follow); the offered attributes are copied where the wanting event has none. The memory is bounded:
the longest unused offer is forgotten first, and counted.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from tracehound.event import JOIN
from tracehound.plain import Squeezer, masked, pack, reading

Event = dict[str, Any]

MAX_OFFERS = 50_000
MAX_BYTES = 4 * 1024 * 1024
EACH = 400
"""About so many bytes an offer takes besides its values."""
MAX_SHAPES = 1000
OFFERED = (
    ("actor",),
    ("src_endpoint",),
    ("device",),
    ("api", "operation"),
    ("api", "service"),
    ("http_request", "user_agent"),
    ("ai", "principal"),
    ("ai", "session_uid"),
    ("ai", "agent"),
    ("ai", "mcp", "server"),
    ("ai", "mcp", "method"),
    ("ai", "mcp", "transport"),
    ("ai", "tool", "name"),
    ("ai", "tool", "type"),
    ("ai", "tool", "server"),
)
STAND_INS = ("app_name", "svc_name")
"""Keys that ``tracehound.event`` fills for want of better: an offer replaces an object that has no others."""


Path = tuple[str, ...]


def offer(event: Event, *key: object, paths: tuple[Path, ...] = OFFERED) -> Event:
    """Mark a request: its attributes wait for the response with the same key."""
    event.setdefault(JOIN, []).append(("offer", key, paths))
    return event


def want(event: Event, *key: object, late: bool = False) -> Event:
    """Mark a response: it takes what the request with the same key offered.

    ``late``: the request may come after it, from another log, as long as it is in the same batch. For keys that are
    never used again.
    """
    event.setdefault(JOIN, []).append(("want_late" if late else "want", key, ()))
    return event


class Join:
    """The memory. ``run`` handles a batch of events in order."""

    def __init__(self, max_offers: int = MAX_OFFERS) -> None:
        self.max_offers = max_offers
        self.forgotten = 0
        self._offers: OrderedDict[tuple[object, ...], tuple[tuple[Path, ...], bytes]] = OrderedDict()
        """Key -> the paths that were offered, and their values packed and compressed: small, and copied with each
        taking."""
        self._squeezer = Squeezer()
        self._size = 0
        self._shapes: dict[tuple[Path, ...], tuple[Path, ...]] = {}

    def run(self, events: list[Event]) -> None:
        waiting = []
        for event in events:
            for kind, key, paths in event.pop(JOIN, ()):
                if kind == "offer":
                    self._remember(key, event, paths)
                elif kind == "want_late" and key not in self._offers:
                    waiting.append((key, event))
                else:
                    self._give(key, event)
        for key, event in waiting:
            self._give(key, event)

    def dump(self, mask: Callable[[str], str] = str) -> dict[str, Any]:
        """The offers as plain values with masked texts, the longest unused first.

        A key of anything but texts, numbers, booleans and null is left out.
        """
        offers = [
            [
                list(key),
                [
                    [list(path), masked(value, mask)]
                    for path, value in zip(paths, self._squeezer.value(values), strict=True)
                ],
            ]
            for key, (paths, values) in self._offers.items()
            if all(part is None or isinstance(part, str | int | float) for part in key)
        ]
        return {"offers": offers}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from what ``dump`` gave, read back from JSON; what is not its shape raises ``StateError``."""
        with reading("the join's part of it"):
            for key, found in state["offers"][-self.max_offers :]:
                paths = tuple(tuple(map(str, path)) for path, _ in found)
                self._keep(tuple(key), (paths, self._squeezer.small(pack([value for _, value in found]))))

    def _remember(self, key: tuple[object, ...], event: Event, paths: tuple[Path, ...]) -> None:
        found = {path: value for path in paths if (value := _get(event, path)) is not None}
        shape = tuple(found)
        if len(self._shapes) < MAX_SHAPES:
            shape = self._shapes.setdefault(shape, shape)
        self._keep(key, (shape, self._squeezer.small(pack(list(found.values())))))

    def _keep(self, key: tuple[object, ...], offered: tuple[tuple[Path, ...], bytes]) -> None:
        before = self._offers.pop(key, None)
        if before is not None:
            self._size -= EACH + len(before[1])
        self._offers[key] = offered
        self._size += EACH + len(offered[1])
        while len(self._offers) > self.max_offers or (self._size > MAX_BYTES and len(self._offers) > 1):
            self._size -= EACH + len(self._offers.popitem(last=False)[1][1])
            self.forgotten += 1

    def _give(self, key: tuple[object, ...], event: Event) -> None:
        offered = self._offers.get(key)
        for path, value in zip(offered[0], self._squeezer.value(offered[1]), strict=True) if offered else ():
            *parents, last = path
            target = event
            for part in parents:
                target = target.setdefault(part, {})
            if _is_stand_in(target.get(last)):
                target[last] = value
        tool, mcp = _get(event, ("ai", "tool")), _get(event, ("ai", "mcp"))
        if tool and mcp and "server" in mcp:
            tool.setdefault("server", mcp["server"])


def _get(event: Event, path: tuple[str, ...]) -> Any:
    value: Any = event
    for part in path:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _is_stand_in(value: Any) -> bool:
    if value is None or value == "Unknown":
        return True
    return isinstance(value, dict) and all(key in STAND_INS for key in value)
