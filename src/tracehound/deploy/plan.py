"""The difference between what we want and what is there, field by field and three ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tracehound.deploy.mark import Mark, digest
from tracehound.deploy.model import Change, Found, Part, Wanted

NOT_OURS = "has no mark of Tracehound's: left as it is"
NOTHING = digest(None)
EDITED = "edited by an analyst: left as it is; `tracehound remove` takes it out"


def plan(parts: Iterable[Part], *, overwrite: bool = False) -> list[Change]:
    """What ``apply`` would do. ``overwrite``: take back what analysts edited."""
    return [change for part in parts for change in _part(part, overwrite)]


def removal(parts: Iterable[Part]) -> list[Change]:
    """What ``remove`` would take out: everything with our mark, the last part first.

    Of a part that is not ``complete`` only the wanted objects, of a ``shared`` one none.
    """
    changes = []
    for part in reversed([part for part in parts if not part.shared]):
        keys = [*(one.key for one in part.wanted), *(one.key for one in part.left_out)]
        for found in reversed(part.objects.find(keys)):
            if found.mark is not None and (part.complete or found.key in keys):
                kept = edited(found)
                changes.append(
                    Change("remove", found.kind, found.key, found.title, part, found=found, kept=kept)
                )
    return changes


def _part(part: Part, overwrite: bool) -> Iterator[Change]:
    wanted = {one.key: one for one in part.wanted}
    there = {one.key: one for one in part.objects.find(list(wanted))}
    for key, one in wanted.items():
        yield compare(part, one, there.get(key), overwrite=overwrite)
    left_out = {out.key: out for out in part.left_out}
    for out in left_out.values():
        yield Change("left out", out.kind, out.key, out.title, part, reason=out.reason)
    for key, found in there.items():
        if key in wanted or key in left_out or found.mark is None or not part.complete:
            continue
        yield orphan(part, found)


def orphan(part: Part, found: Found) -> Change:
    """An object of ours that is not wanted any more."""
    kept = edited(found)
    return Change(
        "conflict" if kept else "orphaned",
        found.kind,
        found.key,
        found.title,
        part,
        found=found,
        kept=kept,
        reason=f"not in the pack any more{'; ' + EDITED if kept else ''}",
    )


def edited(found: Found) -> tuple[str, ...]:
    """The fields that are not as we last applied them."""
    if found.mark is None:
        return ()
    return tuple(name for name, base in found.mark.digests.items() if digest(found.body.get(name)) != base)


def compare(part: Part, wanted: Wanted, found: Found | None, *, overwrite: bool = False) -> Change:
    """What is to be done about one wanted object."""
    head = (wanted.kind, wanted.key, wanted.title, part, wanted)
    new = Mark(wanted.version, {n: d for n, v in wanted.body.items() if (d := digest(v)) != NOTHING})
    if found is None:
        return Change("create", *head, fields=dict(wanted.body), mark=new)
    if found.mark is None:
        return Change("foreign", *head, found, reason=f"{found.title!r} {NOT_OURS}")
    merge = _Merge(wanted, found, found.mark, overwrite)
    mark = Mark(wanted.version, merge.digests)
    writes = bool(merge.fields or merge.dropped or mark != found.mark)
    if merge.conflicts and not merge.fields and not merge.dropped:
        writes = False  # nothing but what an analyst has edited too
    action = "update" if writes else "conflict" if merge.conflicts else "unchanged"
    return Change(
        action,  # type: ignore[arg-type]  # one of the three literals
        *head,
        found,
        merge.fields,
        tuple(merge.dropped),
        tuple(merge.kept),
        tuple(merge.conflicts),
        mark,
    )


class _Merge:
    """The fields of one object, each three ways."""

    def __init__(self, wanted: Wanted, found: Found, mark: Mark, overwrite: bool) -> None:
        self.fields: dict[str, Any] = {}
        self.dropped: list[str] = []
        self.kept: list[str] = []
        self.conflicts: list[str] = []
        self.digests: dict[str, str] = {}
        for name in dict.fromkeys([*wanted.body, *mark.digests]):
            ours, theirs = digest(wanted.body.get(name)), digest(found.body.get(name))
            base = mark.digests.get(name, NOTHING)
            mine = ours
            if theirs == ours:
                pass
            elif overwrite or theirs == base:
                if ours == NOTHING:
                    self.dropped.append(name)
                else:
                    self.fields[name] = wanted.body[name]
            elif ours == base:
                self.kept.append(name)
            else:
                self.conflicts.append(name)
                mine = base
            if mine != NOTHING:
                self.digests[name] = mine
