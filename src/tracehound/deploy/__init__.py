"""Deploying is declarative: what we want, what is there, what we last applied; all state is in the target.

    changes = plan(parts)                   # Part: the objects of one kind, and those that are wanted
    done = apply(changes)                   # reads each object again before it is written

Each object of ours carries a ``Mark``: that it is ours, its version, and a digest of each field as we last applied
it. A field whose value is neither that nor the one wanted was edited by an analyst, and stays as it is. What
has no mark is never touched.
"""

from __future__ import annotations

from tracehound.deploy.apply import Done, apply
from tracehound.deploy.mark import Mark, digest
from tracehound.deploy.model import (
    Absent,
    Change,
    Deployment,
    Found,
    LeftOut,
    Objects,
    Part,
    TakenError,
    Wanted,
)
from tracehound.deploy.plan import compare, plan, removal

__all__ = [
    "Absent",
    "Change",
    "Deployment",
    "Done",
    "Found",
    "LeftOut",
    "Mark",
    "Objects",
    "Part",
    "TakenError",
    "Wanted",
    "apply",
    "compare",
    "digest",
    "plan",
    "removal",
]
