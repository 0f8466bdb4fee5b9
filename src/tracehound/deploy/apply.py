"""Doing what a plan says: a few objects at a time, each read again just before it is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal

from tracehound.deploy.model import Change, TakenError
from tracehound.deploy.plan import compare, edited, orphan
from tracehound.errors import ConfigError, TargetError

AT_ONCE = 4
Status = Literal["done", "kept", "failed", "not tried"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one change. ``change`` is what was done, which an edit since the plan may have altered."""

    change: Change
    status: Status
    reason: str = ""

    def item(self) -> dict[str, Any]:
        """As one plain JSON item."""
        return self.change.item() | {"status": self.status} | ({"reason": self.reason} if self.reason else {})


class Stopped:
    """Set when the target refuses us altogether: nothing else is tried."""

    def __init__(self) -> None:
        self.error: ConfigError | None = None
        self._lock = threading.Lock()

    def by(self, error: ConfigError) -> None:
        with self._lock:
            self.error = self.error or error


def apply(
    changes: Iterable[Change],
    *,
    overwrite: bool = False,
    at_once: int = AT_ONCE,
    said: Callable[[Done], object] = lambda _done: None,
) -> tuple[list[Done], ConfigError | None]:
    """Write what has to be written; gives what became of each, and the error that stopped it, if one did.

    One object that fails does not keep the others from being written; running it again goes on where it was.
    """
    stopped, results = Stopped(), []
    for part, same in groupby((c for c in changes if c.writes), key=lambda c: id(c.part)):
        del part
        for done in _together(list(same), overwrite, at_once, stopped):
            said(done)
            results.append(done)
    return results, stopped.error


def _together(changes: list[Change], overwrite: bool, at_once: int, stopped: Stopped) -> Iterator[Done]:
    part = changes[0].part
    if (part is not None and part.ordered) or at_once == 1:
        yield from (_one(change, overwrite, stopped) for change in changes)
        return
    with ThreadPoolExecutor(at_once, "deploy") as threads:
        waiting = [threads.submit(_one, change, overwrite, stopped) for change in changes]
        try:
            yield from (future.result() for future in as_completed(waiting))
        finally:
            for future in waiting:
                future.cancel()


def _one(change: Change, overwrite: bool, stopped: Stopped) -> Done:
    if stopped.error is not None:
        return Done(change, "not tried", str(stopped.error))
    try:
        try:
            return _write(change, overwrite)
        except TakenError:  # somebody was faster; what is there now decides
            return _write(change, overwrite)
    except ConfigError as error:
        stopped.by(error)
        return Done(change, "failed", str(error))
    except TargetError as error:
        return Done(change, "failed", str(error))


def _write(planned: Change, overwrite: bool) -> Done:
    """One change, decided anew on what is there now."""
    part = planned.part
    if part is None:
        raise TypeError("a change without its part")
    now = part.objects.get(planned.key)
    if planned.wanted is None:
        return _take_out(planned, now)
    change = compare(part, planned.wanted, now, overwrite=overwrite)
    if change.action == "create" and change.mark is not None:
        part.objects.create(planned.wanted, change.mark)
    elif change.action == "update" and change.mark is not None and now is not None:
        part.objects.update(planned.wanted, now, change.fields, change.dropped, change.mark)
    else:
        return Done(change, "kept" if change.action != "unchanged" else "done", change.reason)
    return Done(change, "done", _meanwhile(planned, change))


def _take_out(planned: Change, now: Any) -> Done:
    part = planned.part
    if part is None or now is None:
        return Done(planned, "done", "was gone already")
    if now.mark is None:
        return Done(planned, "kept", "is not ours any more")
    if planned.action == "orphaned" and edited(now):
        return Done(orphan(part, now), "kept", "edited since the plan: left as it is")
    if planned.action == "remove" and set(edited(now)) - set(planned.kept):
        return Done(planned, "kept", "edited since the plan: run it again")
    stays = part.objects.remove(now)
    return Done(planned, "kept" if stays else "done", stays)


def _meanwhile(planned: Change, change: Change) -> str:
    same = (planned.action, planned.kept, planned.conflicts) == (change.action, change.kept, change.conflicts)
    return "" if same else "changed since the plan"
